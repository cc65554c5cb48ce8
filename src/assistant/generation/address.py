"""The address of the model's server, judged by the rule of every address that may be called."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from assistant.address import Address, is_local, refusal, resolve
from assistant.errors import SettingsError
from assistant.generation.failure import GenerationError

SETTING = "llm.allowed_hosts"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The address of the model's server, judged.

    Attributes:
        url: Base address, without a slash at the end.
        host: Name or address, without brackets.
        allowed: What the setting ``allowed_hosts`` lists.
        local: Whether it is this very machine.
    """

    url: str
    host: str
    port: int
    allowed: tuple[str, ...]
    local: bool

    @property
    def place(self) -> str:
        """Where the model runs, in French."""
        return "sur cette machine" if self.local else f"sur le réseau interne ({self.host})"


def endpoint(url: str, allowed: Sequence[str]) -> Endpoint:
    """Return the endpoint of a base address, if it may be called.

    A name that cannot be resolved now is let through: each connection resolves and judges it again.

    Raises:
        SettingsError: It is no address of a server, or a public one, or a private one not listed.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        host, port, parts = "", 0, urlsplit("")
    if parts.scheme not in {"http", "https"} or not host or parts.username or parts.query or parts.fragment:
        message = (
            f"L'adresse du modèle de langage « {url} » n'est pas celle d'un serveur (http://machine:port/v1, "
            "sans identifiant ni paramètre) : corrigez le réglage « llm.base_url »."
        )
        raise SettingsError(message)
    found = _resolve_now(host, port)
    for address in found:
        if reason := refusal(host, address, allowed, setting=SETTING):
            message = (
                f"Le modèle de langage ne peut pas être appelé : {reason}. "
                "Corrigez le réglage « llm.base_url »."
            )
            raise SettingsError(message)
    local = bool(found) and all(is_local(a) for a in found)
    return Endpoint(url.rstrip("/"), host, port, tuple(allowed), local)


def checked(target: Endpoint, found: Sequence[str]) -> list[str]:
    """Return the resolved addresses *found*, if every one may be called.

    One forbidden address among them refuses all: a name that resolves to several is not trusted for
    the one that suits.

    Raises:
        GenerationError: One may not, or there is none.
    """
    if not found:
        raise GenerationError("unreachable", f"le nom {target.host} ne désigne aucune machine")
    for text in found:
        if reason := refusal(target.host, ipaddress.ip_address(text), target.allowed, setting=SETTING):
            raise GenerationError("refused", reason)
    return list(dict.fromkeys(found))


def _resolve_now(host: str, port: int) -> list[Address]:
    try:
        return resolve(host, port)
    except ValueError:
        # A link-local address with its zone: private to a cable, and not of this policy.
        message = (
            f"L'adresse « {host} » est propre à une interface réseau : "
            "donnez-en une autre au réglage « llm.base_url »."
        )
        raise SettingsError(message) from None
