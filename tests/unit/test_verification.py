"""Quotes must be exact; other wordings must be supported, check by check, and on the table as a whole."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.domain import Citation, Statement
from assistant.embedding import FloatMatrix
from assistant.verification import (
    Verdict,
    Verifier,
    adds_nothing,
    is_exact,
    support,
    told_whole,
    verified,
)
from assistant.verification.support import nearness
from samples import FakeEncoder

TABLE = Path(__file__).parent.parent / "golden" / "verification.jsonl"
ROWS: list[dict[str, Any]] = [json.loads(line) for line in TABLE.read_text(encoding="utf-8").splitlines()]
KEPT = {"calibration": 0.86, "held_out": 0.86, "blind_a": 0.58, "blind_b": 0.86, "blind_c": 0.93}
"""Part of the table -> share of its faithful statements that must be kept. « blind_a » paraphrases freely,
which the instructions to the model forbid."""
PASSAGE = "Avant. Lumo efface la conversation. Après."
QUOTE = "Lumo efface la conversation."


def _citation(n: int = 1) -> Citation:
    return Citation(n, "d", "D", "fiche", "d.md", None, None, PASSAGE, QUOTE, 7, 7 + len(QUOTE))


# --- quotes ---------------------------------------------------------------------------------------


def test_a_quote_is_the_very_slice_of_its_passage() -> None:
    """One character off is no quote."""
    assert is_exact(_citation())
    assert not is_exact(replace(_citation(), start=8))
    assert not is_exact(replace(_citation(), quote="Lumo efface la conversation"))


def test_only_exact_quotes_are_kept() -> None:
    """Altered, uncited and wrongly cited statements go."""
    good = Statement(QUOTE, (1,))
    others = (
        Statement(QUOTE[:-1], (1,)),
        Statement(QUOTE, ()),
        Statement(QUOTE, (2,)),
        Statement(QUOTE, (1, 2)),
    )
    assert (good,) == verified((good, *others), [_citation()])


# --- one check at a time --------------------------------------------------------------------------

SENTENCE = (
    "Selon la notice du 29 juin 2026, les conversations de Gemini grand public vues par un relecteur "
    "peuvent être conservées jusqu’à trois ans, sauf opposition."
)


@pytest.mark.parametrize(
    ("old", "new", "check"),
    [
        ("trois ans", "deux ans", "number"),
        ("trois ans", "3 mois", "number"),
        ("jusqu’à trois ans", "au moins trois ans", "number"),
        ("29 juin 2026", "29 juillet 2026", "date"),
        ("29 juin 2026", "19 juin 2026", "date"),
        ("Gemini", "Copilot", "name"),
        ("grand public", "professionnel", "plan"),
        ("peuvent être", "ne peuvent pas être", "negation"),
        ("peuvent être", "sont", "mark:possibility"),
        ("peuvent être", "doivent être", "mark:possibility"),
        (", sauf opposition", "", "mark:exception"),
        ("Selon la notice du 29 juin 2026, les", "Les", "source"),
        ("les conversations", "toutes les conversations", "mark:universal"),
        ("conservées", "vendues", "word:vendues"),
        ("opposition", "opposition (voir https://exemple.fr)", "address"),
        ("vues par un relecteur ", "", "narrowed"),
    ],
)
def test_each_corruption_fails_its_check(old: str, new: str, check: str) -> None:
    """The sentence as it is passes; one change does not."""
    assert support(SENTENCE, [SENTENCE]).supported
    assert old in SENTENCE
    changed = SENTENCE.replace(old, new)
    failed = support(changed[0].upper() + changed[1:], [SENTENCE]).failed
    assert any(f.startswith(check) for f in failed), failed


TURNED = (
    "Les conversations de Gemini grand public vues par un relecteur peuvent être gardées jusqu’à 3 ans, "
    "sauf opposition, selon la notice du 29 juin 2026."
)
REWORDED = (
    "D’après la notice du 29 juin 2026, les conversations de Gemini grand public qu’un relecteur a vues "
    "peuvent être conservées jusqu’à trois ans, sauf opposition."
)


@pytest.mark.parametrize("statement", [TURNED, REWORDED])
def test_a_faithful_wording_passes(statement: str) -> None:
    """Another order, digits for words, a common synonym."""
    assert Verdict(supported=True, lexical=1.0) == replace(support(statement, [SENTENCE]), lexical=1.0)


@pytest.mark.parametrize("statement", ["", "   ", "a\nb", "mot " * 300])
def test_what_is_no_sentence_fails(statement: str) -> None:
    """Empty, on two lines, without end."""
    assert support(statement, [SENTENCE]).failed == ("form",)


def test_without_evidence_nothing_is_supported() -> None:
    """Not even the truth."""
    assert not support("Deux et deux font quatre.", []).supported


@given(st.text(max_size=80), st.lists(st.text(max_size=80), max_size=3))
def test_any_text_gets_a_verdict(statement: str, evidence: list[str]) -> None:
    """Whatever a model or a document holds; a statement is never supported by nothing."""
    verdict = support(statement, evidence)
    assert verdict.supported != bool(verdict.failed)


@given(st.sampled_from([r for r in ROWS if not r["supported"]]), st.integers(0, 10**6))
def test_a_number_added_is_never_supported(row: dict[str, Any], number: int) -> None:
    """Nowhere in a sentence."""
    evidence = row["evidence"]
    value = f"{number + 777_000_000}"
    words = evidence[0].split(" ")
    words.insert(number % len(words), value)
    assert not support(" ".join(words), evidence).supported


def test_names_may_be_written_otherwise() -> None:
    """Acronyms and nationalities, not other names."""
    sentence = "Le stockage a lieu dans l’Espace économique européen, chez une société des États-Unis."
    assert support("Le stockage a lieu dans l’EEE, chez une société américaine.", [sentence]).supported
    assert not support("Le stockage a lieu dans l’UE, chez une société américaine.", [sentence]).supported


@pytest.mark.parametrize(
    ("statement", "sentence", "check"),
    [
        (
            "Le texte protège les entreprises américaines.",
            "Le texte protège les entreprises américaines certifiées au titre du registre.",
            "left_out",
        ),
        ("Zéphyr a copié des livres.", "Boréal accuse Zéphyr d’avoir copié des livres.", "left_out"),
        ("C’est un outil déclaré.", "C’est un outil non déclaré.", "negation"),
        (
            "Boréal surveille les applications, mais sans les sécuriser.",
            "Boréal ne surveille ni ne sécurise les applications.",
            "denial",
        ),
        (
            "L’amende, annoncée le 21 mars 2025, a été suspendue le 20 décembre 2024.",
            "L’amende, annoncée le 20 décembre 2024, a été suspendue le 21 mars 2025.",
            "misplaced",
        ),
        (
            "Une maison mère peut être atteinte si sa filiale garde le contrôle.",
            "Une filiale peut être atteinte si sa maison mère garde le contrôle.",
            "exchanged",
        ),
        (
            "L’offre Pro le permet, à la différence de l’offre gratuite.",
            "L’offre gratuite le permet, à la différence de l’offre Pro.",
            "exchanged",
        ),
        ("Les conditions sont moins strictes.", "Les conditions sont plus strictes.", "opposite"),
        ("L’avis est rendu après la vente.", "L’avis est rendu avant la vente.", "opposite"),
        ("Boréal rend compte une fois par an.", "Boréal rend compte deux fois par an.", "number"),
        ("Les modèles sont GPT-6 Sol et GPT-7 Luna.", "Les modèles sont GPT-6 Luna et GPT-7 Sol.", "joined"),
        (
            "L’usage est libre parce que la loi est floue.",
            "L’usage est libre, la loi est floue.",
            "mark:cause",
        ),
        ("Les journaux sont gardés pour entraîner.", "Les journaux sont gardés.", "mark:purpose"),
    ],
)
def test_each_way_to_go_wrong_fails_its_check(statement: str, sentence: str, check: str) -> None:
    """What is left out, denied, moved or opposed."""
    failed = support(statement, [sentence]).failed
    assert any(f.startswith(check) for f in failed), failed
    assert support(sentence, [sentence]).supported


def test_dates_and_members_of_an_enumeration_may_be_left_out() -> None:
    """They make a claim narrower, not wider."""
    sentence = "En 2025, Boréal chiffre les conversations et les fichiers."
    assert support("Boréal chiffre les conversations.", [sentence]).supported


def test_two_sentences_may_support_one_statement() -> None:
    """Each says its part; what one says of its name may not be said of the other's."""
    evidence = [
        "Lumo est édité par Proton AG, société suisse.",
        "Vibe est hébergé par Mistral AI, société française.",
    ]
    assert support("Lumo est édité par Proton AG et Vibe est hébergé par Mistral AI.", evidence).supported
    assert not support("Lumo est hébergé par Mistral AI et Vibe est édité par Proton AG.", evidence).supported


def test_numbers_that_changed_places_are_found() -> None:
    """All the words are there."""
    sentence = "La part est passée de 29 % en 2017 à 15 % en 2022, selon Synergy Research."
    assert not support(
        "La part est passée de 15 % en 2017 à 29 % en 2022, selon Synergy Research.", [sentence]
    ).supported
    assert support(
        "Selon Synergy Research, la part est passée de 29 % en 2017 à 15 % en 2022.", [sentence]
    ).supported


def test_what_a_sentence_leaves_out_is_known() -> None:
    """A number, a name, most of the words."""
    sentence = "Les conversations de Gemini sont conservées 18 mois par défaut."
    assert told_whole(sentence, [sentence])
    assert told_whole(sentence, ["Par défaut, Gemini conserve les conversations 18 mois."])
    assert told_whole(sentence, ["Les conversations de Gemini sont conservées.", "C’est 18 mois par défaut."])
    assert not told_whole(sentence, ["Les conversations de Gemini sont conservées par défaut."])
    assert not told_whole(sentence, ["Les conversations sont conservées 18 mois par défaut."])
    assert not told_whole(sentence, [])


def test_a_question_may_not_bring_anything() -> None:
    """What :func:`adds_nothing` is for."""
    known = ["Combien de temps ChatGPT garde-t-il les conversations ?", "et pour Lumo ?"]
    assert adds_nothing("Combien de temps Lumo garde-t-il les conversations ?", known)
    assert not adds_nothing("Combien de temps Grok garde-t-il les conversations ?", known)
    assert not adds_nothing("Combien de temps Lumo garde-t-il les photos ?", known)


class _Named(FakeEncoder):
    """The fake encoder under the name of a model that has a threshold."""

    @property
    def fingerprint(self) -> str:
        """The shipped model's name."""
        return "dossier-fr:0"

    def encode_passages(self, texts: Sequence[str]) -> FloatMatrix:
        """Return vectors nearer to one another than words alone make them, as a real model's are."""
        vectors = super().encode_passages(texts) + 0.2
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_nearness_is_measured_last_and_only_where_calibrated() -> None:
    """A model without a threshold judges nothing; words taken over as they are need no measure."""
    reworded = "La part détenue par les sociétés suisses a baissé en 2025."
    sentence = "La proportion possédée par les entreprises suisses a reculé en 2025."
    assert Verifier(FakeEncoder()).judge(reworded, [sentence]).similarity is None
    verdict = Verifier(_Named()).judge(reworded, [sentence])
    assert verdict.similarity == pytest.approx(nearness(reworded, [sentence], _Named()))
    assert verdict.supported
    assert Verifier(_Named()).judge(TURNED, [SENTENCE]).similarity is None
    far = _Named()
    far.encode_passages = lambda texts: np.eye(27, dtype=np.float32)[[len(t) % 27 for t in texts]]  # type: ignore[method-assign]
    assert Verifier(far).judge(reworded, [sentence + "  "]).failed == ("similarity",)


# --- the table ------------------------------------------------------------------------------------


def test_the_table_is_whole() -> None:
    """Enough statements, each kind of error, facts on one side only, no row twice."""
    assert len(ROWS) >= 240
    assert len({(r["statement"], *r["evidence"]) for r in ROWS}) == len(ROWS)
    parts = {part: {f for r in ROWS if r["split"] == part for f in r["fact"].split("+")} for part in KEPT}
    assert all(not parts[a] & parts[b] for a, b in itertools.combinations(KEPT, 2))
    kinds = Counter(r["kind"] for r in ROWS if r["split"] == "held_out")
    assert {
        "faithful",
        "number",
        "date",
        "unit",
        "entity",
        "plan",
        "negation",
        "modality",
        "swap",
        "citation",
        "condition",
    } <= kinds.keys()


@pytest.mark.parametrize("part", KEPT)
def test_the_verifier_reaches_its_bar(part: str) -> None:
    """98 % of the wrong statements stopped, by the words alone; what is kept does not fall."""
    right = Counter(
        (r["supported"], support(r["statement"], r["evidence"]).supported) for r in ROWS if r["split"] == part
    )
    assert right[False, False] >= 0.98 * (right[False, False] + right[False, True])
    assert right[True, True] >= KEPT[part] * (right[True, True] + right[True, False])
