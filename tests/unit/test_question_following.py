"""Questions that go on from another: what they stand for, likeliest first."""

from __future__ import annotations

import pytest

from assistant.question import Catalogue, understand
from assistant.store import Index


@pytest.fixture
def catalogue(index: Index) -> Catalogue:
    """Return the catalogue of the two fiches."""
    return Catalogue(index)


def readings(question: str, history: list[str], catalogue: Catalogue) -> list[str]:
    """Return every reading of *question* after *history*."""
    query = understand(question, catalogue, history=history)
    return [q.interpreted or q.text for q in (query, *query.alternatives)]


STORED = ["Où Zéphyr stocke-t-il les conversations ?"]


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("et chez Boréal ?", "Où Boréal stocke-t-il les conversations ?"),
        ("et pour l'offre pro ?", "Où Zéphyr stocke-t-il les conversations, pour l'offre pro ?"),
        ("et la version gratuite", "Où Zéphyr stocke-t-il les conversations, la version gratuite ?"),
        ("dans quel pays ?", "dans quel pays – Où Zéphyr stocke-t-il les conversations ?"),
        ("pourquoi ?", "pourquoi – Où Zéphyr stocke-t-il les conversations ?"),
        ("et l'âge minimum ?", "et l'âge minimum – Zéphyr ?"),
        ("compare avec Boréal", "Où Zéphyr et Boréal stocke-t-il les conversations ?"),
    ],
)
def test_a_fragment_is_completed(question: str, first: str, catalogue: Catalogue) -> None:
    """By the provider, the plan or the matter of the question before."""
    assert readings(question, STORED, catalogue)[0].replace("\u202f", " ") == first


def test_what_may_be_meant_otherwise_is_kept(catalogue: Catalogue) -> None:
    """« L'âge minimum ? » may be about the provider, or about the very matter."""
    both = readings("et l'âge minimum ?", STORED, catalogue)
    assert len(both) == 2
    assert "stocke" in both[1]


def test_a_change_of_subject_is_not_polluted(catalogue: Catalogue) -> None:
    """A whole question is read alone, whatever came before."""
    question = "Quelles sociétés dominent le marché européen du nuage informatique ?"
    assert readings(question, STORED, catalogue) == [question]


def test_naming_a_provider_in_a_whole_question_starts_anew(catalogue: Catalogue) -> None:
    """Nothing of the past is added to it."""
    question = "Quel est l'âge minimum chez Boréal ?"
    assert readings(question, STORED, catalogue) == [question]
