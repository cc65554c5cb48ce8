"""Which addresses may be called: this machine, and what the organisation lists of its own network."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from typing import Protocol

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

LOOPBACK = tuple(map(ipaddress.ip_network, ("127.0.0.0/8", "::1/128")))
PRIVATE = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))
"""RFC 1918 and RFC 4193. Nothing else is private here: not link-local addresses, where cloud
machines keep their secrets (169.254.169.254), nor shared ones (RFC 6598)."""


class Place(Protocol):
    """A server of the settings."""

    @property
    def host(self) -> str:
        """Its name or address, without brackets."""
        ...

    @property
    def port(self) -> int:
        """Its TCP port."""
        ...

    @property
    def allowed(self) -> tuple[str, ...]:
        """Names, addresses or networks of the organisation that may be called for it."""
        ...


def may_call(host: str, address: Address, allowed: Sequence[str]) -> bool:
    """Tell whether *address*, to which *host* resolves, may be called."""
    return refusal(host, address, allowed, setting="") is None


def refusal(host: str, address: Address, allowed: Sequence[str], *, setting: str) -> str | None:
    """Return why *address*, to which *host* resolves, may not be called, in French, or None.

    Args:
        host: The name or address that the administrator wrote.
        address: What it resolves to.
        allowed: Names, addresses or networks of the organisation that may be called.
        setting: Name of the setting that lists them, for the sentence.
    """
    address = plain(address)
    named = host if host == str(address) else f"{host} ({address})"
    if is_local(address):
        return None
    if not within(address, PRIVATE):
        return f"{named} n'est pas une adresse du réseau interne, et rien ne doit sortir des locaux"
    if not _listed(host, address, allowed):
        return f"{named} est une adresse privée qui n'est pas citée dans le réglage « {setting} »"
    return None


def addresses(found: Sequence[tuple[object, ...]]) -> list[str]:
    """Return the addresses of what ``getaddrinfo`` found; a zone ("%eth0") stays out of reach."""
    return [str(sockaddr[0]) for *_, sockaddr in found if isinstance(sockaddr, tuple)]


def resolve(host: str, port: int) -> list[Address]:
    """Return the addresses of *host* as the system knows them now; none where it knows none.

    Raises:
        ValueError: One is link-local, with its zone: private to a cable, and not of this policy.
    """
    try:
        found = addresses(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except (OSError, UnicodeError):
        return []
    return [ipaddress.ip_address(a) for a in found]


def is_local(address: Address) -> bool:
    """Tell whether *address* is this very machine."""
    return within(address, LOOPBACK)


def plain(address: Address) -> Address:
    """Return the IPv4 address behind an IPv6 one that maps it: one must not pass for the other."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def within(address: Address, networks: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    """Tell whether *address* lies in one of *networks*."""
    found = plain(address)
    return any(found.version == n.version and found in n for n in networks)


def _listed(host: str, address: Address, allowed: Sequence[str]) -> bool:
    for entry in allowed:
        if entry.strip("[]").casefold() == host.casefold():
            return True
        try:
            if within(address, [ipaddress.ip_network(entry.strip("[]"), strict=False)]):
                return True
        except ValueError:
            continue
    return False
