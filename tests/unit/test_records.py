"""What is kept: nothing by default, for its days, and gone when erased."""

from __future__ import annotations

import logging
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assistant.domain import Answer
from assistant.records import Erased, Records
from assistant.settings import RecordSettings

MARK = "vermicelle-ocre-741"
ALL = RecordSettings(history=True, feedback=True, days=30, access_log=True, access_log_days=180)
Opener = Callable[..., Records]


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        """Start in the middle of 2026."""
        self.now = datetime(2026, 6, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Return the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Return a clock."""
    return Clock()


@pytest.fixture
def opened(tmp_path: Path, clock: Clock) -> Iterator[Opener]:
    """Return what opens records over one folder."""
    made: list[Records] = []

    def open_records(settings: RecordSettings = ALL) -> Records:
        made.append(Records(tmp_path / "donnees", settings, now=clock))
        return made[-1]

    yield open_records
    for records in made:
        records.close()


def answer(question: str = MARK, text: str = "Une réponse.") -> Answer:
    """Return an answer to *question*."""
    return Answer(question, "fait", abstained=False, answer=text)


def note_all(records: Records, name: str = "alice", question: str = MARK) -> None:
    """Have *records* told of one of each."""
    records.note_answer(name, answer(question), via="page")
    records.note_opinion(name, answer(question), useful=False)
    records.note_access(name, address="10.0.0.9", method="POST", route="/api/ask", status=200, duration_ms=12)


def files_with(folder: Path, text: str) -> list[str]:
    """Return the files under *folder* that hold *text*."""
    return [p.name for p in sorted(folder.rglob("*")) if p.is_file() and text.encode() in p.read_bytes()]


def test_by_default_nothing_is_written(opened: Opener, tmp_path: Path) -> None:
    """Not even a folder."""
    records = opened(RecordSettings())
    note_all(records)
    records.settle()
    assert list(tmp_path.iterdir()) == []
    assert list(records.export("alice")) == []
    assert records.purge() == Erased()


@pytest.mark.parametrize("kept", ["history", "feedback", "access_log"])
def test_each_setting_keeps_its_own(opened: Opener, kept: str) -> None:
    """And nothing of the others'."""
    records = opened(RecordSettings(**{kept: True}))
    note_all(records)
    kinds = [row["kind"] for row in records.export("alice")]
    assert kinds == [{"history": "question", "feedback": "avis", "access_log": "acces"}[kept]]


def test_all_that_is_kept_of_a_person_is_exported(opened: Opener) -> None:
    """Of that person only, with its dates."""
    records = opened()
    note_all(records)
    note_all(records, name="bob", question="autre chose")
    found = list(records.export("alice"))
    assert found[0] == {
        "kind": "question", "at": "2026-06-01T12:00:00+00:00", "name": "alice", "via": "page",
        "question": MARK, "answer": "Une réponse.",
    }  # fmt: skip
    assert found[1]["useful"] is False
    assert found[2]["route"] == "/api/ask"
    assert len(found) == 3
    assert len(records.accesses()) == 2


def test_the_access_log_holds_no_content(opened: Opener, tmp_path: Path) -> None:
    """Its file is apart, and the question is in the other one only."""
    note_all(records := opened())
    records.settle()
    assert files_with(tmp_path, MARK) == ["historique.sqlite"]
    assert files_with(tmp_path, "/api/ask") == ["acces.sqlite"]


def test_files_are_their_owners(opened: Opener, tmp_path: Path) -> None:
    """Nobody else on the machine reads them."""
    note_all(records := opened())
    records.settle()
    for path in (tmp_path / "donnees").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "donnees").stat().st_mode) == 0o700


def test_what_has_passed_its_days_is_purged(opened: Opener, clock: Clock, tmp_path: Path) -> None:
    """Thirty days for contents, one hundred and eighty for accesses, to the second; bytes included."""
    note_all(records := opened())
    clock.now += timedelta(days=30)
    assert records.purge() == Erased()
    clock.now += timedelta(seconds=1)
    note_all(records, question="récente")
    assert records.purge() == Erased(history=1, feedback=1)
    assert files_with(tmp_path, MARK) == []
    assert [row["question"] for row in records.export("alice") if "question" in row] == ["récente"] * 2
    clock.now += timedelta(days=150)
    assert records.purge() == Erased(history=1, feedback=1, access=1)
    assert len(records.accesses()) == 1


def test_what_was_kept_goes_even_when_nothing_is_kept_any_more(opened: Opener, clock: Clock) -> None:
    """Turning the history off does not make it last for ever."""
    note_all(first := opened())
    first.settle()
    clock.now += timedelta(days=181)
    assert opened(RecordSettings()).purge() == Erased(history=1, feedback=1, access=1)


def test_one_person_is_erased(opened: Opener, tmp_path: Path) -> None:
    """Contents at once; the security log only if asked."""
    records = opened()
    note_all(records)
    note_all(records, name="bob", question="autre chose")
    assert records.erase("alice") == Erased(history=1, feedback=1)
    assert files_with(tmp_path, MARK) == []
    assert [row["kind"] for row in records.export("alice")] == ["acces"]
    assert records.erase("alice", accesses=True) == Erased(access=1)
    assert len(list(records.export("bob"))) == 3


def test_a_record_that_cannot_be_written_stops_nothing_and_tells_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The log names the file, never the question."""
    (tmp_path / "donnees").write_text("un fichier à la place du dossier")
    records = Records(tmp_path / "donnees", ALL)
    with caplog.at_level(logging.DEBUG):
        note_all(records)
        records.settle()
    records.close()
    assert "historique.sqlite" in caplog.text
    assert MARK not in caplog.text
