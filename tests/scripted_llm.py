"""A chat server on this machine whose every reply is written by the test."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Script = Callable[["Exchange"], None]


@dataclass
class Exchange:
    """One request, and what the script does with it."""

    handler: BaseHTTPRequestHandler
    body: dict[str, Any]
    sentences: dict[int, str] = field(default_factory=dict)

    def head(self, status: int = 200, kind: str = "text/event-stream", **headers: str) -> None:
        """Send the status and the headers."""
        self.handler.send_response(status)
        self.handler.send_header("Content-Type", kind)
        for name, value in headers.items():
            self.handler.send_header(name, value)
        self.handler.end_headers()

    def raw(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.handler.wfile.write(data)
        self.handler.wfile.flush()

    def piece(self, text: str | None, finish: str | None = None) -> None:
        """Send a piece of the reply, as an event."""
        choice = {"index": 0, "delta": {} if text is None else {"content": text}, "finish_reason": finish}
        self.raw(f"data: {json.dumps({'object': 'chat.completion.chunk', 'choices': [choice]})}\n\n".encode())

    def say(self, lines: Sequence[str], *, pause_s: float = 0.0) -> None:
        """Send a whole reply, a few letters at a time, and end it by the rules."""
        self.head()
        for chunk in re.findall(r".{1,7}", "\n".join(lines), flags=re.DOTALL):
            self.piece(chunk)
            time.sleep(pause_s)
        self.piece(None, "stop")
        self.raw(b"data: [DONE]\n\n")


@dataclass
class Server:
    """The server while it runs: what it was asked, and whether a client left before the end."""

    port: int = 0
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    left: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """Base address."""
        return f"http://127.0.0.1:{self.port}/v1"


def numbered(body: dict[str, Any]) -> dict[int, str]:
    """Return the numbered sentences of a request."""
    content = body["messages"][-1]["content"]
    return {int(n): text for n, text in re.findall(r"^\[(\d+)\] (.+)$", content, flags=re.MULTILINE)}


@contextmanager
def serving(script: Script) -> Iterator[Server]:
    """Run *script* for each request to a server on a free port."""
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state.requests.append(body)
            state.headers.append(dict(self.headers))
            try:
                script(Exchange(self, body, numbered(body)))
            except OSError:
                state.left.set()

        def do_GET(self) -> None:
            state.requests.append({"path": self.path})
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            return

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            state.left.set()

    server = Quiet(("127.0.0.1", 0), Handler)
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
