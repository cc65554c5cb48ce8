"""What holds for any document."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assistant.chunking import chunk_document
from assistant.corpus import read_document
from assistant.domain import Document, Row, Section, Sentence
from assistant.errors import CorpusError
from assistant.text import squeeze

ROOT = Path(__file__).resolve().parents[2]

LINES = st.sampled_from(
    [
        "---", "titre: x", "alias: [a, b]", "# Titre", "## Section", "### Sous", "Tableau d’identité", "",
        "Une phrase.[^a] Une autre.[^b]", "[^a]: Source. 2026-01-01. <https://x.example>", "[^b]:",
        "[^c", "^[d]",
        "| Attribut | Valeur |", "|---|---|", "| Siège | Lille[^a] |", "| a |", "- point", "  - sous-point",
        "> cité", "```", "    code", "![image](x.png)", "<script>", "&nbsp;&#0;", "\\", "***",
        "[a]: b", "1. un",
    ]
)  # fmt: skip
MARKDOWN = st.lists(LINES | st.text(max_size=20), max_size=25).map("\n".join)


def _read(name: str, data: bytes) -> Document | None:
    """Read *data* as a file called *name*; None where it is told that it cannot be read."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_bytes(data)
        try:
            return read_document(Path(folder), name)
        except CorpusError:
            return None


@given(MARKDOWN)
@example("---\ntitre: [\n---\n")
@example("---\n2026-13-45: x\nmis_a_jour: 2026-02-31\n---\nTexte.")
@example("[^a]\n\n[^a]: [^a]\n")
@example("|\n|-\n")
@example("---\ntitre: !!python/object/apply:os.system [ls]\n---\nTexte.")
def test_any_markdown_is_read_or_told(text: str) -> None:
    """Nothing but a CorpusError ever comes of it, and no footnote mark that has a definition is shown."""
    document = _read("a.md", text.encode("utf-8", "surrogatepass"))
    if document is not None:
        assert document.title
        assert all(s.text.strip() for section in document.sections for s in section.sentences)


@given(st.binary(max_size=400))
@pytest.mark.parametrize("name", ["a.md", "a.txt", "a.pdf"])
def test_any_bytes_are_read_or_told(name: str, data: bytes) -> None:
    """A file may be anything, whatever it is called."""
    _read(name, data)


@given(st.binary(max_size=200))
def test_any_pdf_header_is_read_or_told(data: bytes) -> None:
    """Even what begins like a PDF."""
    _read("a.pdf", b"%PDF-1.4\n" + data + b"\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF")


SENTENCES = st.builds(
    Sentence,
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=1, max_size=90),
    st.lists(st.sampled_from("abc"), max_size=2).map(tuple),
    st.none() | st.builds(Row, st.just("Siège"), st.just("Lille")),
    st.booleans(),
)
SECTIONS = st.builds(
    Section,
    st.none() | st.just("Titre"),
    st.lists(SENTENCES, max_size=12).map(tuple),
    st.none() | st.integers(1, 9),
)
DOCUMENTS = st.lists(SECTIONS, max_size=5).map(lambda s: Document("d", "d.md", "D", "article", tuple(s)))


@given(DOCUMENTS, st.integers(50, 400))
def test_every_sentence_stands_in_exactly_one_passage(document: Document, max_chars: int) -> None:
    """In order, word for word, with its notes and its row: nothing lost, nothing twice."""
    passages = chunk_document(document, max_chars=max_chars)
    said = [(s.text, s.notes, s.row) for section in document.sections for s in section.sentences]
    cut = [(p.text[s.start : s.end], s.notes, s.row) for p in passages for s in p.spans]
    assert said == cut


@given(DOCUMENTS, st.integers(50, 400))
def test_spans_cover_their_passage(document: Document, max_chars: int) -> None:
    """Between two of them there is one space or one line break, and nothing else."""
    for passage in chunk_document(document, max_chars=max_chars):
        at = 0
        for span in passage.spans:
            assert passage.text[at : span.start] in (("",) if at == 0 else (" ", "\n"))
            at = span.end
        assert len(passage.text) == at


@given(DOCUMENTS, st.integers(50, 400))
def test_a_passage_is_too_long_only_for_one_sentence(document: Document, max_chars: int) -> None:
    """Whole sentences are more than a length."""
    for passage in chunk_document(document, max_chars=max_chars):
        assert len(passage.text) <= max_chars or len(passage.spans) == 1


def _shipped() -> list[str]:
    corpus = ROOT / "corpus"
    kinds = (".md", ".pdf")
    found = (p.relative_to(corpus) for p in corpus.rglob("*") if p.suffix in kinds and p.name != "README.md")
    return sorted(p.as_posix() for p in found)


@pytest.mark.parametrize("path", _shipped())
def test_the_dossier_itself_is_cut_without_loss(path: str) -> None:
    """Every document of the real corpus; every sentence that is a fact can be quoted by itself."""
    document = read_document(ROOT / "corpus", path)
    assert document.losses == ()
    passages = chunk_document(document)
    cut = [p.text[s.start : s.end] for p in passages for s in p.spans]
    assert [s.text for section in document.sections for s in section.sentences] == cut
    assert all(text == squeeze(text) for text in cut)
    sources = {s.id for s in document.sources}
    assert {n for p in passages for s in p.spans for n in s.notes} <= sources
