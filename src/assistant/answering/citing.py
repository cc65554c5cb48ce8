"""Number the citations of an answer."""

from __future__ import annotations

from assistant.domain import Citation, Source
from assistant.store import Index, SentenceRow


class Citer:
    """Gives each cited sentence a number, the same each time it is cited."""

    def __init__(self, index: Index) -> None:
        """Cite sentences of *index*."""
        self._index = index
        self._found: dict[int, Citation] = {}

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The citations in the order of their numbers."""
        return tuple(self._found.values())

    def _sources(self, sentence: SentenceRow) -> tuple[Source, ...]:
        found = (self._index.source(sentence.document.slug, n) for n in sentence.notes)
        return tuple(s for s in found if s is not None)

    def cite(self, sentence: SentenceRow) -> int:
        """Return the number under which *sentence* is cited."""
        if sentence.row not in self._found:
            self._found[sentence.row] = self.citation(sentence, len(self._found) + 1)
        return self._found[sentence.row].n

    def citation(self, sentence: SentenceRow, number: int) -> Citation:
        """Return the citation of *sentence* under *number*."""
        passage, document = sentence.passage, sentence.document
        sources = self._sources(sentence)
        return Citation(
            n=number,
            document=document.slug,
            title=document.title,
            type=document.type,
            path=document.path,
            section=passage.section,
            page=passage.page,
            passage=passage.text,
            quote=sentence.text,
            start=sentence.start,
            end=sentence.end,
            source=sources[0] if sources else None,
            updated=document.updated,
            sources=sources,
            ocr=passage.ocr,
        )
