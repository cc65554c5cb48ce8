"""Reading in a process that can be stopped."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.corpus import Limits, isolation, read_document, wire
from assistant.corpus.draft import Draft
from assistant.domain import Row, Section, Sentence, Source
from assistant.errors import UnreadableDocumentError
from malformed.makers import odt_of
from samples import write_pdf


@pytest.fixture(autouse=True)
def _ended() -> Iterator[None]:
    """No process outlives its test."""
    yield
    isolation.close()


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """A folder with a PDF."""
    write_pdf(tmp_path / "a.pdf", ["Un.", "Deux."])
    return tmp_path


def _process() -> int:
    process = isolation._worker._process
    assert process is not None
    return process.pid


def test_one_process_reads_file_after_file(pages: Path) -> None:
    """It is started once; the second file costs no start."""
    read_document(pages, "a.pdf")
    first = _process()
    read_document(pages, "a.pdf")
    assert _process() == first


def test_a_large_parent_does_not_cost_a_start_a_file(pages: Path) -> None:
    """What the parent has held is not the process's own: it goes on to the next file."""
    held = b"\1" * (600 * 1024 * 1024)
    read_document(pages, "a.pdf")
    first = _process()
    read_document(pages, "a.pdf")
    assert _process() == first
    assert held


def test_short_texts_start_no_process(tmp_path: Path) -> None:
    """The dossier itself is read here."""
    (tmp_path / "a.md").write_text("Texte.", encoding="utf-8")
    read_document(tmp_path, "a.md")
    assert isolation._worker._process is None


def test_a_process_that_died_is_replaced(pages: Path) -> None:
    """Between two files, nobody notices."""
    read_document(pages, "a.pdf")
    os.kill(_process(), signal.SIGKILL)
    assert len(read_document(pages, "a.pdf").sections) == 2


def test_a_reading_that_does_not_get_on_is_stopped(pages: Path) -> None:
    """Within its time, and the next file is read."""
    with pytest.raises(UnreadableDocumentError, match="arrêtée"):
        read_document(pages, "a.pdf", limits=Limits(stall_s=0.01))
    assert len(read_document(pages, "a.pdf").sections) == 2


def test_a_reading_that_eats_memory_is_stopped(tmp_path: Path) -> None:
    """The limit is the process's own; the next file is read."""
    pytest.importorskip("resource")
    (tmp_path / "a.odt").write_bytes(odt_of(b"<text:p>A</text:p>" * 60_000))
    (tmp_path / "b.odt").write_bytes(odt_of(b"<text:p>Bien.</text:p>"))
    with pytest.raises(UnreadableDocumentError, match=r"« a\.odt »"):
        read_document(tmp_path, "a.odt", limits=Limits(memory=48 << 20))
    assert read_document(tmp_path, "b.odt").sections


@pytest.mark.parametrize(
    ("name", "limits", "words"),
    [
        ("a.txt", Limits(max_text_bytes=1_000), "limite de"),
        ("a.pdf", Limits(max_bytes=100), "limite de"),
        ("a.pdf", Limits(max_characters=3), "plus de 3 caractères"),
    ],
)
def test_sizes_are_told(name: str, limits: Limits, words: str, pages: Path) -> None:
    """One sentence, with the limit."""
    (pages / "a.txt").write_text("mot " * 1_000, encoding="utf-8")
    with pytest.raises(UnreadableDocumentError, match=words):
        read_document(pages, name, limits=limits)


def test_a_long_text_is_read_in_the_process_too(tmp_path: Path) -> None:
    """With the same result."""
    (tmp_path / "a.txt").write_text("Une phrase simple. " * 20_000, encoding="utf-8")
    (section,) = read_document(tmp_path, "a.txt").sections
    assert len(section.sentences) == 20_000
    assert isolation._worker._process is not None


def test_drafts_go_over_the_wire_and_back() -> None:
    """Whole, but for what no file could hold."""
    sentence = Sentence("Zéphyr · Siège : ici", ("n1",), Row("Siège", "ici"), opens=True)
    draft = Draft(
        title="T\ud800", sections=[Section("A", (sentence,), 3, ocr=True)], sources=[Source("n1", "CNIL")]
    )
    back = wire.without_surrogates(draft)
    assert (back.sections, back.sources, back.title) == (draft.sections, draft.sources, "T?")
