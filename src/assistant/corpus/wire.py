"""Drafts as JSON: how the process that reads hands them over, without pickle."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from assistant.corpus.draft import Draft
from assistant.domain import Row, Section, Sentence, Source


def dump(value: dict[str, Any]) -> bytes:
    """Return *value* as one line of UTF-8; lone surrogates, which no text may hold, become "?"."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def from_draft(draft: Draft) -> dict[str, Any]:
    """Return *draft* as plain lists and mappings."""
    return dataclasses.asdict(draft)


def _sentence(data: dict[str, Any]) -> Sentence:
    row = data["row"]
    return Sentence(data["text"], tuple(data["notes"]), Row(**row) if row else None, data["opens"])


def to_draft(data: dict[str, Any]) -> Draft:
    """Return the draft that *data* describes.

    Raises:
        KeyError, TypeError: *data* does not describe one.
    """
    sections = [
        Section(s["heading"], tuple(map(_sentence, s["sentences"])), s["page"], s["ocr"])
        for s in data["sections"]
    ]
    return Draft(**{**data, "sections": sections, "sources": [Source(**s) for s in data["sources"]]})


def without_surrogates(draft: Draft) -> Draft:
    """Return *draft* as it comes through the wire: text that any file or database can hold."""
    return to_draft(json.loads(dump(from_draft(draft))))
