"""Complete a question that goes on from the one before it."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

from assistant.errors import QuestionError
from assistant.question.catalogue import Catalogue, words
from assistant.question.understanding import Query, check, lexicon, read
from assistant.text import squeeze, tokens

_MASKED = re.compile(r"\[[^\[\]]{1,60} masquée?\]")
SHORT = 3
"""Meaningful words up to which a question that names no provider may go on from another."""


def _is_fragment(query: Query) -> bool:
    """Tell whether a question cannot stand alone."""
    lex, folded = lexicon(), words(query.text)
    if query.kind in {"liste", "definition"} and not lex["opening"].search(folded):
        return False
    if lex["opening"].search(folded):
        return True
    if (
        not query.providers
        and len(query.content) <= 2
        and (lex["elliptic"].search(folded) or lex["pronoun"].search(folded))
    ):
        return True
    if len(query.content) <= 1 and (query.providers or lex["why"].search(folded)):
        return bool(lex["why"].search(folded)) or not query.content
    return not query.content


def _asks_nothing(query: Query) -> bool:
    """Tell whether a question goes on from nothing: « et Perplexity ? » at the start of a conversation."""
    goes_on = lexicon()["opening"].search(words(query.text))
    return bool(goes_on) and not query.providers and len(query.content) <= 1


def _joined(question: str, rest: str) -> str:
    """Return *question* and what it goes on from as one question."""
    return f"{question.rstrip(' ?.!')} – {rest}\u202f?"


def about(previous: Query, slugs: tuple[str, ...], catalogue: Catalogue) -> str:
    """Return the previous question with its providers' names replaced by those of *slugs*."""
    names = [catalogue.providers[s].name for s in slugs]
    joined = names[0] if len(names) == 1 else ", ".join(names[:-1]) + " et " + names[-1]
    text = previous.text
    spans = _spans(text, previous)
    if not spans:
        return _joined(text, joined)
    first = True
    for start, end in reversed(spans):
        first = (start, end) == spans[0]
        text = text[:start] + (joined if first else "") + text[end:]
    return squeeze(re.sub(r"(?:\b(?:et|ou|and|or)\b|,)\s*(?=[?.!]|$)", "", text))


def _spans(text: str, query: Query) -> list[tuple[int, int]]:
    """Return where *text* names the providers of *query*, as offsets in *text*."""
    found = []
    # The folded words keep the order of the text's words: walk both together.
    places = [(m.start(), m.end()) for m in re.finditer(r"[^\W_]+", text)]
    folded_words: list[tuple[str, int]] = []
    for number, (start, end) in enumerate(places):
        folded_words += [(w, number) for w in words(text[start:end]).split()]
    offsets, at = [], 0
    for word, number in folded_words:
        offsets.append((at, at + len(word), number))
        at += len(word) + 1
    for mention in query.mentions:
        inside = [n for a, b, n in offsets if a < mention.end and b > mention.start]
        if inside:
            span = places[inside[0]][0], places[inside[-1]][1]
            if span not in found:
                found.append(span)
    return found


_EMPTY = frozenset(tokens("offre version plan formule compte question même pareil"))
"""Words of a fragment that ask nothing by themselves: « et pour l'offre gratuite ? »."""


def _without_plan(text: str) -> str:
    """Return *text* without the words that name a plan."""
    lex = lexicon()
    return str(lex["grand_public"].sub("", lex["pro"].sub("", text)))


def _completions(query: Query, previous: Query, catalogue: Catalogue) -> list[str]:
    """Return the full questions that a fragment may stand for, likeliest first."""
    lex, folded = lexicon(), words(query.text)
    if lex["comparison"].search(folded) and query.providers:
        both = tuple(dict.fromkeys((*previous.providers, *query.providers)))
        return [about(previous, both, catalogue)]
    rest = [t for t in query.content if t not in _EMPTY]
    only_plan = query.plan is not None and not set(tokens(_without_plan(folded))) & set(rest)
    if query.providers and (not rest or only_plan):
        text = about(previous, query.providers, catalogue)
        return [text if query.plan is None else _with_plan(text, query)]
    if only_plan and not query.providers:
        return [_with_plan(previous.text, query)]
    if query.providers:
        return [query.text]
    # The fragment asks about what was being discussed: in the same matter, or in another.
    same = _joined(query.text, previous.text.rstrip(" ?.!"))
    subject = " ".join(catalogue.providers[s].name for s in previous.providers if s in catalogue.providers)
    if not subject:
        return [same]
    other = _joined(query.text, subject)
    goes_on = lex["goes_on"].search(folded) or lex["pronoun"].search(folded) or not rest
    asks_how = len(rest) == 1 and lex["why"].search(folded)
    return [same, other] if goes_on or asks_how else [other, same]


def _with_plan(text: str, query: Query) -> str:
    wording = re.sub(r"^(?:et|mais|ou|and)\s+", "", query.text.rstrip(" ?.!"), flags=re.IGNORECASE)
    for mention in query.mentions:
        wording = re.sub(re.escape(mention.text), "", wording, flags=re.IGNORECASE)
    stripped = re.sub(
        lexicon()["pro"].pattern if query.plan == "grand public" else lexicon()["grand_public"].pattern,
        "",
        text,
    )
    return f"{stripped.rstrip(' ?.!')}, {squeeze(wording)}\u202f?"


def understand(
    question: str,
    catalogue: Catalogue,
    *,
    history: list[str] | tuple[str, ...] = (),
    known_words: Collection[str] = frozenset(),
) -> Query:
    """Return *question* as understood after the questions of *history*, oldest first.

    Args:
        question: The question as typed.
        catalogue: The providers, and the spelling of the dossier.
        history: Earlier questions of the conversation.
        known_words: Stems of the dossier: none of them is a misspelt provider's name.

    Raises:
        QuestionError: It is empty or too long.
    """
    typed = check(question)

    def one(text: str) -> Query:
        # What was masked in a question says nothing of what it asks.
        told = _MASKED.sub(" ", text)
        return read(
            catalogue.spelling.mended(told if re.search(r"\w", told) else text), catalogue, known_words
        )

    previous: Query | None = None
    for old in history[-4:]:
        try:
            previous = _resolve(one(check(old)), previous, catalogue, known_words)
        except QuestionError:
            continue
    query = _resolve(one(typed), previous, catalogue, known_words)
    if previous is None and _asks_nothing(query):
        query = replace(query, kind="hors_sujet")
    others = tuple(replace(q, typed=typed) for q in query.alternatives)
    return replace(query, typed=typed, alternatives=others)


def _resolve(
    query: Query, previous: Query | None, catalogue: Catalogue, known_words: Collection[str]
) -> Query:
    if previous is None:
        return query

    def completed(text: str) -> Query:
        if text == query.text:
            return query
        full = read(text, catalogue, known_words)
        return replace(full, typed=query.text, interpreted=text, plan=full.plan or query.plan)

    if _is_fragment(query):
        first, *others = [completed(t) for t in _completions(query, previous, catalogue)]
        return replace(first, alternatives=tuple(others))
    if query.providers or query.kind != "fait":
        return query
    same = completed(_joined(query.text, previous.text.rstrip(" ?.!")))
    if lexicon()["pronoun"].search(words(query.text)):
        return replace(same, alternatives=(query,))
    # A short question, though whole, may leave unsaid what it is about.
    return replace(query, alternatives=(same,)) if len(query.content) <= SHORT else query
