"""Whether the names and numbers of a reworded sentence stand where they stood."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.verification.checks import name_key
from assistant.verification.lexicon import lexicon
from assistant.verification.measures import measures
from assistant.verification.modality import SAYING, sources
from assistant.verification.reading import Reading
from assistant.verification.words import Word

BRIDGE = 3
"""Words that two sentences must share in a row for what stands on either side to be compared, where
none of them carries meaning. With WINDOW and REACH, chosen on the calibration part of the table."""
WINDOW = 7
"""Words on either side that are compared."""
REACH = 12
"""The same where only numbers are compared: « 63 % pour A … 13 % pour B »."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A word in a line: one writing of it, what it is, whether it carries meaning and counts."""

    key: str
    sort: str
    meant: bool
    counts: bool


def crossed_over(statement: Reading, evidence: Sequence[Reading]) -> bool:
    """Tell whether what stood before some words stands after them, and the reverse.

    « A contre B » said as « B contre A »: the same words in the same order between the two.
    """
    return any(
        _crosses(_line(e, sorts), _line(statement, sorts), window)
        for e in evidence
        for sorts, window in ((_SORTS, WINDOW), (frozenset({"number"}), REACH))
    )


_SORTS = frozenset({"word", "name", "number"})
_DIRECTED = frozenset({"ver", "vers", "contre", "puis", "ensuite", "plutot"})
"""Prepositions whose two sides are never the same."""


def _line(reading: Reading, sorts: frozenset[str]) -> list[Mark]:
    """Return the words of a sentence as they are compared.

    Who says it and when may stand anywhere in a sentence, and a unit goes with its number: these
    carry no place of their own.
    """
    years = {m.at for m in reading.moments}
    free = {m.at + n for m in reading.moments if m.day or m.month for n in range(3)}
    said, units = sources(reading), measures().units.keys() | measures().currencies.keys()
    found: list[Mark] = []
    for i, word in enumerate(reading.words):
        if word.sort == "mark" and word.folded not in units:
            continue
        name = name_key(word)
        sort = "name" if name else word.sort
        meant = word.content and i not in free and word.stem not in said and not SAYING.fullmatch(word.folded)
        found.append(
            Mark(
                name or word.stem,
                sort,
                meant,
                meant and sort in sorts and word.folded not in units and i not in years,
            )
        )
    return found


def _crosses(source: list[Mark], claim: list[Mark], window: int) -> bool:
    """Tell whether some run of words that both lines share has its sides exchanged."""
    # « par » turns a sentence round without changing what it says.
    if sum(m.key == "par" for m in source) != sum(m.key == "par" for m in claim):
        return False
    for i in range(1, len(source) - 1):
        for j in range(1, len(claim) - 1):
            if source[i].key != claim[j].key or source[i - 1].key == claim[j - 1].key:
                continue
            size = _shared(source[i:], claim[j:])
            if not _tells(source[i : i + size]):
                continue
            sides = (source[:i][::-1], source[i + size :], claim[:j][::-1], claim[j + size :])
            if _exchanged(*(s[:window] for s in sides)):
                return True
    return False


def _shared(source: list[Mark], claim: list[Mark]) -> int:
    """Return how many words two lines have in common at their start."""
    return sum(
        1 for _ in itertools.takewhile(lambda p: p[0].key == p[1].key, zip(source, claim, strict=False))
    )


def _tells(run: list[Mark]) -> bool:
    """Tell whether a run of words is enough to compare what stands on its two sides."""
    keys = {m.key for m in run}
    if len(run) >= BRIDGE or keys & _DIRECTED:
        return True
    return any(m.meant and m.sort != "number" for m in run) and not keys & {"par", "est"}


def _exchanged(
    source_left: list[Mark], source_right: list[Mark], claim_left: list[Mark], claim_right: list[Mark]
) -> bool:
    before, after, left, right = (
        [m for m in side if m.counts] for side in (source_left, source_right, claim_left, claim_right)
    )
    if not (left and right) or (left[0].sort != right[0].sort and "number" in {left[0].sort, right[0].sort}):
        return False
    # « est » may turn it round too.
    if (_has("est", claim_right) and _has("est", source_left)) or (
        _has("est", claim_left) and _has("est", source_right)
    ):
        return False
    one, other = left[0].key, right[0].key
    return _has(one, after) and not _has(one, before) and _has(other, before) and not _has(other, after)


def _has(key: str, line: list[Mark]) -> bool:
    return any(m.key == key for m in line)


def turned(statement: Reading, evidence: Sequence[Reading]) -> bool:
    """Tell whether two names changed sides of one relation: « A est filiale de B », « B … de A »."""
    known = _known([statement, *evidence])
    mine = _anchors(statement, known)
    for e in evidence:
        theirs = _anchors(e, known)
        for one, two in itertools.pairwise(mine):
            here, voice = _link(statement, one, two)
            for first, second in itertools.pairwise(theirs):
                if one.keys & two.keys or not (second.keys & one.keys and first.keys & two.keys):
                    continue
                there, other = _link(e, first, second)
                if voice == other == "" and here and here <= there:
                    return True
    return False


def _link(reading: Reading, one: Anchor, two: Anchor) -> tuple[frozenset[str], str]:
    """Return the words between two names, and how the second is brought in: "par", "est" or ""."""
    between = reading.words[one.last + 1 : two.first]
    words = frozenset(
        w.stem
        for w in between
        if w.content and w.stem not in lexicon().light and not SAYING.fullmatch(w.folded)
    )
    last = {w.folded for w in between[-3:]}
    return words, "par" if "par" in last else ("est" if last & {"est", "sont"} else "")


def crossed(statement: Reading, evidence: Sequence[Reading]) -> bool:
    """Tell whether what one sentence says is said of a name that only another one has."""
    if len(evidence) < 2:
        return False
    stems = [e.stems() for e in evidence]

    def only(stem: str) -> int | None:
        holders = [n for n, s in enumerate(stems) if stem in s]
        return holders[0] if len(holders) == 1 else None

    for part in _parts(statement):
        owners = [
            (w.sort == "name", place) for w in part if w.content and (place := only(w.stem)) is not None
        ]
        named = {place for is_name, place in owners if is_name}
        if len(named) > 1:
            return True
        words = [place for is_name, place in owners if not is_name]
        if named and sum(p not in named for p in words) > sum(p in named for p in words) + 1:
            return True
    return False


def _parts(reading: Reading) -> list[list[Word]]:
    """Return the words of a sentence, parted where another thing may begin to be told."""
    found: list[list[Word]] = [[]]
    words = reading.words
    for n, word in enumerate(words):
        ends = word.folded == "." and not _names_who(found[-1], words[n + 1 : n + 3])
        if word.folded in _PARTING or ends:
            found.append([])
        found[-1].append(word)
    return found


def _names_who(part: list[Word], after: Sequence[Word]) -> bool:
    """Tell whether a mark only parts what is told from who tells it: « Selon X, … », « …, selon X »."""
    once = any(w.folded == "." for w in part[1:])
    first = [] if once else [w.folded for w in part if w.folded != "."][:2]
    follows = [w.folded for w in after]
    return any(w[:1] == ["selon"] or w == ["d", "apres"] for w in (first, follows))


_PARTING = frozenset({"et", "ou", "mais", "tandis", "alors", "comme", "contre", "quand", "puis"})


@dataclass(frozen=True, slots=True)
class Anchor:
    """A name of one or more words, and where it stands."""

    keys: frozenset[str]
    first: int
    last: int


def _anchors(reading: Reading, known: frozenset[str]) -> list[Anchor]:
    """Return the names of a sentence, in order."""
    found: list[Anchor] = []
    for i, word in enumerate(reading.words):
        if key := name_key(word, known):
            if found and _adjoins(reading, found[-1].last, i):
                found[-1] = Anchor(found[-1].keys | {key}, found[-1].first, i)
            else:
                found.append(Anchor(frozenset({key}), i, i))
    return found


def _adjoins(reading: Reading, last: int, at: int) -> bool:
    """Tell whether two words are of one name, an English link between them or none."""
    return last == at - 1 or (last == at - 2 and reading.words[at - 1].folded in {"for", "of", "and"})


def _known(readings: Sequence[Reading]) -> frozenset[str]:
    """Return the names of some sentences; what begins one is a name if it is one elsewhere."""
    return frozenset(w.folded for r in readings for w in r.words if w.sort == "name")
