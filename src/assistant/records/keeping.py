"""What is noted, for how long, and how it goes."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from assistant.domain import Answer
from assistant.errors import RecordError
from assistant.records.database import TABLES, Erased, RecordFiles
from assistant.settings import RecordSettings

_logger = logging.getLogger("assistant.records")
_KINDS = {"history": "question", "feedback": "avis", "access": "acces"}


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Records:
    """The history, the opinions and the access log. Threads may share it.

    Rows are written one after the other by a thread of their own, so that nobody waits for the disk;
    one that cannot be written is told in the log without its content, and stops nothing.
    """

    def __init__(
        self, folder: Path, settings: RecordSettings, *, now: Callable[[], datetime] = _utc_now
    ) -> None:
        """Keep in *folder* what *settings* ask for; nothing is written before the first row.

        Args:
            folder: Where the files are.
            settings: What is kept and for how many days.
            now: The clock, aware of its zone.
        """
        self.settings = settings
        self._files = RecordFiles(folder)
        self._now = now
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="records")

    def note_answer(self, name: str, answer: Answer, *, via: str) -> None:
        """Keep a question and its answer, where the history is on.

        Args:
            name: Who asked.
            answer: What came back, its question included.
            via: Where it was asked: ``page``, ``api``, ``openai`` or ``gradio``.
        """
        if self.settings.history:
            self._note("history", name=name, via=via, question=answer.question, answer=answer.answer)

    def note_opinion(self, name: str, answer: Answer, *, useful: bool) -> None:
        """Keep whether an answer was useful, where opinions are on."""
        if self.settings.feedback:
            self._note(
                "feedback", name=name, useful=int(useful), question=answer.question, answer=answer.answer
            )

    def note_access(
        self, name: str, *, address: str, method: str, route: str, status: int, duration_ms: int
    ) -> None:
        """Keep that someone asked for a route, where the access log is on.

        Args:
            name: Who, or an empty text where nobody has logged in.
            address: Address of the client.
            method: HTTP method.
            route: The route's pattern, never its address: that may hold words of the visitor's.
            status: HTTP status.
            duration_ms: Milliseconds until the response was whole.
        """
        if self.settings.access_log:
            self._note(
                "access", name=name, address=address, method=method, route=route, status=status,
                duration_ms=duration_ms,
            )  # fmt: skip

    def purge(self) -> Erased:
        """Erase what has passed its days, whether or not it is still being kept.

        Raises:
            RecordError: A file cannot be written.
        """
        self.settle()
        days = {
            "history": self.settings.days,
            "feedback": self.settings.days,
            "access": self.settings.access_log_days,
        }
        return Erased(
            **{
                table: self._files.delete(table, "at < ?", self._stamp(self._now() - timedelta(days=d)))
                for table, d in days.items()
            }
        )

    def erase(self, name: str, *, accesses: bool = False) -> Erased:
        """Erase the questions, answers and opinions of one person.

        Args:
            name: The person's account.
            accesses: Whether their accesses go too; they are the security log.

        Raises:
            RecordError: A file cannot be written.
        """
        self.settle()
        tables = TABLES if accesses else ("history", "feedback")
        return Erased(**{table: self._files.delete(table, "name = ?", name) for table in tables})

    def export(self, name: str) -> Iterator[dict[str, Any]]:
        """Yield all that is kept of one person, one object a row, the oldest first in each file.

        Raises:
            RecordError: A file cannot be read.
        """
        self.settle()
        for table, kind in _KINDS.items():
            for row in self._files.rows(table, "name = ?", name):
                if "useful" in row:
                    row["useful"] = bool(row["useful"])
                yield {"kind": kind, **row}

    def accesses(self) -> list[dict[str, Any]]:
        """Return the access log, the oldest first.

        Raises:
            RecordError: The file cannot be read.
        """
        self.settle()
        return self._files.rows("access", "TRUE")

    def settle(self) -> None:
        """Wait until what was noted is written."""
        self._writer.submit(lambda: None).result()

    def close(self) -> None:
        """Write what was noted and end the writing thread."""
        self._writer.shutdown(wait=True)

    @staticmethod
    def _stamp(moment: datetime) -> str:
        return moment.astimezone(UTC).isoformat(timespec="seconds")

    def _note(self, table: str, **row: Any) -> None:
        self._writer.submit(self._write, table, {"at": self._stamp(self._now()), **row})

    def _write(self, table: str, row: dict[str, Any]) -> None:
        try:
            self._files.insert(table, row)
        except RecordError as error:
            _logger.error("%s not written: %s", table, json.dumps(str(error.path)))  # noqa: TRY400 - a traceback may carry the row
