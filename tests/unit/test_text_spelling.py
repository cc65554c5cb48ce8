"""Questions typed fast are read as what they stand for; what the dossier does not know stays."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.text import Spelling

DOSSIER = [
    "La conversation supprimée disparaît sous trente jours, selon Zéphyr.",
    "La discussion est chiffrée sur les serveurs ; l’ISO 27001 couvre l’hébergement.",
]


@pytest.fixture(scope="module")
def spelling() -> Spelling:
    """Return what mends questions about two sentences."""
    return Spelling(DOSSIER)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("cb de tps", "combien de temps"),  # short forms
        ("qd c koi", "quand c quoi"),
        ("conversation supprimee", "conversation supprimée"),  # accents of the dossier
        ("l'echange", "l'échange"),  # accents of the dictionary
        ("quel fournisseur a liso 27001", "quel fournisseur a l'iso 27001"),  # a missing apostrophe
        ("ma discusion", "ma discussion"),  # one letter
        ("HEBERGEMENT DES CONVERSATIONS", "hébergement des conversations"),  # capitals
        ("Discution", "Discussion"),  # two letters of nine, the capital kept
    ],
)
def test_a_question_is_mended(typed: str, read: str, spelling: Spelling) -> None:
    """Without changing what was written well."""
    assert spelling.mended(typed) == read


@pytest.mark.parametrize(
    "text",
    [
        "Combien de temps Zéphyr garde-t-il une conversation supprimée ?",
        "le salaire du dirigeant",  # a word of the language, unknown to the dossier
        "How long are chats stored?",
        "et DeepSeek ?",  # a name
        "météo à Lyon demain",
        "ISO 27001, HDS, 30 jours, j'utilise Zéphyr",
        "",
    ],
)
def test_what_is_written_well_stays(text: str, spelling: Spelling) -> None:
    """Nothing is pulled towards the words of the dossier."""
    assert spelling.mended(text) == text


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=60))
def test_anything_can_be_mended_and_only_once(text: str, spelling: Spelling) -> None:
    """No text breaks it, and what was mended is not mended again."""
    once = spelling.mended(text)
    assert spelling.mended(once) == once
