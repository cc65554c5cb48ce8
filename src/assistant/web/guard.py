"""What keeps the server from talking to the outside."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Sequence
from functools import partial
from typing import Any

from assistant.address import Place, may_call


def is_loopback(host: object) -> bool:
    """Tell whether *host*, a name or an address, is this very machine."""
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")
    if text in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(text.strip("[]").split("%")[0]).is_loopback
    except ValueError:
        return False


def _refuse(event: str, arguments: tuple[Any, ...], places: Sequence[Place] = ()) -> None:
    if event in {"socket.getaddrinfo", "socket.gethostbyname"}:
        host: object = arguments[0]
        # An address needs no look-up; connecting to it is judged below.
        outside = not is_loopback(host) and not _is_address(host) and not _is_named(host, places)
    elif event == "socket.gethostbyaddr":
        # A reverse look-up asks others about an address.
        outside = not is_loopback(arguments[0])
    elif event == "socket.getnameinfo":
        outside = not is_loopback(arguments[0][0])
    elif event in {"socket.connect", "socket.sendto", "socket.sendmsg"} and isinstance(arguments[1], tuple):
        outside = not is_loopback(arguments[1][0]) and not any(_is_at(p, arguments[1]) for p in places)
    else:
        return
    if outside:
        message = (
            "sortie réseau interdite : ce serveur ne parle qu'à cette machine et aux serveurs de ses réglages"
        )
        raise PermissionError(message)


def _is_address(host: object) -> bool:
    try:
        ipaddress.ip_address(str(host))
    except ValueError:
        return False
    return True


def _is_named(host: object, places: Sequence[Place]) -> bool:
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")
    return text.casefold() in {p.host.casefold() for p in places}


def _is_at(place: Place, target: tuple[Any, ...]) -> bool:
    """Tell whether an address and port are those of a server of the settings, and may be called."""
    if target[1] != place.port:
        return False
    try:
        address = ipaddress.ip_address(str(target[0]))
    except ValueError:
        return False
    # Where the setting gives an address, no other one is meant, whatever network is allowed.
    if _is_address(place.host) and address != ipaddress.ip_address(place.host):
        return False
    return may_call(place.host, address, place.allowed)


def forbid_egress(*places: Place | None) -> None:
    """Refuse every name look-up and connection that leaves this machine, for good.

    Where the settings have a language model or a Milvus server on the private network, its name may
    be looked up, and its port called at the private addresses that the settings allow: nothing else.

    An audit hook cannot be taken away again, which is the point: a page that is served to
    others must not be talked into fetching an address (Gradio does so for file references).
    """
    sys.addaudithook(partial(_refuse, places=[p for p in places if p is not None]))
