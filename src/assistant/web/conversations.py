"""Conversations, kept in memory only and forgotten after an idle time."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime

from assistant.access import LOCAL
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
        writing: Whether a language model is still writing the answer.
        writer: Who worded the answer, where a language model may.
        error: The French sentence that came instead of an answer.
        notice: What is said of the personal data in the question, or "" where there are none.
        opinion_days: Days for which an opinion on the answer would be kept, or 0 where none is asked.
    """

    number: int
    question: str
    answer: Answer | None = None
    error: str | None = None
    shown: int | None = 0
    stopped: bool = False
    build: tuple[str, str] = ("", "")
    writing: bool = False
    writer: str = ""
    notice: str = ""
    opinion_days: int = 0
    asked_at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))


@dataclass(slots=True)
class Conversation:
    """The turns of one visitor; its token is the only key to it, and opens it to its owner only."""

    token: str
    owner: str = LOCAL
    opinion_days: int = 0
    turns: list[Turn] = field(default_factory=list)
    last_number: int = 0
    touched: float = 0.0

    def begin(self, question: str) -> Turn:
        """Add a turn; the oldest is dropped past the limit."""
        self.last_number += 1
        turn = Turn(self.last_number, question, opinion_days=self.opinion_days)
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

    def __init__(
        self, *, capacity: int = MAX_CONVERSATIONS, idle_s: float = IDLE_S, opinion_days: int = 0
    ) -> None:
        """Hold at most *capacity* conversations, each until *idle_s* seconds without use.

        Args:
            capacity: Past it, the one used longest ago is forgotten.
            idle_s: Seconds without use.
            opinion_days: Days for which opinions are kept, or 0 where none is asked.
        """
        self._opinion_days = opinion_days
        self._held: OrderedDict[str, Conversation] = OrderedDict()
        self._lock = threading.Lock()
        self._capacity = capacity
        self._idle_s = idle_s

    def __len__(self) -> int:
        """Return how many are held."""
        return len(self._held)

    def open(self, token: str, *, owner: str = LOCAL) -> Conversation:
        """Return the conversation *token* of *owner*, or a new one where there is none."""
        with self._lock:
            self._forget_idle()
            found = self._held.get(token)
            if found is None or found.owner != owner:
                found = Conversation(secrets.token_urlsafe(18), owner, self._opinion_days)
            found.touched = time.monotonic()
            self._held[found.token] = found
            self._held.move_to_end(found.token)
            while len(self._held) > self._capacity:
                self._held.popitem(last=False)
            return found

    def find(self, token: str, *, owner: str = LOCAL) -> Conversation | None:
        """Return the conversation *token* of *owner* if it is still held."""
        with self._lock:
            self._forget_idle()
            found = self._held.get(token)
            return found if found is not None and found.owner == owner else None

    def forget(self, token: str, *, owner: str = LOCAL) -> None:
        """Drop the conversation *token* of *owner*."""
        with self._lock:
            if token in self._held and self._held[token].owner == owner:
                del self._held[token]

    def forget_all(self, owner: str) -> None:
        """Drop every conversation of *owner*."""
        with self._lock:
            for token in [t for t, c in self._held.items() if c.owner == owner]:
                del self._held[token]

    def forget_idle(self) -> None:
        """Drop the conversations that have passed their idle time."""
        with self._lock:
            self._forget_idle()

    def _forget_idle(self) -> None:
        limit = time.monotonic() - self._idle_s
        while self._held and next(iter(self._held.values())).touched < limit:
            self._held.popitem(last=False)
