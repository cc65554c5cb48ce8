"""Imported by each Python process under proof, before anything else: writes down what it reaches for.

Python imports a module of this name at start-up; the proof puts this folder first on the path. The
standard library only, and nothing of ``assistant``: it must be in place before the first line of it.
"""

import contextlib
import ipaddress
import json
import os
import sys
from typing import Any

_LOG = os.environ.get("ASSISTANT_PROOF_LOG")
_REFUSES = os.environ.get("ASSISTANT_PROOF_MODE") == "refuse"
_ADDRESSED = {"socket.connect", "socket.sendto", "socket.sendmsg"}
_LOOK_UPS = {
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "socket.gethostbyaddr",
    "socket.getnameinfo",
}
# Looked up by name or not, these stay: no server is asked about them.
_OWN_NAMES = {"", "localhost", "None"}


def _write(record: dict[str, Any]) -> None:
    line = json.dumps({"pid": os.getpid(), **record}) + "\n"
    descriptor = os.open(str(_LOG), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        # One write a line: the lines of several processes do not mix.
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


def _text(host: object) -> str:
    return host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host.strip("[]").split("%", 1)[0])
    return None


def _judge(event: str, arguments: tuple[Any, ...]) -> tuple[str, str, bool] | None:
    """Return what is done, to what, and whether it leaves the machine; None if it reaches for nothing."""
    if event in _ADDRESSED:
        target = arguments[1]
        # Anything but an IP address here is a local socket, or the peer of a connected one (None).
        if not isinstance(target, tuple) or len(target) < 2:
            return None
        host, port = _text(target[0]), target[1]
        address = _address(host)
        inside = host in _OWN_NAMES or (address is not None and address.is_loopback)
        return "connexion", f"{host}:{port}", not inside or port in {53, 853}
    if event in _LOOK_UPS:
        first = arguments[0]
        host = _text(first[0] if isinstance(first, tuple) else first)
        address = _address(host)
        # To turn an address into a name asks a server, unless the address is this machine's.
        asks = address is None or (event in {"socket.gethostbyaddr", "socket.getnameinfo"})
        inside = host in _OWN_NAMES or (address is not None and address.is_loopback)
        return "résolution", host, asks and not inside
    return None


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if not event.startswith("socket."):
        return
    found = _judge(event, arguments)
    if found is None:
        return
    what, target, outside = found
    _write({"what": what, "target": target, "outside": outside})
    if outside and _REFUSES:
        message = f"sortie réseau interdite pendant l'essai : {target}"
        raise PermissionError(message)


if _LOG:
    _write({"what": "début", "target": " ".join(sys.orig_argv[1:4])[:120], "outside": False})
    sys.addaudithook(_watch)
