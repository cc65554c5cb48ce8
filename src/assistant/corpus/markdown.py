"""Markdown files: front matter, headings, footnotes, lists and tables are read as structure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin

from assistant.corpus.blocks import Block, Heading, Paragraph, Table, assemble
from assistant.corpus.draft import Draft, Job, Marked, MarkedBuilder
from assistant.corpus.notes import source_of
from assistant.corpus.plain import decode
from assistant.corpus.yaml_text import YamlError, load_yaml
from assistant.errors import UnreadableDocumentError
from assistant.text import clean, squeeze

FRONT_MATTER = re.compile(r"\A---[ ]*\n(.*?)\n---[ ]*(?:\n|\Z)", re.DOTALL)
DEFINITION = re.compile(r"^\[\^([^\]\s]+)\]:[ ]*(.*(?:\n(?:[ ]{2,}|\t).+)*)", re.MULTILINE)


def _inline(token: Token) -> Marked:
    """Return the text of an inline token, and where its footnote marks stand in it."""
    builder = MarkedBuilder()
    for child in token.children or []:
        if child.type == "footnote_ref":
            builder.mark(str(child.meta["label"]))
        elif child.type in {"softbreak", "hardbreak"}:
            builder.add(" ")
        elif child.type in {"text", "code_inline", "image"}:
            builder.add(child.content)
    return builder.build()


def front_matter(text: str, path: Path) -> tuple[dict[str, Any], str]:
    """Return the front matter, empty where there is none, and the text after it.

    Raises:
        UnreadableDocumentError: It is not YAML.
    """
    match = FRONT_MATTER.match(text)
    if match is None:
        return {}, text
    try:
        loaded = load_yaml(match[1])
    except YamlError as error:
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
    """Return a front-matter value as text, None where it is absent or not one value."""
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, str | int | float):
        return squeeze(clean(str(value))) or None
    return None


def _table(tokens: list[Token], at: int) -> tuple[Table, int]:
    """Read the table that opens at *at*; return it and the index of its end."""
    head: tuple[Marked, ...] = ()
    rows: list[tuple[Marked, ...]] = []
    current: list[Marked] = []
    in_head = False
    while tokens[at].type != "table_close":
        token = tokens[at]
        if token.type in {"thead_open", "thead_close"}:
            in_head = token.type == "thead_open"
        elif token.type == "tr_open":
            current = []
        elif token.type == "tr_close" and in_head:
            head = tuple(current)
        elif token.type == "tr_close":
            rows.append(tuple(current))
        elif token.type == "inline":
            current.append(_inline(token))
        at += 1
    return Table(head, tuple(rows)), at


def _blocks(tokens: list[Token]) -> Iterator[Block]:
    at = 0
    while at < len(tokens) and tokens[at].type != "footnote_block_open":
        token = tokens[at]
        if token.type == "heading_open":
            yield Heading(int(token.tag[1]), squeeze(_inline(tokens[at + 1]).text))
            at += 2
        elif token.type == "table_open":
            table, at = _table(tokens, at)
            yield table
        elif token.type == "inline":
            yield Paragraph(_inline(token))
        elif token.type in {"fence", "code_block"}:
            yield Paragraph(Marked(token.content), whole=True)
        at += 1


def read(job: Job) -> Draft:
    """Read a Markdown file; one without front matter works as well.

    Raises:
        UnreadableDocumentError: Not text, or a front matter that is not YAML.
    """
    text = decode(job.path.read_bytes(), job.path)
    meta, body = front_matter(text, job.path)
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
    draft.sources = [source_of(m[1], squeeze(m[2])) for m in DEFINITION.finditer(body)]
    parser = MarkdownIt("commonmark", {"html": False}).enable("table").use(footnote_plugin, inline=False)
    title, draft.sections = assemble(_blocks(parser.parse(body)), assistant=draft.assistant)
    draft.title = draft.title or title
    return draft
