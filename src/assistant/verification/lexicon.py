"""The general French of ``lexicon.toml``, folded, stemmed and compiled."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from assistant.text import fold, tokens


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark of modality, source or extent.

    Attributes:
        rule: "kept", "added" or "both".
        pattern: What shows it.
        also: What may stand for it on the other side.
    """

    name: str
    rule: str
    pattern: re.Pattern[str]
    also: re.Pattern[str]

    def lost(self, sources: Sequence[str], statement: str) -> bool:
        """Tell whether *sources* bear the mark and *statement* does not."""
        return self.rule != "added" and self._misses(sources, [statement])

    def made_up(self, statement: str, sources: Sequence[str]) -> bool:
        """Tell whether *statement* bears the mark and *sources* do not."""
        return self.rule != "kept" and self._misses([statement], sources)

    def _misses(self, here: Sequence[str], there: Sequence[str]) -> bool:
        return any(self.pattern.search(t) for t in here) and not any(
            self.pattern.search(t) or self.also.search(t) for t in there
        )


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What is known of French words when two sentences are compared.

    Attributes:
        light: Stems that carry too little meaning to need support.
        groups: Stem -> the synonym groups that it belongs to.
        names: Ways of writing one name, each a folded string.
        opposites: Stem -> stems that say the contrary.
        marks: What must not be lost or added.
    """

    light: frozenset[str]
    groups: dict[str, frozenset[int]]
    names: tuple[tuple[str, ...], ...]
    opposites: dict[str, frozenset[str]]
    marks: tuple[Mark, ...]

    def same(self, one: str, other: str) -> bool:
        """Tell whether two stems may stand for one another."""
        return one == other or derived(one, other) or bool(groups_of(one) & groups_of(other))


_SUFFIXES = frozenset(
    """e es er ir re if iv ive eur eus euse rice ag ateur ation atio it at ement ment emen ance ence anc enc
    able ibl ible ique iqu el al ell aire ist iste ism isme ite age ur ure ion ition ant ent ee ie ien
    ienn ain ais ois and ard aux ual uel ial iel isation is ise iser i t s r tion teur trice tur ture u ut""".split()
)


_ENDINGS = frozenset(["", *"e es ent er ee ees ait aient ant r i ie it is issent ir".split()])


@cache
def derived(one: str, other: str) -> bool:
    """Tell whether two stems are of one family: a common root, then known endings."""
    short, long = sorted((one, other), key=len)
    common = 0
    while common < len(short) and short[common] == long[common]:
        common += 1
    ends = {short[common:], long[common:]}
    if common >= 4 and ends <= _ENDINGS:
        return True
    if common < 5 or common < 0.66 * len(short):
        return False
    return all(not e or e in _SUFFIXES for e in ends)


@cache
def groups_of(stem: str) -> frozenset[int]:
    """Return the synonym groups of a stem, or of its family where it is in none itself.

    The stemmer leaves some forms of a verb apart ("alimentent", "alimenter").
    """
    groups = lexicon().groups
    if stem in groups:
        return groups[stem]
    return frozenset().union(*(groups[other] for other in _by_head().get(stem[:4], ()) if derived(stem, other)))


@cache
def _by_head() -> dict[str, tuple[str, ...]]:
    """Return the stems of the lexicon by their first four letters."""
    found: dict[str, list[str]] = defaultdict(list)
    for stem in lexicon().groups:
        found[stem[:4]].append(stem)
    return {head: tuple(stems) for head, stems in found.items()}


def _stem(word: str) -> str | None:
    found = tokens(word)
    return found[0] if found else None


@cache
def lexicon() -> Lexicon:
    """Return the lexicon of the package."""
    data = tomllib.loads(resources.files(__package__).joinpath("lexicon.toml").read_text(encoding="utf-8"))
    groups: dict[str, set[int]] = defaultdict(set)
    for number, line in enumerate(data["synonyms"]):
        for word in line.split():
            if stem := _stem(word):
                groups[stem].add(number)
    for line in data["forms"]:
        stems = {s for w in line.split() if (s := _stem(w))}
        shared = {number for s in stems for number in groups[s]} | {-1 - len(groups)}
        for stem in stems:
            groups[stem] |= shared
    opposites: dict[str, set[str]] = defaultdict(set)
    for pair in data["opposites"]:
        one, other = (_stem(w) or w for w in pair.split("/"))
        opposites[one].add(other)
        opposites[other].add(one)
    return Lexicon(
        light=frozenset(tokens(data["light"])),
        groups={w: frozenset(g) for w, g in groups.items()},
        names=tuple(tuple(fold(n) for n in line.split("|")) for line in data["names"]),
        opposites={w: frozenset(o) for w, o in opposites.items()},
        marks=tuple(
            Mark(m["name"], m["rule"], re.compile(m["mark"]), re.compile(m["also"] if "also" in m else r"(?!)"))
            for m in data["marks"]
        ),
    )
