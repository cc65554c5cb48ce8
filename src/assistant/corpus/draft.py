"""What a format's reader gives back, before it becomes a document."""

from __future__ import annotations

from dataclasses import dataclass, field

from assistant.domain import Section, Sentence, Source
from assistant.text import split_sentences


@dataclass
class Draft:
    """The parts of a document that its file states; the rest has defaults."""

    title: str | None = None
    type: str | None = None
    author: str | None = None
    updated: str | None = None
    provider: str | None = None
    assistant: str | None = None
    aliases: list[str] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)


def prose(paragraphs: list[str]) -> tuple[Sentence, ...]:
    """Return the sentences of *paragraphs*, the first of each marked as opening it."""
    return tuple(
        Sentence(text, opens=number == 0)
        for paragraph in paragraphs
        for number, text in enumerate(split_sentences(paragraph))
    )
