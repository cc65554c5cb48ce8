"""Drafts as JSON: how the process that reads hands them over, without pickle."""

from __future__ import annotations

import json
from typing import Any

from assistant.corpus.draft import Draft
from assistant.domain import Row, Section, Sentence, Source


def dump(value: dict[str, Any]) -> bytes:
    """Return *value* as one line of UTF-8; lone surrogates, which no text may hold, become "?"."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _as_list(sentence: Sentence) -> list[Any]:
    row = sentence.row
    return [sentence.text, sentence.notes, [row.attribute, row.value] if row else None, sentence.opens]


def from_draft(draft: Draft) -> dict[str, Any]:
    """Return *draft* as plain lists and mappings."""
    sections = [[s.heading, [_as_list(x) for x in s.sentences], s.page, s.ocr] for s in draft.sections]
    sources = [[s.id, s.title, s.url, s.date] for s in draft.sources]
    return {**vars(draft), "sections": sections, "sources": sources}


def _sentence(data: list[Any]) -> Sentence:
    text, notes, row, opens = data
    return Sentence(text, tuple(notes), Row(*row) if row else None, opens)


def to_draft(data: dict[str, Any]) -> Draft:
    """Return the draft that *data* describes.

    Raises:
        KeyError, TypeError, ValueError: *data* does not describe one.
    """
    sections = [Section(h, tuple(map(_sentence, x)), page, ocr) for h, x, page, ocr in data["sections"]]
    return Draft(**{**data, "sections": sections, "sources": [Source(*s) for s in data["sources"]]})


def without_surrogates(draft: Draft) -> Draft:
    """Return *draft* as it comes through the wire: text that any file or database can hold."""
    return to_draft(json.loads(dump(from_draft(draft))))
