"""The rankings that the engine is compared with, all over the same index."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from assistant.answering.ranking import Ranked, Ranker
from assistant.evaluation.questions import Question
from assistant.question import Query, understand
from assistant.question.understanding import check
from assistant.retrieval import Retriever, fuse
from assistant.store import SentenceRow
from assistant.text import tokens

LIMIT = 100
"""Sentences that each ranking proposes; ten distinct facts are always among them."""
ENGINE = "moteur"
ANSWER = "réponse attendue"
"""What stands for every expected fact or document in a ranking, where one suffices (no id has spaces)."""
NAMES: Mapping[str, str] = {
    "bm25": "BM25 seul",
    "dense": "Vecteurs seuls",
    "hybride": "Hybride (RRF)",
    "hybride_brut": "Hybride sans compréhension de la question",
    "moteur_sans_questions": "Moteur sans les questions attendues",
    ENGINE: "Moteur",
}
"""Key in the JSON -> name in the report, in the order of the table."""

Scored = list[tuple[int, float]]


@dataclass(frozen=True, slots=True)
class Systems:
    """Every ranking over one index, by the same retriever."""

    retriever: Retriever
    ranker: Ranker

    def understood(self, question: Question) -> Query:
        """Return the question as the assistant understands it."""
        return understand(
            question.text,
            self.ranker.catalogue,
            history=question.history,
            known_words=self.retriever.index.vocabulary,
        )

    def rankings(self, question: Question, ranked: Ranked) -> dict[str, list[SentenceRow]]:
        """Return the sentences that each system ranks, best first.

        Args:
            question: As typed: what BM25, dense and the plain hybrid are given.
            ranked: What the engine made of the question.
        """
        typed = check(question.text)
        query = ranked.query
        everything = frozenset(range(len(self.retriever.index.vectors["questions"])))
        bare = self.ranker.rank(query, without=everything)
        found = {
            "bm25": self._lexical(typed),
            "dense": self._dense(typed),
            "hybride": self._steered(self._hybrid(query.text), query),
            "hybride_brut": self._hybrid(typed),
        }
        sentence = self.retriever.index.sentence
        rows = {name: [sentence(r) for r, _ in scored] for name, scored in found.items()}
        rows["moteur_sans_questions"] = [h.sentence for h in bare.hits]
        rows[ENGINE] = [h.sentence for h in ranked.hits]
        return rows

    def _lexical(self, text: str) -> Scored:
        """BM25 over sentences, title and heading at the weight that the engine gives them."""
        index = self.retriever.index
        return index.lexical["sentences"].search(
            tokens(text), limit=LIMIT, weights={"text": 1.0, "context": 0.4}
        )

    def _dense(self, text: str) -> Scored:
        """Cosine similarity of the question and each sentence."""
        return self.retriever.index.vectors["sentences"].search(self.retriever.vector(text), limit=LIMIT)

    def _hybrid(self, text: str) -> Scored:
        """Fuse four rankings: words and vectors, over sentences and over their expected questions."""
        index = self.retriever.index
        asked = index.lexical["questions"].search(tokens(text), limit=4 * LIMIT, weights={"text": 1.0})
        near = index.vectors["questions"].search(self.retriever.vector(text), limit=4 * LIMIT)
        answering = [_first_of_each(x, index.question_sentence) for x in (asked, near)]
        return fuse([self._lexical(text), self._dense(text), *answering])

    def _steered(self, scored: Scored, query: Query) -> Scored:
        """Put sentences about other providers than those named last."""
        fit = self.ranker.provider_fit
        sentence = self.retriever.index.sentence
        return sorted(scored, key=lambda x: fit(sentence(x[0]), query.providers) < 0)


def _first_of_each(scored: Scored, sentence_of: Callable[[int], int]) -> Scored:
    """Return the sentences that question rows belong to, each at its best place."""
    found: dict[int, float] = {}
    for row, score in scored:
        found.setdefault(sentence_of(row), score)
    return list(found.items())


def ranked_facts(sentences: list[SentenceRow], question: Question, *, depth: int) -> list[str]:
    """Return a ranking of sentences as a ranking of facts, *depth* at most.

    A sentence stands for its footnotes, or for itself where it has none; each fact counts at
    its first place. Where one expected fact suffices, all of them count as one (``ANSWER``):
    a question is not answered the worse for being answerable in three ways.
    """
    found: dict[str, None] = {}
    for sentence in sentences:
        expected = [n for n in sentence.notes if n in question.facts]
        if expected and question.kind in {"comparaison", "liste"}:
            names = expected
        else:
            names = [ANSWER] if expected else [sentence.notes[0] if sentence.notes else f"row {sentence.row}"]
        found.update(dict.fromkeys(names))
        if len(found) >= depth:
            break
    return list(found)[:depth]


def ranked_documents(sentences: list[SentenceRow], question: Question, *, depth: int) -> list[str]:
    """Return the documents of ranked sentences, *depth* at most, alternatives counted as one."""
    expected = set() if question.kind in {"comparaison", "liste"} else set(question.documents)
    slugs = (ANSWER if s.document.slug in expected else s.document.slug for s in sentences)
    return list(dict.fromkeys(slugs))[:depth]
