"""What a list filters by, and which values match."""

from __future__ import annotations

import pytest

from assistant.answering.criteria import countries, criterion, durations
from assistant.text import tokens

SEATS = ["Paris (France)", "Dublin (Irlande)", "Austin (États-Unis)", "non documenté"]
KEPT = ["30 jours au plus", "18 mois par défaut, 3 ans sinon", "5 ans", "aucune durée chiffrée"]
TRAINED = ["oui : sauf opposition", "non : jamais", "en partie : certains marchés", "non documenté"]


def states(question: str, values: list[str], *, negated: bool = False) -> list[str]:
    """Return each value's state under the criterion of *question*."""
    found = criterion(question, tokens(question), values, tokens("siège durée"), negated=negated)
    return [found.state(v) for v in values]


SILENT = "silence du dossier"


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Lesquels ont leur siège en France ?", ["oui", "non", "non", SILENT]),
        ("les irlandais", ["non", "oui", "non", SILENT]),
        ("Combien sont européens ?", ["oui", "oui", "non", SILENT]),
        ("which ones are American?", ["non", "non", "oui", SILENT]),
        ("Pour lesquels n'est-ce pas documenté ?", ["non", "non", "non", "oui"]),
    ],
)
def test_countries_filter(question: str, expected: list[str]) -> None:
    """By their name, their people, or the group that they belong to."""
    assert states(question, SEATS) == expected


def test_a_negation_turns_a_country_round() -> None:
    """« Lesquels ne sont pas américains ? »."""
    assert states("Lesquels ne sont pas américains ?", SEATS, negated=True) == ["oui", "oui", "non", SILENT]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Lesquels gardent un an et demi ?", ["non", "oui", "non", "non"]),
        ("lequel va jusqu'à cinq ans", ["non", "non", "oui", "non"]),
        ("Qui conserve plus d'un an ?", ["non", "oui", "oui", "non"]),
        ("lesquels effacent en moins de 3 mois ?", ["oui", "non", "non", "non"]),
    ],
)
def test_durations_filter(question: str, expected: list[str]) -> None:
    """In figures or in words, equal or beyond; a value's first duration counts."""
    assert states(question, KEPT) == expected


def test_a_limit_of_age_is_no_comparison() -> None:
    """« Interdit aux moins de 18 ans » asks for 18."""
    assert states("Lequel est interdit aux moins de 18 ans ?", ["18 ans", "13 ans"]) == ["oui", "non"]


def test_yes_and_no_need_no_filter() -> None:
    """A partial yes matches; the silence stays silent."""
    assert states("Lesquels s'entraînent ?", TRAINED) == ["oui", "non", "oui", SILENT]
    assert states("Lesquels ne s'entraînent pas ?", TRAINED, negated=True) == ["non", "oui", "non", SILENT]


def test_what_a_value_excludes_is_not_what_it_says() -> None:
    """« Sans maison mère américaine » is not American."""
    assert countries("Mistral AI (France), sans maison mère américaine") == {"france"}
    assert countries("serveurs hors de l’EEE, notamment aux États-Unis") == {"etats-unis"}


def test_durations_are_read_in_months() -> None:
    """Figures, words, halves."""
    assert durations("trente jours, un an et demi, 5 ans") == pytest.approx([0.987, 18, 60])
