"""DOCX files: headings, paragraphs, lists, tables, footnotes, title and properties.

Read from the XML itself rather than through python-docx, which opens every part (pictures too),
refuses documents with a dangling relationship, and passes over content controls, text boxes and
footnotes.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from assistant.corpus.blocks import Block, Heading, Paragraph, assemble, one_line, tabulate
from assistant.corpus.draft import Draft, Job, Marked, MarkedBuilder
from assistant.corpus.notes import source_of
from assistant.corpus.office import Element, Package, attribute, child, children, name_of, property_of
from assistant.domain import Source
from assistant.text import fold, squeeze

_KIND = "Word"
_HEADING = re.compile(r"(?:heading|titre) ?([1-9])$")
_TITLES = frozenset({"title", "titre"})
_CONTENTS = re.compile(r"(?:toc|tm|table des matieres) ?\d*$")
# Deleted, moved-away or hidden text, field codes, and the older twin of a text box.
_PASSED_OVER = frozenset(
    {"del", "moveFrom", "delText", "instrText", "Fallback", "rPr", "pPr", "sdtPr", "tblPr"}
)
_NOTES = {"footnoteReference": "note", "endnoteReference": "fin"}
_MAX_SPAN = 64


class _Styles:
    """Which paragraph styles are headings, by the names that Word and its users give them."""

    def __init__(self, root: Element | None) -> None:
        self._names: dict[str, str] = {}
        self._levels: dict[str, int] = {}
        bases: dict[str, str] = {}
        for style in children(root, "style") if root is not None else ():
            key = attribute(style, "styleId") or ""
            self._names[key] = fold((_value(child(style, "name")) or "").strip())
            outline = _value(child(style, "pPr", "outlineLvl"))
            if outline and outline.isdecimal() and int(outline) < 9:
                self._levels[key] = int(outline) + 1
            bases[key] = _value(child(style, "basedOn")) or ""
        for key in self._names:
            self._inherit(key, bases)

    def _inherit(self, key: str, bases: dict[str, str]) -> None:
        """Give a style the rank of the first style that it descends from and that has one."""
        seen: set[str] = set()
        ancestor = key
        while ancestor in self._names and ancestor not in seen:
            seen.add(ancestor)
            match = _HEADING.match(self._names[ancestor])
            if match or ancestor in self._levels:
                self._levels[key] = int(match[1]) if match else self._levels[ancestor]
                return
            ancestor = bases.get(ancestor, "")

    def level(self, style: str) -> int | None:
        """Return the rank of a heading, 0 for the title, None for any other paragraph."""
        name = self._names.get(style, fold(style))
        if name in _TITLES:
            return 0
        match = _HEADING.match(name)
        return self._levels.get(style) or (int(match[1]) if match else None)

    def is_contents(self, style: str) -> bool:
        """Tell whether the style is that of a line of the table of contents."""
        return bool(_CONTENTS.match(self._names.get(style, fold(style))))


def _value(element: Element | None) -> str | None:
    return attribute(element, "val") if element is not None else None


def _hidden(run: Element) -> bool:
    vanish = child(run, "rPr", "vanish")
    return vanish is not None and _value(vanish) not in {"0", "false", "off"}


def _text(paragraph: Element, boxes: list[Element]) -> Marked:
    """Return the text of a paragraph; the text boxes anchored in it are added to *boxes*."""
    builder = MarkedBuilder()
    stack = [paragraph]
    while stack:
        element = stack.pop()
        name = name_of(element)
        if name in _PASSED_OVER or (name == "r" and _hidden(element)):
            continue
        if name == "t":
            builder.add(element.text or "")
        elif name in {"tab", "br", "cr"}:
            builder.add(" ")
        elif name == "noBreakHyphen":
            builder.add("\u2011")
        elif name in _NOTES:
            builder.mark(f"{_NOTES[name]}-{attribute(element, 'id')}")
        elif name == "txbxContent":
            boxes.append(element)
        else:
            stack += reversed(element)
    return builder.build()


class _Body:
    """Walks the body and gives its blocks."""

    def __init__(self, styles: _Styles, job: Job) -> None:
        self._styles = styles
        self._job = job

    def blocks(self, parent: Element) -> Iterator[Block]:
        for element in parent:
            name = name_of(element)
            if name == "p":
                yield from self._paragraph(element)
            elif name == "tbl":
                yield from self._table(element)
                self._job.tick()
            elif name not in _PASSED_OVER:
                # Content controls, insertions, custom XML: what they hold counts.
                yield from self.blocks(element)

    def _paragraph(self, element: Element) -> Iterator[Block]:
        boxes: list[Element] = []
        text = _text(element, boxes)
        properties = child(element, "pPr")
        style = _value(child(properties, "pStyle")) or ""
        if squeeze(text.text) and not self._styles.is_contents(style):
            level = self._styles.level(style)
            outline = _value(child(properties, "outlineLvl"))
            if level is None and outline and outline.isdecimal() and int(outline) < 9:
                level = int(outline) + 1
            yield Paragraph(text) if level is None else Heading(level, squeeze(text.text))
        for box in boxes:
            yield from self.blocks(box)

    def _table(self, table: Element) -> Iterator[Block]:
        rows: list[tuple[Marked, ...]] = []
        above: list[Marked] = []
        for row in _inside(table, "tr"):
            cells: list[Marked] = []
            for element in _inside(row, "tc"):
                span = _value(child(element, "tcPr", "gridSpan")) or "1"
                merge = child(element, "tcPr", "vMerge")
                goes_on = merge is not None and _value(merge) != "restart"
                at = len(cells)
                text = above[at] if goes_on and at < len(above) else one_line(self.blocks(element))
                cells += [text] + [Marked("")] * (min(int(span), _MAX_SPAN) - 1 if span.isdecimal() else 0)
            rows.append(tuple(cells))
            above = cells
        if rows:
            marked = child(next(_inside(table, "tr")), "trPr", "tblHeader") is not None
            yield from tabulate(rows, headed=marked)


def _inside(parent: Element, wanted: str) -> Iterator[Element]:
    """Yield rows or cells, those inside content controls too."""
    for element in parent:
        name = name_of(element)
        if name == wanted:
            yield element
        elif name in {"sdt", "sdtContent", "customXml", "ins"}:
            yield from _inside(element, wanted)


def _main_part(package: Package) -> str:
    """Return the member that holds the text."""
    root = package.optional("_rels/.rels")
    for relation in root if root is not None else ():
        if (attribute(relation, "Type") or "").endswith("/officeDocument"):
            target = (attribute(relation, "Target") or "").lstrip("/")
            if target in package:
                return target
    return "word/document.xml"


def _sources(package: Package, folder: str) -> list[Source]:
    found = []
    for member, kind in (("footnotes.xml", "footnote"), ("endnotes.xml", "endnote")):
        root = package.optional(posixpath.join(folder, member))
        for note in children(root, kind) if root is not None else ():
            if attribute(note, "type"):
                continue  # the rule above the notes, not a note
            text = " ".join(_text(p, []).text for p in note.iter() if name_of(p) == "p")
            if squeeze(text):
                found.append(
                    source_of(f"{_NOTES[kind + 'Reference']}-{attribute(note, 'id')}", squeeze(text))
                )
    return found


def read(job: Job) -> Draft:
    """Read a DOCX.

    Raises:
        UnreadableDocumentError: It is damaged, locked, or unpacks beyond the limits.
    """
    package = Package(job, _KIND)
    try:
        member = _main_part(package)
        folder = posixpath.dirname(member)
        root = package.xml(member)
        styles = _Styles(package.optional(posixpath.join(folder, "styles.xml")))
        body = child(root, "body")
        title, sections = assemble(_Body(styles, job).blocks(body) if body is not None else ())
        properties = package.optional("docProps/core.xml")
        return Draft(
            title=title or property_of(properties, "title"),
            author=property_of(properties, "creator"),
            updated=(property_of(properties, "modified") or "")[:10] or None,
            sections=sections,
            sources=_sources(package, folder),
        )
    finally:
        package.close()
