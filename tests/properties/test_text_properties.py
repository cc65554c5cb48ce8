"""What holds for any text."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assistant.text import clean, correct, fold, split_sentences, squeeze, tokens

# French prose with the traps of sentence splitting, and raw Unicode.
PIECES = st.sampled_from(
    [
        "L’art. 48", "M. Garcia", "n° 12", "3,5", "U.S.", "etc.", "Inc.", "…", "...", ".", "!", "?", " ",
        "\n", "\u00a0", "\u202f", "« ", " »", "(", ")", "- ", "– ", "1.", "Oui", "non", "à", "É", "’", "\t",
    ]
)  # fmt: skip
FRENCH = st.lists(PIECES | st.text(max_size=8), max_size=40).map("".join)


@given(FRENCH)
@example("\r\n\u2028\u2029\ufeff\u202e")
@example("e\u200b\u0301")
@pytest.mark.parametrize("normalise", [clean, squeeze])
def test_normalising_twice_changes_nothing(normalise: object, text: str) -> None:
    """What is normal stays as it is."""
    assert callable(normalise)
    once = normalise(text)
    assert once == normalise(once)


# What hides, joins, piles up or passes for something else.
TRICKS = st.text(
    st.sampled_from("aeАаСсоРρΟοTé\u0301\u0308\u0335\u200d\ufe0f\u3164\ud800\uffff\u2126\u0451ёй1 .\n"),
    max_size=30,
)


@given(TRICKS | FRENCH)
@example("Сhа\u0301tGРT ΟpenAI ё\u0301\u0308\u0335")
def test_cleaning_tricks_twice_changes_nothing(text: str) -> None:
    """Whatever order they are undone in; and what is left can be written anywhere."""
    once = clean(text)
    assert clean(once) == once
    assert unicodedata.is_normalized("NFC", once)
    once.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("СhаtGРT et ОpenAI", "ChatGPT et OpenAI"),
        ("Москва, Ελλάδα", "Москва, Ελλάδα"), ("TNFα et hν, 5 kΩ", "TNFα et hν, 5 kΩ"),
        ("Chat\u200bGPT\ufe0f", "ChatGPT"), ("a\ud800b", "a\ufffdb"),
    ],
)  # fmt: skip
def test_a_name_in_borrowed_letters_is_that_name(text: str, cleaned: str) -> None:
    """Words of another alphabet, and letters that science borrows, stay as they are."""
    assert clean(text) == cleaned


@given(st.text(st.sampled_from("ab\u0300\u0301\u0335\u0489"), max_size=80))
def test_marks_do_not_pile_up(text: str) -> None:
    """Two on a letter at most."""
    assert not re.search("[\u0300\u0301\u0335\u0489]{3}", clean(text))


@given(st.text())
def test_clean_text_holds_nothing_invisible(text: str) -> None:
    """No control but the line break, no direction mark, no zero-width character."""
    cleaned = clean(text)
    assert not [c for c in cleaned if unicodedata.category(c) == "Cc" and c != "\n"]
    assert not {"\u200b", "\u200e", "\u202e", "\u2066", "\ufeff", "\u00ad"} & set(cleaned)
    assert unicodedata.is_normalized("NFC", cleaned)


@given(FRENCH)
def test_sentences_are_slices_that_cover_the_text(text: str) -> None:
    """In order, with nothing but white space between two of them."""
    at = 0
    for sentence in split_sentences(text):
        start = text.index(sentence, at)
        assert not text[at:start].strip()
        at = start + len(sentence)
    assert not text[at:].strip()


@given(FRENCH)
def test_a_sentence_is_never_blank(text: str) -> None:
    """Nor does it begin or end with ordinary white space."""
    for sentence in split_sentences(text):
        assert sentence.strip()
        assert sentence.strip(" \n") == sentence


@given(st.text())
def test_folding_knows_no_case_and_no_accent(text: str) -> None:
    """Upper case folds like lower case; nothing combining is left."""
    assert not [c for c in fold(text) if unicodedata.combining(c)]


@given(st.text(alphabet="aàâbcçdeéèêëfghiîïjklmnoôpqrstuùûüvwxyz -'’."))
def test_tokens_know_no_case(text: str) -> None:
    """A question in capitals is the same question."""
    assert tokens(text) == tokens(text.upper()) == tokens(unicodedata.normalize("NFD", text))


@given(FRENCH)
def test_tokens_hold_no_space(text: str) -> None:
    """The lexical index splits at spaces: a token must survive it."""
    assert tokens(text) == " ".join(tokens(text)).split()


@given(
    st.text(alphabet="abcdefghij", min_size=1, max_size=12),
    st.sets(st.text(alphabet="abcdefghij", min_size=5)),
)
def test_a_correction_is_a_word_of_the_vocabulary(word: str, vocabulary: set[str]) -> None:
    """Never an invention, and never for a word that is right."""
    found = correct(word, vocabulary)
    assert found is None or (found in vocabulary and word not in vocabulary)
