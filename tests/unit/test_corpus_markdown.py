"""Markdown files: structure is read as structure."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.corpus import read_document
from assistant.domain import Document, Row, Source
from assistant.errors import UnreadableDocumentError


def _read(tmp_path: Path, text: str) -> Document:
    (tmp_path / "essai.md").write_text(text, encoding="utf-8")
    return read_document(tmp_path, "essai.md")


def _texts(document: Document) -> list[str]:
    return [s.text for section in document.sections for s in section.sentences]


def test_front_matter_is_read_and_never_shown(corpus: Path) -> None:
    """Title, type, author, date, provider and names."""
    document = read_document(corpus, "fiches/nordix-boreal.md")
    assert (document.title, document.type, document.author) == (
        "Fiche Nordix Boréal",
        "fiche",
        "d'après les tests",
    )
    assert (document.updated, document.provider, document.assistant) == ("2026-10-01", "Nordix", "Boréal")
    assert document.aliases == ("Nordix", "Boréal Chat", "Borealis")
    assert not any("titre" in text or "---" in text for text in _texts(document))


def test_footnotes_become_notes_and_sources(corpus: Path) -> None:
    """The label is the fact's id; date and address are told apart from the title."""
    document = read_document(corpus, "fiches/nordix-boreal.md")
    sentence = next(s for section in document.sections for s in section.sentences if "12 jours" in s.text)
    assert sentence.text == "Nordix efface une conversation supprimée de Boréal au bout de 12 jours."
    assert sentence.notes == ("nordix-conservation-01",)
    sources = {s.id: s for s in document.sources}
    assert sources["nordix-conservation-01"] == Source(
        "nordix-conservation-01",
        "Politique de confidentialité, Nordix",
        "https://nordix.example/confidentialite",
        "2026-01-16",
    )
    assert (
        sources["nordix-conservation-03"].title,
        sources["nordix-conservation-03"].date,
    ) == ("Aide de Boréal, Nordix", None)
    assert sources["nordix-juridiction-01"].url is None


def test_no_footnote_mark_or_definition_is_left(corpus: Path) -> None:
    """Nobody reads [^…] in a quote."""
    for path in corpus.rglob("*/*.md"):
        assert not any(
            "[^" in text or "https://" in text
            for text in _texts(read_document(corpus, path.relative_to(corpus).as_posix()))
        )


def test_identity_rows_know_attribute_and_value(corpus: Path) -> None:
    """A row quoted by itself names the product."""
    document = read_document(corpus, "fiches/cumulus-zephyr.md")
    rows = {s.row.attribute: s for section in document.sections for s in section.sentences if s.row}
    assert Row("Siège", "Austin (États-Unis)") == rows["Siège"].row
    assert rows["Siège"].text == "Zéphyr · Siège\u00a0: Austin (États-Unis)"
    assert rows["Siège"].notes == ("cumulus-identite-01",)
    assert list(rows) == ["Siège", "Cloud Act", "Entraînement par défaut (grand public)", "Âge minimum"]


def test_other_tables_name_their_columns(tmp_path: Path) -> None:
    """Each row is a line that reads by itself."""
    document = _read(tmp_path, "| Offre | Prix |\n|---|---|\n| Plus | 20 € |\n| Pro | |\n")
    assert _texts(document) == ["Offre\u00a0: Plus ; Prix\u00a0: 20 €", "Offre\u00a0: Pro"]
    assert all(s.row is None for s in document.sections[0].sentences)


def test_headings_open_sections_and_nest(corpus: Path) -> None:
    """A level-3 heading keeps its parent's name."""
    document = read_document(corpus, "articles/ou-dorment-les-donnees.md")
    headings = [None, "Deux pays, deux droits", "Deux pays, deux droits > Ce que dit le droit"]
    assert headings == [section.heading for section in document.sections]


def test_a_list_item_is_a_sentence(corpus: Path) -> None:
    """With its own note, opening a line of its own."""
    document = read_document(corpus, "articles/ou-dorment-les-donnees.md")
    items = [s for s in document.sections[-1].sentences if "exigent" in s.text]
    assert [s.notes for s in items] == [("article-04",), ("article-05",)]
    assert all(s.opens for s in items)


def test_without_front_matter_the_first_heading_is_the_title(tmp_path: Path) -> None:
    """A plain file works as well."""
    document = _read(tmp_path, "# Mon document\n\nUne phrase. Une autre.\n")
    assert document.title == "Mon document"
    assert _texts(document) == ["Une phrase.", "Une autre."]
    assert [section.heading for section in document.sections] == [None]


def test_emphasis_links_and_code_read_as_text(tmp_path: Path) -> None:
    """Marks of Markdown are not quoted."""
    document = _read(tmp_path, "Un **mot** _souligné_, un [lien](https://x.example) et `du code`.\n")
    assert _texts(document) == ["Un mot souligné, un lien et du code."]


def test_html_is_text_and_nothing_else(tmp_path: Path) -> None:
    """No tag of a document reaches the page as a tag that was parsed."""
    document = _read(tmp_path, "Avant <script>alert(1)</script> après.\n")
    assert "alert(1)" in _texts(document)[0]


def test_a_note_between_two_sentences_belongs_to_the_first(tmp_path: Path) -> None:
    """« Un.[^a] Deux.[^b] »: one note each."""
    document = _read(tmp_path, "Un mot.[^a] Deux mots.[^b][^c]\n\n[^a]: A.\n[^b]: B.\n[^c]: C.\n")
    assert [s.notes for s in document.sections[0].sentences] == [("a",), ("b", "c")]


def test_a_note_inside_a_sentence_belongs_to_it(tmp_path: Path) -> None:
    """Wherever it stands in it."""
    document = _read(tmp_path, "Un.[^a] Selon X[^b], deux. Trois.\n\n[^a]: A.\n[^b]: B.\n")
    assert [s.notes for s in document.sections[0].sentences] == [("a",), ("b",), ()]


def test_a_repeated_sentence_keeps_its_own_note(tmp_path: Path) -> None:
    """Notes follow places, not texts."""
    document = _read(tmp_path, "Non.[^a] Non.[^b]\n\n[^a]: A.\n[^b]: B.\n")
    assert [s.notes for s in document.sections[0].sentences] == [("a",), ("b",)]


def test_code_blocks_and_quotes_are_kept(tmp_path: Path) -> None:
    """Text is text, whatever frames it."""
    assert _texts(_read(tmp_path, "> Cité.\n\n```\nune ligne\n```\n")) == ["Cité.", "une ligne"]


def test_what_is_no_mapping_is_no_front_matter(tmp_path: Path) -> None:
    """A rule at the top of a file, then an underlined heading, is Markdown."""
    assert [x.heading for x in _read(tmp_path, "---\nsimple texte\n---\n\nSuite.\n").sections] == [
        "simple texte"
    ]


def test_a_front_matter_that_is_not_yaml_is_told(tmp_path: Path) -> None:
    """The sentence names the file and the place."""
    with pytest.raises(UnreadableDocumentError, match=r"« essai\.md »"):
        _read(tmp_path, '---\ntitre: "oublié\n---\n\nTexte.\n')


@pytest.mark.parametrize("alias", ["Proton", "{a: 1}", "12", "null"])
def test_a_misshapen_alias_is_no_error(alias: str, tmp_path: Path) -> None:
    """Only a list is one."""
    assert _read(tmp_path, f"---\nalias: {alias}\n---\n\nTexte.\n").aliases == ()
