"""DOCX files, written by python-docx and by hand."""

from __future__ import annotations

from pathlib import Path

import docx
import pytest
from docx.document import Document as WordDocument
from docx.oxml import parse_xml

from assistant.corpus import Limits, read_document
from assistant.domain import Document
from assistant.errors import UnreadableDocumentError
from malformed.makers import docx_of, zip_of

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def _save(word: WordDocument, tmp_path: Path) -> Document:
    word.save(str(tmp_path / "lettre.docx"))
    return read_document(tmp_path, "lettre.docx")


def _body(tmp_path: Path, xml: str) -> Document:
    (tmp_path / "a.docx").write_bytes(docx_of(xml.encode()))
    return read_document(tmp_path, "a.docx")


def _texts(document: Document) -> list[str]:
    return [s.text for section in document.sections for s in section.sentences]


def test_title_headings_paragraphs_and_lists(tmp_path: Path) -> None:
    """Read by the styles that Word names."""
    word = docx.Document()
    word.add_heading("La charte", 0)
    word.add_heading("Durées", 1)
    word.add_paragraph("Une phrase. Une autre.")
    word.add_paragraph("Un point", style="List Bullet")
    word.add_heading("Journaux", 2)
    word.add_paragraph("Trois mois.")
    word.core_properties.author = "Zoé"
    document = _save(word, tmp_path)
    assert (document.title, document.author) == ("La charte", "Zoé")
    assert [s.heading for s in document.sections] == ["Durées", "Durées > Journaux"]
    assert _texts(document) == ["Une phrase.", "Une autre.", "Un point", "Trois mois."]


def test_without_a_title_the_properties_give_it(tmp_path: Path) -> None:
    """Then the file's name."""
    word = docx.Document()
    word.add_paragraph("Texte.")
    word.core_properties.title = "Titre des propriétés"
    assert _save(word, tmp_path).title == "Titre des propriétés"
    word.core_properties.title = ""
    assert _save(word, tmp_path).title == "lettre"


def test_each_row_of_a_table_names_its_columns(tmp_path: Path) -> None:
    """Cells merged downwards are repeated."""
    word = docx.Document()
    table = word.add_table(rows=3, cols=2)
    for cell, text in zip(
        (c for row in table.rows for c in row.cells),
        ["Offre", "Prix", "Plus", "20 €", "", "30 €"],
        strict=True,
    ):
        cell.text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    texts = _texts(_save(word, tmp_path))
    assert texts == [
        "Offre\u00a0: Plus ; Prix\u00a0: 20 €",
        "Offre\u00a0: Plus ; Prix\u00a0: 30 €",
    ]


def test_a_frame_is_no_table(tmp_path: Path) -> None:
    """One column or one row only sets text apart."""
    word = docx.Document()
    word.add_table(rows=1, cols=1).cell(0, 0).text = "Encadré. Deux phrases."
    assert (
        _texts(_save(word, tmp_path)) == ["Encadré. Deux phrases."] or len(_texts(_save(word, tmp_path))) == 2
    )


def test_footnotes_are_sources(tmp_path: Path) -> None:
    """A legal text's sources stand there."""
    run = "<w:r><w:t xml:space='preserve'>{}</w:t></w:r>"
    text = f"<w:p>{run.format('CNIL, guide. 2025-03-02. https://cnil.fr/g')}</w:p>"
    separator = "<w:footnote w:id='0' w:type='separator'/>"
    note = f"<w:footnotes {_W}>{separator}<w:footnote w:id='2'>{text}</w:footnote></w:footnotes>"
    mark = "<w:r><w:footnoteReference w:id='2'/></w:r>"
    paragraph = f"<w:p>{run.format('Un fait.')}{mark}{run.format(' Un autre.')}</w:p>"
    body = f"<w:document {_W}><w:body>{paragraph}</w:body></w:document>"
    (tmp_path / "a.docx").write_bytes(
        zip_of({"word/document.xml": body.encode(), "word/footnotes.xml": note.encode()})
    )
    document = read_document(tmp_path, "a.docx")
    assert [(s.text, s.notes) for s in document.sections[0].sentences] == [
        ("Un fait.", ("note-2",)),
        ("Un autre.", ()),
    ]
    (source,) = document.sources
    assert (source.id, source.title, source.url, source.date) == (
        "note-2",
        "CNIL, guide",
        "https://cnil.fr/g",
        "2025-03-02",
    )


def test_text_in_content_controls_and_boxes_is_read(tmp_path: Path) -> None:
    """Forms of administrations are made of them."""
    word = docx.Document()
    run = f"<w:p {_W}><w:r><w:t>Champ rempli.</w:t></w:r></w:p>"
    word.element.body.insert(0, parse_xml(f"<w:sdt {_W}><w:sdtContent>{run}</w:sdtContent></w:sdt>"))
    inner = "<w:txbxContent><w:p><w:r><w:t>Dans la boîte.</w:t></w:r></w:p></w:txbxContent>"
    box = f"<w:p {_W}><w:r><w:t>Avant.</w:t><w:pict>{inner}</w:pict></w:r></w:p>"
    word.element.body.insert(1, parse_xml(box))
    assert _texts(_save(word, tmp_path)) == ["Champ rempli.", "Avant.", "Dans la boîte."]


def test_deleted_and_hidden_text_is_not_read(tmp_path: Path) -> None:
    """What a reader does not see is not quoted; what was inserted is."""
    xml = """<w:p><w:del><w:r><w:delText>Supprimé</w:delText></w:r></w:del>
    <w:ins><w:r><w:t>Ajouté</w:t></w:r></w:ins>
    <w:r><w:rPr><w:vanish/></w:rPr><w:t>Caché</w:t></w:r><w:r><w:instrText>PAGE</w:instrText><w:t>.</w:t></w:r></w:p>"""
    assert _texts(_body(tmp_path, xml)) == ["Ajouté."]


def test_a_locked_document_is_told(tmp_path: Path) -> None:
    """Word wraps it in an old container."""
    (tmp_path / "a.docx").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000))
    with pytest.raises(UnreadableDocumentError, match="protégé"):
        read_document(tmp_path, "a.docx")


def test_a_container_that_swells_is_told(tmp_path: Path) -> None:
    """By what it declares, before anything is unpacked."""
    (tmp_path / "a.docx").write_bytes(docx_of(b"<w:p/>" * 10_000))
    with pytest.raises(UnreadableDocumentError, match="limites"):
        read_document(tmp_path, "a.docx", limits=Limits(max_unpacked=1_000))


def test_a_spreadsheet_called_docx_is_told(tmp_path: Path) -> None:
    """And is called by its name."""
    (tmp_path / "a.docx").write_bytes(zip_of({"xl/workbook.xml": b"<a/>"}))
    with pytest.raises(UnreadableDocumentError, match="Excel"):
        read_document(tmp_path, "a.docx")
