"""The page's stream of events: never ended while the page is about to need it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from assistant.web import streams
from assistant.web.streams import JOIN, STREAM, OrderlyStreams

FAREWELL = b'data: {"msg":"close_stream"}\n\n'


class Gradio:
    """Stands in for Gradio: ends a stream when told to, and takes a while over events."""

    def __init__(self) -> None:
        """Begin with nothing told."""
        self.end = asyncio.Event()
        self.admit = asyncio.Event()
        self.streams = 0
        self.joined: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["path"] == JOIN:
            self.joined.append(json.loads((await receive())["body"])["session_hash"])
            await self.admit.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"{}"})
            return
        self.streams += 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"data: {}\n\n", "more_body": True})
        await self.end.wait()
        self.end.clear()
        await send({"type": "http.response.body", "body": FAREWELL, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class Client:
    """A page: what it was sent, and whether it has gone."""

    def __init__(self, app: OrderlyStreams, path: str) -> None:
        """Ask for *path*."""
        self.sent: list[Any] = []
        self.gone = asyncio.Event()
        self._body = json.dumps({"session_hash": "s"}).encode() if path == JOIN else b""
        scope = {"type": "http", "path": path, "query_string": b"session_hash=s"}
        self.task = asyncio.create_task(app(scope, self._receive, self._send))

    async def _receive(self) -> Any:
        if self._body:
            body, self._body = self._body, b""
            return {"type": "http.request", "body": body, "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        self.sent.append(message)

    @property
    def text(self) -> bytes:
        """What was streamed."""
        return b"".join(m.get("body", b"") for m in self.sent)


async def quiet() -> None:
    """Let everything that can run do so."""
    for _ in range(20):
        await asyncio.sleep(0)


def run(scenario: Callable[[Gradio, OrderlyStreams], Coroutine[Any, Any, None]]) -> None:
    """Run *scenario* on a fresh Gradio."""

    async def main() -> None:
        gradio = Gradio()
        await scenario(gradio, OrderlyStreams(gradio))

    asyncio.run(main())


def test_a_stream_that_nobody_needs_ends() -> None:
    """As Gradio wants it; the response ends when the page has closed it, and nothing is kept."""

    async def scenario(gradio: Gradio, app: OrderlyStreams) -> None:
        page = Client(app, STREAM)
        await quiet()
        gradio.end.set()
        await quiet()
        assert page.text.endswith(FAREWELL)
        assert not page.task.done()
        page.gone.set()
        await page.task
        assert app._sessions == {}

    run(scenario)


def test_a_stream_does_not_end_while_an_event_comes_in() -> None:
    """The page, which takes it for open, would wait for ever: it goes on in the same response."""

    async def scenario(gradio: Gradio, app: OrderlyStreams) -> None:
        page = Client(app, STREAM)
        await quiet()
        event = Client(app, JOIN)
        await quiet()
        gradio.end.set()
        await quiet()
        assert FAREWELL not in page.text
        assert gradio.streams == 2
        gradio.admit.set()
        await event.task
        gradio.end.set()
        await quiet()
        assert page.text == b"data: {}\n\n" * 2 + FAREWELL
        assert [m["type"] for m in page.sent].count("http.response.start") == 1
        page.gone.set()
        await page.task

    run(scenario)


def test_an_event_that_comes_in_while_a_stream_ends_waits_for_its_end() -> None:
    """So that the page opens another for it."""

    async def scenario(gradio: Gradio, app: OrderlyStreams) -> None:
        gradio.admit.set()
        page = Client(app, STREAM)
        await quiet()
        gradio.end.set()
        await quiet()
        event = Client(app, JOIN)
        await quiet()
        assert gradio.joined == []
        page.gone.set()
        await asyncio.gather(page.task, event.task)
        assert gradio.joined == ["s"]
        assert app._sessions == {}

    run(scenario)


def test_a_page_that_never_closes_its_stream_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while the response ends by itself."""
    monkeypatch.setattr(streams, "_CLOSED_WITHIN_S", 0.01)

    async def scenario(gradio: Gradio, app: OrderlyStreams) -> None:
        gradio.admit.set()
        page = Client(app, STREAM)
        await quiet()
        gradio.end.set()
        await page.task
        assert page.sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
        await Client(app, JOIN).task

    run(scenario)


def test_other_pages_are_not_held_up() -> None:
    """Each page has its own order."""

    async def scenario(gradio: Gradio, app: OrderlyStreams) -> None:
        gradio.admit.set()
        page = Client(app, STREAM)
        await quiet()
        gradio.end.set()
        await quiet()
        other = Client(app, JOIN)
        other._body = json.dumps({"session_hash": "autre"}).encode()
        await other.task
        assert gradio.joined == ["autre"]
        page.gone.set()
        await page.task

    run(scenario)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"session_hash": 3}'])
def test_an_event_that_names_no_page_is_handed_on(body: bytes) -> None:
    """Gradio says what is wrong with it."""

    async def scenario(gradio: Gradio, app: OrderlyStreams) -> None:
        heard = []

        async def inner(scope: Any, receive: Any, send: Any) -> None:
            heard.append((await receive())["body"])

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            raise AssertionError(message)

        await OrderlyStreams(inner)({"type": "http", "path": JOIN}, receive, send)
        assert heard == [body]

    run(scenario)
