"""A client of an OpenAI-compatible server that keeps to its time and can be stopped."""

from __future__ import annotations

import asyncio
import logging
import os
import queue
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any, Self

import httpx

from assistant.errors import SettingsError
from assistant.generation.address import endpoint
from assistant.generation.events import DONE, Delta, EventReader, delta
from assistant.generation.failure import GenerationError
from assistant.generation.prompting import instructions
from assistant.generation.transport import CheckedTransport
from assistant.sensitive import mask
from assistant.settings import LlmSettings

log = logging.getLogger(__name__)

Message = dict[str, str]

CHARS_A_TOKEN = 12
"""No tokeniser writes more characters a token on average; a reply beyond that ignores ``max_tokens``."""
BYTES_A_TOKEN = 2048
"""What a server may wrap around one token: an event is some 300 bytes."""
GRACE_S = 0.5
"""How long the reader may outlive its time limit before it is given up."""
STOP_EVERY_S = 0.1
"""How often a reader that waits for a silent server looks whether it was asked to stop."""
REST_AFTER = 2
REST_S = 30.0
"""After this many failures in a row the server is left alone for a while: a question must not wait
for a dead one each time."""


class Client:
    """Asks one server, at an address that may be called; threads may share it."""

    def __init__(self, settings: LlmSettings) -> None:
        """Judge the address, read the key and the instructions.

        Raises:
            SettingsError: The address may not be called, the key is not in the environment, or the
                file of instructions cannot be used.
        """
        self.settings = settings
        self.instructions = instructions(settings.prompt)
        self.endpoint = endpoint(settings.base_url, settings.allowed_hosts)
        self._headers = {"User-Agent": "assistant-du-dossier", "Accept": "text/event-stream"}
        if settings.api_key_env is not None:
            key = os.environ.get(settings.api_key_env, "").strip()
            if not key or not key.isascii():
                message = (
                    "La clé du modèle de langage manque : définissez la variable d'environnement "
                    f"« {settings.api_key_env} », ou retirez le réglage « llm.api_key_env »."
                )
                raise SettingsError(message)
            self._headers["Authorization"] = f"Bearer {key}"
        self._lock = threading.Lock()
        self._failures = 0
        self._rest_until = 0.0

    @property
    def engine(self) -> str:
        """What an answer names as its writer."""
        return f"llm:{self.settings.model}"

    @property
    def place(self) -> str:
        """Which model it is and where it runs, in French."""
        return f"modèle «\u00a0{self.settings.model}\u00a0» {self.endpoint.place}"

    def readable(self, question: str) -> str:
        """Return *question* as the model may read it: without personal data, unless set otherwise."""
        return mask(question) if self.settings.mask else question

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int | None = None,
        stop: threading.Event | None = None,
    ) -> Reply:
        """Ask for a completion; the reply is read as it comes, until *stop* is set.

        Raises:
            GenerationError: The server failed just now and is left alone for a while.
        """
        if time.monotonic() < self._rest_until:
            raise GenerationError(
                "resting", "le serveur vient d'échouer ; il est laissé tranquille quelques secondes"
            )
        body = {
            "model": self.settings.model,
            "messages": list(messages),
            "temperature": self.settings.temperature,
            "max_tokens": max_tokens or self.settings.max_tokens,
            "stream": True,
        }
        return Reply(self, body, stop)

    def note(self, *, failed: bool) -> None:
        """Remember whether the last reply failed."""
        with self._lock:
            self._failures = self._failures + 1 if failed else 0
            self._rest_until = time.monotonic() + REST_S if self._failures >= REST_AFTER else 0.0

    def models(self) -> tuple[str, ...]:
        """Return the models that the server offers, as it names them.

        Raises:
            GenerationError: It cannot be reached, or has no such list (kind "status" or "garbage").
        """
        try:
            return asyncio.run(self._models())
        except httpx.TimeoutException as error:
            raise GenerationError("timeout", "le serveur n'a pas répondu à temps") from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise GenerationError("unreachable", "le serveur n'est pas joignable") from error

    async def _models(self) -> tuple[str, ...]:
        async with self._http() as http:
            response = await http.get(f"{self.endpoint.url}/models", headers=self._headers)
        _accept(response)
        try:
            return tuple(str(m["id"]) for m in response.json()["data"])
        except (ValueError, KeyError, TypeError) as error:
            raise GenerationError("garbage", "le serveur ne dit pas quels modèles il offre") from error

    def _http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=CheckedTransport(self.endpoint),
            timeout=httpx.Timeout(self.settings.timeout_s),
            trust_env=False,
            follow_redirects=False,
        )

    async def read(self, body: dict[str, Any], put: queue.SimpleQueue[Any]) -> None:
        """Send *body* and put the pieces of the reply in *put* as they come.

        Raises:
            GenerationError: The reply is not a whole completion.
            httpx.HTTPError: The server cannot be reached or breaks off.
        """
        async with (
            self._http() as http,
            http.stream(
                "POST", f"{self.endpoint.url}/chat/completions", json=body, headers=self._headers
            ) as response,
        ):
            _accept(response)
            streamed = "text/event-stream" in response.headers.get("content-type", "")
            pieces = (
                _events(response, body["max_tokens"]) if streamed else _whole(response, body["max_tokens"])
            )
            written, finish = 0, None
            async for piece in pieces:
                written += len(piece.text)
                if written > CHARS_A_TOKEN * body["max_tokens"]:
                    raise GenerationError("overlong", "la réponse du serveur dépasse la longueur demandée")
                if piece.text:
                    put.put(piece.text)
                finish = piece.finish or finish
                if finish is not None:
                    break
            if finish != "stop":
                raise GenerationError("truncated", "la réponse du serveur s'interrompt avant sa fin")


def _accept(response: httpx.Response) -> None:
    if response.is_redirect:
        raise GenerationError(
            "redirect", "le serveur renvoie vers une autre adresse, ce qui n'est jamais suivi"
        )
    if response.status_code != httpx.codes.OK:
        raise GenerationError("status", f"le serveur répond par le code {response.status_code}")


async def _chunks(response: httpx.Response, max_tokens: int) -> Any:
    size = 0
    async for chunk in response.aiter_bytes():
        size += len(chunk)
        if size > BYTES_A_TOKEN * max_tokens:
            raise GenerationError("overlong", "la réponse du serveur dépasse la longueur demandée")
        yield chunk


async def _events(response: httpx.Response, max_tokens: int) -> Any:
    reader = EventReader()
    async for chunk in _chunks(response, max_tokens):
        for data in reader.feed(chunk):
            if data == DONE:
                # A server that ends its stream by the rules without saying why has stopped by itself.
                yield Delta(finish="stop")
                return
            yield delta(data)
    for data in reader.feed(b"", last=True):
        if data != DONE:
            yield delta(data)


async def _whole(response: httpx.Response, max_tokens: int) -> Any:
    """Yield the reply of a server that does not stream."""
    body = b"".join([chunk async for chunk in _chunks(response, max_tokens)])
    try:
        yield delta(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise GenerationError("garbage", "la réponse du serveur n'est pas de l'UTF-8") from error


class Reply:
    """The text of one completion, piece by piece; :meth:`close` cancels the request."""

    def __init__(self, client: Client, body: dict[str, Any], stop: threading.Event | None = None) -> None:
        """Send the request, in a thread of its own."""
        self._client = client
        self._stop = stop
        self._queue: queue.SimpleQueue[str | GenerationError | None] = queue.SimpleQueue()
        self._deadline = time.monotonic() + client.settings.timeout_s
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(body,), name="llm-reply", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[str]:
        """Yield pieces of text until the reply is whole.

        Raises:
            GenerationError: It failed, took too long or was stopped; what came before must not be
                trusted to be whole.
        """
        while True:
            item = self._next()
            if isinstance(item, GenerationError):
                self._client.note(failed=True)
                log.warning("Modèle de langage : %s.", item.reason)
                raise item
            if item is None:
                self._client.note(failed=False)
                return
            yield item

    def _next(self) -> str | GenerationError | None:
        """Return what comes next: a piece of text, a failure, or None at the end.

        Raises:
            GenerationError: It was asked to stop, which is no failure of the server.
        """
        while True:
            if self._stop is not None and self._stop.is_set():
                raise GenerationError("truncated", "la réponse a été arrêtée")
            left = max(0.0, self._deadline - time.monotonic()) + GRACE_S
            try:
                return self._queue.get(timeout=left if self._stop is None else min(left, STOP_EVERY_S))
            except queue.Empty:
                if time.monotonic() >= self._deadline + GRACE_S:
                    return GenerationError("timeout", "le serveur n'a pas répondu à temps")

    def close(self) -> None:
        """Cancel the request if it still runs; the server sees the connection close."""
        self._closed.set()
        loop, task = self._loop, self._task
        if loop is not None and task is not None and not task.done():
            try:
                loop.call_soon_threadsafe(task.cancel)
            except RuntimeError:
                return

    def _run(self, body: dict[str, Any]) -> None:
        asyncio.run(self._main(body))

    async def _main(self, body: dict[str, Any]) -> None:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        end: GenerationError | None = None
        try:
            if self._closed.is_set():
                return
            async with asyncio.timeout(max(0.0, self._deadline - time.monotonic())):
                await self._client.read(body, self._queue)
        except asyncio.CancelledError:
            end = GenerationError("truncated", "la réponse a été arrêtée")
        except (TimeoutError, httpx.TimeoutException):
            end = GenerationError("timeout", "le serveur n'a pas répondu à temps")
        except GenerationError as error:
            end = error
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            end = GenerationError(
                "unreachable", f"le serveur n'est pas joignable ou s'interrompt ({type(error).__name__})"
            )
        finally:
            self._queue.put(end)
