"""What recognition gives back, and how a text is prepared for it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from assistant.text.normalise import INVISIBLE

Kind = Literal["nir", "iban", "carte", "telephone", "courriel", "adresse", "sante", "banque"]

SEPARATOR = r"[ .\-_/]"
"""What people type inside a number."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A piece of personal data: ``text[start:end]`` of the text that was given."""

    kind: Kind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Typed:
    """A text without case, accents and invisible characters, one character for one of the original.

    Attributes:
        text: The folded text; any white space is a space, any dash a hyphen, any digit ASCII.
        original: The text as given.
        places: Offset in the original of each character of ``text``.
    """

    text: str
    original: str
    places: tuple[int, ...]

    def finding(self, kind: Kind, start: int, end: int) -> Finding:
        """Return the finding that stands at ``text[start:end]``, spaces at its edges left out."""
        while start < end and self.text[start] == " ":
            start += 1
        while end > start and self.text[end - 1] == " ":
            end -= 1
        return Finding(kind, self.places[start], self.places[end - 1] + 1)

    def is_capital(self, at: int) -> bool:
        """Tell whether the character at *at* of ``text`` was typed as a capital."""
        return self.original[self.places[at]].isupper()

    def announced(self, at: int, cue: re.Pattern[str], *, within: int = 60) -> bool:
        """Tell whether *cue* stands in the *within* characters before *at*, in the same sentence."""
        before = re.split(r"[!?;]|\. ", self.text[max(0, at - within) : at])[-1]
        return cue.search(before) is not None


def _folded(character: str) -> str:
    """Return one character, or none for what is not seen."""
    if INVISIBLE.match(character) or unicodedata.combining(character):
        return ""
    if character.isspace():
        return " "
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category == "Pd" or character == "\u2212":
        return "-"
    if character in "’‘ʼ`´":
        return "'"
    return unicodedata.normalize("NFKD", character)[0].lower()[0]


def typed(text: str) -> Typed:
    """Return *text* prepared for recognition."""
    if text.isascii():
        return Typed("".join(" " if c.isspace() else c for c in text.lower()), text, tuple(range(len(text))))
    pairs = [(folded, at) for at, c in enumerate(text) if (folded := _folded(c))]
    return Typed("".join(c for c, _ in pairs), text, tuple(at for _, at in pairs))


def compact(text: str) -> str:
    """Return the letters and digits of *text*, in capitals."""
    return re.sub(r"[^0-9a-z]", "", text).upper()
