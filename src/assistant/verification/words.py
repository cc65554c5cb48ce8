"""Cut a sentence into words, names, numbers and marks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from assistant.text import STOP_WORDS, fold
from assistant.verification.lexicon import root
from assistant.verification.measures import measures

Sort = Literal["word", "name", "number", "mark"]

_TOKEN = re.compile(
    r"""(?P<literal>(?:[^\W\d_][\w-]*\.)+[^\W\d_]{2,}\b              # lumo.proton.me
          |[^\W_]*\d[^\W_]*(?:[-/][^\W_]+)+(?:\.\d+)*                 # C-703/25, 226-13, 2026-01-16
          |[^\W\d_]+-\d[\w.]*\w|[^\W\d_]+-\d)                           # GPT-6.1, GPT-4
      |(?P<number>\d{1,3}(?:[ \u00a0\u202f.]\d{3})+(?:,\d+)?(?!\w)
          |\d+(?:[.,]\d+)?(?:er|e|ème|re|nd|nde)?(?!\w))
      |(?P<mixed>[^\W_]*\d[^\W_]*)                                      # S3NS
      |(?P<word>[^\W\d_]+(?:-[^\W\d_]+)*)
      |(?P<mark>[%€$,;:()«»"…–—.!?])""",
    re.VERBOSE,
)
_INVERTED = re.compile(r"-(?:t-)?(?:il|ils|elle|elles|on|ci|la|ce)$")
_ROMAN = re.compile(r"[IVX]{1,5}")
_ENDS = frozenset(",;:().–—…!?")
_MEANT = frozenset({"vu"})
"""Stop words of the ranking that carry meaning here."""


@dataclass(frozen=True, slots=True)
class Word:
    """One token of a sentence.

    Attributes:
        folded: Lower case, no accents; a number in digits with a decimal point.
        stem: Stem, or the folded token where it is not a plain word.
        clause: Number of the stretch between two punctuation marks that it stands in.
        content: Whether it carries meaning of its own.
    """

    folded: str
    stem: str
    sort: Sort
    clause: int
    content: bool
    surface: str


def cut(text: str) -> list[Word]:
    """Return the words of *text*, in order."""
    found: list[Word] = []
    clause, initial = 0, True
    for match in _TOKEN.finditer(text):
        raw, sort = match[0], match.lastgroup
        low = fold(raw)
        if sort == "mark":
            found.append(Word(low, "." if raw in _ENDS else low, "mark", clause, content=False, surface=raw))
            if raw in _ENDS:
                clause += 1
            initial = raw in ".!?…" or (initial and raw in '«"(')
            continue
        found.append(_word(raw, low, sort or "word", clause, initial=initial))
        initial = False
    return found


def _word(raw: str, low: str, sort: str, clause: int, *, initial: bool) -> Word:
    known = measures()
    if sort == "number":
        digits = re.sub(r"[ \u00a0\u202f]|\.(?=\d{3}(?!\d))", "", low).replace(",", ".")
        ordinal = re.fullmatch(r"(\d+)(?:er|e|eme|re|nd|nde)", digits)
        value = ("1" if ordinal[1] == "1" else f"#{ordinal[1]}") if ordinal else digits
        return Word(value, value, "number", clause, content=True, surface=raw)
    if sort in {"literal", "mixed"}:
        return Word(low, low, "name", clause, content=True, surface=raw)
    if _ROMAN.fullmatch(raw):
        return Word(f"roman:{low}", f"roman:{low}", "number", clause, content=True, surface=raw)
    if low in known.cardinals or low in known.ordinals:
        value = str(known.cardinals[low]) if low in known.cardinals else f"#{known.ordinals[low]}"
        return Word(value, value, "number", clause, content=True, surface=raw)
    low = _INVERTED.sub("", low)
    named = (raw[0].isupper() and not initial) or any(c.isupper() for c in raw[1:])
    # « sous-traitant » is not a kind of « traitement ».
    stem = low.rstrip("s") if "-" in low else root(low)
    content = (low not in STOP_WORDS or low in _MEANT) and low != "non" and (len(low) > 1 or named)
    return Word(low, stem, "name" if named else "word", clause, content=content, surface=raw)
