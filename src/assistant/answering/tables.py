"""Answer over providers: comparisons, lists and counts, from the identity tables first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.answering.citing import Citer
from assistant.answering.criteria import SILENCE, Criterion, criterion, is_unknown
from assistant.answering.ranking import Ranked, Ranker
from assistant.answering.selection import repeats
from assistant.domain import Cell, Statement, Table
from assistant.question import Catalogue, Query
from assistant.question.catalogue import words
from assistant.question.following import about
from assistant.question.understanding import lexicon
from assistant.retrieval import Hit
from assistant.store import SentenceRow
from assistant.text import tokens

ATTRIBUTE_FLOOR = 0.30
"""Mean score of an attribute's rows from which the question is about that attribute."""
LEAST, AHEAD = 0.04, 2.5
"""A lower score will do where it is this many times the next attribute's: on the 36 tuning questions
about an attribute, the best one is the right one for 32, however low it scores."""
NEAR = 0.80
"""Share of the best attribute's score from which another is shown beside it."""
CELL_FLOOR = 0.12
"""Score under which a provider's best sentence is not an answer: the cell says the silence."""
MOST_COLUMNS = 3
OUTDONE = 0.75
"""An attribute scoring under this share of the documents' best sentences is not what is asked."""
SECOND = 0.6
"""Share of the best sentence's score from which a provider's second stands in the cell too."""
ELSEWHERE = 0.8
"""What a sentence of another document is worth beside one of the provider's own."""
FEW = 3
"""Most providers beside whose values their best sentences are shown too."""
BESIDE = 0.35
"""Mean score of those sentences from which they are."""


@dataclass(frozen=True, slots=True)
class Aggregate:
    """What the providers answer, before it is worded."""

    table: Table
    statements: tuple[Statement, ...]
    headline: str
    confidence: float
    matching: tuple[str, ...]


class Aggregator:
    """Compares providers over one build of the index, for one answer."""

    def __init__(self, ranker: Ranker, catalogue: Catalogue, citer: Citer) -> None:
        """Aggregate what *ranker* scores, numbering citations with *citer*."""
        self._citer = citer
        self.ranker = ranker
        self.catalogue = catalogue
        self.index = ranker.retriever.index

    def attributes(self, ranked: Ranked, slugs: Sequence[str]) -> list[tuple[str, float]]:
        """Return the attributes that the question is about, best first, with their scores.

        An attribute's score is the mean, over the providers, of the probability that the
        provider's row answers the question.
        """
        rows = {k: r for k, r in self.catalogue.rows.items() if k[0] in slugs}
        hits = self.ranker.score(
            [r.row for r in rows.values()],
            ranked.query,
            ranked.vector,
            ranked.terms,
            ranked.lexical,
            wanted=slugs,
        )
        scores: dict[str, list[float]] = {}
        for hit in hits:
            assert hit.sentence.identity is not None  # noqa: S101 - only identity rows were scored
            scores.setdefault(hit.sentence.identity.attribute, []).append(hit.score)
        means = [(a, sum(s) / len(s)) for a, s in scores.items()]
        return sorted(means, key=lambda x: (-x[1], x[0]))

    def _columns(self, ranked: Ranked, slugs: Sequence[str]) -> tuple[list[str], float]:
        """Return the attributes to show, the one that is asked first, and how surely it is."""
        scored = self.attributes(ranked, slugs)
        if not scored:
            return [], 0.0
        best_label, best = scored[0]
        stem = _stem(best_label)
        next_best = max((s for a, s in scored if _stem(a) != stem), default=0.0)
        if best < ATTRIBUTE_FLOOR and not (best >= LEAST and best >= AHEAD * next_best):
            return [], best
        chosen = [a for a, s in scored if s >= NEAR * best or _stem(a) == stem]
        plan = ranked.query.plan
        if plan is not None:
            suffix = f"({plan})"
            chosen = [a for a in chosen if "(" not in a or suffix in a] or chosen
        chosen.sort(key=lambda a: (_stem(a) != stem, self.catalogue.attributes.index(a)))
        return chosen[:MOST_COLUMNS], max(best, ATTRIBUTE_FLOOR)

    def compare(self, ranked: Ranked, slugs: Sequence[str]) -> Aggregate:
        """Return a table with a row for each of *slugs*, silence said.

        A theme of the identity tables gives its columns. Where the sentences of the documents
        answer better than any attribute does, they are the column; where they answer too, and
        few providers are compared, they stand beside.
        """
        columns, confidence = self._columns(ranked, slugs)
        best = self._best_sentences(ranked, slugs, rows_too=not columns)
        said = sum(best[s][0].score for s in slugs if s in best) / len(slugs)
        if columns and said > confidence / OUTDONE:
            columns, best = [], self._best_sentences(ranked, slugs)
        beside = not columns or (len(slugs) <= FEW and said >= BESIDE)
        heads = ("Fournisseur", *columns, *(["Ce que dit le dossier"] if beside else []))
        rows = tuple(
            (*self._identity_row(s, columns), *([self._sentence_cell(best.get(s, []))] if beside else []))
            for s in slugs
        )
        if not columns:
            confidence = max((h.score for h, *_ in best.values()), default=0.0)
        statements = tuple(
            Statement(self._citer.citations[n - 1].quote, (n,))
            for row in rows
            for cell in row[1:]
            for n in cell.citations
        )
        return Aggregate(Table(heads, rows), _unique(statements), "", confidence, tuple(slugs))

    def _identity_row(self, slug: str, columns: Sequence[str]) -> tuple[Cell, ...]:
        values = (self._value_cell(self.catalogue.rows.get((slug, c))) for c in columns)
        return (Cell(self.catalogue.title(slug)), *values)

    def _value(self, slug: str, attribute: str) -> str | None:
        row = self.catalogue.rows.get((slug, attribute))
        return row.identity.value if row is not None and row.identity is not None else None

    def _value_cell(self, row: SentenceRow | None) -> Cell:
        if row is None or row.identity is None or is_unknown(row.identity.value):
            # A row that says « non documenté » is what the dossier says: it is cited too.
            return Cell(SILENCE, (self._citer.cite(row),) if row is not None else ())
        return Cell(row.identity.value, (self._citer.cite(row),))

    def _sentence_cell(self, hits: Sequence[Hit]) -> Cell:
        if not hits:
            return Cell(SILENCE)
        return Cell(
            " ; ".join(h.sentence.text for h in hits).replace(". ; ", ". "),
            tuple(self._citer.cite(h.sentence) for h in hits),
        )

    def _best_sentences(
        self, ranked: Ranked, slugs: Sequence[str], *, rows_too: bool = True
    ) -> dict[str, list[Hit]]:
        """Return each provider's best sentence, where it has one that answers, and a second if as good.

        Args:
            ranked: The candidates of the question.
            slugs: The providers.
            rows_too: Whether rows of the identity tables count as sentences.
        """
        found: dict[str, list[Hit]] = {}
        retriever = self.ranker.retriever
        for slug in slugs:
            rows = [r for p in self.index.passages_of(slug) for r in self.index.sentence_rows(p.row)]
            rows += [h.sentence.row for h in ranked.hits if slug in self.ranker.named_in(h.sentence)]
            vector = ranked.vector
            if len(ranked.query.providers) in range(2, FEW + 1):
                # « Gemini ou Lumo » is near no question about Lumo: it is asked about each alone.
                vector = retriever.vector(about(ranked.query, (slug,), self.catalogue))
            near = retriever.nearest(rows, vector, limit=12)
            hits = self.ranker.score(near, ranked.query, vector, ranked.terms, ranked.lexical, wanted=(slug,))
            hits = tuple(h for h in hits if self._says(h.sentence, rows_too=rows_too))
            # A provider's own document is quoted rather than another that speaks of it as well.
            ordered = sorted(
                hits, key=lambda h: -h.score * (1 if h.sentence.document.slug == slug else ELSEWHERE)
            )
            if ordered and ordered[0].score >= CELL_FLOOR:
                first, rest = ordered[0], ordered[1:]
                second = [h for h in rest if h.score >= SECOND * first.score and not repeats(h, first)]
                found[slug] = [first, *second[:1]]
        return found

    @staticmethod
    def _says(sentence: SentenceRow, *, rows_too: bool) -> bool:
        """Tell whether a sentence may fill a cell: not where it says that nothing is known."""
        return sentence.identity is None or (rows_too and not is_unknown(sentence.identity.value))

    def list_matching(self, ranked: Ranked, slugs: Sequence[str]) -> Aggregate:
        """Return who matches among *slugs*, with everyone's state in the table."""
        columns, confidence = self._columns(ranked, slugs)
        if ranked.query.origin and self.catalogue.headquarters is not None:
            columns, confidence = [self.catalogue.headquarters], 1.0
        if not columns:
            return self._list_by_sentences(ranked, slugs)
        rows = {s: self._identity_row(s, columns) for s in slugs}
        wanted = self._criterion(ranked.query, columns[0])
        values = {s: self._value(s, columns[0]) for s in slugs}
        states = {s: wanted.state(values[s]) for s in slugs}
        matching = tuple(s for s in slugs if states[s] == "oui")
        order = {"oui": 0, "non": 1, SILENCE: 2}
        ordered = sorted(slugs, key=lambda s: order[states[s]])
        # A question that filters by nothing (« quelle durée pour chacun ? ») is answered by the values.
        decided = wanted.decides or "non" in states.values()
        table = Table(
            ("Fournisseur", *columns, *(["Répond au critère"] if decided else [])),
            tuple((*rows[s], *([Cell(states[s])] if decided else [])) for s in ordered),
        )
        statements = tuple(
            Statement(row.text, (self._citer.cite(row),))
            for s in matching
            if (row := self.catalogue.rows.get((s, columns[0]))) is not None
        )
        headline = self._headline(columns[0], states, slugs) if decided else ""
        return Aggregate(table, statements, headline, confidence, matching)

    def _list_by_sentences(self, ranked: Ranked, slugs: Sequence[str]) -> Aggregate:
        best = self._best_sentences(ranked, slugs)
        confidence = max((h.score for h, *_ in best.values()), default=0.0)
        least = max(CELL_FLOOR, 0.5 * confidence)
        matching = tuple(s for s in slugs if s in best and best[s][0].score >= least)
        ordered = [*matching, *(s for s in slugs if s not in matching)]
        table = Table(
            ("Fournisseur", "Ce que dit le dossier"),
            tuple(
                (Cell(self.catalogue.title(s)), self._sentence_cell(best[s][:1] if s in matching else []))
                for s in ordered
            ),
        )
        statements = tuple(
            Statement(best[s][0].sentence.text, (self._citer.cite(best[s][0].sentence),)) for s in matching
        )
        return Aggregate(table, statements, "", confidence, matching)

    def _criterion(self, query: Query, attribute: str) -> Criterion:
        rows = [r for (_, a), r in self.catalogue.rows.items() if a == attribute]
        remembered = self.ranker.retriever.question_tokens
        asked = set(tokens(attribute)).union(*(q for r in rows for q in remembered(r.row)))
        values = [r.identity.value for r in rows if r.identity]
        return criterion(query.text, query.content, values, asked, negated=self._negated(query, attribute))

    def _negated(self, query: Query, attribute: str) -> bool:
        """Tell whether the question asks who does *not*: its wording negates, the attribute's does not.

        The nearest of the attribute's own questions is compared: « ne rien conserver » asks for
        zero retention though it negates.
        """
        slug = next(s for s, a in self.catalogue.rows if a == attribute)
        row = self.catalogue.rows[slug, attribute].row
        own = set(query.content)
        best = max(self.index.questions_of(row), key=lambda q: len(own & set(tokens(q))), default="")
        negative = lexicon()["negative"]
        return query.negative != bool(negative.search(words(best)))

    def _headline(self, attribute: str, states: dict[str, str], slugs: Sequence[str]) -> str:
        groups = {k: [s for s in slugs if states[s] == k] for k in ("oui", "non", SILENCE)}
        total = len(slugs)
        counted = f"{len(groups['oui'])} sur {total}"
        names = {k: ", ".join(self.catalogue.title(s) for s in v) for k, v in groups.items()}
        parts = [f"**{counted}** d’après l’attribut « {attribute} » des tableaux d’identité"]
        if groups["oui"]:
            parts[0] += f"\u00a0: {names['oui']}"
        if groups["non"]:
            parts.append(f"Ne répondent pas au critère\u00a0: {names['non']}")
        if groups[SILENCE]:
            parts.append(f"Silence du dossier\u00a0: {names[SILENCE]}")
        return ". ".join(parts) + "."


def _stem(attribute: str) -> str:
    """Return an attribute without the plan that it is about."""
    return re.sub(r"\s*\(.*", "", attribute)


def _unique(statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
    return tuple({s.text: s for s in statements}.values())
