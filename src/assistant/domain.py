"""The values that flow through the assistant: frozen, and named as the field names them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["fait", "definition", "comparaison", "liste", "hors_sujet"]
Plan = Literal["grand public", "pro"]


@dataclass(frozen=True, slots=True)
class Source:
    """The primary source behind a sentence: what its footnote says.

    Attributes:
        id: The footnote's label, which is the fact's id.
        title: Title and publisher, as the footnote words them.
        url: Address, or None where the footnote gives none.
        date: ISO date, or None where the source bears none.
    """

    id: str
    title: str
    url: str | None = None
    date: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A row of an identity table: what the fiche says of one attribute."""

    attribute: str
    value: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, list item or table row that can be quoted by itself.

    Attributes:
        text: The text, footnote marks removed.
        notes: Labels of the footnotes that it carries.
        row: The attribute and value, where the sentence is a row of an identity table.
        opens: Whether a new paragraph, item or row begins here.
    """

    text: str
    notes: tuple[str, ...] = ()
    row: Row | None = None
    opens: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A run of sentences under one heading, or on one page."""

    heading: str | None
    sentences: tuple[Sentence, ...]
    page: int | None = None
    ocr: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """One file of the corpus, read.

    Attributes:
        path: Path in the corpus folder, with forward slashes.
        provider: The company that the document is a fiche of, or None.
        assistant: The product's name, for a fiche.
        aliases: How people name the provider, misspellings included.
        questions: Fact id -> questions that the fact answers (``SLUG.questions.yaml``).
        losses: What extraction could not read, one French sentence each.
    """

    slug: str
    path: str
    title: str
    type: str
    sections: tuple[Section, ...]
    author: str | None = None
    updated: str | None = None
    provider: str | None = None
    assistant: str | None = None
    aliases: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    questions: tuple[tuple[str, tuple[str, ...]], ...] = ()
    losses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """A sentence inside its passage: ``passage.text[start:end]`` is its text."""

    start: int
    end: int
    notes: tuple[str, ...] = ()
    row: Row | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of sentences of one section, short enough to embed whole."""

    text: str
    spans: tuple[Span, ...]
    section: str | None = None
    page: int | None = None
    ocr: bool = False


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a statement comes from; ``passage[start:end] == quote``, always.

    Attributes:
        ocr: Whether the passage was read by optical recognition, which may misread.
    """

    n: int
    document: str
    title: str
    type: str
    path: str
    section: str | None
    page: int | None
    passage: str
    quote: str
    start: int
    end: int
    source: Source | None = None
    updated: str | None = None
    sources: tuple[Source, ...] = ()
    ocr: bool = False

    @property
    def leaf(self) -> str | None:
        """The page, in French, and that its text was recognised where it was; None without pages."""
        if self.page is None:
            return None
        return f"page\u00a0{self.page}" + (" (texte reconnu par OCR)" if self.ocr else "")


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence of an answer, with the numbers of the citations that bear it."""

    text: str
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table of an answer."""

    text: str
    citations: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """The table of a comparison or a list; one row per provider."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What ``ask`` returns; an abstention is an answer whose ``abstained`` is true.

    Attributes:
        interpreted: The question as understood from the conversation, or None when it was
            understood as typed.
        reason: Why the assistant abstained, in French.
        answer: Markdown with ``[n]`` markers.
        nearest: On abstention, the nearest passages, as citations that answer nothing.
        complete: Whether it is whole, and not what a language model has written so far.
    """

    question: str
    kind: Kind
    abstained: bool
    answer: str
    statements: tuple[Statement, ...] = ()
    citations: tuple[Citation, ...] = ()
    table: Table | None = None
    interpreted: str | None = None
    reason: str | None = None
    nearest: tuple[Citation, ...] = ()
    engine: str = "extractif"
    confidence: float = 0.0
    timings_ms: dict[str, float] = field(default_factory=dict)
    id: str | None = None
    complete: bool = True
