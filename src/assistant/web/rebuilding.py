"""Rebuilds, asked from the page or by a change of the corpus: one at a time, seen by all."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.errors import AssistantError
from assistant.store import watch
from assistant.web.trace import report as log_failure

if TYPE_CHECKING:
    from assistant.answering import Assistant
    from assistant.store import RebuildReport

STOP_S = 5.0
"""How long a server that stops waits for the watch to end."""


@dataclass(frozen=True, slots=True)
class RebuildState:
    """What a rebuild is at.

    Attributes:
        step: What is being done, in French, while one runs.
        done: Items done of *total* in this step.
        error: The French sentence of the last rebuild, where it failed.
    """

    running: bool = False
    step: str = ""
    done: int = 0
    total: int = 0
    error: str | None = None
    report: RebuildReport | None = None


class Rebuilds:
    """Starts rebuilds in a thread of their own, so that questions go on being answered."""

    def __init__(self, assistant: Assistant, corpus: Path) -> None:
        """Rebuild the index of *assistant* from *corpus* when asked."""
        self._assistant = assistant
        self._corpus = corpus
        self._idle = threading.Condition()
        self._state = RebuildState()

    @property
    def state(self) -> RebuildState:
        """How far the running rebuild is, or how the last one ended."""
        return self._state

    def start(self) -> bool:
        """Start a rebuild; return False where one is running already."""
        with self._idle:
            if self._state.running:
                return False
            self._begin()
        threading.Thread(target=self._run, name="rebuild", daemon=True).start()
        return True

    def update(self) -> None:
        """Rebuild in this thread, after the rebuild that is running: it may have read too early."""
        with self._idle:
            self._idle.wait_for(lambda: not self._state.running)
            before = self._state.report
            self._begin()
        self._run()
        with self._idle:
            found = self._state.report
            # A save that changed nothing says nothing: what the last change did stays on the page.
            if found is not None and found.current and not self._state.running:
                self._state = replace(self._state, report=before)

    def complain(self, sentence: str) -> None:
        """Show what went wrong outside of a rebuild, until the next one."""
        with self._idle:
            self._state = replace(self._state, error=sentence)

    def _begin(self) -> None:
        self._state = RebuildState(running=True, step="Lecture du dossier", report=self._state.report)

    def follow_change(self) -> None:
        """Start a rebuild, or have one follow that which is running: it may have read too early."""
        if not self.start():
            threading.Thread(target=self.update, name="rebuild", daemon=True).start()

    def _progress(self, step: str, done: int, total: int) -> None:
        self._state = RebuildState(running=True, step=step, done=done, total=total, report=self._state.report)

    def _run(self) -> None:
        report, error = self._state.report, None
        try:
            report = self._assistant.rebuild(self._corpus, progress=self._progress)
        except AssistantError as failure:
            error = str(failure)
        except Exception as failure:  # noqa: BLE001 - a thread's last resort: the page must not wait for ever
            log_failure(failure)
            error = (
                f"La reconstruction a échoué ({type(failure).__name__}) : l’index précédent "
                "reste en service. Relancez-la, ou lancez « assistant index » pour en savoir plus."
            )
        with self._idle:
            self._state = RebuildState(error=error, report=report)
            self._idle.notify_all()


class Watching:
    """Follows the corpus while the server runs."""

    def __init__(self, rebuilds: Rebuilds, corpus: Path) -> None:
        """Have *rebuilds* follow *corpus* once started."""
        self._rebuilds = rebuilds
        self._corpus = corpus
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Whether the corpus is followed."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Follow the corpus from now on, in a thread of its own."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._follow, name="watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Follow it no longer; a rebuild that runs is waited for a moment, then left: it is atomic."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=STOP_S)

    def _follow(self) -> None:
        watch(self._corpus, self._rebuilds.update, self._rebuilds.complain, stop=self._stop)
