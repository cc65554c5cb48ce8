"""HTML files: the main content, without navigation, scripts and styles."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from lxml import etree

from assistant.corpus.blocks import Block, Heading, Paragraph, assemble, tabulate
from assistant.corpus.draft import Draft, Job, Marked, MarkedBuilder
from assistant.corpus.notes import ADDRESS, source_of
from assistant.corpus.plain import decode
from assistant.domain import Source
from assistant.errors import UnreadableDocumentError
from assistant.text import clean, squeeze

Element = etree._Element  # noqa: SLF001 - lxml's stubs name the class so

_NOT_TEXT = frozenset(
    {
        "script",
        "style",
        "noscript",
        "template",
        "nav",
        "form",
        "button",
        "select",
        "input",
        "textarea",
        "svg",
        "canvas",
        "iframe",
        "object",
        "embed",
        "dialog",
        "menu",
        "audio",
        "video",
        "map",
        "datalist",
        "head",
    }
)
_AROUND = frozenset({"header", "footer", "aside"})
_ROLES = frozenset(
    {
        "navigation",
        "banner",
        "contentinfo",
        "complementary",
        "search",
        "dialog",
        "alertdialog",
        "menu",
        "menubar",
    }
)
# Words in a class or id by which sites mark what surrounds their text…
_FURNITURE = re.compile(
    r"(?:^|[\s_-])(?:nav(?:bar|igation)?|menu|breadcrumbs?|fil-ariane|sidebar|share|sharing|social|partage|"
    r"related|pagination|pager|skip(?:link)?|toc|sommaire|footer|tags?)(?:$|[\s_-])",
    re.IGNORECASE,
)
# … and those that never mark anything else.
_BANNERS = re.compile(r"cookie|consent|rgpd-banner|newsletter|popup|advert|publicite", re.IGNORECASE)
_BLOCKS = frozenset(
    {
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "header",
        "hr",
        "html",
        "legend",
        "li",
        "main",
        "ol",
        "p",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    }
)
_CHARSET = re.compile(
    rb"<(?:meta[^>]{0,200}?charset|\?xml[^>]{0,100}?encoding)\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE
)
_DATES = ("article:modified_time", "dcterms.modified", "last-modified", "article:published_time", "date")
# The number before a footnote's text and the arrows that lead back to its mark.
_NOTE_EDGES = re.compile(r"^[\s↑^↩]*(?:\[?\d{1,3}[\].)]+)?[\s↑^↩]*|[\s↩]+$")
_TICK_EVERY = 1_000
_MAX_SPAN = 64


def _decode(job: Job) -> str:
    """Return the page's text: by what it declares if that holds, else as any text is read."""
    data = job.path.read_bytes()
    declared = _CHARSET.search(data[:4096])
    if declared and not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and b"\0" not in data:
        name = declared[1].decode("ascii", "replace").lower()
        # As browsers do: what calls itself Latin-1 is Windows-1252.
        name = "cp1252" if name in {"iso-8859-1", "latin-1", "latin1", "us-ascii"} else name
        # A page whose declaration could be read byte by byte is not UTF-16, whatever it declares.
        name = "utf-8" if name.startswith(("utf-16", "utf-32", "utf16", "utf32")) else name
        try:
            return clean(data.decode(name))
        except (UnicodeError, LookupError):
            pass
    return decode(data, job.path, "page")


def _parse(job: Job) -> Element | None:
    """Return the page's tree, None where it has none.

    Raises:
        UnreadableDocumentError: It is not text, or nested too deeply.
    """
    text = _decode(job)
    parser = etree.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True, huge_tree=True
    )
    root = etree.fromstring(text.encode("utf-8", "replace"), parser) if text.strip() else None
    if root is None:
        return None
    depth = 0
    for number, (event, _) in enumerate(etree.iterwalk(root, events=("start", "end"))):
        depth += 1 if event == "start" else -1
        if depth > job.limits.max_depth:
            message = (
                f"La page « {job.path.name} » imbrique plus de {job.limits.max_depth} éléments les uns dans "
                "les autres : vérifiez d'où elle vient, ou enregistrez-en le texte seul."
            )
            raise UnreadableDocumentError(message, path=job.path)
        if number % _TICK_EVERY == 0:
            job.tick()
    return root


def _words(element: Element) -> str:
    return squeeze(clean("".join(str(t) for t in element.itertext())))


def _linked_share(element: Element) -> float:
    """Return which share of an element's text lies in links."""
    whole = len(_words(element))
    return sum(len(_words(a)) for a in element.iter("a")) / whole if whole else 0.0


def _is_furniture(element: Element, *, whole_page: bool) -> bool:
    """Tell whether an element is around the text rather than of it."""
    tag = str(element.tag)
    if tag in _NOT_TEXT or element.get("role", "").lower() in _ROLES:
        return True
    if element.get("hidden") is not None or element.get("aria-hidden") == "true":
        return True
    if tag in _AROUND:
        # Inside an article, a header holds its title and an aside a remark of the author.
        return whole_page and (tag != "header" or element.find(".//h1") is None)
    names = f"{element.get('class', '')} {element.get('id', '')}".strip()
    if not names or tag in {"body", "html", "main", "article"}:
        return False
    if _BANNERS.search(names):
        return len(_words(element)) < 2_000
    return bool(_FURNITURE.search(names)) and _linked_share(element) > 0.5


class _Page:
    """Walks the tree without recursion, whatever its depth, and gives its blocks."""

    def __init__(self, root: Element, job: Job) -> None:
        self.sources: list[Source] = []
        self._job = job
        self._by_id = {str(e.get("id")): e for e in root.iter() if e.get("id")}
        self._notes: set[Element] = set()
        self._labels: dict[str, str] = {}
        self._root, self._whole_page = _main(root)

    def _note(self, sup: Element) -> str | None:
        """Return the label of the footnote that a raised link points to, None if it is none."""
        links = list(sup.iter("a"))
        href = links[0].get("href", "") if len(links) == 1 else ""
        target = self._by_id.get(href[1:]) if href.startswith("#") else None
        if target is None:
            return None
        if href not in self._labels:
            label = f"note-{len(self._labels) + 1}"
            text = _NOTE_EDGES.sub("", _words(target))
            addresses = [a.get("href", "") for a in target.iter("a")]
            address = next((a for a in addresses if a.startswith("http")), "")
            if address and not ADDRESS.search(text):
                text = f"{text} <{address}>"
            self._labels[href] = label
            self._notes.add(target)
            self.sources.append(source_of(label, text))
        return self._labels[href]

    def find_notes(self) -> None:
        """Find the footnotes first, so that their text is read as sources and not as content."""
        for sup in self._root.iter("sup"):
            self._note(sup)

    def _skipped(self, element: Element) -> bool:
        return element in self._notes or _is_furniture(element, whole_page=self._whole_page)

    def blocks(self, top: Element | None = None) -> Iterator[Block]:
        """Yield the blocks of *top*, or of the main content."""
        top = self._root if top is None else top
        builder = MarkedBuilder()
        walk = etree.iterwalk(top, events=("start", "end"))
        for number, (event, element) in enumerate(walk):
            if number % _TICK_EVERY == 0:
                self._job.tick()
            tag = str(element.tag)
            if event == "end":
                if tag in _BLOCKS:
                    yield from _flush(builder)
                if element is not top:
                    builder.add(element.tail or "")
                continue
            found = self._special(element, tag, builder) if element is not top else None
            if found is not None:
                walk.skip_subtree()
                if found or tag in _BLOCKS:
                    yield from _flush(builder)
                    yield from found
                continue
            if tag in _BLOCKS:
                yield from _flush(builder)
            builder.add(element.text or "")
        yield from _flush(builder)

    def _special(self, element: Element, tag: str, builder: MarkedBuilder) -> list[Block] | None:
        """Return the blocks of an element read as a whole; None to go on into it."""
        if self._skipped(element):
            return []
        if re.fullmatch(r"h[1-6]", tag):
            return [Heading(int(tag[1]), _words(element))]
        if tag == "pre":
            return [Paragraph(Marked(clean("".join(str(t) for t in element.itertext()))), whole=True)]
        if tag == "br":
            builder.add(" ")
        elif tag == "sup" and (label := self._note(element)):
            builder.mark(label)
            return []
        elif tag == "table" and _is_data(element):
            return list(self._table(element))
        return None

    def _table(self, table: Element) -> Iterator[Block]:
        caption = table.find("caption")
        if caption is not None and _words(caption):
            yield Paragraph(Marked(_words(caption)))
        rows: list[tuple[Marked, ...]] = []
        headed = False
        hanging: dict[int, tuple[int, Marked]] = {}
        for row in table.iter("tr"):
            cells = self._cells(row, hanging)
            if not rows:
                headed = all(c.tag == "th" for c in row) or row.getparent().tag == "thead"  # type: ignore[union-attr]
            rows.append(tuple(cells))
            self._job.tick()
        yield from tabulate(rows, headed=headed)

    def _cells(self, row: Element, hanging: dict[int, tuple[int, Marked]]) -> list[Marked]:
        """Return the cells of a row; *hanging* are those that reach down from rows above."""
        cells: list[Marked] = []
        for element in row.iter("td", "th"):
            _hang(cells, hanging)
            one = MarkedBuilder()
            for block in self.blocks(element):
                if isinstance(block, Paragraph):
                    one.extend(block.text)
                elif isinstance(block, Heading):
                    one.add(block.text)
                one.add(" ")
            text = one.build()
            rows = _span(element, "rowspan")
            for extra in range(_span(element, "colspan")):
                if rows > 1:
                    hanging[len(cells)] = (rows - 1, text)
                cells.append(text if not extra else Marked(""))
        _hang(cells, hanging)
        return cells


def _hang(cells: list[Marked], hanging: dict[int, tuple[int, Marked]]) -> None:
    """Add the cells that reach down from above at the place where the row now stands."""
    while len(cells) in hanging:
        left, text = hanging.pop(len(cells))
        if left > 1:
            hanging[len(cells)] = (left - 1, text)
        cells.append(text)


def _span(cell: Element, name: str) -> int:
    value = cell.get(name, "1").strip()
    return max(1, min(int(value), _MAX_SPAN)) if value.isdecimal() and len(value) < 6 else 1


def _is_data(table: Element) -> bool:
    """Tell a table of data from one that only lays the page out."""
    if table.get("role") in {"presentation", "none"} or table.find(".//table") is not None:
        return False
    return sum(1 for _ in table.iter("tr")) > 1 or table.find(".//th") is not None


def _flush(builder: MarkedBuilder) -> Iterator[Block]:
    text = builder.build()
    if squeeze(text.text):
        yield Paragraph(text)


def _main(root: Element) -> tuple[Element, bool]:
    """Return the element that holds the text, and whether it is the whole page."""
    for path in (".//main", ".//*[@role='main']", ".//article"):
        found = root.findall(path)
        if len(found) == 1 and len(_words(found[0])) > 200:
            return found[0], False
    body = root.find("body")
    return (body if body is not None else root), True


def _meta(root: Element, *names: str) -> str | None:
    for meta in root.iter("meta"):
        name = (meta.get("name") or meta.get("property") or "").lower()
        if name in names and meta.get("content", "").strip():
            return squeeze(clean(meta.get("content", "")))
    return None


def read(job: Job) -> Draft:
    """Read an HTML page.

    Raises:
        UnreadableDocumentError: It is not text, or nested too deeply.
    """
    root = _parse(job)
    if root is None:
        return Draft()
    page = _Page(root, job)
    page.find_notes()
    heading, sections = assemble(page.blocks())
    title = root.find(".//title")
    dated = _meta(root, *_DATES)
    iso = re.match(r"\d{4}-\d{2}-\d{2}", dated or "")
    return Draft(
        title=heading or (_words(title) if title is not None else None) or None,
        author=_meta(root, "author", "article:author", "dcterms.creator"),
        updated=iso[0] if iso else None,
        sections=sections,
        sources=page.sources,
    )
