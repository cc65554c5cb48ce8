"""Answer over providers: comparisons, lists and counts, from the identity tables first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.answering.citing import Citer
from assistant.answering.ranking import Ranked, Ranker
from assistant.domain import Cell, Statement, Table
from assistant.question import Catalogue, Query
from assistant.question.catalogue import words
from assistant.question.understanding import lexicon
from assistant.retrieval import Hit
from assistant.store import SentenceRow
from assistant.text import fold, tokens

SILENCE = "silence du dossier"
UNKNOWN = "non documente"
ATTRIBUTE_FLOOR = 0.30
"""Mean score of an attribute's rows from which the question is about that attribute."""
NEAR = 0.80
"""Share of the best attribute's score from which another is shown beside it."""
CELL_FLOOR = 0.12
"""Score under which a provider's best sentence is not an answer: the cell says the silence."""
MOST_COLUMNS = 3


@dataclass(frozen=True, slots=True)
class Aggregate:
    """What the providers answer, before it is worded."""

    table: Table
    statements: tuple[Statement, ...]
    headline: str
    confidence: float
    matching: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Criterion:
    """What a list filters by.

    Attributes:
        negated: Whether the question asks who does not.
        words: For a value that is neither yes nor no, the words of which it must hold one.
    """

    attribute: str
    negated: bool
    words: frozenset[str]


def yes_no(value: str) -> str | None:
    """Return "oui", "non" or "en partie" where a value begins with it, else None."""
    match = re.match(r"(oui|non|en partie)\b(?! document)", fold(value).replace("\u00a0", " "))
    return match[1] if match else None


def is_unknown(value: str) -> bool:
    """Tell whether a value says that the dossier does not know."""
    return fold(value).replace("\u00a0", " ").startswith(UNKNOWN)


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
        scored = self.attributes(ranked, slugs)
        if not scored or scored[0][1] < ATTRIBUTE_FLOOR:
            return [], scored[0][1] if scored else 0.0
        best_label, best = scored[0]
        stem = re.sub(r"\s*\(.*", "", best_label)
        chosen = [a for a, s in scored if s >= NEAR * best or re.sub(r"\s*\(.*", "", a) == stem]
        plan = ranked.query.plan
        if plan is not None:
            suffix = f"({plan})"
            chosen = [a for a in chosen if "(" not in a or suffix in a] or chosen
        chosen.sort(key=lambda a: (re.sub(r"\s*\(.*", "", a) != stem, self.catalogue.attributes.index(a)))
        return chosen[:MOST_COLUMNS], best

    def compare(self, ranked: Ranked, slugs: Sequence[str]) -> Aggregate:
        """Return a table with a row for each of *slugs*, silence said."""
        columns, confidence = self._columns(ranked, slugs)
        citer = self._citer
        if columns:
            rows = [self._identity_row(slug, columns) for slug in slugs]
            table = Table(("Fournisseur", *columns), tuple(rows))
        else:
            best = self._best_sentences(ranked, slugs)
            table = Table(
                ("Fournisseur", "Ce que dit le dossier"),
                tuple((Cell(self.catalogue.title(s)), self._sentence_cell(best.get(s))) for s in slugs),
            )
            confidence = max((h.score for h in best.values()), default=0.0)
        statements = tuple(
            Statement(citer.citations[n - 1].quote, (n,))
            for row in table.rows
            for cell in row[1:]
            for n in cell.citations[:1]
        )
        return Aggregate(table, _unique(statements), "", confidence, tuple(slugs))

    def _identity_row(self, slug: str, columns: Sequence[str]) -> tuple[Cell, ...]:
        cells = [Cell(self.catalogue.title(slug))]
        for column in columns:
            row = self.catalogue.rows.get((slug, column))
            cells.append(self._value_cell(row))
        return tuple(cells)

    def _value_cell(self, row: SentenceRow | None) -> Cell:
        if row is None or row.identity is None or is_unknown(row.identity.value):
            # A row that says « non documenté » is what the dossier says: it is cited too.
            return Cell(SILENCE, (self._citer.cite(row),) if row is not None else ())
        return Cell(row.identity.value, (self._citer.cite(row),))

    def _sentence_cell(self, hit: Hit | None) -> Cell:
        return Cell(hit.sentence.text, (self._citer.cite(hit.sentence),)) if hit else Cell(SILENCE)

    def _best_sentences(self, ranked: Ranked, slugs: Sequence[str]) -> dict[str, Hit]:
        """Return each provider's best sentence, where it has one that answers."""
        found: dict[str, Hit] = {}
        retriever = self.ranker.retriever
        for slug in slugs:
            rows = [r for p in self.index.passages_of(slug) for r in self.index.sentence_rows(p.row)]
            rows += [h.sentence.row for h in ranked.hits if slug in self.ranker.named_in(h.sentence)]
            near = retriever.nearest(rows, ranked.vector, limit=12)
            hits = self.ranker.score(
                near, ranked.query, ranked.vector, ranked.terms, ranked.lexical, wanted=(slug,)
            )
            best = next(
                (h for h in hits if not (h.sentence.identity and is_unknown(h.sentence.identity.value))), None
            )
            if best is not None and best.score >= CELL_FLOOR:
                found[slug] = best
        return found

    def list_matching(self, ranked: Ranked, slugs: Sequence[str]) -> Aggregate:
        """Return who matches among *slugs*, with everyone's state in the table."""
        columns, confidence = self._columns(ranked, slugs)
        if not columns:
            return self._list_by_sentences(ranked, slugs)
        rows = {s: self._identity_row(s, columns) for s in slugs}
        criterion = self._criterion(ranked.query, columns[0])
        states = {s: self._state(s, criterion) for s in slugs}
        matching = tuple(s for s in slugs if states[s] == "oui")
        order = {"oui": 0, "non": 1, SILENCE: 2}
        ordered = sorted(slugs, key=lambda s: (order[states[s]], list(slugs).index(s)))
        decided = any(v == "non" for v in states.values()) or any(v == SILENCE for v in states.values())
        table = Table(
            ("Fournisseur", *columns, "Répond au critère"),
            tuple((*rows[s], Cell(states[s])) for s in ordered),
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
        confidence = max((h.score for h in best.values()), default=0.0)
        matching = tuple(s for s in slugs if s in best and best[s].score >= max(CELL_FLOOR, 0.5 * confidence))
        ordered = [*matching, *(s for s in slugs if s not in matching)]
        table = Table(
            ("Fournisseur", "Ce que dit le dossier"),
            tuple(
                (Cell(self.catalogue.title(s)), self._sentence_cell(best[s] if s in matching else None))
                for s in ordered
            ),
        )
        statements = tuple(
            Statement(best[s].sentence.text, (self._citer.cite(best[s].sentence),)) for s in matching
        )
        return Aggregate(table, statements, "", confidence, matching)

    def _state(self, slug: str, criterion: Criterion) -> str:
        """Return "oui", "non" or the silence: does the provider match what the question asks?"""
        row = self.catalogue.rows.get((slug, criterion.attribute))
        if row is None or row.identity is None or is_unknown(row.identity.value):
            return SILENCE
        value = row.identity.value
        verdict = yes_no(value)
        if verdict is not None:
            positive = verdict in {"oui", "en partie"}
            return "oui" if positive != criterion.negated else "non"
        if not criterion.words:
            return "oui"
        return "oui" if criterion.words & set(tokens(value)) else "non"

    def _criterion(self, query: Query, attribute: str) -> Criterion:
        return Criterion(attribute, self._negated(query, attribute), self._wanted_words(query, attribute))

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

    def _wanted_words(self, query: Query, attribute: str) -> frozenset[str]:
        """Return the words of the question that only some values hold: what it filters by."""
        rows = [r for (_, a), r in self.catalogue.rows.items() if a == attribute]
        values = [set(tokens(r.identity.value)) for r in rows if r.identity]
        asked = set(tokens(attribute)) | {
            t for r in rows for q in self.index.questions_of(r.row) for t in tokens(q)
        }
        return frozenset(t for t in query.content if t not in asked and any(t in v for v in values))

    def _headline(self, attribute: str, states: dict[str, str], slugs: Sequence[str]) -> str:
        groups = {k: [s for s in slugs if states[s] == k] for k in ("oui", "non", SILENCE)}
        total = len(slugs)
        counted = f"{len(groups['oui'])} sur {total}"
        names = {k: ", ".join(self.catalogue.title(s) for s in v) for k, v in groups.items()}
        parts = [f"**{counted}** d'après l'attribut « {attribute} » des tableaux d'identité"]
        if groups["oui"]:
            parts[0] += f"\u00a0: {names['oui']}"
        if groups["non"]:
            parts.append(f"Ne répondent pas au critère\u00a0: {names['non']}")
        if groups[SILENCE]:
            parts.append(f"Silence du dossier\u00a0: {names[SILENCE]}")
        return ". ".join(parts) + "."


def _unique(statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
    return tuple({s.text: s for s in statements}.values())
