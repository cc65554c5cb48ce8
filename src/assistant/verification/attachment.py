"""Whether dates, numbers and the two sides of a condition stand where they stood in the sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.verification.lexicon import lexicon
from assistant.verification.reading import Reading

NEAR = 5
"""Meaningful words on either side that tell what a date or a number is about."""
MARGIN = 2
"""Words that another one of the sentences must share with it, where its own shares none. Both chosen on
the calibration part of the table."""
_ORDER = {"abord": "first", "puis": "then", "ensuite": "then"}
_IF = frozenset({"si", "s", "quand", "lorsque", "lorsqu", "tant"})
_THAN = frozenset({"que", "qu"})
_COMPARE = frozenset({"plus", "moins", "plutot", "autant", "mieux", "aussi"})

_CONTRASTS = frozenset(
    (first, second)
    for first, seconds in {
        "difference": "de d du des",
        "contrairement": "a au aux",
        "inverse": "de d du des",
        "lieu": "de d du des",
        "plutot": "que qu",
    }.items()
    for second in seconds.split()
)


@dataclass(frozen=True, slots=True)
class Anchor:
    """A date, a number or a mark of order, and the stems that tell what it is about.

    Attributes:
        key: What it says; None in the place of what is left open.
        around: The nearest stems, up to the next anchor of its sort.
        before: Those of them that stand before it, in order.
    """

    key: tuple[object, ...]
    around: frozenset[str]
    before: tuple[str, ...] = ()


def misplaced(statement: Reading, evidence: Sequence[Reading]) -> bool:
    """Tell whether a date, a number or « d'abord » is said of what the sentences say of another one.

    « annoncée le 20 décembre, suspendue le 21 mars » may not become « annoncée le 21 mars ».
    """
    return any(
        _moved(of(statement), [a for e in evidence for a in of(e)]) for of in (_dates, _numbers, _order)
    )


def _moved(mine: Sequence[Anchor], theirs: Sequence[Anchor]) -> bool:
    for anchor in mine:
        own = [t for t in theirs if _says(t, anchor)]
        others = [t for t in theirs if not _says(t, anchor)]
        fits = [_fit(anchor.around, t.around) for t in own]
        if fits and max(fits) == 0 and any(_fit(anchor.around, t.around) >= MARGIN for t in others):
            return True
        if own and any(_closer(anchor, other, own) for other in others):
            return True
    return False


def _says(one: Anchor, other: Anchor) -> bool:
    """Tell whether an anchor says at least what another one says."""
    return len(one.key) == len(other.key) and all(
        b in {None, a} for a, b in zip(one.key, other.key, strict=True)
    )


def _closer(anchor: Anchor, other: Anchor, own: Sequence[Anchor]) -> bool:
    """Tell whether what stands before is what stands before another anchor, and not before its own."""
    near, far = frozenset(anchor.before[-MARGIN:]), frozenset(anchor.before)
    if len(near) < MARGIN or _fit(near, frozenset(other.before[-MARGIN:])) < MARGIN:
        return False
    return all(t.before and not _fit(frozenset(t.before[-MARGIN:]), far) for t in own)


def _fit(one: frozenset[str], other: frozenset[str]) -> int:
    lex = lexicon()
    return sum(any(lex.same(a, b) for b in other) for a in one)


def _dates(reading: Reading) -> list[Anchor]:
    found = [(m.at, (m.day, m.month, m.year)) for m in reading.moments]
    return _anchors(reading, found, _either)


def _numbers(reading: Reading) -> list[Anchor]:
    found = [(q.at, (q.value, q.unit or None)) for q in reading.quantities]
    return _anchors(reading, found, _either)


def _order(reading: Reading) -> list[Anchor]:
    found = [(i, (_ORDER[w.folded],)) for i, w in enumerate(reading.words) if w.folded in _ORDER]
    return _anchors(reading, found, lambda _left, right: right[:NEAR])


def _either(left: list[int], right: list[int]) -> list[int]:
    return [*left[-NEAR:], *right[:NEAR]]


def _anchors(
    reading: Reading,
    found: Sequence[tuple[int, tuple[object, ...]]],
    nearest: Callable[[list[int], list[int]], list[int]],
) -> list[Anchor]:
    """Return the anchors at some places with the words around, up to the next place that is apart."""
    counted = [i for i in range(len(reading.words)) if _counts(reading, i)]
    places = [p for p, _ in found]

    def apart(one: int, other: int) -> bool:
        # « entre le 31 juillet et le 1er août » is one place.
        return any(min(one, other) < i < max(one, other) for i in counted)

    anchors = []
    for at, key in found:
        first = max((p for p in places if p < at and apart(p, at)), default=-1)
        last = min((p for p in places if p > at and apart(p, at)), default=len(reading.words))
        left, right = [i for i in counted if first < i < at], [i for i in counted if at < i < last]
        stems = frozenset(reading.words[i].stem for i in nearest(left, right))
        anchors.append(Anchor(key, stems, tuple(reading.words[i].stem for i in left[-NEAR:])))
    return anchors


def _counts(reading: Reading, i: int) -> bool:
    word = reading.words[i]
    dated = any(m.at < i <= m.at + (m.day is not None) + (m.month is not None) for m in reading.moments)
    return word.content and word.sort != "number" and not dated and word.stem not in lexicon().light


def exchanged(statement: Reading, evidence: Sequence[Reading]) -> bool:
    """Tell whether words crossed over a condition or a comparison in both directions.

    « X peut être atteint si Y garde le contrôle » may not become « Y peut être atteint si X … ».
    """
    for sides in (_conditional, _compared, _contrasted):
        mine = sides(statement)
        for e in evidence:
            theirs = sides(e)
            if mine is None or theirs is None:
                continue
            (left, right), (first, second) = mine, theirs
            only_first, only_second = first - second, second - first
            if _fit(only_first - left, right - left) and _fit(only_second - right, left - right):
                return True
    return False


Sides = tuple[frozenset[str], frozenset[str]]


def _conditional(reading: Reading) -> Sides | None:
    """Return the stems outside and inside the only conditional clause."""
    words = reading.words
    places = [
        i for i, w in enumerate(words) if w.folded in _IF and (w.folded != "s" or words[i + 1].folded == "il")
    ]
    return _around(reading, places)


def _compared(reading: Reading) -> Sides | None:
    """Return the stems on the two sides of the only « plus … que »."""
    words = reading.words
    places = [
        i
        for i, w in enumerate(words)
        if w.folded in _THAN and any(v.folded in _COMPARE for v in words[max(0, i - 3) : i])
    ]
    return _around(reading, places)


def _contrasted(reading: Reading) -> Sides | None:
    """Return the stems outside and inside the only « à la différence de … », « contrairement à … »."""
    words = reading.words
    folded = [w.folded for w in words]
    places = [i for i in range(len(words) - 1) if (folded[i], folded[i + 1]) in _CONTRASTS]
    return _around(reading, places)


def _around(reading: Reading, places: Sequence[int]) -> Sides | None:
    """Return the stems outside and inside what follows the only one of *places* in its clause."""
    if len(places) != 1:
        return None
    words, at = reading.words, places[0]
    inside = {i for i in range(at + 1, len(words)) if words[i].clause == words[at].clause}
    counted = [i for i in range(len(reading.words)) if _counts(reading, i)]
    within = frozenset(reading.words[i].stem for i in counted if i in inside)
    return frozenset(reading.words[i].stem for i in counted if i not in inside), within
