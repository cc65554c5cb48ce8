"""Rebuilds that are killed, and what is left of the index: for tests and ``benchmarks/crashes.py``.

Everything happens in forked processes: the one that forks must not have opened an index or used a model,
whose threads a fork would not take along.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assistant.store import Index, open_index, rebuild
from samples import FakeEncoder

WORDS = ("phrase", "autre", "chiffre", "conversation", "neuve", "Lille", "données", "dossier")
TABLES = ("passages", "sentences", "questions")


def dump(index: Index) -> dict[str, Any]:
    """Return all that can be learnt from an index, vectors and rankings included."""
    sentences = [index.sentence(n) for n in range(len(index.vectors["sentences"]))]
    weights = {"text": 1.0, "context": 0.4}
    return {
        "documents": [repr(d) for d in index.documents.values()],
        "sentences": [repr(s) for s in sentences],
        "passages": [repr(p) for slug in index.documents for p in index.passages_of(slug)],
        "questions": [(index.question_rows(s.row), index.questions_of(s.row)) for s in sentences],
        "identity": [s.row for s in index.identity_rows],
        "sources": [repr(index.source(s.document.slug, n)) for s in sentences for n in s.notes],
        "vectors": {t: index.vectors[t].all_vectors().tolist() for t in TABLES},
        "nearest": {
            t: [index.vectors[t].search(FakeEncoder().encode_queries([w]), limit=5) for w in WORDS]
            for t in TABLES
        },
        "lexical": {t: [index.lexical[t].search(w, limit=5, weights=weights) for w in WORDS] for t in TABLES},
        "terms": sorted(index.vocabulary),
        "idf": [index.idf(w) for w in WORDS],
    }


def in_child(action: Callable[[], object], *, kill_after_s: float | None = None) -> tuple[int, str]:
    """Run *action* in a forked process.

    Args:
        action: What to do; its result is sent back as JSON.
        kill_after_s: When to kill the process, if it is to be killed from outside.

    Returns:
        How the process ended (0 done, 1 an error, -9 killed) and its result or its error.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        code = 0
        try:
            said = json.dumps(action())
        except BaseException:  # noqa: BLE001 - a child must end here, whatever happens
            said, code = traceback.format_exc(), 1
        with os.fdopen(writing, "w") as stream:
            stream.write(said)
        os._exit(code)
    os.close(writing)
    if kill_after_s is not None:
        _wait(child, kill_after_s)
        os.kill(child, signal.SIGKILL)
    with os.fdopen(reading) as stream:
        said = stream.read()
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), said


def _wait(child: int, seconds: float) -> None:
    """Wait, or less where the child ends before; it stays to be waited for."""
    import time

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            return
        time.sleep(0.002)


def state(folder: Path) -> Any:
    """Return what the current build of an index holds, read in a process of its own."""
    code, said = in_child(lambda: dump(open_index(folder)))
    if code:
        raise AssertionError(said)
    return json.loads(said)


def update(corpus: Path, folder: Path) -> None:
    """Bring the index up to date, in this process."""
    rebuild(corpus, folder, FakeEncoder(), max_chars=200)


def die_at(number: int) -> Callable[[], None]:
    """Return a function that kills this process the *number*-th time that it is called, the first being 0."""
    calls = iter(range(sys.maxsize))

    def step() -> None:
        if next(calls) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    return step


def die_at_write(number: int) -> None:
    """Have this process killed just before the *number*-th thing that it does to the disk.

    That is: the writing of a file's bytes to the disk, a rename, a link, a deletion.
    """
    step = die_at(number)

    def before(name: str) -> None:
        real = getattr(os, name)

        def wrapped(*arguments: Any, **options: Any) -> Any:
            step()
            return real(*arguments, **options)

        setattr(os, name, wrapped)

    for name in ("fsync", "replace", "rename", "link", "unlink", "rmdir", "mkdir"):
        before(name)
