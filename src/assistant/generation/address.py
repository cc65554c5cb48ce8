"""Which addresses may be called: this machine, and what the organisation lists of its own network."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from assistant.errors import SettingsError
from assistant.generation.failure import GenerationError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

LOOPBACK = tuple(map(ipaddress.ip_network, ("127.0.0.0/8", "::1/128")))
PRIVATE = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))
"""RFC 1918 and RFC 4193. Nothing else is private here: not link-local addresses, where cloud
machines keep their secrets (169.254.169.254), nor shared ones (RFC 6598)."""


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
        if reason := refusal(host, address, allowed):
            message = (
                f"Le modèle de langage ne peut pas être appelé : {reason}. "
                "Corrigez le réglage « llm.base_url »."
            )
            raise SettingsError(message)
    local = bool(found) and all(_within(a, LOOPBACK) for a in found)
    return Endpoint(url.rstrip("/"), host, port, tuple(allowed), local)


def refusal(host: str, address: Address, allowed: Sequence[str]) -> str | None:
    """Return why *address*, to which *host* resolves, may not be called, in French, or None."""
    address = _plain(address)
    named = host if host == str(address) else f"{host} ({address})"
    if _within(address, LOOPBACK):
        return None
    if not _within(address, PRIVATE):
        return f"{named} n'est pas une adresse du réseau interne, et rien ne doit sortir des locaux"
    if not _listed(host, address, allowed):
        return f"{named} est une adresse privée qui n'est pas citée dans le réglage « llm.allowed_hosts »"
    return None


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
        if reason := refusal(target.host, ipaddress.ip_address(text), target.allowed):
            raise GenerationError("refused", reason)
    return list(dict.fromkeys(found))


def addresses(found: Sequence[tuple[object, ...]]) -> list[str]:
    """Return the addresses of what ``getaddrinfo`` found; a zone ("%eth0") stays out of reach."""
    return [str(sockaddr[0]) for *_, sockaddr in found if isinstance(sockaddr, tuple)]


def _resolve_now(host: str, port: int) -> list[Address]:
    try:
        found = addresses(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        return [ipaddress.ip_address(a) for a in found]
    except (OSError, UnicodeError):
        return []
    except ValueError:
        # A link-local address with its zone: private to a cable, and not of this policy.
        message = (
            f"L'adresse « {host} » est propre à une interface réseau : "
            "donnez-en une autre au réglage « llm.base_url »."
        )
        raise SettingsError(message) from None


def _plain(address: Address) -> Address:
    """Return the IPv4 address behind an IPv6 one that maps it: one must not pass for the other."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _within(address: Address, networks: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    plain = _plain(address)
    return any(plain.version == n.version and plain in n for n in networks)


def _listed(host: str, address: Address, allowed: Sequence[str]) -> bool:
    for entry in allowed:
        if entry.strip("[]").casefold() == host.casefold():
            return True
        try:
            if _within(address, [ipaddress.ip_network(entry.strip("[]"), strict=False)]):
                return True
        except ValueError:
            continue
    return False
