"""Rebuild when the corpus changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from watchfiles import watch as changes

DEBOUNCE_MS = 800
"""An editor's save is several events (temporary file, rename): they end well within this."""


def watch(corpus: Path, update: Callable[[], object]) -> None:
    """Call *update* after each change under *corpus*, until interrupted."""
    for _ in changes(corpus, debounce=DEBOUNCE_MS, raise_interrupt=True):
        update()
