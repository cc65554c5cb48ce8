"""Rebuild when the corpus changes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from watchfiles import Change
from watchfiles import watch as changes

from assistant.corpus.scan import matters
from assistant.errors import AssistantError

QUIET_MS = 300
"""A save is over once nothing has moved for this long: temporary file, writes, rename."""
PATIENCE_MS = 3_000
"""Changes that never pause (a long copy) are taken as they stand after this long."""
LOOK_MS = 500
"""How often the folder itself is looked for: a folder put in its place sends no event."""

Update = Callable[[], object]
Tell = Callable[[str], object]


def watch(corpus: Path, update: Update, tell: Tell, *, stop: threading.Event | None = None) -> None:
    """Call *update* once the corpus is watched, then after each change, until *stop* is set.

    What an editor does to save a file (a temporary file, several writes, a rename over the old
    one) is one change. Nothing that goes wrong ends the watch: the next change is another try.

    Args:
        corpus: The folder to watch; where it is missing, it is waited for.
        update: Brings the index up to date.
        tell: Gets the French sentence of what went wrong.
        stop: Ends the watch within half a second; without one, only an interruption does.

    Raises:
        KeyboardInterrupt: The user asked for it.
    """
    stop = stop or threading.Event()
    told: str | None = None

    def updated() -> None:
        nonlocal told
        told = None
        try:
            update()
        except AssistantError as error:
            tell(str(error))

    while not stop.is_set():
        try:
            _follow(corpus, _identity(corpus), updated, stop)
        except OSError as error:
            sentence = _trouble(corpus, error)
            if sentence != told:
                tell(sentence)
            told = sentence
        stop.wait(LOOK_MS / 1000)


def _follow(corpus: Path, known: tuple[int, int], update: Update, stop: threading.Event) -> None:
    """Watch one folder until it is moved, replaced or deleted.

    Raises:
        OSError: The folder is gone, or the system cannot watch it.
    """
    watched = corpus.resolve()

    def concerns(_: Change, path: str) -> bool:
        return matters(Path(path).relative_to(watched)) if Path(path).is_relative_to(watched) else True

    first = True
    for found in changes(
        watched,
        watch_filter=concerns,
        debounce=PATIENCE_MS,
        step=QUIET_MS,
        stop_event=stop,
        rust_timeout=LOOK_MS,
        yield_on_timeout=True,
    ):
        # The first turn says that the watch is on: what changed before it is found as well.
        if found or first:
            update()
            first = False
        if _identity(corpus) != known:
            return


def _identity(folder: Path) -> tuple[int, int]:
    found = folder.stat()
    return found.st_dev, found.st_ino


def _trouble(corpus: Path, error: OSError) -> str:
    if not corpus.is_dir():
        return (
            f"Le dossier de documents « {corpus} » n'existe plus : l'index reste en service, "
            "et le suivi reprend dès que le dossier est de retour."
        )
    return (
        f"Le dossier de documents « {corpus} » ne peut pas être suivi ({error.strerror or error}) : "
        "vérifiez ses droits et la limite « fs.inotify.max_user_watches » du système, "
        "ou réindexez par « assistant index »."
    )
