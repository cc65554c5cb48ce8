"""Rebuilds asked from the page: one at a time, their progress and last report seen by all."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.errors import AssistantError
from assistant.web.trace import report as log_failure

if TYPE_CHECKING:
    from assistant.answering import Assistant
    from assistant.store import RebuildReport


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
        self._lock = threading.Lock()
        self._state = RebuildState()

    @property
    def state(self) -> RebuildState:
        """How far the running rebuild is, or how the last one ended."""
        return self._state

    def start(self) -> bool:
        """Start a rebuild; return False where one is running already."""
        with self._lock:
            if self._state.running:
                return False
            self._state = RebuildState(running=True, step="Lecture du dossier", report=self._state.report)
        threading.Thread(target=self._run, name="rebuild", daemon=True).start()
        return True

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
        self._state = RebuildState(error=error, report=report)
