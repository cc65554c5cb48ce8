"""Choose the one to four sentences that answer a question about facts, or a definition."""

from __future__ import annotations

import re

from assistant.answering.ranking import Ranked, Ranker, plan_of
from assistant.domain import Plan
from assistant.question.understanding import answer_type_fit, lexicon
from assistant.retrieval import Hit, Terms
from assistant.text import fold, tokens

MOST = 4
SHARE = 0.30
"""A further sentence needs this share of the first one's score. A first guess, not yet tuned."""
FLOOR = 0.06
MOSTLY = 0.6
"""Share of a question's words, by weight, that a term must make for the question to ask about it."""
SAME = 0.72
"""Share of common words from which two sentences say the same thing."""


def _key(hit: Hit) -> frozenset[str]:
    return frozenset(tokens(hit.sentence.text))


def repeats(one: Hit, other: Hit) -> bool:
    """Tell whether two sentences say the same thing in nearly the same words."""
    a, b = _key(one), _key(other)
    return len(a & b) >= SAME * max(min(len(a), len(b)), 1)


def preferred(hits: tuple[Hit, ...], question: str) -> list[Hit]:
    """Order hits for choosing: those that hold what is asked for, then sourced ones before copies.

    A question may ask for a price, a duration, a date or a number: a sentence without one loses
    a fourth of its score, enough to pass after a direct answer that scores nearly the same.
    """

    def worth(hit: Hit) -> float:
        return hit.score * (0.75 if answer_type_fit(question, [hit.sentence.text]) < 0 else 1.0)

    return sorted(
        hits,
        key=lambda h: (
            -round(worth(h), 2),
            not h.sentence.notes,
            h.sentence.passage.page is not None,
            h.sentence.row,
        ),
    )


def select_facts(ranked: Ranked) -> list[Hit]:
    """Return the sentences that answer, the direct answer first.

    Where the question names no plan and the answer is about one, the best sentence about the
    other plan follows, so that consumer and business terms are never mixed up silently.
    """
    wanted = set(ranked.query.providers)
    pool = [
        h for h in preferred(ranked.hits[:40], ranked.query.text) if not wanted or h.feature("provider") > 0
    ]
    if not pool:
        return []
    top = pool[0]
    kept = [top]
    per_note: dict[str, int] = dict.fromkeys(top.sentence.notes[:1], 1)
    for hit in pool[1:]:
        if len(kept) == MOST or hit.score < max(FLOOR, SHARE * top.score):
            break
        note = hit.sentence.notes[0] if hit.sentence.notes else ""
        if any(repeats(hit, k) for k in kept) or per_note.get(note, 0) >= 2:
            continue
        kept.append(hit)
        if note:
            per_note[note] = per_note.get(note, 0) + 1
    return _both_plans(kept, pool, ranked)


def _both_plans(kept: list[Hit], pool: list[Hit], ranked: Ranked) -> list[Hit]:
    if ranked.query.plan is not None:
        return kept
    first: Plan | None = plan_of(kept[0].sentence.text)
    if first is None or any(plan_of(h.sentence.text) not in {None, first} for h in kept):
        return kept
    top = kept[0].sentence
    other = next(
        (
            h
            for h in pool
            if plan_of(h.sentence.text) not in {None, first}
            and h.score >= FLOOR
            and h.sentence.document.slug == top.document.slug
            and not any(repeats(h, k) for k in kept)
        ),
        None,
    )
    if other is None:
        return kept
    return [*kept[: MOST - 1], other]


class Glossary:
    """Headings that are terms: a section whose heading is what the question asks to define."""

    def __init__(self, ranker: Ranker) -> None:
        """Gather the headings of glossaries: documents whose title says so."""
        index = ranker.retriever.index
        self._rows: dict[frozenset[str], list[int]] = {}
        for document in index.documents.values():
            if "glossaire" not in fold(document.title):
                continue
            for passage in index.passages_of(document.slug):
                for name in self._names(passage.section or ""):
                    self._rows.setdefault(name, []).extend(index.sentence_rows(passage.row))

    @staticmethod
    def _names(heading: str) -> set[frozenset[str]]:
        """Return a heading's ways of being named: whole, outside and inside its brackets."""
        parts = [heading, re.sub(r"\(.*?\)", "", heading), *re.findall(r"\((.*?)\)", heading)]
        parts = [re.sub(r"^en anglais ", "", p, flags=re.IGNORECASE) for p in parts]
        return {frozenset(t) for p in parts if (t := tokens(p))}

    def find(self, content: frozenset[str]) -> list[int]:
        """Return the sentence rows of the term that *content* names, or none."""
        return self._rows.get(content, [])

    def nearest(self, terms: Terms) -> list[int]:
        """Return the sentence rows of the term that makes most of a question's words, or none.

        « chifrement de bout en bout c koi » holds, its spelling mended, a heading and little else.
        """
        frame = lexicon()["definition_words"]
        weights = {t: w for t, w in zip(terms.words, terms.weights, strict=True) if t not in frame}
        mass = sum(weights.values()) or 1.0
        inside = [
            (sum(weights[t] for t in sorted(name)) / mass, sorted(name))
            for name in self._rows
            if name <= weights.keys()
        ]
        share, name = max(inside, default=(0.0, []))
        return self._rows[frozenset(name)] if share >= MOSTLY else []
