"""Read a sentence for comparison: its words, quantities and dates, and what it denies."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache, lru_cache

from assistant.text import clean, fold, squeeze
from assistant.verification.lexicon import lexicon
from assistant.verification.measures import Moment, Quantity, read_measures
from assistant.verification.words import Word, cut


@dataclass(frozen=True, slots=True)
class Cue:
    """A negation or an exclusion.

    Attributes:
        sort: "not" or "but".
        scope: Stems after it that it is likely to bear on.
        subject: Stems of its subject.
        core: Stems that it denies for sure.
        near: Stems that it may bear on.
    """

    sort: str
    scope: tuple[str, ...]
    subject: tuple[str, ...] = ()
    core: tuple[str, ...] = ()
    near: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """A sentence, read."""

    text: str
    folded: str
    words: tuple[Word, ...]
    quantities: tuple[Quantity, ...]
    moments: tuple[Moment, ...]
    cues: tuple[Cue, ...]
    content: tuple[str, ...] = field(default=())

    def stems(self) -> frozenset[str]:
        """Return the stems of the words that carry meaning."""
        return frozenset(self.content)


_VERBLESS = frozenset({"pas", "aucun", "aucune", "sans", "ni", "non", "jamais", "rien", "guere"})
_DENIED_NOUN = frozenset({"aucun", "aucune", "sans", "ni", "non"})
_EXCLUDING = frozenset({"hors", "sauf", "excepte", "hormis", "dehors"})
_BREAKS = frozenset({"mais", "tandis", "alors", "or", "car"})
_SECOND = frozenset({"pas", "jamais", "aucun", "aucune", "rien", "ni", "plus", "personne", "guere", "nul"})
_SUBJECTS = frozenset({"rien", "aucun", "aucune", "personne", "ni", "nul", "nulle"})
_CAN = frozenset({"puisse", "puissent", "saurait", "sauraient", "peut", "peuvent"})
_LACKING = (("faute", "de"), ("faute", "d"), ("absence", "de"), ("absence", "d"), ("defaut", "de"))
_VERBS = frozenset({"ne", "n", "est", "sont", "a", "ont", "peut", "peuvent", "soit", "soient"})
REACH = 12
"""Words on either side of a negation, in its clause, that it may bear on."""


def _cues(words: list[Word]) -> list[Cue]:
    """Return the negations and exclusions of a sentence, in order."""
    found = (_cue(words, i) for i in range(len(words)))
    return [c for c in found if c is not None and c.scope]


def _cue(words: list[Word], i: int) -> Cue | None:
    if words[i].folded in {"ne", "n"}:
        if not _denies(words, i):
            return None
        return Cue("not", _scope(words, i, 10), _subject(words, i), _core(words, i), _near(words, i))
    if _excludes(words, i):
        return Cue("but", _scope(words, i, 5))
    return _verbless(words, i)


def _verbless(words: list[Word], i: int) -> Cue | None:
    """Return the negation that stands without « ne », or None."""
    low, after = words[i].folded, [w.folded for w in words[i + 1 : i + 3]]
    lacking = (low, *after[:1]) in _LACKING
    if not (low in _VERBLESS or lacking) or _half(words, i):
        return None
    if low == "non" and after and words[i + 1].content and words[i - 1].sort != "mark":
        # « non déclaré » denies one word.
        return Cue("not", (words[i + 1].stem,), (), (words[i + 1].stem,), _near(words, i))
    core = _core(words, i) if low in _DENIED_NOUN or lacking else ()
    return Cue("not", _scope(words, i, 6), (), core, _near(words, i))


def _half(words: list[Word], i: int) -> bool:
    """Tell whether a word is the second half of « ne … pas », or of « non seulement »."""
    low, after = words[i].folded, [w.folded for w in words[i + 1 : i + 3]]
    if low in {"pas", "non"} and after[:1] in (["seulement"], ["uniquement"]):
        return True
    if low == "pas" and after[:1] == ["a"]:
        return True
    if low in {"pas", "jamais", "rien", "guere"} and {"ne", "n"} & _folded(words[max(0, i - 5) : i]):
        return True
    return low == "rien" and bool({"ne", "n"} & set(after))


def _excludes(words: list[Word], i: int) -> bool:
    low = words[i].folded
    return (
        low in _EXCLUDING
        or (low == "exception" and i > 0 and words[i - 1].folded == "l")
        or _unless(words, i)
    )


def _folded(words: list[Word]) -> set[str]:
    return {w.folded for w in words}


def _denies(words: list[Word], i: int) -> bool:
    """Tell whether « ne » denies: not « ne … que », nor the one of « à moins qu'il ne … »."""
    seen = _folded(words[i + 1 : i + 9])
    only = bool({"que", "qu"} & _folded(words[i + 1 : i + 5])) and not _tells_that(words, i)
    if only and not seen & {"pas", "jamais"}:
        return bool(_SUBJECTS & _folded(words[max(0, i - 8) : i]))
    return bool(
        seen & _SECOND
        or _CAN & _folded(words[i + 1 : i + 3])
        or _SUBJECTS & _folded(words[max(0, i - 8) : i])
    )


def _tells_that(words: list[Word], i: int) -> bool:
    """Tell whether « que » brings in a clause: « ne promet plus que les données ne sont pas vendues »."""
    that = next((n for n in range(i + 1, i + 5) if n < len(words) and words[n].folded in {"que", "qu"}), None)
    if that is None or words[that - 1].folded != "plus":
        return False
    return bool(_VERBS & _folded(words[that + 1 : that + 7]))


def _unless(words: list[Word], i: int) -> bool:
    """Tell whether « à moins que », « à moins de » begins here."""
    return (
        words[i].folded == "moins"
        and bool(i)
        and words[i - 1].folded == "a"
        and bool(_folded(words[i + 1 : i + 2]) & {"que", "qu", "de", "d"})
    )


def _core(words: list[Word], i: int) -> tuple[str, ...]:
    """Return the stems that are denied for sure: the first after the cue, and those after each « ni »."""
    after = [w for w in words[i + 1 : i + 5] if w.content and w.clause == words[i].clause]
    found = [w.stem for w in after[:1]]
    for n in range(i + 1, min(len(words), i + 2 * REACH)):
        if words[n].folded in _BREAKS:
            break
        if words[n].folded in {"ni", "aucun", "aucune"}:
            found += [w.stem for w in words[n + 1 : n + 5] if w.content][:1]
    return tuple(found)


def _near(words: list[Word], i: int) -> tuple[str, ...]:
    """Return the stems that a cue may bear on: its clause, and what « ni » adds to it."""
    last = max((n for n in range(i, min(len(words), i + 2 * REACH)) if words[n].folded == "ni"), default=i)
    # What brings in the clause is not denied with it: « promet que les données ne sont pas … ».
    first = max((n + 1 for n in range(i) if words[n].folded in {"que", "qu", "qui"}), default=0)
    return tuple(
        w.stem
        for n, w in enumerate(words)
        if w.content
        and n >= first
        and ((abs(n - i) <= REACH and w.clause == words[i].clause) or i < n <= last + 4)
    )


def _subject(words: list[Word], at: int) -> tuple[str, ...]:
    """Return the stems of the name or noun that stands just before « ne »."""
    before = [w for w in words[max(0, at - 4) : at] if w.clause == words[at].clause and w.content]
    return tuple(w.stem for w in before[-2:])


def _scope(words: list[Word], at: int, reach: int) -> tuple[str, ...]:
    stems: list[str] = []
    window = words[at + 1 : at + 1 + reach]
    # « ne nourrissent pas l'historique, la mémoire ni l'entraînement »: the list is denied whole.
    nor = max((n for n, w in enumerate(window) if w.folded == "ni"), default=0)
    for n, word in enumerate(window):
        if word.folded in _BREAKS or (word.clause != words[at].clause and n > nor):
            break
        if word.content:
            stems.append(word.stem)
    return tuple(stems)


def _plain(text: str) -> str:
    """Return *text* with plain apostrophes, and names spelt out replaced by their acronyms."""
    plain = squeeze(clean(text).replace("’", "'").replace("‘", "'"))
    for pattern, short in _spellings():
        plain = pattern.sub(short, plain)
    return plain


@cache
def _spellings() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return the names of several words and the short writing of each."""
    accents = {"e": "[eéèê]", "a": "[aàâ]"}
    return tuple(
        (
            re.compile(r"\b" + "".join(accents.get(c, re.escape(c)) for c in name) + r"\b", re.IGNORECASE),
            group[0].upper(),
        )
        for group in lexicon().names
        for name in group[1:]
        if " " in name
    )


@lru_cache(maxsize=4096)
def read(text: str) -> Reading:
    """Return *text* read; sentences of the dossier come back often and are remembered."""
    plain = _plain(text)
    words = cut(plain)
    quantities, moments = read_measures(words)
    content = tuple(w.stem for w in words if w.content)
    return Reading(
        plain,
        fold(plain).replace("\u00a0", " ").replace("\u202f", " "),
        tuple(words),
        tuple(quantities),
        tuple(moments),
        tuple(_cues(words)),
        content,
    )
