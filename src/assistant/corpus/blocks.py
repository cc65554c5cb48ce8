"""The blocks that structured formats share, and how they become sections."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from assistant.corpus.draft import Marked, MarkedBuilder
from assistant.domain import Row, Section, Sentence
from assistant.text import fold, squeeze

IDENTITY_HEADING = "tableau d'identite"
# The first row of a table without marked heads names its columns if its cells are labels.
_LABEL_CHARS = 80


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading.

    Attributes:
        level: 0 for the document's title; 1 too is the title where only one stands.
    """

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph or list item.

    Attributes:
        whole: Whether it is one quotable piece (code), not to be split into sentences.
    """

    text: Marked
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table; ``head`` is empty where its columns are not named."""

    head: tuple[Marked, ...]
    rows: tuple[tuple[Marked, ...], ...]


Block = Heading | Paragraph | Table


def tabulate(rows: Sequence[tuple[Marked, ...]], *, headed: bool = False) -> Iterator[Block]:
    """Yield the table that *rows* make, or paragraphs where they only frame text.

    Args:
        rows: The cells of each row.
        headed: Whether the file says that the first row names the columns; else it does so
            where its cells look like labels.
    """
    rows = [row for row in rows if any(squeeze(c.text) for c in row)]
    if len(rows) < 2 or all(len(row) == 1 for row in rows):
        yield from (Paragraph(c) for row in rows for c in row if squeeze(c.text))
        return
    labels = [squeeze(c.text) for c in rows[0]]
    short = all(len(x) <= _LABEL_CHARS for x in labels) and all(labels[1:])
    if headed or (short and len(labels) > 1 and len(set(labels)) == len(labels)):
        yield Table(rows[0], tuple(rows[1:]))
    else:
        yield Table((), tuple(rows))


def one_line(blocks: Iterable[Block]) -> Marked:
    """Return the text of a cell or of a note, its paragraphs and inner tables on one line."""
    builder = MarkedBuilder()
    for number, block in enumerate(blocks):
        builder.add(" " if number else "")
        if isinstance(block, Heading):
            builder.add(block.text)
        elif isinstance(block, Paragraph):
            builder.extend(block.text)
        else:
            for cell in (*block.head, *(c for row in block.rows for c in row)):
                builder.extend(cell)
                builder.add(" ")
    return builder.build()


def _row(
    table: Table, cells: tuple[Marked, ...], *, identity: bool, assistant: str | None
) -> Sentence | None:
    """Return a row as one sentence in which every cell bears the name of its column."""
    texts = [squeeze(c.text) for c in cells]
    if not any(texts):
        return None
    notes = tuple(dict.fromkeys(n for c in cells for n in c.notes))
    if identity and len(texts) == 2:
        prefix = f"{assistant} · " if assistant else ""
        return Sentence(f"{prefix}{texts[0]}\u00a0: {texts[1]}", notes, Row(texts[0], texts[1]), opens=True)
    heads = [squeeze(h.text) for h in table.head] + [""] * len(texts)
    named = [f"{h}\u00a0: {t}" if h and h != t else t for h, t in zip(heads, texts, strict=False) if t]
    return Sentence(" ; ".join(named), notes, opens=True)


def _sentences(block: Paragraph | Table, heading: str | None, assistant: str | None) -> list[Sentence]:
    if isinstance(block, Table):
        identity = fold(heading or "").startswith(IDENTITY_HEADING) and len(block.head) == 2
        rows = (_row(block, cells, identity=identity, assistant=assistant) for cells in block.rows)
        return [row for row in rows if row is not None]
    if block.whole:
        text = squeeze(block.text.text)
        return [Sentence(text, block.text.notes, opens=True)] if text else []
    return block.text.sentences()


def assemble(blocks: Iterable[Block], *, assistant: str | None = None) -> tuple[str | None, list[Section]]:
    """Return the title that the headings give, and the sections.

    A lone first-level heading is the title; several are sections like the others, and so are
    all under a title proper. A heading below the first rank bears its parent's name:
    "Conservation > Offre professionnelle".
    """
    blocks = list(blocks)
    if any(isinstance(b, Heading) and b.level == 0 for b in blocks):
        blocks = [Heading(b.level + 1, b.text) if isinstance(b, Heading) else b for b in blocks]
    headings = [b for b in blocks if isinstance(b, Heading) and b.text]
    first = [h for h in headings if h.level == 1]
    lone = first[0] if len(first) == 1 else None
    top = min((h.level for h in headings if h is not lone), default=1)
    sections: list[Section] = []
    heading = parent = None
    sentences: list[Sentence] = []
    for block in blocks:
        if not isinstance(block, Heading):
            sentences += _sentences(block, heading, assistant)
            continue
        if not block.text:
            continue
        if sentences:
            sections.append(Section(heading, tuple(sentences)))
            sentences = []
        if block is lone:
            heading = parent = None
        elif block.level <= top or parent is None:
            heading = parent = block.text
        else:
            heading = f"{parent} > {block.text}"
    if sentences:
        sections.append(Section(heading, tuple(sentences)))
    return (first[0].text if first else None), sections
