"""Write the comparison of the identity tables of all fiches as a PDF: ``make annexe``.

Same fiches, same bytes. Each line is a full sentence, so that it can be quoted by itself:
« Lumo, siège : Plan-les-Ouates (Suisse). » The primary sources stay in the fiches.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, KeepTogether, PageTemplate, Paragraph

from assistant.corpus import read_document, scan
from assistant.domain import Document
from assistant.presentation import MONTHS

TITLE = "Comparatif des huit tableaux d’identité"
ROOT = Path(__file__).resolve().parent.parent
INK, ACCENT = HexColor("#1d1d1f"), HexColor("#24477a")
# Attributes whose first word keeps its capital inside a sentence.
NAMES = ("Cloud Act", "Data Privacy Framework", "HDS", "ISO", "SecNumCloud")

BODY = ParagraphStyle(
    "body", fontName="Helvetica", fontSize=10, leading=14, spaceAfter=3.5, leftIndent=10, textColor=INK
)
LEAD = ParagraphStyle("lead", parent=BODY, leftIndent=0, spaceAfter=6)
HEADING = ParagraphStyle(
    "heading",
    fontName="Helvetica-Bold",
    fontSize=12.5,
    leading=16,
    spaceBefore=12,
    spaceAfter=5,
    textColor=ACCENT,
)
MAIN = ParagraphStyle("main", parent=HEADING, fontSize=18, leading=23, spaceBefore=0, spaceAfter=10)


def fiches(corpus: Path) -> list[Document]:
    """Return the fiches of *corpus* that have an identity table, by product."""
    read = (read_document(corpus, f.path) for f in scan(corpus) if f.path.startswith("fiches/"))
    return sorted((d for d in read if rows(d)), key=product)


def rows(document: Document) -> dict[str, str]:
    """Return attribute -> value."""
    sentences = (s for section in document.sections for s in section.sentences)
    return {s.row.attribute: s.row.value for s in sentences if s.row is not None}


def product(document: Document) -> str:
    """Return the name that a sentence begins with."""
    return document.assistant or document.provider or document.title


def sentence(document: Document, attribute: str) -> str:
    """Return what the fiche says of *attribute*, as a sentence."""
    label = attribute if attribute.startswith(NAMES) else attribute[0].lower() + attribute[1:]
    value = rows(document).get(attribute, "non documenté").rstrip(" .")
    # One colon is enough: « Cloud Act : oui, société américaine ».
    value = re.sub(r"^(oui|non|en partie)\s*: ", r"\1, ", value)
    return f"{product(document)}, {label}\u00a0: {value}."


def _day(iso: str) -> str:
    """Return a date as it is written in French."""
    day = date.fromisoformat(iso)
    return f"{'1er' if day.day == 1 else day.day} {MONTHS[day.month - 1]} {day.year}"


def _text(text: str) -> str:
    """Return *text* as markup; Helvetica has one no-break space, not the narrow one."""
    return escape(text.replace("\u202f", "\u00a0"))


def story(documents: list[Document]) -> Iterable[Flowable]:
    """Yield title, introduction, then one section an attribute."""
    updated = max(d.updated for d in documents if d.updated)
    yield Paragraph(_text(TITLE), MAIN)
    names = ", ".join(product(d) for d in documents)
    yield Paragraph(
        _text(f"Cette annexe met côte à côte les tableaux d’identité des fiches\u00a0: {names}."), LEAD
    )
    yield Paragraph(
        _text(
            "Elle est produite à partir des fiches, telles qu’elles étaient à la mise à jour du "
            f"{_day(updated)}. La source de chaque valeur est donnée dans la fiche du fournisseur. "
            "« Non documenté » veut dire que les sources consultées ne le disent pas."
        ),
        LEAD,
    )
    for attribute in dict.fromkeys(a for d in documents for a in rows(d)):
        heading = Paragraph(_text(attribute), HEADING)
        lines = [Paragraph(_text(sentence(d, attribute)), BODY) for d in documents]
        yield KeepTogether([heading, *lines])


class _Template(BaseDocTemplate):
    """A4 pages numbered at the foot, headings as bookmarks."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            str(path),
            pagesize=A4,
            title=TITLE,
            author="d’après le dossier d’Augustin Garcia",
            subject="Assistants d’IA : siège, droit, stockage, entraînement, conservation, certifications",
            creator="make annexe",
            lang="fr-FR",
            invariant=1,
            displayDocTitle=True,
        )
        frame = Frame(22 * mm, 20 * mm, A4[0] - 44 * mm, A4[1] - 40 * mm, id="page")
        self.addPageTemplates(PageTemplate("page", [frame], onPageEnd=_number))

    def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802 - reportlab's name
        """Bookmark the headings."""
        if isinstance(flowable, Paragraph) and flowable.style.name in {"heading", "main"}:
            text = flowable.getPlainText()
            self.canv.bookmarkPage(text)
            self.canv.addOutlineEntry(text, text, level=0 if flowable.style.name == "main" else 1)


def _number(canvas: Canvas, _: BaseDocTemplate) -> None:
    canvas.saveState()
    canvas.setFont("Helvetica", 9)
    canvas.setFillColor(INK)
    canvas.drawCentredString(A4[0] / 2, 11 * mm, f"Page {canvas.getPageNumber()}")
    canvas.restoreState()


def write(corpus: Path, path: Path) -> int:
    """Write the PDF and return how many fiches it compares."""
    documents = fiches(corpus)
    path.parent.mkdir(parents=True, exist_ok=True)
    _Template(path).build(list(story(documents)))
    return len(documents)


def main() -> None:
    """Read the command line and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=ROOT / "corpus")
    parser.add_argument("--out", type=Path, default=ROOT / "corpus" / "annexes" / "comparatif-identite.pdf")
    arguments = parser.parse_args()
    count = write(arguments.corpus, arguments.out)
    print(f"{arguments.out} : {count} fiches comparées.")


if __name__ == "__main__":
    main()
