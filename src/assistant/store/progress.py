"""A progress bar on stderr, when it is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from assistant.store.writing import Progress


@contextmanager
def progress_bar() -> Iterator[Progress | None]:
    """Yield a function that shows progress, or None where nobody would see it."""
    if not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm

    bar = tqdm(total=1, file=sys.stderr, leave=False, bar_format="{desc} {bar} {n_fmt}/{total_fmt}")

    def show(stage: str, done: int, total: int) -> None:
        bar.set_description_str(stage, refresh=False)
        bar.total, bar.n = max(total, 1), done
        bar.refresh()

    try:
        yield show
    finally:
        bar.close()
