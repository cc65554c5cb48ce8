"""Who may ask what of the server, and what every response says."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.generation.address import Endpoint
from assistant.web import guard
from assistant.web.conversations import Conversations
from assistant.web.shell import Shell, allowed, host_name
from scripted_llm import serving

Scope = dict[str, object]


async def _inner(scope: Scope, receive: Callable, send: Callable) -> None:  # type: ignore[type-arg]
    """Answer anything with Gradio's kind of page."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
    await send({"type": "http.response.body", "body": b"<script>a</script>"})


def call(
    path: str, *, method: str = "GET", body: bytes = b"x", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Send one request through a shell around :func:`_inner`."""
    import asyncio

    sent: list[dict[str, Any]] = []
    given = {"host": "127.0.0.1:7860", **{k.replace("_", "-"): v for k, v in headers.items()}}

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    shell = Shell(_inner, hosts=("127.0.0.1", "localhost"), rewrite=lambda html, nonce: f"{html}{nonce}")
    scope = {
        "type": "http", "path": path, "method": method,
        "headers": [(k.encode(), v.encode()) for k, v in given.items()],
    }  # fmt: skip
    asyncio.run(shell(scope, receive, send))
    found = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
    sent_body = b"".join(m.get("body", b"") for m in sent[1:])
    return sent[0]["status"], found, sent_body


@pytest.mark.parametrize(
    "path",
    [
        "/openapi.json", "/docs", "/gradio_api/file=https://evil.example/x", "/gradio_api/file=/etc/passwd",
        "/gradio_api/upload", "/gradio_api/deep_link", "/gradio_api/runs",
        "/monitoring", "/gradio_api/proxy=x",
        "/document/../secret", "/ui//etc", "/gradio_api/run/predict", "/login",
    ],
)  # fmt: skip
def test_routes_that_are_not_named_do_not_exist(path: str) -> None:
    """Gradio has some that fetch any address: only those that the page needs are let through."""
    assert not allowed(path)
    assert call(path)[0] == 404


@pytest.mark.parametrize("host", ["evil.example", "evil.example:7860", "127.0.0.1.evil.example", ""])
def test_a_foreign_host_name_is_refused(host: str) -> None:
    """A page elsewhere may point a name of its own to this machine."""
    assert call("/", host=host)[0] == 400


@pytest.mark.parametrize(
    ("value", "name"), [("[::1]:7860", "::1"), ("localhost", "localhost"), ("A.b:1", "a.b")]
)
def test_the_port_is_no_part_of_the_name(value: str, name: str) -> None:
    """Any port may be chosen."""
    assert host_name(value) == name


def test_another_page_cannot_ask() -> None:
    """A foreign origin is refused before Gradio sees the request."""
    assert call("/api/ask", method="POST", origin="https://evil.example")[0] == 403
    assert call("/api/ask", method="POST", sec_fetch_site="cross-site")[0] == 403
    assert call("/api/ask", method="POST", origin="http://127.0.0.1:7860")[0] == 200


def test_a_long_request_is_refused() -> None:
    """Nothing here needs a megabyte."""
    assert call("/api/ask", method="POST", content_length="2000000")[0] == 413
    assert call("/api/ask", method="POST", content_length="beaucoup")[0] == 413


def test_every_response_bears_the_policy() -> None:
    """The refusals too; and each has a nonce of its own."""
    seen = set()
    for path in ("/", "/", "/api/documents", "/nulle-part"):
        _, headers, _ = call(path)
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe-eval" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        seen.add(headers["content-security-policy"])
    assert len(seen) == 4


def test_the_page_is_rewritten_with_the_nonce_of_its_policy() -> None:
    """Otherwise the browser would refuse its scripts."""
    _, headers, body = call("/")
    nonce = body.decode().removeprefix("<script>a</script>")
    assert f"'nonce-{nonce}'" in headers["content-security-policy"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "[::1]", b"127.0.0.2", None])
def test_this_machine_is_recognised(host: object) -> None:
    """By name and by address."""
    assert guard.is_loopback(host)


@pytest.mark.parametrize(
    "host",
    ["192.168.1.1", "example.org", "0.0.0.0", "::", "127.0.0.1.nip.io"],  # noqa: S104 - judged, not bound
)
def test_other_machines_are_recognised(host: str) -> None:
    """0.0.0.0 is every network that the machine is on."""
    assert not guard.is_loopback(host)


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("socket.getaddrinfo", ("huggingface.co", 443, 0, 0, 0)),
        ("socket.gethostbyname", ("huggingface.co",)),
        ("socket.gethostbyaddr", ("192.0.2.1",)),
        ("socket.getnameinfo", (("192.0.2.1", 443),)),
        ("socket.connect", (None, ("192.0.2.1", 443))),
        ("socket.sendto", (None, ("192.0.2.1", 53))),
        ("socket.sendmsg", (None, ("192.0.2.1", 53))),
    ],
)
def test_what_leaves_the_machine_is_refused(event: str, arguments: tuple[object, ...]) -> None:
    """A look-up tells the name asked for, so it is refused as well as a connection."""
    with pytest.raises(PermissionError, match="sortie réseau interdite"):
        guard._refuse(event, arguments)


def test_what_stays_on_the_machine_is_not() -> None:
    """Loopback and local sockets go on working."""
    guard._refuse("socket.getaddrinfo", ("localhost", 80, 0, 0, 0))
    guard._refuse("socket.connect", (None, ("127.0.0.1", 80)))
    guard._refuse("socket.connect", (None, "/tmp/une-prise"))  # noqa: S108 - a name, never opened
    guard._refuse("open", ("x", "r", 0))


def test_serving_other_machines_is_refused_without_authentication() -> None:
    """The sentence says what to do."""
    from pathlib import Path

    from assistant.errors import SettingsError
    from assistant.settings import Settings
    from assistant.web import serve

    with pytest.raises(SettingsError, match=r"gardez 127\.0\.0\.1"):
        serve(index=Path("i"), corpus=Path("c"), settings=Settings(), host="0.0.0.0", port=0)  # noqa: S104 - refused


def test_a_taken_port_is_told_in_a_sentence() -> None:
    """Before the model is loaded."""
    from assistant.errors import SettingsError
    from assistant.web.server import _listen

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SettingsError, match="donnez-en un autre par --port"):
            _listen("127.0.0.1", taken.getsockname()[1])


def test_conversations_are_forgotten() -> None:
    """After their idle time, past the capacity, and when asked."""
    held = Conversations(capacity=2, idle_s=60)
    tokens = [held.open("").token for _ in range(3)]
    assert held.find(tokens[0]) is None
    held.forget(tokens[1])
    assert held.find(tokens[1]) is None
    conversation = held.find(tokens[2])
    assert conversation is not None
    conversation.touched -= 61
    assert held.find(tokens[2]) is None
    assert len(held) == 0


def test_a_token_that_the_server_did_not_give_opens_nothing() -> None:
    """A visitor cannot choose the key of a conversation."""
    assert Conversations().open("devine").token not in {"devine", ""}


def test_turn_numbers_are_never_given_twice() -> None:
    """An address of an answer keeps meaning that answer."""
    conversation = Conversations().open("")
    conversation.begin("un")
    conversation.turns.pop()
    assert conversation.begin("deux").number == 2


def test_a_failure_is_logged_without_its_message(caplog: pytest.LogCaptureFixture) -> None:
    """The message may quote the question; where it happened is enough to mend it."""
    import asyncio

    asked = "mon numéro de sécurité sociale"

    async def failing(scope: Scope, receive: Callable, send: Callable) -> None:  # type: ignore[type-arg]
        raise RuntimeError(asked)

    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    shell = Shell(failing, hosts=("127.0.0.1",), rewrite=lambda html, _: html)
    scope = {"type": "http", "path": "/api/ask", "method": "POST", "headers": [(b"host", b"127.0.0.1")]}
    asyncio.run(shell(scope, send, send))  # type: ignore[arg-type]
    assert sent[0]["status"] == 500
    assert "RuntimeError" in caplog.text
    assert asked not in caplog.text


MODEL = Endpoint("http://modele.interne:8000/v1", "modele.interne", 8000, ("10.1.0.0/16",), local=False)


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("socket.getaddrinfo", ("modele.interne", 8000, 0, 1, 0)),
        ("socket.getaddrinfo", (b"Modele.Interne", 8000, 0, 1, 0)),
        ("socket.connect", (None, ("10.1.2.3", 8000))),
    ],
)
def test_the_model_of_the_settings_can_be_called(event: str, arguments: tuple[object, ...]) -> None:
    """By its name, at its port, in the networks that the settings list; not without the setting."""
    guard._refuse(event, arguments, [MODEL])
    with pytest.raises(PermissionError):
        guard._refuse(event, arguments)


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("socket.getaddrinfo", ("autre.interne", 8000, 0, 1, 0)),
        ("socket.getaddrinfo", ("modele.interne.evil.example", 8000, 0, 1, 0)),
        ("socket.getaddrinfo", ("huggingface.co", 443, 0, 0, 0)),
        ("socket.connect", (None, ("10.1.2.3", 8001))),
        ("socket.connect", (None, ("10.2.2.3", 8000))),
        ("socket.connect", (None, ("192.168.1.1", 8000))),
        ("socket.connect", (None, ("169.254.169.254", 8000))),
        ("socket.connect", (None, ("93.184.216.34", 8000))),
        ("socket.connect", (None, ("::ffff:93.184.216.34", 8000, 0, 0))),
        ("socket.connect", (None, ("modele.interne", 8000))),
        ("socket.sendto", (None, ("10.2.2.3", 8000))),
        ("socket.gethostbyaddr", ("10.1.2.3",)),
    ],
)
def test_with_a_model_nothing_else_can_be_called(event: str, arguments: tuple[object, ...]) -> None:
    """Another name, port, network, or a public address behind its name."""
    with pytest.raises(PermissionError, match="sortie réseau interdite"):
        guard._refuse(event, arguments, [MODEL])


def test_a_model_given_by_its_address_opens_that_address_alone() -> None:
    """Even where a whole network is listed."""
    model = Endpoint("http://10.1.2.3:8000/v1", "10.1.2.3", 8000, ("10.0.0.0/8",), local=False)
    guard._refuse("socket.connect", (None, ("10.1.2.3", 8000)), [model])
    with pytest.raises(PermissionError):
        guard._refuse("socket.connect", (None, ("10.1.2.4", 8000)), [model])


def test_a_guarded_process_calls_its_model_and_nothing_else(tmp_path: Path) -> None:
    """The real hook, in a process of its own: the model answers, a neighbour is refused unasked."""
    script = """
import asyncio, socket, sys
from assistant.generation import Client
from assistant.settings import LlmSettings
from assistant.web.guard import forbid_egress
client = Client(LlmSettings(sys.argv[1], "essai"))
forbid_egress(client.endpoint)
print("".join(client.stream([{"role": "user", "content": "bonjour"}])))
for reach in (
    lambda: socket.create_connection(("10.1.2.3", 80), 1),
    lambda: socket.gethostbyname("a.example"),
    lambda: socket.getaddrinfo("a.example", 80),
):
    try:
        reach()
        print("sorti")
    except PermissionError:
        print("refusé")
"""
    with serving(lambda e: e.say(["Bonjour."])) as server:
        done = subprocess.run(  # noqa: S603 - our own script
            [sys.executable, "-c", script, server.url],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            check=True,
        )
    assert done.stdout.split() == ["Bonjour.", "refusé", "refusé", "refusé"]


def test_what_is_written_is_sent_at_once() -> None:
    """Held back until the reader's acknowledgement, each block of an answer would wait 40 ms."""
    import asyncio

    from assistant.web.server import _listen

    async def delays() -> bool:
        served = asyncio.get_running_loop().create_future()

        async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connection = writer.get_extra_info("socket")
            served.set_result(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 0)
            writer.close()

        listener = _listen("127.0.0.1", 0)
        async with await asyncio.start_server(answer, sock=listener):
            _, writer = await asyncio.open_connection(*listener.getsockname())
            found = bool(await served)
            writer.close()
            return found

    assert not asyncio.run(delays())
