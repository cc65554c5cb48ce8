"""The network that a process sees: its interfaces, its routes, and loopback switched on."""

from __future__ import annotations

import socket
import struct
import sys
from pathlib import Path

_SIOCSIFFLAGS = 0x8914
"""Sets the flags of an interface (linux/sockios.h)."""
_IFF_UP, _IFF_RUNNING = 0x1, 0x40


def bring_up() -> None:
    """Switch loopback on: in a fresh network namespace it is off.

    Raises:
        OSError: The process may not do so.
    """
    if sys.platform != "linux":
        raise OSError
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sh14x", b"lo", _IFF_UP | _IFF_RUNNING)
        fcntl.ioctl(control, _SIOCSIFFLAGS, request)


def interfaces() -> list[str]:
    """Return the names of the network's interfaces."""
    return [name for _, name in socket.if_nameindex()]


def routes() -> int | None:
    """Return how many IPv4 and IPv6 routes lead elsewhere than loopback; None where Linux is not there."""
    v4, v6 = Path("/proc/self/net/route"), Path("/proc/self/net/ipv6_route")
    if not v4.is_file():
        return None
    lines = [line.split()[0] for line in v4.read_text(encoding="ascii").splitlines()[1:] if line.strip()]
    if v6.is_file():
        lines += [line.split()[-1] for line in v6.read_text(encoding="ascii").splitlines() if line.strip()]
    return sum(name != "lo" for name in lines)
