"""Printed pages: from lines to paragraphs, and PDF files of several kinds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter

from assistant.answering.citing import Citer
from assistant.corpus import Limits, ocr, read_document
from assistant.corpus.layout import lines_of, listed, paragraphs_of, without_running_lines
from assistant.errors import EmptyDocumentError, UnreadableDocumentError
from assistant.presentation import citation_dict, reference
from assistant.store import open_index, rebuild
from assistant.web import cards
from assistant.web.export import where
from samples import FakeEncoder, write_pdf

LINE = "Une ligne pleine qui va d'un bord à l'autre de la colonne du texte"


def test_ligatures_and_invisible_marks_are_undone() -> None:
    """A font's drawing is not a letter."""
    assert lines_of("Un af\ufb01chage e\ufb03cace\u200b.\n \nFin") == ["Un affichage efficace.", "", "Fin"]


def test_words_cut_at_line_ends_are_made_whole() -> None:
    """But a compound's hyphen inside a line stays."""
    lines = [f"{LINE} conser-", "vation des données. Le porte-parole le dit."]
    assert paragraphs_of(lines) == [f"{LINE} conservation des données. Le porte-parole le dit."]


def test_a_short_last_line_ends_a_paragraph() -> None:
    """And a full one does not, even with a full stop."""
    lines = [f"{LINE}.", f"{LINE},", "fin ici.", f"{LINE} encore,", "et fin."]
    assert paragraphs_of(lines) == [f"{LINE}. {LINE}, fin ici.", f"{LINE} encore, et fin."]


def test_items_and_headings_open_paragraphs() -> None:
    """By their mark, or by their shortness."""
    lines = ["2. Les durées", f"{LINE},", "puis fin.", "• un point", "• un autre point", "qui continue"]
    assert paragraphs_of(lines) == [
        "2. Les durées",
        f"{LINE}, puis fin.",
        "• un point",
        "• un autre point qui continue",
    ]


def test_running_heads_and_page_numbers_are_removed() -> None:
    """The head stays on the first page, where it may be the title, apart from the text."""
    pages = [["Rapport annuel", f"Texte {word}.", f"Page {n} sur 4"] for n, word in enumerate("abcd", 1)]
    expected = [["Rapport annuel", "", "Texte a."], ["Texte b."], ["Texte c."], ["Texte d."]]
    assert without_running_lines(pages) == expected


LEFT = (
    "Le rapport porte sur les assis-",
    "tants conversationnels employés",
    "par les administrations.",
    "Les conversations supprimées",
    "sont effacées au bout de trente",
    "jours par les fournisseurs.",
)
RIGHT = (
    "La seconde partie examine le",
    "droit applicable. Le Cloud Act",
    "permet aux autorités améri-",
    "caines de réclamer les données",
    "hébergées en Europe.",
    "Elle conclut à la prudence.",
)
READ = [
    "Le rapport porte sur les assistants conversationnels employés par les administrations.",
    "Les conversations supprimées sont effacées au bout de trente jours par les fournisseurs.",
    "La seconde partie examine le droit applicable.",
    "Le Cloud Act permet aux autorités américaines de réclamer les données hébergées en Europe.",
    "Elle conclut à la prudence.",
]


def draw(path: Path, pieces: Sequence[tuple[float, float, str]]) -> Path:
    """Write a PDF of one page that draws *pieces*, in this order."""
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(path), invariant=1)
    for x, y, text in pieces:
        canvas.drawString(x, y, text)
    canvas.save()
    return path


def sentences(folder: Path, name: str) -> list[str]:
    """Return what is read of a file, sentence by sentence."""
    return [s.text for section in read_document(folder, name).sections for s in section.sentences]


@pytest.mark.parametrize("across", [False, True])
def test_columns_are_read_one_after_the_other(across: bool, tmp_path: Path) -> None:
    """Whether the file writes a column whole or goes across both, line after line."""
    left = [(60.0, 700.0 - 14 * n, text) for n, text in enumerate(LEFT)]
    right = [(310.0, 700.0 - 14 * n, text) for n, text in enumerate(RIGHT)]
    order = (lambda p: (-p[1], p[0])) if across else (lambda p: (p[0], -p[1]))
    body = sorted([*left, *right], key=order)
    draw(tmp_path / "a.pdf", [(60.0, 760.0, "Rapport annuel"), *body, (60.0, 40.0, "Fin du rapport.")])
    assert sentences(tmp_path, "a.pdf") == ["Rapport annuel", *READ, "Fin du rapport."]


def test_a_table_is_not_taken_for_columns(tmp_path: Path) -> None:
    """Short cells side by side go together, row after row."""
    rows = [("Nordix", "12 jours"), ("Cumulus", "30 jours"), ("Boréal", "8 jours")] * 3
    pieces = [(x, 700.0 - 14 * n, row[x > 100]) for n, row in enumerate(rows) for x in (60.0, 310.0)]
    draw(tmp_path / "a.pdf", pieces)
    text = " ".join(sentences(tmp_path, "a.pdf"))
    assert text.index("Nordix") < text.index("12 jours") < text.index("Cumulus") < text.index("30 jours")


def test_numbers_shifted_from_the_page_are_folios_too() -> None:
    """A preface of four pages shifts them all."""
    pages = [[f"Texte {word}.", f"– {n + 4} –"] for n, word in enumerate("abcd", 1)]
    assert without_running_lines(pages) == [[f"Texte {word}."] for word in "abcd"]


def test_what_merely_looks_alike_stays() -> None:
    """Years, articles on distant pages, and figures of a short document."""
    pages = [["Article 1", "Texte."], ["Suite."], ["Article 2", "Texte deux."], ["Fin.", "2026"]]
    assert without_running_lines(pages) == pages


def test_pages_are_listed_by_runs() -> None:
    """As a reader would say it."""
    assert listed([1, 3, 4, 5, 9]) == "1, 3 à 5, 9"
    assert listed(list(range(1, 100, 2))).endswith("…")


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-256"])
def test_a_pdf_locked_with_an_empty_password_is_read(algorithm: str, tmp_path: Path) -> None:
    """Anyone may open it, so may we."""
    if algorithm.startswith("AES"):
        pytest.importorskip("cryptography")
    writer = PdfWriter(clone_from=PdfReader(write_pdf(tmp_path / "a.pdf", ["Texte lisible."])))
    writer.encrypt(user_password="", owner_password="clef", algorithm=algorithm)  # noqa: S106 - the test's own
    writer.write(tmp_path / "b.pdf")
    assert read_document(tmp_path, "b.pdf").sections[0].sentences[0].text == "Texte lisible."


def test_bookmarks_are_headings(tmp_path: Path) -> None:
    """A passage knows its chapter and its page."""
    source = write_pdf(tmp_path / "a.pdf", ["Avant.\n\nLes durées\n\nTrente jours.", "Suite."])
    writer = PdfWriter(clone_from=PdfReader(source))
    writer.add_outline_item(title="Les durées", page_number=0)
    writer.write(tmp_path / "b.pdf")
    document = read_document(tmp_path, "b.pdf")
    found = [(s.heading, s.page, s.sentences[0].text) for s in document.sections]
    assert found[-1] == ("Les durées", 2, "Suite.")
    assert (None, 1, "Avant.") in found


def test_too_many_pages_are_told(tmp_path: Path) -> None:
    """With both numbers."""
    write_pdf(tmp_path / "a.pdf", ["Un.", "Deux.", "Trois."])
    with pytest.raises(UnreadableDocumentError, match=r"3 pages.*limite de 2"):
        read_document(tmp_path, "a.pdf", limits=Limits(max_pages=2))


def test_a_scan_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Tesseract with French is missing."""
    monkeypatch.setattr(ocr, "is_available", lambda: False)
    write_pdf(tmp_path / "a.pdf", ["Un.", "", ""])
    (loss,) = read_document(tmp_path, "a.pdf").losses
    assert "Pages sans texte : 2 à 3" in loss
    assert "tesseract-ocr-fra" in loss
    write_pdf(tmp_path / "b.pdf", ["", ""])
    with pytest.raises(EmptyDocumentError, match="tesseract-ocr-fra"):
        read_document(tmp_path, "b.pdf")


def test_recognised_pages_are_marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In their place among the others; the report says so."""
    monkeypatch.setattr(ocr, "is_available", lambda: True)
    monkeypatch.setattr(
        "assistant.corpus.reader.recognise_isolated",
        lambda _, page: "Texte re-\nconnu." if page == 2 else None,
    )
    write_pdf(tmp_path / "a.pdf", ["Un.", "", "Trois.", ""])
    document = read_document(tmp_path, "a.pdf")
    assert [(s.page, s.ocr, s.sentences[0].text) for s in document.sections] == [
        (1, False, "Un."),
        (2, True, "Texte reconnu."),
        (3, False, "Trois."),
    ]
    assert any("reconnaissance optique (erreurs possibles) : 2." in loss for loss in document.losses)
    assert any("4" in loss and "même après" in loss for loss in document.losses)


def test_a_citation_of_a_recognised_page_says_so(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In JSON, at the terminal, on the card, in what is taken away, in OpenAI's format."""
    monkeypatch.setattr(ocr, "is_available", lambda: True)
    monkeypatch.setattr("assistant.corpus.reader.recognise_isolated", lambda *_: "Nordix garde tout.")
    write_pdf(corpus / "scan.pdf", ["Une page ordinaire.", ""])
    rebuild(corpus, tmp_path / "index", FakeEncoder(), max_chars=600)
    index = open_index(tmp_path / "index")
    plain, read = index.passages_of("scan")
    cited = Citer(index).citation(index.sentence(index.sentence_rows(read.row)[0]), 1)
    other = Citer(index).citation(index.sentence(index.sentence_rows(plain.row)[0]), 2)
    assert (citation_dict(cited)["ocr"], citation_dict(other)["ocr"]) == (True, False)
    for told in (reference, where, cards._where):
        assert "OCR" in told(cited)
        assert "OCR" not in told(other)


@pytest.mark.skipif(not ocr.is_available(), reason="Tesseract with French is not installed")
def test_tesseract_reads_a_scan(tmp_path: Path) -> None:
    """A page drawn, then kept as a picture only."""
    pdfium = pytest.importorskip("pypdfium2")
    write_pdf(tmp_path / "a.pdf", ["Les données sont conservées trente jours."])
    picture = pdfium.PdfDocument(tmp_path / "a.pdf")[0].render(scale=300 / 72).to_pil()
    picture.save(tmp_path / "scan.pdf")
    (section,) = read_document(tmp_path, "scan.pdf").sections
    assert section.ocr
    assert "conservées trente jours" in section.sentences[0].text
