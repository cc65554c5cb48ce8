"""The general French of ``lexicon.toml``, folded, stemmed and compiled."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from assistant.text import STOP_WORDS, fold


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark of modality, source or extent.

    Attributes:
        rule: "kept", "added" or "both".
        pattern: What shows it.
        also: What may stand for it on the other side.
        counted: Whether once does not stand for twice.
    """

    name: str
    rule: str
    pattern: re.Pattern[str]
    also: re.Pattern[str]
    counted: bool = False

    def lost(self, sources: Sequence[str], statement: str) -> bool:
        """Tell whether *sources* bear the mark and *statement* does not."""
        return self.rule != "added" and self._misses(sources, [statement])

    def made_up(self, statement: str, sources: Sequence[str]) -> bool:
        """Tell whether *statement* bears the mark and *sources* do not."""
        if self.rule == "kept":
            return False
        return self._misses([statement], sources) or (self.counted and self._more(statement, sources))

    def _more(self, statement: str, sources: Sequence[str]) -> bool:
        """Tell whether the mark stands more often in the statement: « tous » beside « quel que soit »."""
        known = sum(len(self.pattern.findall(s)) + len(self.also.findall(s)) for s in sources)
        return len(self.pattern.findall(statement)) > known

    def _misses(self, here: Sequence[str], there: Sequence[str]) -> bool:
        return any(self.pattern.search(t) for t in here) and not any(
            self.pattern.search(t) or self.also.search(t) for t in there
        )


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What is known of French words when two sentences are compared.

    Attributes:
        light: Roots that carry too little meaning to need support.
        linking: Roots of verbs that tell a relation, not what is done: they may be added.
        idle: Roots of words whose loss widens no claim.
        heads: Roots of nouns that may be added beside a name ("la société Miggo").
        groups: Root -> the synonym groups that it belongs to.
        names: Ways of writing one name, each a folded string.
        plans: (name, pattern) of what names a plan.
        marks: What must not be lost or added.
        opposites: Words of which one may not take the place of the other.
    """

    light: frozenset[str]
    linking: frozenset[str]
    heads: frozenset[str]
    idle: frozenset[str]
    groups: dict[str, frozenset[int]]
    names: tuple[tuple[str, ...], ...]
    plans: tuple[tuple[str, re.Pattern[str]], ...]
    marks: tuple[Mark, ...]
    opposites: tuple[tuple[re.Pattern[str], ...], ...]

    def same(self, one: str, other: str) -> bool:
        """Tell whether two stems may stand for one another."""
        return one == other or derived(one, other) or bool(groups_of(one) & groups_of(other))


@dataclass(frozen=True, slots=True)
class Endings:
    """Endings of French words, folded.

    Attributes:
        all: Those that :func:`root` takes off, the longest first.
        forms: Those that tell forms of one word.
        families: Those that tell words of one family.
        verbal: Those that tell forms of a verb of one syllable.
    """

    all: tuple[str, ...]
    forms: frozenset[str]
    families: frozenset[str]
    verbal: frozenset[str]


@cache
def endings() -> Endings:
    """Return the endings of the lexicon."""
    data = _data()["endings"]
    every = sorted(dict.fromkeys(data["all"].split()), key=len, reverse=True)
    forms, families, verbal = (frozenset(data[k].split()) for k in ("forms", "families", "verbal"))
    return Endings(tuple(every), forms | {""}, families, verbal)


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("lexicon.toml").read_text(encoding="utf-8"))


@cache
def derived(one: str, other: str) -> bool:
    """Tell whether two stems are of one family: a common root, then known endings."""
    short, long = sorted((one, other), key=len)
    common = 0
    while common < len(short) and short[common] == long[common]:
        common += 1
    ends = {short[common:], long[common:]}
    if common >= 4 and ends <= endings().forms:
        return True
    if common == 3 and ends <= endings().verbal:
        return True
    if common < 5 or common < 0.66 * len(short):
        return False
    return all(not e or e in endings().families for e in ends)


@cache
def groups_of(stem: str) -> frozenset[int]:
    """Return the synonym groups of a stem, or of its family where it is in none itself.

    The stemmer leaves some forms of a verb apart ("alimentent", "alimenter").
    """
    groups = lexicon().groups
    if stem in groups:
        return groups[stem]
    return frozenset().union(
        *(groups[other] for other in _by_head().get(stem[:4], ()) if derived(stem, other))
    )


@cache
def _by_head() -> dict[str, tuple[str, ...]]:
    """Return the stems of the lexicon by their first four letters."""
    found: dict[str, list[str]] = defaultdict(list)
    for stem in lexicon().groups:
        found[stem[:4]].append(stem)
    return {head: tuple(stems) for head, stems in found.items()}


@cache
def root(word: str) -> str:
    """Return a folded word without its ending, so that forms of one family meet.

    Coarser than the stemmer of the ranking, which leaves forms of one verb apart ("recueillent",
    "recueillir"); here a word too many that meets costs less than one too few.
    """
    for ending in endings().all:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


def roots(text: str) -> list[str]:
    """Return the roots of the words of *text*, function words left out."""
    found = re.findall(r"[a-z0-9]+(?:-[a-z]+)*", fold(text))
    return [root(w) for w in found if w not in STOP_WORDS]


def _parted(line: str) -> tuple[re.Pattern[str], ...]:
    """Return the patterns of a line of opposites, parted at the bars outside of parentheses."""
    words = re.split(r"\|(?![^(]*\))", line)
    return tuple(re.compile(rf"\b(?:{word})\b") for word in words)


@cache
def lexicon() -> Lexicon:
    """Return the lexicon of the package."""
    data = _data()
    groups: dict[str, set[int]] = defaultdict(set)
    for number, line in enumerate(data["synonyms"]):
        for word in line.split():
            groups[root(fold(word))].add(number)
    for number, line in enumerate(data["forms"], len(data["synonyms"])):
        stems = {root(fold(w)) for w in line.split()}
        shared = {g for s in stems for g in groups[s]} | {number}
        for stem in stems:
            groups[stem] |= shared
    return Lexicon(
        light=frozenset(root(fold(w)) for w in data["light"].split()),
        linking=frozenset(root(fold(w)) for w in data["linking"].split()),
        heads=frozenset(root(fold(w)) for w in data["heads"].split()),
        idle=frozenset(root(fold(w)) for w in data["idle"].split()),
        groups={w: frozenset(g) for w, g in groups.items()},
        names=tuple(tuple(fold(n) for n in line.split("|")) for line in data["names"]),
        plans=tuple((name, re.compile(pattern)) for name, pattern in data["plans"].items()),
        marks=tuple(
            Mark(
                m["name"],
                m["rule"],
                re.compile(m["mark"]),
                re.compile(m.get("also", r"(?!)")),
                m.get("counted", False),
            )
            for m in data["marks"]
        ),
        opposites=tuple(_parted(line) for line in data["opposites"]),
    )
