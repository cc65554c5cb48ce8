"""Where the server may be reached from: this machine only, unless accounts exist."""

from __future__ import annotations

import ipaddress
import ssl

from assistant.access import Accounts
from assistant.errors import SettingsError
from assistant.settings import ServerSettings
from assistant.web.guard import is_loopback

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1")


def check_exposure(host: str, settings: ServerSettings, accounts: Accounts) -> None:
    """Do nothing if the server may listen at *host*.

    Names of its own or a proxy in front mean other machines, as much as an address does.

    Raises:
        SettingsError: Others could reach it and no account exists, or it could not tell by which name
            it is asked for, or its TLS files cannot be used.
        AccountError: The accounts cannot be read.
    """
    # An empty host is no loopback: a socket bound to it hears every network.
    others = not host or not is_loopback(host)
    if (others or settings.allowed_hosts or settings.trusted_proxies) and not accounts.exist():
        what = f"à l’adresse « {host} »" if others else "sous un autre nom ou derrière un mandataire"
        message = (
            f"Servir {what} ouvrirait le dossier à d’autres machines sans authentification, car aucun compte "
            f"n’existe dans « {accounts.path} » : gardez 127.0.0.1 sans autre nom ni mandataire, ou créez un "
            "compte par « assistant user add NOM »."
        )
        raise SettingsError(message)
    if _is_every(host) and not settings.allowed_hosts:
        message = (
            f"Servir à toutes les adresses (« {host} ») demande de dire sous quels noms : ajoutez "
            'allowed_hosts = ["nom.exemple.fr"] à la table [server] de vos réglages.'
        )
        raise SettingsError(message)
    _check_tls(settings)


def host_names(host: str, settings: ServerSettings) -> tuple[str, ...]:
    """Return the names under which a server that listens at *host* answers."""
    own = () if _is_every(host) else (host.strip("[]").lower(),)
    return (*LOOPBACK_NAMES, *own, *(name.lower() for name in settings.allowed_hosts))


def in_clear(host: str, settings: ServerSettings) -> bool:
    """Tell whether passwords would cross a network unencrypted: no TLS here, no proxy to do it."""
    return not is_loopback(host) and settings.certfile is None and not settings.trusted_proxies


def _is_every(host: str) -> bool:
    try:
        return not host or ipaddress.ip_address(host.strip("[]")).is_unspecified
    except ValueError:
        return False


def _check_tls(settings: ServerSettings) -> None:
    if settings.certfile is None and settings.keyfile is None:
        return
    if settings.certfile is None or settings.keyfile is None:
        message = "Le certificat et sa clé vont ensemble : donnez --certfile et --keyfile."
        raise SettingsError(message)

    def no_passphrase() -> str:
        return ""

    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(settings.certfile, settings.keyfile, no_passphrase)
    except (OSError, ValueError) as error:
        # An SSLError is an OSError.
        message = (
            f"Le certificat « {settings.certfile} » et la clé « {settings.keyfile} » ne peuvent pas être "
            f"employés ({type(error).__name__}) : vérifiez qu’ils existent, sont au format PEM et vont "
            "ensemble, et que la clé n’a pas de phrase secrète."
        )
        raise SettingsError(message, path=settings.certfile) from error
