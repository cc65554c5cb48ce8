"""What a process reached for: read from system calls (strace) and from Python's audit events."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

TRACED = ("socket", "connect", "sendto", "sendmsg", "sendmmsg", "io_uring_setup")
"""The system calls by which data can leave, and the one that would hide the others."""

_CALL = re.compile(r"^(?:(\d+)\s+)?(\w+)\((.*)$")
_V4 = re.compile(r'sa_family=AF_INET, sin_port=htons\((\d+)\), sin_addr=inet_addr\("([^"]+)"\)')
_V6 = re.compile(r'sa_family=AF_INET6, sin6_port=htons\((\d+)\),.*?inet_pton\(AF_INET6, "([^"]+)"')
_UNIX = re.compile(r'sa_family=AF_UNIX, sun_path=(@?)"([^"]*)"')
_FAMILY = re.compile(r"sa_family=(AF_\w+|0x[0-9a-f]+)")
_CREATED = re.compile(r"^(AF_\w+|0x[0-9a-f]+|\d+)")
_ERROR = re.compile(r"= -1 (E\w+)")

_LOCAL_FAMILIES = {"AF_UNIX", "AF_LOCAL", "AF_INET", "AF_INET6", "AF_NETLINK", "AF_ALG", "AF_UNSPEC"}
"""Families that stay in the kernel, or whose targets are judged one by one."""
_NAME_PORTS = {53, 853, 5353, 5355}
"""DNS, DNS over TLS, multicast DNS, LLMNR: a resolver on this machine asks another in its stead."""
_RESOLVERS = re.compile(r"nscd|systemd/resolve|avahi|dbus")
"""Local sockets of services that look names up for others."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to leave the machine.

    Attributes:
        what: ``connexion``, ``résolution`` (of a name) or ``canal`` (a kind of socket that cannot be judged).
        target: Address and port, name, or kind of socket.
        seen_by: ``appels système`` or ``Python``.
        process: Its number.
        outcome: The system's error, or "" where it is not known.
    """

    what: str
    target: str
    seen_by: str
    process: int
    outcome: str = ""


@dataclass(slots=True)
class Seen:
    """What was observed, the harmless included: an observation that sees nothing proves nothing.

    Attributes:
        attempts: What tried to leave.
        inside: Connections and sendings to this machine itself.
        calls: System calls of the network that were read.
        processes: Numbers of the Python processes that were watched.
    """

    attempts: list[Attempt] = field(default_factory=list)
    inside: int = 0
    calls: int = 0
    processes: set[int] = field(default_factory=set)


def is_this_machine(address: str) -> bool:
    """Tell whether an IP address is loopback; ``::ffff:127.0.0.1`` is."""
    try:
        found = ipaddress.ip_address(address.split("%", 1)[0])
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (mapped or found).is_loopback


def read_system_calls(path: Path) -> Seen:
    """Read what strace wrote with ``-f -o``; an absent file is one that was not written: nothing seen."""
    seen = Seen()
    if not path.is_file():
        return seen
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            call = _CALL.match(line)
            if call is None or call[2] not in TRACED:
                continue
            process, name, rest = int(call[1] or 0), call[2], call[3]
            seen.calls += 1
            error = _ERROR.search(rest)
            outcome = error[1] if error else ""
            for what, target, outside in _targets(name, rest, outcome):
                if outside:
                    seen.attempts.append(Attempt(what, target, "appels système", process, outcome))
                else:
                    seen.inside += 1
    return seen


def _targets(name: str, rest: str, outcome: str) -> Iterator[tuple[str, str, bool]]:
    """Yield what a call does, to what, and whether that leaves the machine."""
    if name == "io_uring_setup":
        # Connections made through it are no system calls, so they would pass unseen.
        if not outcome:
            yield "canal", "io_uring", True
        return
    if name == "socket":
        family = _CREATED.match(rest)
        if family and family[1] not in _LOCAL_FAMILIES:
            yield "canal", family[1], True
        return
    for port, address in (*_V4.findall(rest), *_V6.findall(rest)):
        asks = int(port) in _NAME_PORTS
        what = "résolution" if asks else "connexion"
        host = f"[{address}]" if ":" in address else address
        yield what, f"{host}:{port}", asks or not is_this_machine(address)
    for _, path in _UNIX.findall(rest):
        # What is not there was not asked; a connected local socket stays on this machine.
        yield "résolution", path, bool(_RESOLVERS.search(path)) and not outcome
    for family in _FAMILY.findall(rest):
        if family not in _LOCAL_FAMILIES:
            yield "canal", family, True


def read_audit_events(path: Path) -> Seen:
    """Read what the hook of each Python process wrote."""
    seen = Seen()
    if not path.is_file():
        return seen
    for line in path.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        seen.processes.add(record["pid"])
        if record["outside"]:
            seen.attempts.append(Attempt(record["what"], record["target"], "Python", record["pid"]))
        elif record["what"] != "début":
            seen.inside += 1
    return seen


def distinct(attempts: Iterable[Attempt]) -> list[Attempt]:
    """Return the attempts without those that differ only in the process, in order."""
    kept: dict[tuple[str, str, str], Attempt] = {}
    for attempt in attempts:
        kept.setdefault((attempt.what, attempt.target, attempt.seen_by), attempt)
    return list(kept.values())
