"""Passages: whole sentences of one section, up to a length."""

from __future__ import annotations

import pytest

from assistant.chunking import chunk_document
from assistant.domain import Document, Passage, Row, Section, Sentence


def _document(*sections: Section) -> Document:
    return Document("d", "d.md", "Titre", "article", sections)


def _section(*sentences: Sentence, heading: str | None = "H", page: int | None = None) -> Section:
    return Section(heading, sentences, page)


def _quotes(passage: Passage) -> list[str]:
    return [passage.text[s.start : s.end] for s in passage.spans]


def test_sentences_of_a_paragraph_are_joined_by_a_space() -> None:
    """And paragraphs by a line break; each span cuts out its sentence."""
    section = _section(Sentence("Un.", ("a",), opens=True), Sentence("Deux."), Sentence("Trois.", opens=True))
    (passage,) = chunk_document(_document(section))
    assert passage.text == "Un. Deux.\nTrois."
    assert _quotes(passage) == ["Un.", "Deux.", "Trois."]
    assert passage.spans[0].notes == ("a",)


def test_a_passage_never_crosses_a_section_or_a_page() -> None:
    """However short the sections are."""
    passages = chunk_document(
        _document(
            _section(Sentence("Un."), heading="A"),
            _section(Sentence("Deux."), heading="B"),
            _section(Sentence("Trois."), heading=None, page=4),
        )
    )
    assert [(p.section, p.page) for p in passages] == [("A", None), ("B", None), (None, 4)]


def test_a_passage_stays_under_the_limit() -> None:
    """Whole sentences, as many as fit."""
    sentence = "x" * 39 + "."
    passages = chunk_document(_document(_section(*[Sentence(sentence)] * 7)), max_chars=130)
    assert [len(p.spans) for p in passages] == [3, 3, 1]
    assert all(len(p.text) <= 130 for p in passages)


def test_a_paragraph_breaks_a_passage_that_is_two_thirds_full() -> None:
    """Two paragraphs share a passage only while it is short."""
    long, short = Sentence("x" * 70, opens=True), Sentence("y" * 20, opens=True)
    assert len(chunk_document(_document(_section(long, short)), max_chars=100)) == 2
    assert len(chunk_document(_document(_section(short, short)), max_chars=100)) == 1


def test_a_row_of_an_identity_table_keeps_its_attribute() -> None:
    """The span knows which attribute it is the value of."""
    row = Row("Siège", "Lille (France)")
    (passage,) = chunk_document(_document(_section(Sentence("Siège : Lille (France)", row=row))))
    assert row == passage.spans[0].row


def test_a_sentence_beyond_measure_is_cut_at_spaces() -> None:
    """Nothing of it is lost, and its notes stay with every piece."""
    words = " ".join(f"mot{n}" for n in range(400))
    passages = chunk_document(_document(_section(Sentence(words, ("a",)))), max_chars=100)
    assert words == " ".join(q for p in passages for q in _quotes(p))
    assert {("a",)} == {s.notes for p in passages for s in p.spans}
    assert all(len(q) <= 400 for p in passages for q in _quotes(p))


def test_a_long_word_is_cut_where_there_is_no_space() -> None:
    """Not even an endless word escapes the limit."""
    passages = chunk_document(_document(_section(Sentence("x" * 1000))), max_chars=100)
    assert "".join(q for p in passages for q in _quotes(p)) == "x" * 1000


def test_a_senseless_limit_is_a_programming_mistake() -> None:
    """Under 50 characters no sentence would fit."""
    with pytest.raises(ValueError, match="at least 50"):
        chunk_document(_document(), max_chars=49)
