"""Markdown files: front matter, headings, footnotes, lists and tables are read as structure."""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin

from assistant.corpus.draft import Draft
from assistant.corpus.plain import decode
from assistant.domain import Row, Section, Sentence, Source
from assistant.errors import UnreadableDocumentError
from assistant.text import clean, fold, split_sentences, squeeze

_FRONT_MATTER = re.compile(r"\A---[ ]*\n(.*?)\n---[ ]*(?:\n|\Z)", re.DOTALL)
_DEFINITION = re.compile(r"^\[\^([^\]\s]+)\]:[ ]*(.*(?:\n(?:[ ]{2,}|\t).+)*)", re.MULTILINE)
_ADDRESS = re.compile(r"<(https?://[^>\s]+)>|(https?://\S+)")
_ISO_DATE = re.compile(r"\b(\d{4}-\d{2}-\d{2})\b")
IDENTITY_HEADING = "tableau d'identite"


def _source(label: str, text: str) -> Source:
    """Read a footnote: title and publisher, then date, then address."""
    address = _ADDRESS.search(text)
    url = (address[1] or address[2].rstrip(".,;")) if address else None
    rest = _ADDRESS.sub("", text)
    date = _ISO_DATE.search(rest)
    title = _ISO_DATE.sub("", rest)
    title = re.sub(r"\b(?:sans date|sans adresse)\b", "", title)
    title = re.sub(r"(?:[\s,]*[.,;])+\s*$", "", squeeze(title))
    return Source(label, title or label, url, date[1] if date else None)


class _Inline:
    """The text of an inline token, and where its footnote marks stand in it."""

    def __init__(self, token: Token) -> None:
        parts: list[str] = []
        self.marks: list[tuple[int, str]] = []
        length = 0
        for child in token.children or []:
            if child.type == "footnote_ref":
                self.marks.append((length, str(child.meta["label"])))
                continue
            if child.type in {"softbreak", "hardbreak"}:
                piece = " "
            elif child.type == "image":
                piece = child.content
            elif child.type in {"text", "code_inline", "html_inline"}:
                piece = child.content if child.type != "html_inline" else ""
            else:
                continue
            parts.append(piece)
            length += len(piece)
        self.text = "".join(parts)

    @property
    def notes(self) -> tuple[str, ...]:
        """Every footnote label, in order, each once."""
        return tuple(dict.fromkeys(label for _, label in self.marks))

    def sentences(self) -> list[Sentence]:
        """Split into sentences, each with the notes that stand in it or right after it."""
        found: list[Sentence] = []
        start = 0
        pieces = split_sentences(self.text)
        bounds = []
        for piece in pieces:
            start = self.text.index(piece, start)
            bounds.append((start, start + len(piece)))
            start += len(piece)
        for number, (piece, (begin, _)) in enumerate(zip(pieces, bounds, strict=True)):
            # A mark at the very start of a sentence belongs to the one before it.
            limit = bounds[number + 1][0] if number + 1 < len(bounds) else len(self.text)
            labels = [label for at, label in self.marks if begin < at <= limit]
            found.append(Sentence(squeeze(piece), tuple(dict.fromkeys(labels)), opens=number == 0))
        return found


def _front_matter(text: str, path: Path) -> tuple[dict[str, Any], str]:
    match = _FRONT_MATTER.match(text)
    if match is None:
        return {}, text
    try:
        loaded = yaml.safe_load(match[1])
    except yaml.YAMLError as error:
        message = (
            f"L'en-tête de « {path.name} » (entre les deux lignes « --- ») n'est pas du YAML valide : "
            "corrigez-le, puis relancez « assistant index »."
        )
        raise UnreadableDocumentError(message, path=path) from error
    if loaded is None:
        return {}, text[match.end() :]
    if not isinstance(loaded, dict):
        return {}, text
    return loaded, text[match.end() :]


def _word(value: Any) -> str | None:
    """Return a front-matter value as text, None where it is absent."""
    if value is None:
        return None
    if isinstance(value, datetime.date):
        return value.isoformat()
    return squeeze(clean(str(value))) or None


class _Builder:
    """Walks the block tokens and gathers sections."""

    def __init__(self, assistant: str | None) -> None:
        self.assistant = assistant
        self.title: str | None = None
        self.sections: list[Section] = []
        self._heading: str | None = None
        self._parent: str | None = None
        self._sentences: list[Sentence] = []

    def flush(self) -> None:
        if self._sentences:
            self.sections.append(Section(self._heading, tuple(self._sentences)))
            self._sentences = []

    def heading(self, level: int, text: str) -> None:
        self.flush()
        if level == 1:
            self.title = self.title or text
            self._heading = self._parent = None
        elif level == 2:
            self._heading = self._parent = text
        else:
            self._heading = f"{self._parent} > {text}" if self._parent else text

    def paragraph(self, token: Token) -> None:
        self._sentences += _Inline(token).sentences()

    def code(self, text: str) -> None:
        kept = squeeze(text)
        if kept:
            self._sentences.append(Sentence(kept, opens=True))

    def table(self, head: list[_Inline], rows: list[list[_Inline]]) -> None:
        identity = fold(self._heading or "").startswith(IDENTITY_HEADING) and len(head) == 2
        for cells in rows:
            texts = [squeeze(c.text) for c in cells]
            notes = tuple(dict.fromkeys(n for c in cells for n in c.notes))
            if not any(texts):
                continue
            if identity:
                prefix = f"{self.assistant} · " if self.assistant else ""
                text = f"{prefix}{texts[0]}\u00a0: {texts[1]}"
                self._sentences.append(Sentence(text, notes, Row(texts[0], texts[1]), opens=True))
            else:
                named = [
                    f"{squeeze(h.text)}\u00a0: {t}" if squeeze(h.text) else t
                    for h, t in zip(head, texts, strict=False)
                    if t
                ]
                self._sentences.append(Sentence(" ; ".join(named), notes, opens=True))


def _tables(tokens: list[Token], at: int) -> tuple[list[_Inline], list[list[_Inline]], int]:
    """Read the table that opens at *at*; return head, rows and the index after it."""
    head: list[_Inline] = []
    rows: list[list[_Inline]] = []
    current: list[_Inline] = []
    in_head = False
    while tokens[at].type != "table_close":
        token = tokens[at]
        if token.type == "thead_open":
            in_head = True
        elif token.type == "thead_close":
            in_head = False
        elif token.type == "tr_open":
            current = []
        elif token.type == "tr_close":
            if in_head:
                head = current
            else:
                rows.append(current)
        elif token.type == "inline":
            current.append(_Inline(token))
        at += 1
    return head, rows, at


def read(path: Path) -> Draft:
    """Read a Markdown file; one without front matter works as well.

    Raises:
        UnreadableDocumentError: Not text, or a front matter that is not YAML.
    """
    text = decode(path.read_bytes(), path)
    meta, body = _front_matter(text, path)
    draft = Draft(
        title=_word(meta.get("titre") or meta.get("title")),
        type=_word(meta.get("type")),
        author=_word(meta.get("auteur") or meta.get("author")),
        updated=_word(meta.get("mis_a_jour") or meta.get("date")),
        provider=_word(meta.get("fournisseur")),
        assistant=_word(meta.get("assistant")),
    )
    aliases = meta.get("alias") or []
    if isinstance(aliases, list):
        draft.aliases = [a for a in (_word(x) for x in aliases) if a]
    draft.sources = [_source(m[1], squeeze(m[2])) for m in _DEFINITION.finditer(body)]
    parser = MarkdownIt("commonmark", {"html": False}).enable("table").use(footnote_plugin, inline=False)
    tokens = parser.parse(body)
    builder = _Builder(draft.assistant)
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if token.type == "footnote_block_open":
            break
        if token.type == "heading_open":
            builder.heading(int(token.tag[1]), squeeze(_Inline(tokens[at + 1]).text))
            at += 2
        elif token.type == "table_open":
            head, rows, at = _tables(tokens, at)
            builder.table(head, rows)
        elif token.type == "inline":
            builder.paragraph(token)
        elif token.type in {"fence", "code_block"}:
            builder.code(token.content)
        at += 1
    builder.flush()
    draft.sections = builder.sections
    draft.title = draft.title or builder.title
    return draft
