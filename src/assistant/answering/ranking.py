"""Rank the candidates of an understood question, and say how sure the best is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.answering.model import Weights
from assistant.domain import Plan
from assistant.embedding import FloatMatrix
from assistant.question import Catalogue, Query
from assistant.question.catalogue import words
from assistant.question.understanding import answer_type_fit, lexicon
from assistant.retrieval import FEATURES, QUESTION_FEATURES, Hit, Retriever, Terms
from assistant.store import SentenceRow
from assistant.text import tokens

CONFIDENCE_FEATURES = (
    "score",
    "coverage",
    "coverage_context",
    "dense_question",
    "unknown",
    "overlap_question",
    "margin",
    "named",
    "dense_sentence",
    "type_first",
    "type_best",
    "coverage_all",
    "uncovered",
    "one_word",
    "dense_question_first",
    "overlap_question_first",
    "mass",
    "provider_first",
)
HEAVY = 8.0
"""About the idf of a word that one sentence in the dossier holds; scales ``uncovered``."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """The candidates of one question, best first."""

    query: Query
    vector: FloatMatrix
    terms: Terms
    lexical: dict[str, dict[int, float]]
    hits: tuple[Hit, ...]


def plan_of(text: str) -> Plan | None:
    """Return the plan that a sentence names, None where it names both or neither."""
    folded = words(text)
    pro, public = lexicon()["pro"].search(folded), lexicon()["grand_public"].search(folded)
    if bool(pro) == bool(public):
        return None
    return "pro" if pro else "grand public"


class Ranker:
    """Scores sentences for queries over one build of the index."""

    def __init__(self, retriever: Retriever, catalogue: Catalogue, weights: Weights) -> None:
        """Rank what *retriever* finds."""
        self.retriever = retriever
        self.catalogue = catalogue
        self.weights = weights
        self._named: dict[int, frozenset[str]] = {}
        self._plans: dict[int, Plan | None] = {}

    def named_in(self, sentence: SentenceRow) -> frozenset[str]:
        """Return the providers that a sentence names."""
        if sentence.row not in self._named:
            self._named[sentence.row] = self.catalogue.named(sentence.text)
        return self._named[sentence.row]

    def provider_fit(self, sentence: SentenceRow, wanted: Sequence[str]) -> float:
        """Return 1 for a sentence of a wanted fiche, 0.8 for one that names it, -1 for one about another."""
        if not wanted:
            return 0.0
        if sentence.document.slug in wanted:
            return 1.0
        named = self.named_in(sentence)
        if named & set(wanted):
            return 0.8
        return -1.0 if named or sentence.document.slug in self.catalogue.providers else 0.0

    def plan_fit(self, sentence: SentenceRow, wanted: Plan | None) -> float:
        """Return 1 where a sentence names the wanted plan, -1 where it names the other alone."""
        if wanted is None:
            return 0.0
        if sentence.row not in self._plans:
            self._plans[sentence.row] = plan_of(sentence.text)
        found = self._plans[sentence.row]
        return 0.0 if found is None else (1.0 if found == wanted else -1.0)

    def ignored(self, query: Query) -> frozenset[str]:
        """Return the stems of providers' names: they steer, and must not weigh as words too."""
        return frozenset(t for m in query.mentions for t in tokens(m.text))

    def rank(self, query: Query, *, without: frozenset[int] = frozenset()) -> Ranked:
        """Return the candidates for *query*, best first, ties by row."""
        vector = self.retriever.vector(query.text)
        terms = self.retriever.terms(query.text, ignored=self.ignored(query))
        rows, lexical = self.retriever.candidates(vector, terms, without=without)
        return Ranked(
            query, vector, terms, lexical, self.score(rows, query, vector, terms, lexical, without=without)
        )

    def score(
        self,
        rows: Sequence[int],
        query: Query,
        vector: FloatMatrix,
        terms: Terms,
        lexical: dict[str, dict[int, float]],
        *,
        wanted: Sequence[str] | None = None,
        without: frozenset[int] = frozenset(),
    ) -> tuple[Hit, ...]:
        """Score sentence rows for *query*; *wanted* replaces the providers that it names."""
        if not rows:
            return ()
        providers = query.providers if wanted is None else wanted
        features, has = self.retriever.features(
            rows,
            vector,
            terms,
            lexical,
            provider=lambda s: self.provider_fit(s, providers),
            plan=lambda s: self.plan_fit(s, query.plan),
            without=without,
        )
        scores = self.probabilities(features, has)
        order = sorted(range(len(rows)), key=lambda i: (-scores[i], rows[i]))
        return tuple(
            Hit(self.retriever.index.sentence(rows[i]), float(scores[i]), tuple(features[i]), bool(has[i]))
            for i in order
        )

    def probabilities(self, features: NDArray[np.float64], has: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the probability of each candidate, by the model that its features allow."""
        bare = self.weights.ranking_bare(features[:, : len(FEATURES) - QUESTION_FEATURES])
        return np.where(has, self.weights.ranking(features), bare)


def confidence_features(ranked: Ranked, retriever: Retriever) -> NDArray[np.float64]:
    """Return what the confidence in a question's best candidates is judged by, shape (1, n).

    Beside the scores: whether they hold the kind of thing asked for (price, duration, date,
    number), and whether a weighty word of the question is found nowhere around the best one.
    """
    hits, terms = ranked.hits, ranked.terms
    if not hits:
        return np.zeros((1, len(CONFIDENCE_FEATURES)))
    top, best = hits[0], hits[:4]
    other = next((h for h in hits[1:] if not set(h.sentence.notes) & set(top.sentence.notes)), None)
    weights = dict(zip(terms.words, terms.weights, strict=True))
    around = retriever.sentence_tokens(top.sentence.row).union(
        retriever.context_tokens(top.sentence.document.slug, top.sentence.passage.section),
        *retriever.question_tokens(top.sentence.row),
    )
    typed = ranked.query.text
    return np.array(
        [
            [
                top.score,
                max(h.feature("coverage") for h in best),
                max(h.feature("coverage_context") for h in best),
                max(h.feature("dense_question") for h in best),
                sum(weights[t] for t in terms.unknown) / terms.mass,
                max(h.feature("overlap_question") for h in best),
                top.score - (other.score if other else 0.0),
                float(bool(ranked.query.providers)),
                max(h.feature("dense_sentence") for h in best),
                answer_type_fit(typed, [top.sentence.text]),
                answer_type_fit(typed, [h.sentence.text for h in best[:3]]),
                terms.covered(around),
                max((w for t, w in weights.items() if t not in around), default=0.0) / HEAVY,
                float(len(terms.words) <= 1),
                top.feature("dense_question"),
                top.feature("overlap_question"),
                float(np.log(terms.mass)),
                top.feature("provider"),
            ]
        ]
    )
