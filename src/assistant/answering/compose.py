"""Put an answer together: choose by kind, cite, word, or abstain."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.answering.citing import Citer
from assistant.answering.criteria import is_unknown
from assistant.answering.ranking import Ranked, Ranker, confidence_features
from assistant.answering.selection import Glossary, select_facts
from assistant.answering.tables import Aggregate, Aggregator
from assistant.domain import Answer, Cell, Kind, Statement, Table
from assistant.question import Catalogue, Query
from assistant.retrieval import Hit
from assistant.text import fold, tokens
from assistant.verification import verified

SENTENCES_CONFIDENCE = 0.3
"""Best score under which a comparison or a list has nothing to show for any provider."""


class Composer:
    """Turns ranked candidates into answers, over one build of the index."""

    def __init__(self, ranker: Ranker, catalogue: Catalogue) -> None:
        """Compose from what *ranker* scores."""
        self.ranker = ranker
        self.catalogue = catalogue
        self.index = ranker.retriever.index
        self.glossary = Glossary(ranker)

    def compose(self, ranked: Ranked) -> Answer:
        """Return the answer to an understood question."""
        query = ranked.query
        if query.kind == "hors_sujet":
            return self._abstain(ranked, 0.0)
        if query.kind == "comparaison" and len(self._scope(query)) >= 2:
            return self._table(ranked, "comparaison")
        if query.kind == "liste" and self._scope(query):
            answer = self._table(ranked, "liste")
            if not answer.abstained:
                return answer
        defined = self._definition(ranked)
        if defined is not None:
            return defined
        return self._facts(ranked)

    def best_reading(self, query: Query) -> Ranked:
        """Return the candidates of *query*, or of the alternative that the dossier answers better.

        The first reading that the assistant would answer is taken; where there is none, the one
        that comes nearest.
        """
        found: list[tuple[float, Ranked]] = []
        for reading in (query, *query.alternatives):
            ranked = self.ranker.rank(reading)
            if not query.alternatives or reading.kind in {"liste", "comparaison"}:
                return ranked
            confidence = self.confidence(ranked)
            if confidence >= self.ranker.weights.operating_point:
                return ranked
            found.append((confidence, ranked))
        return max(found, key=lambda f: f[0])[1]

    def confidence(self, ranked: Ranked) -> float:
        """Return the probability that the best candidates answer the question."""
        return float(self.ranker.weights.confidence(confidence_features(ranked, self.ranker.retriever))[0])

    def _scope(self, query: Query) -> tuple[str, ...]:
        return query.providers or tuple(self.catalogue.providers)

    def _facts(self, ranked: Ranked) -> Answer:
        confidence = self.confidence(ranked)
        chosen = select_facts(ranked)
        if not chosen or confidence < self.ranker.weights.operating_point:
            return self._abstain(ranked, confidence)
        first = chosen[0].sentence.identity
        if first is not None and is_unknown(first.value):
            return self._abstain(ranked, confidence, undocumented=first.attribute)
        return self._sentences(ranked, chosen, "fait", confidence)

    def _definition(self, ranked: Ranked) -> Answer | None:
        """Return the definition of the term that the question names, with a use of it."""
        if ranked.query.providers or (ranked.query.kind != "definition" and len(ranked.query.content) > 3):
            return None
        rows = self.glossary.find(frozenset(ranked.terms.words)) or self.glossary.find(
            frozenset(ranked.query.content)
        )
        if not rows and (ranked.query.kind == "definition" or len(ranked.query.content) <= 2):
            rows = self.glossary.nearest(ranked.terms)
        if not rows:
            return None
        by_row = {h.sentence.row: h for h in ranked.hits}
        missing = [r for r in rows if r not in by_row]
        by_row.update(
            {
                h.sentence.row: h
                for h in self.ranker.score(missing, ranked.query, ranked.vector, ranked.terms, ranked.lexical)
            }
        )
        chosen = [by_row[r] for r in rows[:3]]
        term = frozenset(ranked.terms.words)
        used = next(
            (
                h
                for h in ranked.hits
                if h.sentence.row not in rows
                and h.sentence.notes
                and term <= self.ranker.retriever.sentence_tokens(h.sentence.row)
            ),
            None,
        )
        return self._sentences(ranked, [*chosen, *([used] if used else [])], "definition", 1.0)

    def _sentences(self, ranked: Ranked, hits: Sequence[Hit], kind: Kind, confidence: float) -> Answer:
        citer = Citer(self.index)
        statements = tuple(Statement(h.sentence.text, (citer.cite(h.sentence),)) for h in hits)
        statements = verified(statements, citer.citations)
        lines = [_sentence_line(s) for s in statements]
        premise = self._unsupported(ranked, statements)
        if premise:
            lines.insert(0, f"Le dossier ne confirme pas «\u00a0{premise}\u00a0» ; voici ce qu'il dit\u00a0:")
        return Answer(
            question=ranked.query.typed,
            interpreted=ranked.query.interpreted,
            kind=kind,
            abstained=False,
            answer="\n\n".join(lines),
            statements=statements,
            citations=citer.citations,
            confidence=confidence,
        )

    def _unsupported(self, ranked: Ranked, statements: Sequence[Statement]) -> str | None:
        """Return the proper names and numbers of the question that no statement holds.

        A question that takes them for granted (« pourquoi Lumo stocke-t-il au Texas ? ») is
        then answered by what the dossier says, never by repeating them.
        """
        if not _presumes(ranked.query.text):
            return None
        said = set(tokens(" ".join(s.text for s in statements)))
        names = {t for p in self.catalogue.providers.values() for n in p.names for t in tokens(n)}
        found = []
        for match in re.finditer(
            r"(?<![.!?] )(?<!^)\b(?:[A-ZÀ-Þ][\w-]{2,}|\d[\d\u202f.,]*\d|\d+)\b", ranked.query.text
        ):
            stems = set(tokens(match[0]))
            if stems and not stems & said and not stems & names and not match[0].isupper():
                found.append(match[0])
        return ", ".join(dict.fromkeys(found)) if found else None

    def _table(self, ranked: Ranked, kind: Kind) -> Answer:
        citer = Citer(self.index)
        aggregator = Aggregator(self.ranker, self.catalogue, citer)
        scope = self._scope(ranked.query)
        found: Aggregate = (
            aggregator.compare(ranked, scope)
            if kind == "comparaison"
            else aggregator.list_matching(ranked, scope)
        )
        if found.confidence < SENTENCES_CONFIDENCE:
            return self._abstain(ranked, found.confidence)
        statements = verified(found.statements, citer.citations)
        text = "\n\n".join(p for p in (found.headline, markdown_table(found.table)) if p)
        return Answer(
            question=ranked.query.typed,
            interpreted=ranked.query.interpreted,
            kind=kind,
            abstained=False,
            answer=text,
            statements=statements,
            citations=citer.citations,
            table=found.table,
            confidence=found.confidence,
        )

    def _abstain(self, ranked: Ranked, confidence: float, undocumented: str | None = None) -> Answer:
        """Say that the dossier is silent, what it covers, and where it comes nearest."""
        citer = Citer(self.index)
        for hit in ranked.hits[:3]:
            citer.cite(hit.sentence)
        unknown = [t for t in _words_of(ranked.query.text) if set(tokens(t)) & set(ranked.terms.unknown)]
        reason = "aucun passage du dossier ne répond à cette question"
        if unknown:
            reason += (
                " (il ne mentionne pas\u00a0: " + ", ".join(f"«\u00a0{w}\u00a0»" for w in unknown[:3]) + ")"
            )
        if undocumented is not None:
            reason = (
                "le tableau d'identité porte «\u00a0non documenté\u00a0» "
                f"à la ligne «\u00a0{undocumented}\u00a0»"
            )
        names = ", ".join(self.catalogue.title(s) for s in self.catalogue.providers)
        covers = f" Il couvre {len(self.catalogue.providers)} fournisseurs\u00a0: {names}." if names else ""
        nearest = (
            ""
            if not citer.citations
            else " Les passages les plus proches sont donnés à titre indicatif\u00a0: "
            "ils ne répondent pas à la question."
        )
        return Answer(
            question=ranked.query.typed,
            interpreted=ranked.query.interpreted,
            kind="hors_sujet",
            abstained=True,
            answer=f"Le dossier ne le dit pas\u00a0: {reason}.{covers}{nearest}",
            reason=reason,
            nearest=citer.citations,
            confidence=confidence,
        )


def _words_of(text: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r"[\w'’-]{3,}", text)))


def _presumes(text: str) -> bool:
    """Tell whether a question takes something for granted: it asks why, how or since when."""
    return bool(
        re.match(
            r"(?:et |mais )?(?:pourquoi|comment|depuis quand|why|how come|puisque|sachant|vu que|"
            r"est ce vrai|c est vrai)",
            " ".join(re.findall(r"[a-z0-9]+", fold(text))),
        )
    )


def _sentence_line(statement: Statement) -> str:
    return f"{statement.text}\u00a0" + "".join(f"[{n}]" for n in statement.citations)


def markdown_table(table: Table) -> str:
    """Return *table* as Markdown, with ``[n]`` markers in its cells."""

    def cell(value: Cell) -> str:
        text = value.text.replace("|", "\\|")
        return text + ("\u00a0" + "".join(f"[{n}]" for n in value.citations) if value.citations else "")

    lines = ["| " + " | ".join(table.columns) + " |", "|" + " --- |" * len(table.columns)]
    lines += ["| " + " | ".join(cell(c) for c in row) + " |" for row in table.rows]
    return "\n".join(lines)
