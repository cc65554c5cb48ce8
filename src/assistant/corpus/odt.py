"""ODT files: headings, paragraphs, lists, tables, notes, title and properties."""

from __future__ import annotations

from collections.abc import Iterator

from assistant.corpus.blocks import Block, Heading, Paragraph, assemble, one_line, tabulate
from assistant.corpus.draft import Draft, Job, Marked, MarkedBuilder
from assistant.corpus.notes import source_of
from assistant.corpus.office import Element, Package, attribute, child, children, name_of, property_of
from assistant.domain import Source
from assistant.text import fold, squeeze

_KIND = "OpenDocument"
# Deleted text, comments, tables of contents, fields of forms, and what describes pictures.
_PASSED_OVER = frozenset(
    {
        "tracked-changes",
        "annotation",
        "annotation-end",
        "table-of-content",
        "alphabetical-index",
        "sequence-decls",
        "forms",
        "desc",
        "title",
        "variable-decls",
        "user-field-decls",
        "index-title",
        "illustration-index",
        "table-index",
    }
)
_TITLES = frozenset({"title", "titre"})
_MAX_REPEAT = 64


def _number(element: Element, name: str) -> int:
    """Return how many times a cell, row or space is repeated, within reason."""
    value = attribute(element, name) or "1"
    return min(int(value), _MAX_REPEAT) if value.isdecimal() and len(value) < 9 else 1


class _Body:
    """Walks the text and gives its blocks; gathers the notes on the way."""

    def __init__(self, titles: frozenset[str], job: Job) -> None:
        self.sources: list[Source] = []
        self._titles = titles
        self._job = job

    def blocks(self, parent: Element) -> Iterator[Block]:
        for element in parent:
            name = name_of(element)
            if name in {"p", "h"}:
                yield from self._paragraph(element, name)
            elif name == "table":
                yield from self._table(element)
                self._job.tick()
            elif name not in _PASSED_OVER:
                yield from self.blocks(element)

    def _paragraph(self, element: Element, name: str) -> Iterator[Block]:
        builder, boxes = MarkedBuilder(), list[Element]()
        self._gather(element, builder, boxes)
        text = builder.build()
        if squeeze(text.text):
            if name == "h":
                yield Heading(_number(element, "outline-level"), squeeze(text.text))
            elif (attribute(element, "style-name") or "") in self._titles:
                yield Heading(0, squeeze(text.text))
            else:
                yield Paragraph(text)
        for box in boxes:
            yield from self.blocks(box)

    def _gather(self, element: Element, builder: MarkedBuilder, boxes: list[Element]) -> None:
        builder.add(element.text or "")
        for part in element:
            name = name_of(part)
            if name == "s":
                builder.add(" " * _number(part, "c"))
            elif name in {"tab", "line-break"}:
                builder.add(" ")
            elif name == "note":
                builder.mark(self._note(part))
            elif name == "text-box":
                boxes.append(part)
            elif name and name not in _PASSED_OVER:
                self._gather(part, builder, boxes)
            builder.add(part.tail or "")

    def _note(self, note: Element) -> str:
        kind = "fin" if attribute(note, "note-class") == "endnote" else "note"
        label = f"{kind}-{attribute(note, 'id') or len(self.sources) + 1}"
        body = child(note, "note-body")
        text = squeeze(one_line(self.blocks(body)).text) if body is not None else ""
        if text:
            self.sources.append(source_of(label, text))
        return label

    def _rows(self, parent: Element, *, head: bool = False) -> Iterator[tuple[bool, Element]]:
        """Yield each row, and whether it stands among the heads."""
        for element in parent:
            name = name_of(element)
            if name == "table-row":
                yield head, element
            elif name in {"table-header-rows", "table-rows", "table-row-group"}:
                yield from self._rows(element, head=head or name == "table-header-rows")

    def _cells(self, row: Element) -> tuple[Marked, ...]:
        cells: list[Marked] = []
        for cell in row:
            if name_of(cell) in {"table-cell", "covered-table-cell"}:
                cells += [one_line(self.blocks(cell))] * _number(cell, "number-columns-repeated")
        while cells and not cells[-1].text.strip():
            cells.pop()
        return tuple(cells)

    def _table(self, table: Element) -> Iterator[Block]:
        rows = [(head, self._cells(row)) for head, row in self._rows(table)]
        heads = [cells for head, cells in rows if head]
        plain = [cells for head, cells in rows if not head]
        # Of several rows of heads, the last one names each column most closely.
        yield from tabulate([*heads[-1:], *plain], headed=bool(heads))


def _titles(*roots: Element | None) -> frozenset[str]:
    """Return the styles that are, or directly descend from, that of the title."""
    found = set()
    for root in roots:
        for style in root.iter() if root is not None else ():
            if name_of(style) == "style":
                names = (attribute(style, a) or "" for a in ("name", "parent-style-name", "display-name"))
                if _TITLES & {fold(n) for n in names}:
                    found.add(attribute(style, "name") or "")
    return frozenset(found | {"Title", "Titre"})


def _refuse_locked(package: Package) -> None:
    manifest = package.optional("META-INF/manifest.xml")
    if manifest is not None and any(
        child(e, "encryption-data") is not None for e in children(manifest, "file-entry")
    ):
        raise package.locked()


def read(job: Job) -> Draft:
    """Read an ODT.

    Raises:
        UnreadableDocumentError: It is damaged, locked, or unpacks beyond the limits.
    """
    package = Package(job, _KIND)
    try:
        _refuse_locked(package)
        root = package.xml("content.xml")
        text = child(root, "body", "text")
        body = _Body(_titles(child(root, "automatic-styles"), package.optional("styles.xml")), job)
        blocks = list(body.blocks(text)) if text is not None else []
        title, sections = assemble(blocks)
        meta = child(package.optional("meta.xml"), "meta")
        return Draft(
            title=title or property_of(meta, "title"),
            author=property_of(meta, "creator") or property_of(meta, "initial-creator"),
            updated=(property_of(meta, "date") or "")[:10] or None,
            sections=sections,
            sources=body.sources,
        )
    finally:
        package.close()
