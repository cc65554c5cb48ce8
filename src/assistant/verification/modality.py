"""What is claimed, how surely, for which plan, by whom, and what is denied."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.verification.lexicon import lexicon, roots
from assistant.verification.reading import Cue, Reading

SAYING = re.compile(
    r"ecri(?:t|vent|vait)|affirm\w+|declar\w+|estim\w+|assur\w+|soulign\w+|revendiqu\w+|rappel\w+|expliqu\w+|ajoute|jug\w+|situe|promet\w*|attribu\w+|trouve|presente"
)

_RELATIVE = frozenset({"lequel", "laquelle", "lesquels", "lesquelles", "que", "qu"})
"""« des captures selon lesquelles … » names nobody after « selon »."""


def sources(reading: Reading) -> frozenset[str]:
    """Return the stems by which a sentence names who says so: « selon X », else « écrit X »."""
    words = reading.words
    found: set[str] = set()
    for i, word in enumerate(words):
        follows = words[i + 1].folded if i + 1 < len(words) else ""
        if (word.folded == "selon" and follows not in _RELATIVE) or (
            word.folded == "apres" and i and words[i - 1].folded == "d"
        ):
            found |= {w.stem for w in words[i + 1 : i + 9] if w.content and w.clause == word.clause}
    if found:
        return frozenset(found)
    for i, word in enumerate(words):
        if SAYING.fullmatch(word.folded):
            before = [w for w in words[max(0, i - 3) : i] if w.folded not in {"a", "ont", "avait"}][-1:]
            who = {w.stem for w in before if w.sort == "name" and w.content}
            found |= who or {w.stem for w in words[i + 1 : i + 3] if w.sort == "name" and w.content}
    return frozenset(found)


def attributed(statement: Reading, evidence: Sequence[Reading]) -> bool:
    """Whoever the sentences quote is still named."""
    said = statement.stems()
    return all(not (named := sources(e)) or bool(named & said) for e in evidence)


_OF_A_CLAUSE = frozenset({"partial", "some", "possibility", "duty", "planned"})
"""Marks that bear on the clause they stand in: leaving the whole clause out loses nothing else."""


def _told(reading: Reading, statement: Reading) -> list[str]:
    """Return the clauses of a sentence that the statement tells again, at least half of each."""
    said = statement.stems()
    found = []
    for clause in re.split(r"[,;:()]", reading.folded):
        words = [t for t in roots(clause) if t not in lexicon().light]
        held = sum(any(lexicon().same(w, s) for s in said) for w in words)
        if held >= 0.5 * len(words):
            found.append(clause)
    return found


def marks(statement: Reading, evidence: Sequence[Reading]) -> str | None:
    """Return the mark of modality, source or extent that was lost or added, or None."""
    texts = [e.folded for e in evidence]
    told = [t for e in evidence for t in _told(e, statement)]
    for mark in lexicon().marks:
        if mark.made_up(statement.folded, texts) or mark.lost(
            told if mark.name in _OF_A_CLAUSE else texts, statement.folded
        ):
            return mark.name
    return None


def plans(statement: Reading, evidence: Sequence[Reading]) -> bool:
    """No plan is named that the sentences do not name, and not all are left out."""
    text = " ".join(e.folded for e in evidence)
    told = " ".join(t for e in evidence for t in _told(e, statement))
    here = {name for name, pattern in lexicon().plans if pattern.search(statement.folded)}
    there = {name for name, pattern in lexicon().plans if pattern.search(text)}
    needed = {name for name, pattern in lexicon().plans if name in {"pro", "public"} and pattern.search(told)}
    return here <= there and bool(not needed or needed & here)


def polarity(statement: Reading, evidence: Sequence[Reading]) -> bool:
    """What is denied or set apart is the same on both sides."""
    theirs = [c for e in evidence for c in e.cues]
    if not all(any(_meets(c, t) for t in theirs) for c in statement.cues):
        return False
    said = statement.stems()
    return all(any(_meets(t, c) for c in statement.cues) for t in theirs if _restated(t, said))


def opposed(statement: Reading, evidence: Sequence[Reading]) -> bool:
    """Tell whether a word has taken the place of its opposite: « avant » said as « après »."""
    text = " ; ".join(e.folded for e in evidence)
    return any(
        one.search(statement.folded)
        and not one.search(text)
        and any(
            other.search(text) and not other.search(statement.folded) for other in pair if other is not one
        )
        for pair in lexicon().opposites
        for one in pair
    )


def denials(statement: Reading, evidence: Sequence[Reading]) -> bool:
    """Each word that one side denies for sure is denied, if it comes back at all, on the other."""
    theirs = [c for e in evidence for c in e.cues if c.sort == "not"]
    mine = [c for c in statement.cues if c.sort == "not"]
    said = frozenset().union(*(e.stems() for e in evidence))
    return _denied_too(theirs, mine, statement.stems()) and _denied_too(mine, theirs, said)


def _denied_too(cues: Sequence[Cue], others: Sequence[Cue], said: frozenset[str]) -> bool:
    lex = lexicon()
    near = {s for c in others for s in c.near}
    core = {s for c in cues for s in c.core if not _vague(s) and s not in lex.linking}
    return all(any(lex.same(word, n) for n in near) for word in core if any(lex.same(word, s) for s in said))


def _meets(one: Cue, other: Cue) -> bool:
    lex = lexicon()
    if one.sort != other.sort:
        return False
    mine, theirs = ([w for w in c.scope if not _vague(w)] for c in (one, other))
    if mine and theirs:
        return any(lex.same(a, b) for a in mine for b in theirs)
    if any(lex.same(a, b) for a in one.scope for b in other.scope):
        return True
    # « Copilot n'y figure pas », « Copilot n'en fait pas partie »: the subject tells what is denied.
    vague = any(all(map(_vague, c.scope)) for c in (one, other))
    return vague and bool(set(one.subject) & set(other.subject))


def _restated(cue: Cue, said: frozenset[str]) -> bool:
    """Tell whether the statement speaks of what a sentence denies."""
    words = [s for s in cue.scope if not _vague(s)]
    # One word is too few to tell: its subject must come back as well.
    least = 0.5 * len(words)
    if len(words) < 2:
        words += cue.subject
        least = len(words) - 1
    return sum(any(lexicon().same(w, s) for s in said) for w in words) >= max(1, least)


_EMPTY = frozenset({"figur", "figure", "apparaitr", "trouv", "inclu"})


def _vague(stem: str) -> bool:
    """Tell whether a verb says nothing without its subject: « n'y figure pas »."""
    return stem in lexicon().light or stem in _EMPTY
