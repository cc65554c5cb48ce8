"""Any question at all gets an answer or a sentence that says why not."""

from __future__ import annotations

import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assistant.answering import Assistant
from assistant.errors import QuestionError
from assistant.settings import Settings
from hostile.fuzzing import AWKWARD, defects, history, question, seeds, shown
from samples import Built, FakeEncoder


@pytest.fixture(scope="module")
def assistants(_first_build: Built) -> list[Assistant]:
    """One that abstains as it should, one that always answers."""
    return [
        Assistant.open(_first_build.folder, Settings(abstention=a), encoder=FakeEncoder())
        for a in (None, 0.0)
    ]


TEXTS = st.text(st.characters(exclude_categories=()), max_size=300) | st.lists(
    st.sampled_from(AWKWARD) | st.sampled_from(seeds()[:200]), max_size=8
).map(" ".join)


def _ask(assistants: list[Assistant], typed: str, before: list[str]) -> None:
    for assistant in assistants:
        try:
            answer = assistant.ask(typed, history=before)
        except QuestionError:
            continue
        assert list(defects(answer)) == []
        # Files are slow to write, and one text in five says enough of them.
        shown(answer, typed, files=len(typed) % 5 == 0)


@given(typed=TEXTS, before=st.lists(TEXTS, max_size=3))
@example(typed="\ud800 Boréal \uffff \x00 garde quoi ?", before=["\udfff"])
@example(typed="et Zéphyr ?", before=["a" * 4001, "", "Boréal\u202e ?"])
@settings(max_examples=120)
def test_any_text_is_answered_or_refused(assistants: list[Assistant], typed: str, before: list[str]) -> None:
    """No other exception; quotes are slices; page, terminal, JSON and files can hold the answer."""
    _ask(assistants, typed, before)


@given(seed=st.integers(0, 2**32))
@settings(max_examples=120)
def test_a_mutated_question_is_answered_or_refused(assistants: list[Assistant], seed: int) -> None:
    """As ``tools/fuzz.py`` draws them, by the ten thousand."""
    chance = random.Random(seed)  # noqa: S311 - a reproducible draw is the point
    _ask(assistants, question(chance, seeds()), history(chance, seeds()))
