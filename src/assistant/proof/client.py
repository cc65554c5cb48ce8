"""A browser's requests without a browser: pages, API, and the queue of the chat."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any

from assistant.errors import StoreError

WAIT_S = 300.0
"""Longest silence of the server; an answer takes a tenth of a second, on a busy machine a few seconds."""


@dataclass(frozen=True, slots=True)
class Response:
    """What the server answered.

    Attributes:
        headers: Names in lower case.
    """

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", errors="replace")

    def json(self) -> Any:
        """Return the body read as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Client:
    """Speaks to a server of this machine; nothing else can be addressed."""

    port: int

    def get(self, path: str) -> Response:
        """Return the answer to a GET."""
        return self._send("GET", path)

    def post(self, path: str, value: Any) -> Response:
        """Return the answer to a POST of JSON."""
        return self._send("POST", path, json.dumps(value).encode())

    def _send(self, method: str, path: str, body: bytes | None = None) -> Response:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_S)
        try:
            headers = {"content-type": "application/json"} if body is not None else {}
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Response(answer.status, found, answer.read())
        finally:
            connection.close()

    def queued(self, event: int, data: list[Any], session: str) -> Any:
        """Send *data* to an event of the page, as the page does; return what it gives back.

        Raises:
            StoreError: The event failed, or ended without an answer.
        """
        order = {
            "data": data,
            "fn_index": event,
            "session_hash": session,
            "event_data": None,
            "trigger_id": None,
        }
        joined = self.post("/gradio_api/queue/join", order)
        if joined.status != 200:
            message = f"La file de la page a refusé une question (code {joined.status}) : relancez l'essai."
            raise StoreError(message)
        # The stream ends when nothing of this session is waiting any more.
        stream = self.get(f"/gradio_api/queue/data?session_hash={session}").text
        for line in stream.splitlines():
            if line.startswith("data:"):
                event_message = json.loads(line.removeprefix("data:"))
                if event_message.get("msg") == "process_completed" and event_message.get("success"):
                    return event_message["output"]
        message = "La file de la page n'a pas donné de réponse : relancez l'essai."
        raise StoreError(message)
