"""Answers taken away: Markdown, ODT and DOCX with numbered references and primary sources."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from assistant.domain import Answer, Citation, Source, Table
from assistant.presentation import french_date
from assistant.web.blocks import Block, blocks_of, without_markers
from assistant.web.conversations import Turn
from assistant.web.french import moment
from assistant.web.markup import visible, web_address

MEDIA = {
    "md": "text/markdown; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "odt": "application/vnd.oasis.opendocument.text",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
_MARKDOWN = re.compile(r"([\\`*_\[\]<>#|~$])")


@dataclass(frozen=True, slots=True)
class Piece:
    """One paragraph, table or reference of the file, the same in every format."""

    kind: Literal["title", "heading", "subheading", "paragraph", "item", "table", "reference", "note"]
    text: str
    table: Table | None = None
    label: str = ""


def where(citation: Citation) -> str:
    """Return « Title, section, page 3, à jour le … »."""
    updated = f"à jour le {french_date(citation.updated)}" if citation.updated else None
    section = f"«\u00a0{citation.section}\u00a0»" if citation.section else None
    return ", ".join(p for p in (citation.title, section, citation.leaf, updated) if p)


def _source(source: Source) -> str:
    dated = french_date(source.date) or "sans date"
    return ", ".join(p for p in (source.title, dated, web_address(source.url)) if p)


def reference(citation: Citation) -> str:
    """Return the reference of a citation: where it stands, what it says, what is behind it."""
    sources = citation.sources or ((citation.source,) if citation.source else ())
    primary = " ; ".join(_source(s) for s in sources)
    said = f"{where(citation)}\u00a0: «\u00a0{citation.quote}\u00a0»"
    return visible(f"{said} Source primaire\u00a0: {primary}." if primary else said)


def pieces(turns: Sequence[Turn], *, title: str) -> list[Piece]:
    """Return the file's content: each answer, then its references."""
    found = [Piece("title", title)]
    for turn in turns:
        found += _turn_pieces(turn)
    builds = ", ".join(dict.fromkeys(f"{when} ({name})" for name, when in (t.build for t in turns) if name))
    made = moment(datetime.now(UTC).isoformat())
    found.append(
        Piece(
            "note",
            f"Document produit le {made} par l’Assistant du dossier, sur cette machine. "
            f"Index\u00a0: {builds}.",
        )
    )
    return found


def _turn_pieces(turn: Turn) -> list[Piece]:
    found = [Piece("heading", turn.question)]
    answer = turn.answer
    if answer is None:
        return [*found, Piece("paragraph", turn.error or "Réponse interrompue.")]
    if answer.interpreted and answer.interpreted != answer.question:
        found.append(Piece("note", f"Question comprise\u00a0: «\u00a0{answer.interpreted}\u00a0»"))
    found += [_block_piece(b, answer) for b in blocks_of(answer)]
    if turn.writer:
        found.append(Piece("note", turn.writer))
    if answer.citations:
        found.append(Piece("subheading", "Références"))
        found += [Piece("reference", reference(c), label=str(c.n)) for c in answer.citations]
    return found


def _block_piece(block: Block, answer: Answer) -> Piece:
    if block.kind == "table":
        return Piece("table", "", table=answer.table)
    kind: Literal["subheading", "item", "paragraph"] = "paragraph"
    if block.kind == "heading":
        kind = "subheading"
    elif block.kind == "item":
        kind = "item"
    return Piece(kind, block.text.replace("**", ""))


def cite_block(block: Block, answer: Answer) -> str:
    """Return one statement with its references in footnote form."""
    by_number = {c.n: c for c in answer.citations}
    notes = [n for n in block.citations if n in by_number]
    marks = "".join(f"[^{n}]" for n in notes)
    lines = [f"[^{n}]: {reference(by_number[n])}" for n in notes]
    return "\n".join([without_markers(block.text) + marks, "", *lines]) + "\n"


def cite_quote(citation: Citation) -> str:
    """Return the very sentence of the dossier with its reference in footnote form."""
    n = citation.n
    return f"«\u00a0{citation.quote}\u00a0»[^{n}]\n\n[^{n}]: {reference(citation)}\n"


def _plain(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", visible(text).replace("\n", " "))


def to_markdown(content: Iterable[Piece]) -> bytes:
    """Return the pieces as Markdown, whose references are footnotes."""
    found: list[str] = []
    turn = 0

    def text_of(text: str) -> str:
        return re.sub(r"\s*\\\[(\d{1,3})\\\]", lambda m: f"[^{turn}-{m[1]}]", _plain(text))

    for piece in content:
        turn += piece.kind == "heading"
        text = text_of(piece.text)
        found.append(
            {
                "title": f"# {text}",
                "heading": f"## {text}",
                "subheading": f"### {text}",
                "item": f"- {text}",
                "reference": f"[^{turn}-{piece.label}]: {_plain(piece.text)}",
                "note": f"*{text}*",
            }.get(piece.kind, text)
        )
        if piece.table:
            found[-1] = _markdown_table(piece.table, turn)
    return ("\n\n".join(found) + "\n").encode()


def _markdown_table(table: Table, turn: int) -> str:
    lines = ["| " + " | ".join(map(_plain, table.columns)) + " |", "|" + " --- |" * len(table.columns)]
    for row in table.rows:
        cells = [_plain(c.text) + "".join(f"[^{turn}-{n}]" for n in c.citations) for c in row]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cells(table: Table) -> list[list[str]]:
    rows = [[c.text + "".join(f" [{n}]" for n in c.citations) for c in row] for row in table.rows]
    return [list(table.columns), *rows]


def _line(piece: Piece) -> str:
    return visible(f"[{piece.label}] {piece.text}" if piece.label else piece.text)


def to_docx(content: Iterable[Piece]) -> bytes:
    """Return the pieces as a Word document."""
    from docx import Document

    document = Document()
    styles = {
        "title": "Title",
        "heading": "Heading 1",
        "subheading": "Heading 2",
        "item": "List Bullet",
        "note": "Intense Quote",
        "reference": "Normal",
    }
    for piece in content:
        if piece.table:
            rows = _cells(piece.table)
            table = document.add_table(rows=len(rows), cols=len(rows[0]), style="Table Grid")
            for line, row in zip(rows, table.rows, strict=True):
                for text, cell in zip(line, row.cells, strict=True):
                    cell.text = visible(text)
        else:
            document.add_paragraph(_line(piece), style=styles.get(piece.kind, "Normal"))
    document.core_properties.language = "fr-FR"
    document.core_properties.author = "Assistant du dossier"
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def to_odt(content: Iterable[Piece]) -> bytes:
    """Return the pieces as an OpenDocument text."""
    from odf.opendocument import OpenDocumentText
    from odf.table import Table as OdfTable
    from odf.table import TableCell, TableColumn, TableRow
    from odf.text import H, List, ListItem, P

    document = OpenDocumentText()
    levels = {"title": 1, "heading": 2, "subheading": 3}
    for number, piece in enumerate(content):
        if piece.table:
            rows = _cells(piece.table)
            table = OdfTable(name=f"Tableau{number}")
            table.addElement(TableColumn(numbercolumnsrepeated=len(rows[0])))
            for line in rows:
                row = TableRow()
                for text in line:
                    cell = TableCell(valuetype="string")
                    cell.addElement(P(text=visible(text)))
                    row.addElement(cell)
                table.addElement(row)
            document.text.addElement(table)
        elif piece.kind in levels:
            document.text.addElement(H(outlinelevel=levels[piece.kind], text=_line(piece)))
        elif piece.kind == "item":
            items, item = List(), ListItem()
            item.addElement(P(text=_line(piece)))
            items.addElement(item)
            document.text.addElement(items)
        else:
            document.text.addElement(P(text=_line(piece)))
    stream = io.BytesIO()
    document.write(stream)
    return stream.getvalue()
