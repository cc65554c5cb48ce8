"""Who is logged in: sessions kept in memory, lost when the server stops."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from assistant.access import Account, token_digest

MAX_SESSIONS = 10_000


@dataclass(frozen=True, slots=True)
class Session:
    """An account that has logged in, with the stamp that its password then had."""

    name: str
    stamp: str
    ends: float


class Sessions:
    """Every open session, under the digest of its token. Threads may share it."""

    def __init__(self, *, lasting_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Let a session last *lasting_s* seconds, whatever is done with it."""
        self._held: OrderedDict[bytes, Session] = OrderedDict()
        self._lock = threading.Lock()
        self._lasting_s = lasting_s
        self._clock = clock

    def open(self, account: Account) -> str:
        """Return the token of a new session: 256 random bits, never given before."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._forget_ended()
            self._held[token_digest(token)] = Session(
                account.name, account.stamp, self._clock() + self._lasting_s
            )
            while len(self._held) > MAX_SESSIONS:
                self._held.popitem(last=False)
        return token

    def find(self, token: str) -> Session | None:
        """Return the session *token*, if it has not ended."""
        with self._lock:
            self._forget_ended()
            return self._held.get(token_digest(token))

    def close(self, token: str) -> None:
        """End the session *token*."""
        with self._lock:
            self._held.pop(token_digest(token), None)

    def _forget_ended(self) -> None:
        # All last as long: the first opened is the first to end.
        now = self._clock()
        while self._held and next(iter(self._held.values())).ends <= now:
            self._held.popitem(last=False)
