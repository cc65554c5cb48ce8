"""``make annexe``: the comparison of the identity tables, as a PDF."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from assistant.corpus import read_document
from assistant.domain import Document

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "corpus" / "annexes" / "comparatif-identite.pdf"


@pytest.fixture(scope="module")
def annexe() -> ModuleType:
    """Return the tool, imported from its file."""
    spec = importlib.util.spec_from_file_location("annexe", ROOT / "tools" / "annexe.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _said(path: Path) -> str:
    document: Document = read_document(path.parent, path.name)
    return " ".join(s.text for section in document.sections for s in section.sentences)


def test_the_same_fiches_give_the_same_bytes(annexe: ModuleType, corpus: Path, tmp_path: Path) -> None:
    """So that Git sees a change only where a table has changed."""
    assert 2 == annexe.write(corpus, tmp_path / "a.pdf") == annexe.write(corpus, tmp_path / "b.pdf")
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()


def test_each_line_is_a_sentence_that_names_its_product(
    annexe: ModuleType, corpus: Path, tmp_path: Path
) -> None:
    """Read back by our own reader, accents right."""
    annexe.write(corpus, tmp_path / "a.pdf")
    document = read_document(tmp_path, "a.pdf")
    texts = [s.text for section in document.sections for s in section.sentences]
    assert document.title == "Comparatif des huit tableaux d’identité"
    assert "Zéphyr, siège : Austin (États-Unis)." in texts
    assert "Boréal, Cloud Act : non, Nordix n’est pas une société américaine." in texts
    assert "Boréal, âge minimum : non documenté." in texts
    assert all(section.page for section in document.sections)


def test_the_annexe_of_the_dossier_is_that_of_its_fiches(annexe: ModuleType, tmp_path: Path) -> None:
    """After a change of an identity table, ``make annexe`` has to be run."""
    annexe.write(ROOT / "corpus", tmp_path / "a.pdf")
    assert _said(SHIPPED) == _said(tmp_path / "a.pdf"), "run: make annexe"
