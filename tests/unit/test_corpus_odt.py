"""ODT files, written by odfpy and by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.corpus import read_document
from assistant.domain import Document
from assistant.errors import UnreadableDocumentError
from malformed.makers import odt_of, zip_of


def _read(tmp_path: Path, xml: str) -> Document:
    (tmp_path / "a.odt").write_bytes(odt_of(xml.encode()))
    return read_document(tmp_path, "a.odt")


def _texts(document: Document) -> list[str]:
    return [s.text for section in document.sections for s in section.sentences]


def test_headings_paragraphs_and_lists(tmp_path: Path) -> None:
    """The document's title stands above its sections."""
    xml = """<text:p text:style-name="Title">La charte</text:p><text:h text:outline-level="1">Durées</text:h>
    <text:p>Une phrase.<text:s/>Une<text:line-break/>autre.</text:p>
    <text:list><text:list-item><text:p>Un point</text:p></text:list-item></text:list>
    <text:h text:outline-level="2">Journaux</text:h><text:p>Trois <text:span>mois</text:span>.</text:p>"""
    document = _read(tmp_path, xml)
    assert document.title == "La charte"
    assert [s.heading for s in document.sections] == ["Durées", "Durées > Journaux"]
    assert _texts(document) == ["Une phrase.", "Une autre.", "Un point", "Trois mois."]


def test_each_row_of_a_table_names_its_columns(tmp_path: Path) -> None:
    """The rows of heads are told by the file."""
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
    head = "".join(map(cell.format, ("Offre", "Prix")))
    rows = "".join(
        f"<table:table-row>{cell.format(a)}{cell.format(b)}</table:table-row>"
        for a, b in (("Plus", "20 €"), ("Pro", "30 €"))
    )
    heads = f"<table:table-header-rows><table:table-row>{head}</table:table-row></table:table-header-rows>"
    xml = f"<table:table>{heads}{rows}</table:table>"
    assert _texts(_read(tmp_path, xml)) == [
        "Offre\u00a0: Plus ; Prix\u00a0: 20 €",
        "Offre\u00a0: Pro ; Prix\u00a0: 30 €",
    ]


def test_notes_are_sources(tmp_path: Path) -> None:
    """Their text is not read as the paragraph's."""
    body = "<text:note-body><text:p>CNIL, guide. 2025-03. https://cnil.fr/g</text:p></text:note-body>"
    note = f'<text:note text:id="ftn1"><text:note-citation>1</text:note-citation>{body}</text:note>'
    document = _read(tmp_path, f"<text:p>Un fait.{note} Un autre.</text:p>")
    assert [(s.text, s.notes) for s in document.sections[0].sentences] == [
        ("Un fait.", ("note-ftn1",)),
        ("Un autre.", ()),
    ]
    assert [(s.id, s.url, s.date) for s in document.sources] == [
        ("note-ftn1", "https://cnil.fr/g", "2025-03")
    ]


def test_deleted_text_comments_and_contents_are_not_read(tmp_path: Path) -> None:
    """Only what a reader sees as text."""
    xml = """<text:tracked-changes><text:p>Supprimé.</text:p></text:tracked-changes>
    <text:table-of-content><text:p>Sommaire</text:p></text:table-of-content>
    <text:p>Vu<office:annotation><text:p>Commentaire</text:p></office:annotation>.</text:p>"""
    assert _texts(_read(tmp_path, xml)) == ["Vu."]


def test_a_locked_document_is_told(tmp_path: Path) -> None:
    """By its manifest."""
    manifest = b"<manifest><file-entry><encryption-data/></file-entry></manifest>"
    members = {"mimetype": b"x", "content.xml": b"\x01\x02", "META-INF/manifest.xml": manifest}
    (tmp_path / "a.odt").write_bytes(zip_of(members))
    with pytest.raises(UnreadableDocumentError, match="mot de passe"):
        read_document(tmp_path, "a.odt")


def test_what_odfpy_writes_is_read(tmp_path: Path) -> None:
    """Another hand than ours."""
    opendocument = pytest.importorskip("odf.opendocument")
    dc, text = pytest.importorskip("odf.dc"), pytest.importorskip("odf.text")
    document = opendocument.OpenDocumentText()
    document.meta.addElement(dc.Title(text="Titre des propriétés"))
    document.meta.addElement(dc.Creator(text="Zoé"))
    document.text.addElement(text.P(text="Une phrase."))
    document.save(str(tmp_path / "a.odt"))
    read = read_document(tmp_path, "a.odt")
    assert (read.title, read.author, _texts(read)) == ("Titre des propriétés", "Zoé", ["Une phrase."])
