"""How often one client may ask, and how long one who guesses passwords must wait."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

MOST_CLIENTS = 10_000
"""Clients remembered; past it the one seen longest ago is forgotten."""
FORGET_S = 3600.0
"""Seconds without a failure after which a guesser starts anew."""

_Value = TypeVar("_Value")
Clock = Callable[[], float]


class _Recent(Generic[_Value]):
    """A mapping that holds a bounded number of keys, those used last."""

    def __init__(self, capacity: int) -> None:
        self._held: OrderedDict[str, _Value] = OrderedDict()
        self._capacity = capacity

    def get(self, key: str, default: _Value) -> _Value:
        return self._held.get(key, default)

    def put(self, key: str, value: _Value) -> None:
        self._held[key] = value
        self._held.move_to_end(key)
        if len(self._held) > self._capacity:
            self._held.popitem(last=False)

    def drop(self, key: str) -> None:
        self._held.pop(key, None)


class Throttle:
    """Makes each failure after the first few cost twice the wait of the one before."""

    def __init__(self, *, free: int, most_s: float, clock: Clock = time.monotonic) -> None:
        """Let *free* failures pass, then wait 1, 2, 4… up to *most_s* seconds."""
        self._failures: _Recent[tuple[int, float]] = _Recent(MOST_CLIENTS)
        self._lock = threading.Lock()
        self._free, self._most_s, self._clock = free, most_s, clock

    def wait_s(self, key: str) -> float:
        """Return the seconds that *key* must still wait: 0 if it may try."""
        with self._lock:
            count, last = self._count(key)
            if count < self._free:
                return 0.0
            # The exponent is bounded: a power past a float's range would raise.
            wait = min(2.0 ** min(count - self._free, 30), self._most_s)
            return max(0.0, last + wait - self._clock())

    def failed(self, key: str) -> None:
        """Count a failure of *key*."""
        with self._lock:
            self._failures.put(key, (self._count(key)[0] + 1, self._clock()))

    def succeeded(self, key: str) -> None:
        """Forget the failures of *key*."""
        with self._lock:
            self._failures.drop(key)

    def _count(self, key: str) -> tuple[int, float]:
        count, last = self._failures.get(key, (0, 0.0))
        return (0, 0.0) if self._clock() - last > FORGET_S else (count, last)


class Rate:
    """A token bucket for each client: so many requests at once, refilled over a minute."""

    def __init__(self, per_minute: int, *, clock: Clock = time.monotonic) -> None:
        """Let each client do *per_minute*."""
        self._left: _Recent[tuple[float, float]] = _Recent(MOST_CLIENTS)
        self._lock = threading.Lock()
        self._per_minute, self._clock = per_minute, clock

    def take(self, key: str) -> float:
        """Count a request of *key*; return 0 if it may pass, else the seconds to wait."""
        with self._lock:
            now = self._clock()
            left, seen = self._left.get(key, (float(self._per_minute), now))
            left = min(float(self._per_minute), left + (now - seen) * self._per_minute / 60)
            allowed = left >= 1
            self._left.put(key, (left - 1 if allowed else left, now))
            return 0.0 if allowed else (1 - left) * 60 / self._per_minute


class Concurrency:
    """How many requests each client has under way. For one event loop."""

    def __init__(self, most: int) -> None:
        """Let each client have *most*."""
        self._most = most
        self._under_way: Counter[str] = Counter()

    def full(self, key: str) -> bool:
        """Tell whether *key* has as many as it may."""
        return self._under_way.get(key, 0) >= self._most

    @contextmanager
    def counting(self, key: str) -> Iterator[None]:
        """Count a request of *key* while it lasts."""
        self._under_way[key] += 1
        try:
            yield
        finally:
            self._under_way[key] -= 1
            if not self._under_way[key]:
                del self._under_way[key]


def client_key(address: str) -> str:
    """Return what stands for a client: its address, or its /64 network where that is IPv6.

    Whoever has one IPv6 address usually has the whole network.
    """
    try:
        found = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is None:
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
