"""Whatever lies in the folder, every file is indexed or told in one line."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.corpus import Limits, isolation, ocr, reader
from assistant.errors import AssistantError
from assistant.store import open_index, rebuild
from assistant.store.rebuild import RebuildReport
from malformed.generate import good_files, malformed_files, write_all
from samples import FakeEncoder

# Short, so that what would hang is stopped soon; real files of this size take milliseconds.
LIMITS = Limits(stall_s=4, total_s=8, memory=1 << 30)
# A rebuild of this folder takes 15 s on two free cores; the rest is for busy machines.
MOST_S = 120


@pytest.fixture(scope="module")
def swift() -> Iterator[None]:
    """Shorter limits, and no recognition of what spoilt pages look like."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "DEFAULT_LIMITS", LIMITS)
        patch.setattr(ocr, "is_available", lambda: False)
        yield
    isolation.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str], list[str]]:
    """The folder, its good files and its malformed ones."""
    path = tmp_path_factory.mktemp("malformes")
    return path, write_all(path, good_files()), write_all(path, malformed_files())


@pytest.fixture(scope="module")
def built(
    folder: tuple[Path, list[str], list[str]], swift: None, tmp_path_factory: pytest.TempPathFactory
) -> tuple[RebuildReport, float, Path]:
    """The report of one rebuild over the folder, its seconds, and the index."""
    index = tmp_path_factory.mktemp("index")
    start = time.perf_counter()
    report = rebuild(folder[0], index, FakeEncoder(), max_chars=600)
    return report, time.perf_counter() - start, index


def test_there_are_enough_of_them(folder: tuple[Path, list[str], list[str]]) -> None:
    """At least three hundred, each with a name of its own."""
    _, _, bad = folder
    assert len(set(bad)) == len(bad) >= 300


def test_no_file_hangs(built: tuple[RebuildReport, float, Path]) -> None:
    """The whole folder is read in bounded time."""
    assert built[1] < MOST_S


def test_every_file_is_indexed_or_told(
    folder: tuple[Path, list[str], list[str]], built: tuple[RebuildReport, float, Path]
) -> None:
    """None is passed over in silence."""
    _, good, bad = folder
    report, _, index = built
    failed = {f.path for f in report.failed}
    expected = {name for name in (*good, *bad) if ".questions." not in name}
    assert set(report.added) == expected
    assert {
        d.path for d in open_index(index, model=FakeEncoder().fingerprint, max_chars=600).documents.values()
    } == expected - failed


def test_good_files_are_all_indexed(
    folder: tuple[Path, list[str], list[str]], built: tuple[RebuildReport, float, Path]
) -> None:
    """Bad company spoils none of them."""
    report, _, _ = built
    assert not set(folder[1]) & {f.path for f in (*report.failed, *report.skipped)}


def test_each_failure_is_one_french_line(built: tuple[RebuildReport, float, Path]) -> None:
    """It names the file and says what to do, and shows nothing of Python."""
    report, _, _ = built
    assert len(report.failed) > 150
    for failure in report.failed:
        reason = failure.reason or ""
        assert "\n" not in reason
        assert "«" in reason
        assert " : " in reason or "\u00a0: " in reason
        assert reason.endswith(".")
        assert not any(word in reason for word in ("Error", "Traceback", "None", "object at"))


@pytest.mark.parametrize(
    "name", ["pdf/trop-de-pages.pdf", "archives/bombe.docx", "archives/bombe.odt", "html/profond.html"]
)
def test_a_limit_is_told_as_one(name: str, built: tuple[RebuildReport, float, Path]) -> None:
    """Not as damage: the file may well be sound."""
    reasons = {f.path: f.reason or "" for f in built[0].failed}
    assert any(word in reasons[name] for word in ("limite", "plus de"))


def test_an_outside_file_is_never_read(folder: tuple[Path, list[str], list[str]], swift: None) -> None:
    """An XML entity that names /etc/passwd stays unresolved."""
    for name in ("archives/dehors.docx", "archives/dehors.odt", "archives/styles.docx"):
        with contextlib.suppress(AssistantError):
            document = reader.read_document(folder[0], name)
            assert "root:" not in " ".join(s.text for section in document.sections for s in section.sentences)


def test_awkward_files_of_installed_libraries_are_read_or_told(swift: None) -> None:
    """What others test their readers with, and templates of every kind."""
    for path in _installed():
        with contextlib.suppress(AssistantError):
            reader.read_document(path.parent, path.name)


def _installed() -> list[Path]:
    site = Path(pytest.__file__).parents[1]
    wanted = ("*.pdf", "*.docx", "*.odt", "*.htm*", "LICENSE.txt")
    return sorted(p for pattern in wanted for p in site.glob(f"**/{pattern}"))[:60]
