"""Numbers with their units and bounds, and dates."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.verification.words import Word

_YEAR = re.compile(r"(?:19|20)\d\d")
_ISO = re.compile(r"((?:19|20)\d\d)-(\d\d)-(\d\d)")
_JOINS = frozenset({"a", "et", "ou", "des", "de", "sur", "d", "les", ","})
_OF_A_MONTH = frozenset({"en", "de", "d", "fin", "debut", "mi"})
BEFORE = 12
"""Words before a number among which its bound is looked for: « l'âge minimal du … est de 13 ans »."""
AFTER = 6


@dataclass(frozen=True, slots=True)
class Measures:
    """How French writes numbers, units and dates: ``measures.toml``, read."""

    cardinals: dict[str, str]
    ordinals: dict[str, str]
    fractions: frozenset[str]
    months: dict[str, int]
    seasons: frozenset[str]
    units: dict[str, str]
    currencies: dict[str, str]
    before: tuple[tuple[str, re.Pattern[str]], ...]
    after: tuple[tuple[str, re.Pattern[str]], ...]
    sides: tuple[tuple[str, re.Pattern[str]], ...]


@cache
def measures() -> Measures:
    """Return the measures of the package."""
    data = tomllib.loads(resources.files(__package__).joinpath("measures.toml").read_text(encoding="utf-8"))

    def compiled(name: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
        return tuple((key, re.compile(pattern)) for key, pattern in data[name].items())

    def forms(name: str) -> dict[str, str]:
        return {word: key for key, words in data[name].items() for word in words.split()}

    return Measures(
        cardinals=dict(pair.split("=") for pair in data["cardinals"].split()),
        ordinals=dict(pair.split("=") for pair in data["ordinals"].split()),
        fractions=frozenset(data["fractions"].split()),
        months={m: n for n, m in enumerate(data["months"].split(), 1)},
        seasons=frozenset(data["seasons"].split()),
        units=forms("units"),
        currencies=forms("currencies"),
        before=compiled("before"),
        after=compiled("after"),
        sides=compiled("sides"),
    )


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit and what bounds it.

    Attributes:
        at: Index of its token.
        value: Digits, a decimal point; "#2" for an ordinal.
        unit: Unit of time, scale or share, or "".
        bound: "about", "most", "least", "more", "less" or "".
    """

    at: int
    value: str
    unit: str
    bound: str


@dataclass(frozen=True, slots=True)
class Moment:
    """A date, as much of it as is given, and whether it begins or ends something."""

    at: int
    day: int | None
    month: int | None
    year: int | None
    side: str

    def within(self, other: Moment) -> bool:
        """Tell whether *other* says at least this."""
        return (
            self.day in {None, other.day}
            and self.month in {None, other.month}
            and self.year in {None, other.year}
            and self.side == other.side
        )


def read_measures(words: Sequence[Word]) -> tuple[list[Quantity], list[Moment]]:
    """Return the quantities and the dates of a sentence, in order."""
    moments, used = _moments(words)
    numbers = [i for i, w in enumerate(words) if w.sort == "number" and i not in used]
    found = [Quantity(i, words[i].folded, _unit(words, i), _bound(words, i)) for i in numbers]
    once = [Quantity(i, "1", "", "") for i in range(len(words)) if _once(words, i)]
    return sorted([*found, *once], key=lambda q: q.at), moments


def _once(words: Sequence[Word], at: int) -> bool:
    """Tell whether « une fois » counts, as in « une fois par an », and does not tell when."""
    follows = [w.folded for w in words[at : at + 3]]
    return follows[:2] == ["une", "fois"] and follows[2:] in ([], ["par"], ["."], ["tous"], ["chaque"])


def _unit(words: Sequence[Word], at: int) -> str:
    """Return the unit that follows a number, or that a later number of the same list bears."""
    for word in words[at + 1 : at + 1 + AFTER]:
        if word.folded in measures().units:
            return measures().units[word.folded]
        if word.sort != "number" and word.folded not in _JOINS:
            return ""
    return ""


def _before(words: Sequence[Word], at: int) -> str:
    """Return the words before a number, « dès » told from « des »."""
    near = words[max(0, at - BEFORE) : at]
    text = " ".join("dès" if w.surface.lower() == "dès" else w.folded for w in near)
    return re.sub(r"\b(d|jusqu|l) ", r"\1'", text)


def _first(patterns: Sequence[tuple[str, re.Pattern[str]]], text: str) -> str:
    return next((name for name, pattern in patterns if pattern.search(text)), "")


def _bound(words: Sequence[Word], at: int) -> str:
    after = " ".join(w.folded for w in words[at + 1 : at + 1 + AFTER])
    return _first(measures().before, _before(words, at)) or _first(measures().after, after)


def _moments(words: Sequence[Word]) -> tuple[list[Moment], set[int]]:
    """Return the dates and the indexes of the words that they are made of."""
    found: list[Moment] = []
    used: set[int] = set()
    for i in range(len(words)):
        if named := _named_month(words, i):
            moment, size = named
            found.append(moment)
            used |= set(range(moment.at, moment.at + size))
    for i, word in enumerate(words):
        iso = _ISO.fullmatch(word.folded)
        if iso or (i not in used and _YEAR.fullmatch(word.folded)):
            day, month, year = (
                (int(iso[3]), int(iso[2]), int(iso[1])) if iso else (None, None, int(word.folded))
            )
            found.append(Moment(i, day, month, year, _first(measures().sides, _before(words, i))))
            used.add(i)
    return sorted(found, key=lambda m: m.at), used


def _named_month(words: Sequence[Word], i: int) -> tuple[Moment, int] | None:
    """Return the date around a month's name, and how many words it takes."""
    month = measures().months.get(words[i].folded)
    if month is None or words[i].sort == "name":
        return None
    last = words[i - 1].folded if i else ""
    day = int(last) if last.isdigit() and 1 <= int(last) <= 31 else None
    follows = words[i + 1].folded if i + 1 < len(words) else ""
    year = int(follows) if _YEAR.fullmatch(follows) else None
    # « mai » and « mars » are dates only beside a number or after « en », « de ».
    if day is None and year is None and last not in _OF_A_MONTH:
        return None
    start = i if day is None else i - 1
    side = _first(measures().sides, _before(words, start))
    return Moment(start, day, month, year, side), 1 + (day is not None) + (year is not None)


def fractions(words: Sequence[Word]) -> frozenset[str]:
    """Return the words of quantity that are not numbers: « la moitié », « le double »."""
    return frozenset(w.folded for w in words if w.folded in measures().fractions)


def units(words: Sequence[Word]) -> frozenset[str]:
    """Return the units and currencies that a sentence names, beside a number or not."""
    known = measures()
    return frozenset(
        known.units.get(w.folded) or known.currencies[w.folded]
        for w in words
        if w.folded in known.units or w.folded in known.currencies
    )


def seasons(words: Sequence[Word]) -> frozenset[str]:
    """Return the times of the year that a sentence names before one: « fin 2025 », « l'été 2025 »."""
    return frozenset(
        w.folded
        for i, w in enumerate(words)
        if w.folded in measures().seasons and any(_YEAR.fullmatch(n.folded) for n in words[i + 1 : i + 4])
    )
