"""Ask every question, and keep what is needed to measure, plot and reread."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from assistant.answering import Assistant
from assistant.answering.compose import Composer
from assistant.answering.model import load_weights
from assistant.answering.ranking import Ranker
from assistant.domain import Answer
from assistant.embedding import Encoder, FloatMatrix
from assistant.errors import QuestionError
from assistant.evaluation.baselines import Systems, ranked_documents, ranked_facts
from assistant.evaluation.judging import Judgement, judge
from assistant.evaluation.measures import DEPTH
from assistant.evaluation.questions import HASHED, Question
from assistant.retrieval import Retriever
from assistant.text import tokens


class RememberingEncoder:
    """An encoder that embeds each query once.

    The assistant asks first and pays for it, so that its times are true; the rankings that it
    is compared with then find the vector made.
    """

    def __init__(self, encoder: Encoder) -> None:
        """Remember what *encoder* makes of single queries."""
        self._encoder = encoder
        self._one = lru_cache(maxsize=4096)(lambda text: encoder.encode_queries([text]))

    @property
    def fingerprint(self) -> str:
        """Name and digest of the model."""
        return self._encoder.fingerprint

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._encoder.dimension

    def encode_passages(self, texts: Sequence[str]) -> FloatMatrix:
        """Return embeddings of passages, nothing remembered."""
        return self._encoder.encode_passages(texts)

    def encode_queries(self, texts: Sequence[str]) -> FloatMatrix:
        """Return embeddings of queries; a single one is remembered."""
        return self._one(texts[0]) if len(texts) == 1 else self._encoder.encode_queries(texts)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A question, its answer, and what the answer got right.

    Attributes:
        bold: The judgement of what would be answered if the assistant never abstained.
        facts: System -> ranking of facts; empty where no fact is expected.
        documents: System -> ranking of documents.
        elapsed_ms: Time that ``Assistant.ask`` took, warm.
    """

    question: Question
    answer: Answer
    judgement: Judgement
    bold: Judgement
    elapsed_ms: float
    facts: dict[str, list[str]] = field(default_factory=dict)
    documents: dict[str, list[str]] = field(default_factory=dict)

    @property
    def right(self) -> bool:
        """Whether the reaction is the right one: a right answer, or an abstention where one is due."""
        return self.judgement.goodness >= 0.999


class Examiner:
    """Asks questions of one assistant and judges its answers."""

    def __init__(self, assistant: Assistant, encoder: RememberingEncoder) -> None:
        """Examine *assistant*, which embeds with *encoder*."""
        self.assistant = assistant
        self.index = assistant.index
        catalogue = assistant.catalogue
        retriever = Retriever(self.index, encoder)
        ranker = Ranker(retriever, catalogue, load_weights())
        self.systems = Systems(retriever, ranker)
        self._bold = Composer(
            Ranker(retriever, catalogue, replace(load_weights(), operating_point=-1.0)), catalogue
        )
        self.titles = {slug: catalogue.title(slug) for slug in catalogue.providers}
        self._names = frozenset(t for p in catalogue.providers.values() for n in p.names for t in tokens(n))
        self._passages = lru_cache(maxsize=1024)(self._texts)

    def _texts(self, slug: str) -> frozenset[str]:
        return frozenset(p.text for p in self.index.passages_of(slug))

    def _judge(self, question: Question, answer: Answer) -> Judgement:
        return judge(
            question,
            answer,
            titles=self.titles,
            names=self._names,
            indexed=lambda slug, text: text in self._passages(slug),
        )

    def examine(self, question: Question) -> Outcome:
        """Ask one question; a question that is refused counts as an abstention."""
        started = time.perf_counter()
        try:
            answer = self.assistant.ask(question.text, history=question.history, id=question.id)
        except QuestionError as error:
            refused = Answer(
                question.text,
                "hors_sujet",
                abstained=True,
                answer=str(error),
                reason=str(error),
                id=question.id,
            )
            judgement = self._judge(question, refused)
            return Outcome(question, refused, judgement, judgement, (time.perf_counter() - started) * 1000)
        elapsed = (time.perf_counter() - started) * 1000
        judgement = self._judge(question, answer)
        ranked = self.systems.ranker.rank(self.systems.understood(question))
        bold = self._judge(question, self._bold.compose(ranked)) if answer.abstained else judgement
        if not question.facts:
            return Outcome(question, answer, judgement, bold, elapsed)
        rankings = self.systems.rankings(question, ranked)
        return Outcome(
            question,
            answer,
            judgement,
            bold,
            elapsed,
            facts={n: ranked_facts(r, question, depth=DEPTH) for n, r in rankings.items()},
            documents={n: ranked_documents(r, question, depth=DEPTH) for n, r in rankings.items()},
        )


def counted(items: Sequence[Question], label: str) -> Iterable[Question]:
    """Yield *items*, their number shown on stderr where it is a terminal."""
    if not sys.stderr.isatty():
        yield from items
        return
    from tqdm import tqdm

    yield from tqdm(items, desc=label, file=sys.stderr, leave=False)


def examine_all(examiner: Examiner, questions: Sequence[Question]) -> list[Outcome]:
    """Ask every question, in order, in a warm process."""
    examiner.assistant.warm_up()
    return [examiner.examine(q) for q in counted(questions, "Questions")]


def by_facts(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Return the outcomes that the operating point decides.

    Comparisons and lists are answered by tables, with a threshold of their own: they are left out.
    """
    return [
        o for o in outcomes if o.question.kind not in HASHED and o.answer.kind not in {"comparaison", "liste"}
    ]


def decided(outcomes: Iterable[Outcome]) -> list[tuple[float, bool]]:
    """Return (confidence, right if answered) of the questions that the operating point decides.

    Answering a question that the dossier does not cover is wrong at any confidence.
    """
    return [
        (o.answer.confidence, bool(o.bold.right_fact) and o.question.answerable) for o in by_facts(outcomes)
    ]
