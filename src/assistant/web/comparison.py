"""The matrix of providers by attributes, from the identity tables."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass

from assistant.question import Catalogue
from assistant.store import SentenceRow
from assistant.text import fold

PLANS = ("grand public", "pro")
_PLAN = re.compile(r"\((grand public|pro)\)\s*$")
# Folded first words of a value -> code and the word that is shown beside its colour.
_CODES = (
    ("non documente", "silence", "Non documenté"),
    ("en partie", "partie", "En partie"),
    ("oui", "oui", "Oui"),
    ("non", "non", "Non"),
)


@dataclass(frozen=True, slots=True)
class Value:
    """A cell: what a fiche says of an attribute.

    Attributes:
        code: ``oui``, ``non``, ``partie``, ``silence`` or ``texte``; words carry it, colours only help.
        word: The word for the code, or None for a free text.
        detail: The value without that word.
    """

    code: str
    word: str | None
    detail: str
    text: str
    row: SentenceRow | None


@dataclass(frozen=True, slots=True)
class Filters:
    """What the visitor chose to see; nothing chosen means everything."""

    providers: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    plan: str | None = None


@dataclass(frozen=True, slots=True)
class Matrix:
    """The part of the comparison that passes the filters."""

    providers: tuple[tuple[str, str], ...]
    attributes: tuple[str, ...]
    values: dict[tuple[str, str], Value]


def read_value(row: SentenceRow | None) -> Value:
    """Return the value of a row, or silence where the fiche has no such row."""
    text = row.identity.value if row is not None and row.identity is not None else "non documenté"
    folded = fold(text)
    for start, code, word in _CODES:
        if re.match(rf"{start}\b", folded):
            return Value(code, word, text[len(start) :].lstrip(" \u00a0\u202f:,;"), text, row)
    return Value("texte", None, text, text, row)


def compare(catalogue: Catalogue, filters: Filters) -> Matrix:
    """Return the matrix of *catalogue*; unknown names in *filters* are ignored."""
    slugs = [s for s in catalogue.providers if s in filters.providers] or list(catalogue.providers)
    labels = [a for a in catalogue.attributes if a in filters.attributes] or list(catalogue.attributes)
    if filters.plan in PLANS:
        labels = [a for a in labels if (m := _PLAN.search(a)) is None or m[1] == filters.plan]
    return Matrix(
        tuple((s, catalogue.title(s)) for s in slugs),
        tuple(labels),
        {(s, a): read_value(catalogue.rows.get((s, a))) for s in slugs for a in labels},
    )


def _lines(matrix: Matrix) -> Iterable[list[str]]:
    yield ["Attribut", *(name for _, name in matrix.providers)]
    for attribute in matrix.attributes:
        yield [attribute, *(matrix.values[slug, attribute].text for slug, _ in matrix.providers)]


def _inert(text: str) -> str:
    """Return *text* so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text


def to_csv(matrix: Matrix) -> bytes:
    """Return the matrix as a spreadsheet set to French opens it: semicolons, UTF-8 with its mark."""
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=";", lineterminator="\r\n")
    writer.writerows([_inert(c) for c in line] for line in _lines(matrix))
    return stream.getvalue().encode("utf-8-sig")


def to_ods(matrix: Matrix) -> bytes:
    """Return the matrix as an OpenDocument spreadsheet."""
    from odf.opendocument import OpenDocumentSpreadsheet
    from odf.table import Table, TableCell, TableRow
    from odf.text import P

    document = OpenDocumentSpreadsheet()
    table = Table(name="Comparaison")
    for line in _lines(matrix):
        row = TableRow()
        for text in line:
            cell = TableCell(valuetype="string")
            cell.addElement(P(text=text))
            row.addElement(cell)
        table.addElement(row)
    document.spreadsheet.addElement(table)
    stream = io.BytesIO()
    document.write(stream)
    return stream.getvalue()
