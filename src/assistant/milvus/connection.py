"""Where Milvus is: a file of this machine, this machine, or a listed one of the organisation."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from assistant.address import Address, refusal, resolve
from assistant.errors import SettingsError, StoreError

SETTING = "milvus.allowed_hosts"
PORT = 19530


@dataclass(frozen=True, slots=True)
class MilvusSettings:
    """A Milvus server on the premises.

    Attributes:
        uri: ``http://machine:19530``, ``https://…`` for TLS, or a ``.db`` file for Milvus Lite.
        token_env: Environment variable that holds the token ("user:password"), or None.
        prefix: What the names of the collections begin with; two dossiers need two.
        database: Milvus database, or "" for the default one.
        allowed_hosts: Names, addresses or networks of the organisation that may be called.
        ca_file: Certificates of the authority, PEM, for TLS; None for those of gRPC.
    """

    uri: str
    token_env: str | None = None
    prefix: str = "dossier"
    database: str = ""
    allowed_hosts: tuple[str, ...] = ()
    ca_file: str | None = None

    @property
    def is_file(self) -> bool:
        """Whether this is Milvus Lite, in a file."""
        return "://" not in self.uri

    @property
    def place(self) -> MilvusPlace | None:
        """The server's host and port; None where Milvus is a file.

        Raises:
            SettingsError: The address is not one of a server.
        """
        if self.is_file:
            return None
        try:
            parts = urlsplit(self.uri)
            host, port = parts.hostname or "", parts.port or PORT
        except ValueError:
            parts, host, port = urlsplit(""), "", PORT
        extra = parts.username or parts.query or parts.fragment or parts.path.strip("/")
        if parts.scheme not in {"http", "https"} or not host or extra:
            message = (
                f"L'adresse de Milvus « {self.uri} » n'est pas celle d'un serveur (http://machine:{PORT}, "
                "sans identifiant ni chemin) ni un fichier « .db » : corrigez le réglage « milvus.uri »."
            )
            raise SettingsError(message)
        return MilvusPlace(host, port, self.allowed_hosts)

    @property
    def token(self) -> str:
        """The token, "" where none is asked.

        Raises:
            SettingsError: The variable that should hold it is not set.
        """
        if self.token_env is None:
            return ""
        found = os.environ.get(self.token_env, "")
        if not found:
            message = (
                f"La variable d'environnement « {self.token_env} » (réglage « milvus.token_env ») est vide : "
                "donnez-lui le jeton de Milvus."
            )
            raise SettingsError(message)
        return found


@dataclass(frozen=True, slots=True)
class MilvusPlace:
    """The host and port of a Milvus server; see :class:`assistant.address.Place`."""

    host: str
    port: int
    allowed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect, judged.

    Attributes:
        uri: What pymilvus connects to: a file, or a numeric address, so that nothing is looked up again.
        secure: Whether over TLS.
        name: The name that the server's certificate must bear.
    """

    uri: str
    secure: bool = False
    name: str = ""


def target(settings: MilvusSettings) -> Target:
    """Return where to connect, resolved now.

    One forbidden address refuses a name that has several: it is not trusted for the one that suits.

    Raises:
        SettingsError: It is no address of a server, or one that may not be called.
        StoreError: The name designates no machine now.
    """
    place = settings.place
    if place is None:
        return _file(settings.uri)
    address = _judged(place)
    numeric = f"[{address}]" if address.version == 6 else str(address)
    secure = urlsplit(settings.uri).scheme == "https"
    return Target(f"http://{numeric}:{place.port}", secure=secure, name=place.host)


def _judged(place: MilvusPlace) -> Address:
    try:
        found = resolve(place.host, place.port)
    except ValueError:
        message = (
            f"L'adresse « {place.host} » est propre à une interface réseau : "
            "donnez-en une autre au réglage « milvus.uri »."
        )
        raise SettingsError(message) from None
    for address in found:
        if reason := refusal(place.host, address, place.allowed, setting=SETTING):
            message = f"Milvus ne peut pas être appelé : {reason}. Corrigez la table [milvus]."
            raise SettingsError(message)
    if not found:
        message = (
            f"Le nom « {place.host} » de Milvus ne désigne aucune machine : "
            "vérifiez le réglage « milvus.uri » et le réseau."
        )
        raise StoreError(message)
    return found[0]


def _file(uri: str) -> Target:
    path = Path(uri)
    if path.suffix != ".db":
        message = (
            f"Le fichier de Milvus Lite « {uri} » doit se terminer par « .db » : "
            "corrigez le réglage « milvus.uri »."
        )
        raise SettingsError(message, path=path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"Le dossier de « {uri} » ne peut pas être créé ({error.strerror}) : vérifiez ses droits."
        raise SettingsError(message, path=path) from error
    return Target(str(path.resolve()))
