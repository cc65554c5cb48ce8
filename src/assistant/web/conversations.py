"""Conversations, kept in memory only and forgotten after an idle time."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime

from assistant.domain import Answer

MAX_CONVERSATIONS = 1_000
MAX_TURNS = 60
IDLE_S = 3600.0


@dataclass(slots=True)
class Turn:
    """A question and what came back.

    Attributes:
        number: 1 for the first of the conversation; never given twice.
        shown: Blocks of the answer already shown, or None once all are.
        build: Name and date of the index that answered.
        error: The French sentence that came instead of an answer.
    """

    number: int
    question: str
    answer: Answer | None = None
    error: str | None = None
    shown: int | None = 0
    stopped: bool = False
    build: tuple[str, str] = ("", "")
    asked_at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))


@dataclass(slots=True)
class Conversation:
    """The turns of one visitor; its token is the only key to it."""

    token: str
    turns: list[Turn] = field(default_factory=list)
    last_number: int = 0
    touched: float = 0.0

    def begin(self, question: str) -> Turn:
        """Add a turn; the oldest is dropped past the limit."""
        self.last_number += 1
        turn = Turn(self.last_number, question)
        self.turns = [*self.turns, turn][-MAX_TURNS:]
        return turn

    def history(self) -> list[str]:
        """Return the questions asked so far, from which a follow-up is understood."""
        return [t.question for t in self.turns if t.answer is not None]

    def turn(self, wanted: int) -> Turn | None:
        """Return the turn numbered *wanted*, if it is still held."""
        return next((t for t in self.turns if t.number == wanted), None)


class Conversations:
    """Every open conversation. Threads may share it."""

    def __init__(self, *, capacity: int = MAX_CONVERSATIONS, idle_s: float = IDLE_S) -> None:
        """Hold at most *capacity* conversations, each until *idle_s* seconds without use."""
        self._held: OrderedDict[str, Conversation] = OrderedDict()
        self._lock = threading.Lock()
        self._capacity = capacity
        self._idle_s = idle_s

    def __len__(self) -> int:
        """Return how many are held."""
        return len(self._held)

    def open(self, token: str) -> Conversation:
        """Return the conversation *token*, or a new one where there is none."""
        with self._lock:
            self._forget_idle()
            found = self._held.get(token) or Conversation(secrets.token_urlsafe(18))
            found.touched = time.monotonic()
            self._held[found.token] = found
            self._held.move_to_end(found.token)
            while len(self._held) > self._capacity:
                self._held.popitem(last=False)
            return found

    def find(self, token: str) -> Conversation | None:
        """Return the conversation *token* if it is still held."""
        with self._lock:
            self._forget_idle()
            return self._held.get(token)

    def forget(self, token: str) -> None:
        """Drop the conversation *token*."""
        with self._lock:
            self._held.pop(token, None)

    def _forget_idle(self) -> None:
        limit = time.monotonic() - self._idle_s
        while self._held and next(iter(self._held.values())).touched < limit:
            self._held.popitem(last=False)
