"""From single outcomes to the figures that are reported, by part and by kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from assistant.evaluation.asking import Outcome, decided
from assistant.evaluation.baselines import ANSWER, ENGINE, NAMES
from assistant.evaluation.judging import Judgement
from assistant.evaluation.measures import area_under, mean, percentile, ranking_measures, risk_coverage
from assistant.evaluation.questions import FACTUAL, HASHED, PARTS

Figures = dict[str, Any]
ENTIRE = "ensemble"
"""The key of both parts together."""


def _average(outcomes: Iterable[Outcome], read: Callable[[Judgement], float | bool | None]) -> float | None:
    return mean(read(o.judgement) for o in outcomes)


def _rate(outcomes: Sequence[Outcome], holds: Callable[[Outcome], bool]) -> float | None:
    return mean(holds(o) for o in outcomes)


def retrieval(outcomes: Sequence[Outcome], *, of: str) -> dict[str, dict[str, float | None]]:
    """Return system -> ranking figures, over *of*: "facts" or "documents".

    Follow-ups are given as typed to the systems that read no conversation: that is what they
    would be given.
    """
    found = {}
    asked = [o for o in outcomes if o.question.facts and (of == "facts" or o.question.documents)]
    for system in NAMES:
        qrels, run = {}, {}
        for outcome in asked:
            question = outcome.question
            several = question.facts if of == "facts" else question.documents
            expected = several if question.kind in HASHED else {ANSWER}
            qrels[question.id] = dict.fromkeys(expected, 1)
            run[question.id] = (outcome.facts if of == "facts" else outcome.documents).get(system, [])
        found[system] = ranking_measures(qrels, run)
    return found


def answers(outcomes: Sequence[Outcome]) -> Figures:
    """Return what the answers got right; an abstention where an answer is due is a wrong answer."""
    factual = [o for o in outcomes if o.question.factual and o.question.kind != "suite"]
    follow_ups = [o for o in outcomes if o.question.kind == "suite" and o.question.answerable]
    every = [*factual, *follow_ups]
    comparisons = [o for o in outcomes if o.question.kind == "comparaison"]
    return {
        "right_fact": _average(factual, lambda j: j.right_fact),
        "right_document": _average(factual, lambda j: j.right_document),
        "first_document": _average(factual, lambda j: j.first_document),
        "citation_precision": _average(every, lambda j: j.citation_precision),
        "citation_recall": _average(every, lambda j: j.citation_recall),
        "follow_ups": _average(follow_ups, lambda j: j.right_fact),
        "follow_ups_interpreted": _rate(follow_ups, lambda o: o.answer.interpreted is not None),
        "english": _average([o for o in every if o.question.language == "en"], lambda j: j.right_fact),
        "comparison_covered": _average(comparisons, lambda j: j.covered),
        "comparison_complete": mean(
            None if o.judgement.covered is None else o.judgement.covered == 1 for o in comparisons
        ),
        "comparison_values": _average(comparisons, lambda j: j.values),
        "list_f1": _average([o for o in outcomes if o.question.kind == "liste"], lambda j: j.list_f1),
    }


def abstention(outcomes: Sequence[Outcome]) -> Figures:
    """Return the figures of abstention.

    With U the questions that the dossier does not answer, A those that it does, and S the
    abstentions: precision = |S ∩ U| / |S|, recall = |S ∩ U| / |U|, answered though unanswerable
    = 1 - recall, answered of answerable = 1 - |S ∩ A| / |A|. The wrong-answer rate is the share
    of the answers about facts that hold no expected fact (the unanswerable ones are all wrong).
    """
    unanswerable = [o for o in outcomes if not o.question.answerable]
    answerable = [o for o in outcomes if o.question.answerable]
    abstained = [o for o in outcomes if o.answer.abstained]
    given = [o for o in outcomes if not o.answer.abstained and o.question.kind not in HASHED]
    curve = risk_coverage(decided(outcomes))
    return {
        "unanswerable": len(unanswerable),
        "answerable": len(answerable),
        "abstentions": len(abstained),
        "answered_unanswerable": _rate(unanswerable, lambda o: not o.answer.abstained),
        "answered_answerable": _rate(answerable, lambda o: not o.answer.abstained),
        "precision": _rate(abstained, lambda o: not o.question.answerable),
        "recall": _rate(unanswerable, lambda o: o.answer.abstained),
        "wrong_answers": _rate(given, lambda o: not (o.question.answerable and o.judgement.right_fact)),
        "aurc": area_under(curve),
    }


def false_premises(outcomes: Sequence[Outcome]) -> Figures:
    """Return how false premises fare: corrected, refused, answered beside the point, repeated."""
    asked = [o for o in outcomes if o.question.kind == "fausse_premisse"]
    right = [o for o in asked if o.question.answerable]
    return {
        "questions": len(asked),
        "corrected": _average(right, lambda j: j.right_fact),
        "refused": _rate(asked, lambda o: o.answer.abstained),
        "answered_wrong": _rate(asked, lambda o: not o.answer.abstained and not o.judgement.right_fact),
        "repeated": sum(bool(o.judgement.premise_repeated) for o in asked),
    }


def kinds(outcomes: Sequence[Outcome]) -> dict[str, Figures]:
    """Return, for each kind of question, how many, how good and how often answered."""
    found = {}
    for kind in sorted({o.question.kind for o in outcomes}):
        asked = [o for o in outcomes if o.question.kind == kind]
        found[kind] = {
            "questions": len(asked),
            "right": mean(o.judgement.goodness for o in asked),
            "answered": _rate(asked, lambda o: not o.answer.abstained),
            "right_document": _average(asked, lambda j: j.right_document),
            "recall@3": ranking_of(asked)["recall@3"],
            "mrr@10": ranking_of(asked)["mrr@10"],
        }
    return found


def ranking_of(outcomes: Sequence[Outcome]) -> dict[str, float | None]:
    """Return the engine's ranking figures over facts."""
    return retrieval(outcomes, of="facts")[ENGINE]


def confusion(outcomes: Iterable[Outcome]) -> dict[str, dict[str, int]]:
    """Return kind asked -> kind answered -> count ("hors_sujet" is an abstention)."""
    counts = Counter((o.question.kind, o.answer.kind) for o in outcomes)
    found: dict[str, dict[str, int]] = {}
    for (asked, answered), number in sorted(counts.items()):
        found.setdefault(asked, {})[answered] = number
    return found


def figures(outcomes: Sequence[Outcome]) -> Figures:
    """Return every figure of a set of outcomes."""
    ranked = [o for o in outcomes if o.question.kind in FACTUAL]
    times = [o.elapsed_ms for o in outcomes]
    return {
        "questions": len(outcomes),
        "answers": answers(outcomes),
        "abstention": abstention(outcomes),
        "false_premises": false_premises(outcomes),
        "unfaithful_statements": sum(o.judgement.unfaithful for o in outcomes),
        "over_six_statements": sum(o.judgement.verbose for o in outcomes),
        "latency_ms": {"p50": percentile(times, 0.50), "p95": percentile(times, 0.95)},
        "retrieval": {"facts": retrieval(ranked, of="facts"), "documents": retrieval(ranked, of="documents")},
        "kinds": kinds(outcomes),
        "confusion": confusion(outcomes),
    }


def by_part(outcomes: Sequence[Outcome]) -> dict[str, Figures]:
    """Return the figures of each part that has questions, and of all."""
    parts = {p: [o for o in outcomes if o.question.part == p] for p in PARTS}
    return {**{p: figures(found) for p, found in parts.items() if found}, ENTIRE: figures(outcomes)}


def measure_at(measures: Mapping[str, Any], path: str) -> Any:
    """Return the figure under a dotted path, such as ``answers.right_fact``.

    Raises:
        KeyError: There is none.
    """
    found: Any = measures
    for name in path.split("."):
        if not isinstance(found, Mapping):
            raise KeyError(path)
        found = found[name]
    return found
