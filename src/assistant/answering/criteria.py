"""What a list filters by: the words, countries and durations of a question that some values hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from math import inf

from assistant.question.catalogue import words
from assistant.question.understanding import lexicon
from assistant.text import fold, tokens

SILENCE = "silence du dossier"
UNKNOWN = "non documente"


@dataclass(frozen=True, slots=True)
class Criterion:
    """What a question filters the values of an attribute by.

    Attributes:
        negated: Whether it asks who does not.
        undocumented: Whether it asks on whom the dossier is silent.
        countries: Folded names, of which a value must name one.
        months: Least and most length of the value's first duration, in months.
        words: Tokens of which a value must hold one.
        verdicts: Whether the attribute's values are yes or no, which is a filter by itself.
    """

    negated: bool = False
    undocumented: bool = False
    countries: frozenset[str] = frozenset()
    months: tuple[float, float] | None = None
    words: frozenset[str] = frozenset()
    verdicts: bool = False

    @property
    def decides(self) -> bool:
        """Whether values are told apart at all."""
        return self.filters or self.verdicts

    @property
    def filters(self) -> bool:
        """Whether values that are neither yes nor no are told apart."""
        return self.undocumented or bool(self.countries or self.words) or self.months is not None

    def state(self, value: str | None) -> str:
        """Return "oui", "non" or the silence: does *value* match what is asked?"""
        silent = value is None or is_unknown(value)
        if self.undocumented:
            return "oui" if silent else "non"
        if silent or value is None:
            return SILENCE
        verdict = yes_no(value)
        if verdict is not None and not (self.countries or self.months):
            return "oui" if (verdict in {"oui", "en partie"}) != self.negated else "non"
        if not self.filters:
            return "oui"
        return "oui" if self._holds(value) != (self.negated and bool(self.countries)) else "non"

    def _holds(self, value: str) -> bool:
        if self.countries:
            return bool(self.countries & countries(value))
        if self.months is not None:
            least, most = self.months
            return any(least <= m <= most for m in durations(value)[:1])
        return bool(self.words & set(tokens(value)))


def yes_no(value: str) -> str | None:
    """Return "oui", "non" or "en partie" where a value begins with it, else None."""
    match = re.match(r"(oui|non|en partie)\b(?! document)", fold(value))
    return match[1] if match else None


def is_unknown(value: str) -> bool:
    """Tell whether a value says that the dossier does not know."""
    return fold(value).startswith(UNKNOWN)


def countries(text: str) -> frozenset[str]:
    """Return the countries that *text* names or qualifies by, what it excludes left out."""
    folded = words(re.sub(lexicon()["criterion"]["excluded"], " ", fold(text)))
    return frozenset(c for c, pattern in lexicon()["countries"].items() if pattern.search(folded))


def _number(text: str) -> float:
    return float(text) if text.isdigit() else float(lexicon()["criterion"]["numbers"][text])


@cache
def _duration() -> re.Pattern[str]:
    """Return the pattern of a duration: a number, a unit, perhaps a half."""
    rules = lexicon()["criterion"]
    numbers = "|".join(sorted(rules["numbers"], key=len, reverse=True))
    units = "|".join(rules["months"])
    return re.compile(rf"\b(\d+|{numbers}) (?:petite?s? )?({units})s?\b( et demie?)?")


def _lengths(text: str) -> Iterable[tuple[float, str]]:
    """Yield the durations of folded *text*, in months, with what stands before each."""
    months = lexicon()["criterion"]["months"]
    for match in _duration().finditer(text):
        unit = months[match[2]]
        yield _number(match[1]) * unit + (unit / 2 if match[3] else 0), text[: match.start()]


def durations(text: str) -> list[float]:
    """Return the durations that *text* names, in months, in order."""
    return [length for length, _ in _lengths(words(text))]


def _bounds(folded: str) -> tuple[float, float] | None:
    """Return the least and the most duration that a folded question asks for, None where it names none."""
    rules = lexicon()["criterion"]
    for length, before in _lengths(folded):
        # « interdit aux moins de 18 ans » sets a limit at 18, it does not ask for less.
        if re.search(rules["less"], before) and not re.search(r"\b(?:aux|des|les) moins d[eu]? ?$", before):
            return 0.0, length * 0.999
        if re.search(rules["more"], before):
            return length * 1.001, inf
        return length * 0.97, length * 1.03
    return None


def _groups(folded: str) -> frozenset[str]:
    return frozenset(c for pattern, members in lexicon()["groups"] if pattern.search(folded) for c in members)


def criterion(
    question: str, content: Sequence[str], values: Sequence[str], asked: Iterable[str], *, negated: bool
) -> Criterion:
    """Return what *question* filters the *values* of an attribute by.

    Args:
        question: The question as understood.
        content: Its tokens that carry meaning.
        values: The attribute's values, one a provider.
        asked: Tokens of the attribute's own name and questions: every question about it holds them.
        negated: Whether it asks who does not.
    """
    folded = words(question)
    if lexicon()["undocumented"].search(folded):
        return Criterion(undocumented=True)
    known = [v for v in values if not is_unknown(v)]
    verdicts = sum(yes_no(v) is not None for v in known)
    if verdicts > len(known) / 2:
        return Criterion(negated=negated, verdicts=True)
    named = (countries(question) | _groups(folded)) & frozenset().union(*(countries(v) for v in known))
    if named:
        return Criterion(negated=negated, countries=named)
    bounds = _bounds(folded)
    if bounds and any(durations(v) for v in known):
        return Criterion(months=bounds)
    held = [set(tokens(v)) for v in known]
    wanted = frozenset(content) - set(asked)
    return Criterion(words=frozenset(t for t in wanted if any(t in v for v in held)))
