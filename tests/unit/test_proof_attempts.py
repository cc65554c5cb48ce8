"""What counts as leaving the machine, in system calls and in Python's audit events."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant.proof.attempts import is_this_machine, read_audit_events, read_system_calls
from assistant.proof.hook import sitecustomize


def v4(address: str, port: int) -> str:
    """Write an IPv4 address as strace does."""
    return f'{{sa_family=AF_INET, sin_port=htons({port}), sin_addr=inet_addr("{address}")}}'


def v6(address: str, port: int) -> str:
    """Write an IPv6 address as strace does."""
    return (
        f"{{sa_family=AF_INET6, sin6_port=htons({port}), sin6_flowinfo=htonl(0), "
        f'inet_pton(AF_INET6, "{address}", &sin6_addr), sin6_scope_id=0}}'
    )


def local(path: str) -> str:
    """Write the address of a local socket as strace does."""
    return f'{{sa_family=AF_UNIX, sun_path="{path}"}}'


RESOLVED = "/run/systemd/resolve/io.systemd.Resolve"
LEAVING = [
    (f"connect(3, {v4('192.0.2.1', 443)}, 16) = -1 ENETUNREACH (…)", "connexion", "192.0.2.1:443"),
    (f"connect(3, {v6('2001:db8::1', 80)}, 28 <unfinished ...>", "connexion", "[2001:db8::1]:80"),
    (f'sendto(3, ""..., 14, 0, {v4("203.0.113.2", 9)}, 16) = 14', "connexion", "203.0.113.2:9"),
    (
        f"sendmsg(4, {{msg_name={v6('2001:db8::2', 9)}, msg_namelen=28, msg_iovlen=1}}, 0) = 1",
        "connexion",
        "[2001:db8::2]:9",
    ),
    # A resolver on this machine asks another in its stead.
    (f"connect(3, {v4('127.0.0.53', 53)}, 16) = 0", "résolution", "127.0.0.53:53"),
    (f"connect(3, {local(RESOLVED)}, 42) = 0", "résolution", RESOLVED),
    ("socket(AF_VSOCK, SOCK_STREAM, 0) = 3", "canal", "AF_VSOCK"),
    ("socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)) = 3", "canal", "AF_PACKET"),
    ("io_uring_setup(8, {flags=0, …}) = 3", "canal", "io_uring"),
]
STAYING = [
    f"connect(3, {v4('127.0.0.1', 7860)}, 16) = 0",
    f"connect(3, {v6('::1', 80)}, 28) = 0",
    'sendto(5, ""..., 200, 0, NULL, 0) = 200',
    f"connect(3, {local('/var/run/nscd/socket')}, 110) = -1 ENOENT (No such file or directory)",
    "socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_IP) = 3",
    "socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_ROUTE) = 3",
    "io_uring_setup(8, {flags=0}) = -1 EPERM (Operation not permitted)",
    "--- SIGCHLD {si_signo=SIGCHLD} ---",
]


@pytest.mark.parametrize(("line", "what", "target"), LEAVING)
def test_a_call_that_leaves_is_seen(tmp_path: Path, line: str, what: str, target: str) -> None:
    """Whatever its form, and whether or not it succeeded."""
    log = tmp_path / "appels.log"
    log.write_text(f"4711  {line}\n", encoding="utf-8")
    seen = read_system_calls(log)
    assert [(a.what, a.target, a.process) for a in seen.attempts] == [(what, target, 4711)]


def test_calls_that_stay_are_counted_but_are_no_attempts(tmp_path: Path) -> None:
    """Loopback, local sockets and the kernel's own channels."""
    log = tmp_path / "appels.log"
    log.write_text("".join(f"12 {line}\n" for line in STAYING), encoding="utf-8")
    seen = read_system_calls(log)
    assert seen.attempts == []
    assert seen.inside == 3
    assert seen.calls == len(STAYING) - 1


@pytest.mark.parametrize(
    ("address", "inside"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("::ffff:127.0.0.1", True),
     ("fe80::1%2", False), ("10.0.0.1", False), ("::ffff:192.0.2.1", False), ("::", False),
     ("localhost", False)],
)  # fmt: skip
def test_this_machine_is_loopback_and_nothing_else(address: str, *, inside: bool) -> None:
    """An IPv4 address inside an IPv6 one is judged as itself; names are nobody's address."""
    assert is_this_machine(address) is inside


@pytest.mark.parametrize(
    ("event", "arguments", "expected"),
    [
        ("socket.connect", (None, ("192.0.2.1", 443)), ("connexion", "192.0.2.1:443", True)),
        ("socket.connect", (None, ("127.0.0.1", 7860)), ("connexion", "127.0.0.1:7860", False)),
        ("socket.connect", (None, ("127.0.0.53", 53)), ("connexion", "127.0.0.53:53", True)),
        ("socket.connect", (None, "/run/prise"), None),
        ("socket.sendmsg", (None, None), None),
        ("socket.sendto", (None, ("2001:db8::1", 9, 0, 0)), ("connexion", "2001:db8::1:9", True)),
        ("socket.getaddrinfo", ("exemple.invalid", 443, 0, 0, 0), ("résolution", "exemple.invalid", True)),
        ("socket.getaddrinfo", (b"exemple.invalid", 443, 0, 0, 0), ("résolution", "exemple.invalid", True)),
        ("socket.getaddrinfo", ("192.0.2.1", 443, 0, 0, 0), ("résolution", "192.0.2.1", False)),
        ("socket.getaddrinfo", ("localhost", 443, 0, 0, 0), ("résolution", "localhost", False)),
        ("socket.getaddrinfo", (None, 443, 0, 0, 0), ("résolution", "None", False)),
        ("socket.gethostbyaddr", ("192.0.2.1",), ("résolution", "192.0.2.1", True)),
        ("socket.getnameinfo", (("192.0.2.1", 80),), ("résolution", "192.0.2.1", True)),
        ("socket.gethostbyname", ("exemple.invalid",), ("résolution", "exemple.invalid", True)),
        ("socket.bind", (None, ("127.0.0.1", 80)), None),
    ],
)
def test_the_hook_judges_each_event(
    event: str, arguments: tuple[object, ...], expected: tuple[str, str, bool] | None
) -> None:
    """To turn an address into a name asks a server as well."""
    assert sitecustomize._judge(event, arguments) == expected


def test_what_the_hook_wrote_is_read(tmp_path: Path) -> None:
    """Each process is counted, attempts are kept."""
    log = tmp_path / "python.log"
    records = [
        {"pid": 1, "what": "début", "target": "-c", "outside": False},
        {"pid": 2, "what": "début", "target": "-c", "outside": False},
        {"pid": 2, "what": "connexion", "target": "127.0.0.1:80", "outside": False},
        {"pid": 2, "what": "résolution", "target": "exemple.invalid", "outside": True},
    ]
    log.write_text("".join(json.dumps(r) + "\n" for r in records), encoding="utf-8")
    seen = read_audit_events(log)
    assert (seen.processes, seen.inside) == ({1, 2}, 1)
    assert [(a.what, a.target, a.seen_by) for a in seen.attempts] == [
        ("résolution", "exemple.invalid", "Python")
    ]
