"""Gradio's stream of events, closed only when the page is not about to need it.

Gradio ends a page's stream as soon as none of its events is pending, and its client opens another
with the next event. An event that the page sends while that end is on its way is lost: the client
still takes the stream for open, the server no longer reads for it, and the question waits for
ever. That is what happens to « Arrêter », which cancels one event and sends another at once, and
to a question asked the moment an answer ends. This layer, which sees both the events that come in
and the streams, puts them in order: a stream is not ended while an event of its page comes in, and
an event that comes in while a stream ends waits until the page has closed it.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from assistant.web.shell import App, Message, Receive, Scope, Send

JOIN = "/gradio_api/queue/join"
STREAM = "/gradio_api/queue/data"
_CLOSE = b'"msg":"close_stream"'
# The page closes a stream as soon as it has read that it ends; a page that is gone never does.
_CLOSED_WITHIN_S = 2.0


@dataclass(slots=True)
class _Session:
    """A page, as Gradio names it.

    Attributes:
        joining: Events that are coming in.
        streams: Streams that are open.
        settled: Not set while a stream ends.
    """

    joining: int = 0
    streams: int = 0
    settled: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        """Begin with nothing to wait for."""
        self.settled.set()


class OrderlyStreams:
    """ASGI application that wraps Gradio's."""

    def __init__(self, app: App) -> None:
        """Wrap *app*."""
        self._app = app
        self._sessions: dict[str, _Session] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path = scope["path"] if scope["type"] == "http" else ""
        if path == JOIN:
            await self._join(scope, receive, send)
        elif path == STREAM:
            await self._stream(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _session(self, name: str) -> _Session:
        return self._sessions.setdefault(name, _Session())

    def _leave(self, name: str) -> None:
        session = self._sessions.get(name)
        if session and not session.joining and not session.streams:
            del self._sessions[name]

    async def _join(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, receive = await _whole(receive)
        name = _name(body)
        session = self._session(name)
        # Counted first: from here on no stream of the page ends.
        session.joining += 1
        try:
            await session.settled.wait()
            await self._app(scope, receive, send)
        finally:
            session.joining -= 1
            self._leave(name)

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("session_hash", [""])[0]
        session = self._session(name)
        session.streams += 1
        gone = asyncio.Event()
        listening = asyncio.create_task(_listen(receive, gone))
        try:
            relay = _Relay(send, session)
            while not relay.ended:
                relay.again = False
                await self._app(scope, _receive_of(gone), relay)
                if not relay.again:
                    relay.ended = True
            if relay.farewell is not None:
                await _close(relay.farewell, send, gone)
        finally:
            session.streams -= 1
            session.settled.set()
            listening.cancel()
            self._leave(name)


class _Relay:
    """Hands on what Gradio streams, but for the end, which is judged.

    Attributes:
        farewell: The message that ends the stream, once it has been decided to end it.
        again: Whether the stream goes on, because an event is coming in.
        ended: Whether the response is over.
    """

    def __init__(self, send: Send, session: _Session) -> None:
        self._send = send
        self._session = session
        self._started = False
        self.farewell: Message | None = None
        self.again = False
        self.ended = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if not self._started:
                self._started = True
                await self._send(message)
        elif self.again or self.farewell is not None:
            return  # What Gradio adds after its farewell: the end of the response.
        elif _CLOSE in message.get("body", b""):
            self._judge(message)
        else:
            self.ended = not message.get("more_body", False)
            await self._send(message)

    def _judge(self, message: Message) -> None:
        """Decide without giving way: an event comes in before this, or waits for it."""
        if self._session.joining:
            self.again = True
        else:
            self._session.settled.clear()
            self.farewell = message
            self.ended = True


async def _close(farewell: Message, send: Send, gone: asyncio.Event) -> None:
    """Tell the page that its stream ends, and wait until it has closed it."""
    await send({**farewell, "more_body": True})
    with suppress(TimeoutError):
        await asyncio.wait_for(gone.wait(), _CLOSED_WITHIN_S)
    if not gone.is_set():
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _listen(receive: Receive, gone: asyncio.Event) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    gone.set()


def _receive_of(gone: asyncio.Event) -> Receive:
    """Return what a request without body gives: nothing, then that its author has gone."""
    asked = False

    async def receive() -> Message:
        nonlocal asked
        if not asked:
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    return receive


async def _whole(receive: Receive) -> tuple[bytes, Receive]:
    """Return the body of a request, and what gives it once more."""
    messages: list[Message] = []
    while not messages or messages[-1].get("more_body"):
        messages.append(await receive())
    body = b"".join(m.get("body", b"") for m in messages)

    async def again() -> Message:
        return messages.pop(0) if messages else await receive()

    return body, again


def _name(body: bytes) -> str:
    """Return the page that an event comes from, "" where the body does not say."""
    try:
        found: Any = json.loads(body)
    except ValueError:
        return ""
    name = found.get("session_hash") if isinstance(found, dict) else None
    return name if isinstance(name, str) else ""
