"""The BM25 index: fields, weights, order."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.lexical import LexicalIndex
from assistant.text import tokens

ROWS = (
    {"text": "Les conversations supprimées restent trente jours.", "context": "Conservation"},
    {"text": "Le siège est à Lille.", "context": "Nature du service"},
    {"text": "Les serveurs sont à Lille et à Roubaix, à Lille surtout.", "context": "Hébergement"},
    {"text": "Rien.", "context": "Lille"},
)
TEXT = {"text": 1.0}


@pytest.fixture
def lexical(tmp_path: Path) -> LexicalIndex:
    """Return an index of the four rows above."""
    return LexicalIndex.build(tmp_path / "lexical", enumerate(ROWS))


def test_inflected_questions_find_their_text(lexical: LexicalIndex) -> None:
    """Queries and documents pass through the same tokens."""
    assert [row for row, _ in lexical.search("supprimer une CONVERSATION", limit=5, weights=TEXT)] == [0]


def test_repetition_and_brevity_count(lexical: LexicalIndex) -> None:
    """Row 2 says Lille twice, row 1 is shorter: both are found, scores descending."""
    found = lexical.search("Lille", limit=5, weights=TEXT)
    assert {1, 2} == {row for row, _ in found}
    assert sorted((s for _, s in found), reverse=True) == [s for _, s in found]


def test_weights_choose_the_fields(lexical: LexicalIndex) -> None:
    """A field left out is not searched; a heavy one wins."""
    assert 3 not in [row for row, _ in lexical.search("Lille", limit=5, weights=TEXT)]
    assert lexical.search("Lille", limit=5, weights={"text": 0.1, "context": 10.0})[0][0] == 3


def test_tokens_may_be_given(lexical: LexicalIndex) -> None:
    """A corrected question comes as tokens already."""
    by_text = lexical.search("Lille", limit=5, weights=TEXT)
    assert by_text == lexical.search(tokens("Lille"), limit=5, weights=TEXT)


def test_a_repeated_word_counts_once(lexical: LexicalIndex) -> None:
    """Saying a word twice in a question does not shout."""
    once = lexical.search("Lille", limit=5, weights=TEXT)
    assert once == lexical.search("Lille Lille lille", limit=5, weights=TEXT)


@pytest.mark.parametrize("query", ["", "de la du", "?!", 'AND OR ( " text:*'])
def test_a_question_without_words_finds_nothing(query: str, lexical: LexicalIndex) -> None:
    """Nor is anything read as query syntax."""
    assert lexical.search(query, limit=5, weights=TEXT) == []


def test_the_limit_is_kept(lexical: LexicalIndex) -> None:
    """Zero included."""
    assert len(lexical.search("Lille", limit=1, weights=TEXT)) == 1
    assert lexical.search("Lille", limit=0, weights=TEXT) == []


def test_what_is_written_is_read_again(lexical: LexicalIndex, tmp_path: Path) -> None:
    """Same rows, same scores."""
    again = LexicalIndex.load(tmp_path / "lexical")
    assert len(ROWS) == len(again) == len(lexical)
    assert lexical.search("Lille", limit=5, weights=TEXT) == again.search("Lille", limit=5, weights=TEXT)


def test_an_index_of_nothing_answers_nothing(tmp_path: Path) -> None:
    """No row, no hit, no error."""
    assert LexicalIndex.build(tmp_path / "empty", []).search("Lille", limit=5, weights=TEXT) == []


def test_equal_scores_come_by_row(tmp_path: Path) -> None:
    """Twins are ordered by number."""
    twins = LexicalIndex.build(tmp_path / "twins", [(n, {"text": "Lille"}) for n in (2, 0, 1)])
    assert [row for row, _ in twins.search("Lille", limit=5, weights=TEXT)] == [0, 1, 2]
