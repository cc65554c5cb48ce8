"""The catalogue: who can be asked about, by every name."""

from __future__ import annotations

import pytest

from assistant.question import Catalogue
from assistant.question.catalogue import words
from assistant.store import Index
from samples import Built


@pytest.fixture
def catalogue(index: Index) -> Catalogue:
    """Return the catalogue of the two fiches."""
    return Catalogue(index)


def test_providers_and_attributes_come_from_the_fiches(catalogue: Catalogue) -> None:
    """Articles and the glossary are no providers."""
    assert {"cumulus-zephyr", "nordix-boreal"} == set(catalogue.providers)
    assert (catalogue.attributes) == (
        "Siège",
        "Cloud Act",
        "Entraînement par défaut (grand public)",
        "Âge minimum",
    )
    row = catalogue.rows["cumulus-zephyr", "Âge minimum"]
    assert row.identity is not None
    assert row.identity.value == "13 ans"


@pytest.mark.parametrize(
    ("text", "slugs"),
    [
        ("Où sont les serveurs de Boréal ?", ["nordix-boreal"]),
        ("OÙ SONT CEUX DE BOREAL", ["nordix-boreal"]),
        ("Zéphyr ou Boréal ?", ["cumulus-zephyr", "nordix-boreal"]),
        ("et chez cumulus inc.", ["cumulus-zephyr"]),
        ("l’IA de Nordix", ["nordix-boreal"]),
        ("zephry garde quoi", ["cumulus-zephyr"]),  # transposition
        ("nordic", ["nordix-boreal"]),  # substitution
        ("la boréalisation", []),  # a longer word that begins alike
        ("Boréal, Boréal et encore Boréal", ["nordix-boreal"] * 3),
        ("Et DeepSeek ?", []),
        ("", []),
    ],
)
def test_a_provider_is_known_by_any_of_its_names(text: str, slugs: list[str], catalogue: Catalogue) -> None:
    """Case, accents and one slip of the finger do not hide it."""
    assert slugs == [m.slug for m in catalogue.mentions(text)]


def test_the_longest_name_wins(catalogue: Catalogue) -> None:
    """« Boréal Chat » is one mention, not two."""
    (mention,) = catalogue.mentions("Que fait Boréal Chat ?")
    assert mention.text == "boreal chat"


def test_a_mention_says_where_it_stands(catalogue: Catalogue) -> None:
    """Offsets are those of the folded words."""
    text = "Où dort l’Œuvre de Zéphyr ?"
    (mention,) = catalogue.mentions(text)
    assert words(text)[mention.start : mention.end] == "zephyr"


def test_a_word_of_the_dossier_is_no_misspelling(catalogue: Catalogue) -> None:
    """« nordic », where the dossier itself uses it, is that word."""
    assert catalogue.mentions("le modèle nordic", known_word=frozenset({"nordic"})) == []


def test_countries_come_from_the_headquarters(catalogue: Catalogue) -> None:
    """Written in brackets in the identity table."""
    assert {"nordix-boreal"} == catalogue.of_countries(["france"])
    assert {"cumulus-zephyr"} == catalogue.of_countries(["etats-unis", "suisse"])
    assert frozenset() == catalogue.of_countries(["chine"])


def test_a_title_names_company_and_product(catalogue: Catalogue) -> None:
    """As an answer does."""
    assert catalogue.title("nordix-boreal") == "Nordix Boréal"


def test_a_third_fiche_works_at_once(built: Built) -> None:
    """Dropped into the corpus, without a line of code."""
    text = (built.corpus / "fiches/nordix-boreal.md").read_text(encoding="utf-8")
    for old, new in (
        ("Nordix", "Sudia"),
        ("nordix", "sudia"),
        ("Boréal", "Mistrel"),
        ("Lille (France)", "Genève (Suisse)"),
    ):
        text = text.replace(old, new)
    text = text.replace('- "Borealis"\n', "")
    (built.corpus / "fiches/sudia-mistrel.md").write_text(text, encoding="utf-8")
    built.rebuild()
    catalogue = Catalogue(built.open())
    assert [m.slug for m in catalogue.mentions("Et mistrel ?")] == ["sudia-mistrel"]
    assert {"sudia-mistrel"} == catalogue.of_countries(["suisse"])


def test_a_corpus_without_fiches_has_no_provider(built: Built) -> None:
    """Any folder of documents can be asked about."""
    for path in (built.corpus / "fiches").iterdir():
        path.unlink()
    built.rebuild()
    catalogue = Catalogue(built.open())
    assert catalogue.providers == {}
    assert catalogue.mentions("Boréal") == []
    assert frozenset() == catalogue.named("Boréal")
