"""French text: normalisation, sentences, tokens, corrections."""

from __future__ import annotations

import pytest

from assistant.text import STOP_WORDS, clean, correct, fold, split_sentences, squeeze, tokens


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("un\r\ndeux\rtrois\u2028quatre", "un\ndeux\ntrois\nquatre"),
        ("zéro\u200blargeur\u00ad et\ufeff BOM", "zérolargeur et BOM"),
        ("e\u0301te\u0301", "été"),
        ("a\tb\x00c", "a b c"),
        ("droite \u202eehcuag\u202c", "droite ehcuag"),
        ("insécables\u00a0: 12\u202f%", "insécables\u00a0: 12\u202f%"),
    ],
)
def test_clean_removes_what_cannot_be_seen(raw: str, expected: str) -> None:
    """Controls, invisible marks and direction changes go; typography stays."""
    assert expected == clean(raw)


def test_squeeze_keeps_no_break_spaces() -> None:
    """Ordinary runs of space become one; French no-break spaces are typography."""
    assert squeeze("  une \n durée\u00a0: 30\u202fjours\t") == "une durée\u00a0: 30\u202fjours"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Éléments", "elements"),
        ("L’Œuvre d’Ève", "l'oeuvre d'eve"),
        ("« GARÇON »", '" garcon "'),
        ("12\u202f000", "12 000"),
        ("Straße", "strasse"),
    ],
)
def test_fold_leaves_plain_letters(raw: str, expected: str) -> None:
    """Case, accents, ligatures and curly quotes do not tell two words apart."""
    assert expected == fold(raw)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Première phrase. Deuxième phrase.", ["Première phrase.", "Deuxième phrase."]),
        ("L’art. 48 du RGPD. Il encadre.", ["L’art. 48 du RGPD.", "Il encadre."]),
        ("M. Garcia écrit. Mme Durand lit.", ["M. Garcia écrit.", "Mme Durand lit."]),
        ("La délibération n° 2024-001. Fin.", ["La délibération n° 2024-001.", "Fin."]),
        ("L’art. L. 1111-8 du code. Fin.", ["L’art. L. 1111-8 du code.", "Fin."]),
        ("Le prix est de 12,99 $ ou 3.5 points. Fin.", ["Le prix est de 12,99 $ ou 3.5 points.", "Fin."]),
        ("Il hésite… Puis il part.", ["Il hésite…", "Puis il part."]),
        ("Il dit : « Non. » Puis il part.", ["Il dit : « Non. »", "Puis il part."]),
        ("Vraiment ? Oui !", ["Vraiment ?", "Oui !"]),
        ("Anthropic, Inc. Elle est à San Francisco.", ["Anthropic, Inc.", "Elle est à San Francisco."]),
        ("La société X Corp. est à Austin.", ["La société X Corp. est à Austin."]),
        ("1. Premier point", ["1. Premier point"]),
        ("Elle a 7,2 Md$ en 2025. 63 % l’emploient.", ["Elle a 7,2 Md$ en 2025.", "63 % l’emploient."]),
        ("« Une digue. Pas un mur. »", ["« Une digue.", "Pas un mur. »"]),
        ("Sans point final", ["Sans point final"]),
        ("Le cloud de l’U.S. Cloud Act. Fin.", ["Le cloud de l’U.S. Cloud Act.", "Fin."]),
        ("", []),
        (" \n\u00a0", []),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, expected: list[str]) -> None:
    """Abbreviations, references, decimals and initials do not end a sentence."""
    assert expected == split_sentences(text)


def test_inflections_share_a_stem() -> None:
    """Gender, number and the infinitive of a participle are one token."""
    stems = {tuple(tokens(w)) for w in ("supprimé", "supprimée", "supprimés", "supprimées", "supprimer")}
    assert len(stems) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Qu’est-ce que l’IA ?", ["ia"]),
        ("d’après le RGPD", ["rgpd"]),
        ("3,5 % en 2026", ["3,5", "2026"]),
        ("de la du des", []),
        ("", []),
    ],
)
def test_tokens_drop_elision_and_function_words(text: str, expected: list[str]) -> None:
    """What is left are the words that tell documents apart; numbers stay whole."""
    assert expected == tokens(text)


def test_stop_words_are_folded() -> None:
    """A stop word with an accent or a capital would never match a folded word."""
    assert [w for w in STOP_WORDS if w != fold(w) and w != "là"] == []


def test_plan_names_are_no_stop_words() -> None:
    """« plus » and « pro » name subscriptions."""
    assert {"plus", "pro"}.isdisjoint(STOP_WORDS)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("conservaton", "conservation"),  # deletion
        ("chiffremnet", "chiffrement"),  # transposition
        ("cnosrevation", "conservation"),  # two edits in a long word
        ("serveru", "serveur"),
        ("serveur", None),  # right already
        ("chat", None),  # too short to guess
        ("bibliotheque", None),  # nothing near
        ("20266", None),  # numbers are never corrected
    ],
)
def test_correct_finds_the_nearest_word(typed: str, expected: str | None) -> None:
    """One edit from five letters, two from nine."""
    assert expected == correct(typed, ["conservation", "chiffrement", "serveur", "20265"])


def test_correct_does_not_depend_on_the_order_of_the_vocabulary() -> None:
    """A set has another order in each process; equally near words must not change the answer."""
    words = ["porter", "poster", "polter"]
    assert {"polter"} == {correct("pozter", order) for order in (words, words[::-1], sorted(words))}
