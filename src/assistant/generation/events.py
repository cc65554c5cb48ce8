"""Read what a server streams: server-sent events, whatever their framing."""

from __future__ import annotations

import codecs
import json
from dataclasses import dataclass
from typing import Any

from assistant.generation.failure import GenerationError

MAX_LINE = 1 << 20
DONE = "[DONE]"


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of a reply.

    Attributes:
        text: What was written.
        finish: Why the model stopped, where this is the last piece.
    """

    text: str = ""
    finish: str | None = None


class EventReader:
    """Turns the bytes of an event stream into the data of its events.

    Bytes may be cut anywhere, in the middle of a character too; comments and other fields are
    passed over (https://html.spec.whatwg.org/multipage/server-sent-events.html).
    """

    def __init__(self) -> None:
        """Begin a stream."""
        self._decode = codecs.getincrementaldecoder("utf-8")("strict").decode
        self._rest = ""
        self._data: list[str] = []

    def feed(self, chunk: bytes, *, last: bool = False) -> list[str]:
        """Return the data of the events that *chunk* completes.

        Raises:
            GenerationError: It is not UTF-8, or a line has no end.
        """
        try:
            self._rest += self._decode(chunk, last)
        except UnicodeDecodeError as error:
            raise GenerationError("garbage", "la réponse du serveur n'est pas de l'UTF-8") from error
        *lines, self._rest = self._rest.replace("\r\n", "\n").split("\n")
        if len(self._rest) > MAX_LINE:
            raise GenerationError("overlong", "une ligne de la réponse du serveur est sans fin")
        if last:
            lines, self._rest = [*lines, self._rest, ""], ""
        return [data for line in lines if (data := self._line(line.rstrip("\r"))) is not None]

    def _line(self, line: str) -> str | None:
        if not line:
            data, self._data = "\n".join(self._data), []
            return data or None
        if line.startswith("data:"):
            self._data.append(line[5:].removeprefix(" "))
        elif not line.startswith((":", "event:", "id:", "retry:")):
            raise GenerationError("garbage", "le serveur n'a pas répondu par un flux d'événements")
        return None


def delta(data: str) -> Delta:
    """Return the piece of reply that an event, or a whole JSON reply, carries.

    Raises:
        GenerationError: It is not a chat completion, or says that the server failed.
    """
    try:
        value: Any = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise GenerationError("garbage", "le serveur n'a pas répondu en JSON") from error
    if not isinstance(value, dict):
        raise GenerationError("garbage", "la réponse du serveur n'est pas un objet JSON")
    if value.get("error"):
        raise GenerationError("status", "le serveur signale une erreur au milieu de sa réponse")
    choices = value.get("choices")
    if not isinstance(choices, list):
        raise GenerationError("garbage", "la réponse du serveur ne contient pas de texte")
    if not choices:
        # The last event may carry only the count of tokens.
        return Delta()
    choice = choices[0] if isinstance(choices[0], dict) else {}
    part = choice.get("delta") or choice.get("message") or {}
    text = part.get("content") if isinstance(part, dict) else None
    finish = choice.get("finish_reason")
    if not isinstance(text, str | None) or not isinstance(finish, str | None):
        raise GenerationError("garbage", "la réponse du serveur n'est pas du texte")
    return Delta(text or "", finish)
