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
    """A negation or an exclusion, the stems in its reach, and those of its subject."""

    sort: str
    scope: tuple[str, ...]
    subject: tuple[str, ...] = ()


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


_VERBLESS = frozenset(
    {"pas", "aucun", "aucune", "sans", "ni", "non", "jamais", "rien", "nul", "nulle", "guere"}
)
_EXCLUDING = frozenset({"hors", "sauf", "excepte", "hormis", "exception", "dehors"})
_BREAKS = frozenset({"mais", "tandis", "alors", "or", "car"})
_SECOND = frozenset(
    {"pas", "jamais", "aucun", "aucune", "rien", "ni", "plus", "personne", "guere", "nul", "nulle"}
)


def _cues(words: list[Word]) -> list[Cue]:
    found: list[Cue] = []
    for i, word in enumerate(words):
        low = word.folded
        if low in {"ne", "n"}:
            seen = {w.folded for w in words[i + 1 : i + 9]}
            literary = bool(
                {w.folded for w in words[i + 1 : i + 3]}
                & {"puisse", "puissent", "saurait", "sauraient", "peut", "peuvent"}
            )
            only = any(w.folded in {"que", "qu"} for w in words[i + 1 : i + 5])
            if (
                (literary and not only)
                or (seen & _SECOND and not (only and not seen & {"pas", "jamais"}))
                or (
                    words[max(0, i - 8) : i]
                    and any(
                        w.folded in {"rien", "aucun", "aucune", "personne", "ni", "nul"}
                        for w in words[max(0, i - 8) : i]
                    )
                )
            ):
                found.append(Cue("not", _scope(words, i, 10), _subject(words, i)))
        elif low in _VERBLESS:
            if (
                low == "pas"
                and i + 1 < len(words)
                and words[i + 1].folded in {"seulement", "uniquement", "a"}
            ):
                continue
            if low in {"pas", "jamais", "rien", "guere"} and any(
                w.folded in {"ne", "n"} for w in words[max(0, i - 5) : i]
            ):
                continue
            if low == "non" and i + 1 < len(words) and words[i + 1].folded == "seulement":
                continue
            found.append(Cue("not", _scope(words, i, 6)))
        elif low in _EXCLUDING:
            found.append(Cue("but", _scope(words, i, 5)))
    return [c for c in found if c.scope]


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
