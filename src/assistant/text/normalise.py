"""Unicode clean-up of documents and questions."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Characters that change what is read without being seen: what Unicode calls default-ignorable
# (DerivedCoreProperties.txt: zero-width marks and joiners, soft hyphen, fillers, variation
# selectors, tags), and the bidirectional controls by which a text can show another order than its
# own (Unicode Technical Report 36, « Unicode Security Considerations », § 2.5).
INVISIBLE = re.compile(
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    r"\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    r"\U000e0000-\U000e0fff]"
)
# What no file, database or page may hold: halves of surrogate pairs and noncharacters.
ILLEGAL = re.compile(
    "[\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    + "".join(chr((plane << 16) + low) for plane in range(1, 17) for low in (0xFFFE, 0xFFFF))
    + "]"
)
# Outside these, there may be something to do; French prose stays inside (all of it is in NFC).
_UNUSUAL = re.compile(r"[^\n -~\u00a0-\u00ac\u00ae-\u02ff\u2010-\u2027\u202f-\u205f\u20a0-\u20bf]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_MARK = r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
# Two marks on a letter are writing (Vietnamese); forty paint over the lines around.
PILED = re.compile(rf"({_MARK}{{2}}){_MARK}+")
# Letters of two alphabets that a reader cannot tell apart (Unicode Technical Standard 39,
# confusables.txt), without those that science writes beside Latin ones (TNFα, hν).
_LOOKALIKES = dict(
    zip(
        "аеорсухіїјѕԁԛԝһёӏкАВЕКМНОРСТУХІЇЈЅԚԜЁӀΑΒΕΖΗΙΚΜΝΟΡΤΥΧοϲϳ",
        "aeopcyxiïjsdqwhëlkABEKMHOPCTYXIÏJSQWËIABEZHIKMNOPTYXocj",
        strict=True,
    )
)
_FOREIGN = re.compile(r"[\u0370-\u052f]")
_LETTERS = re.compile(r"[^\W\d_]+")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]")
_LIGATURES = str.maketrans({"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss"})
_QUOTES = str.maketrans(
    {"’": "'", "‘": "'", "ʼ": "'", "′": "'", "`": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"'}
)


def _latin(match: re.Match[str]) -> str:
    """Return a word without the letters of another alphabet that pass for Latin ones in it.

    A word written wholly in Cyrillic or Greek stays, and so does one that holds a letter which has
    no Latin double: it is what it looks like.
    """
    word = match[0]
    foreign = _FOREIGN.findall(word)
    if not foreign or not _LATIN.search(word) or not all(c in _LOOKALIKES for c in foreign):
        return word
    return "".join(_LOOKALIKES.get(c, c) for c in word)


def clean(text: str) -> str:
    r"""Return *text* in NFC, without what is not seen or passes for something else.

    Control, invisible and direction-changing characters go, and so do letters of another alphabet
    inside Latin words and marks piled on one letter; what no file may hold becomes U+FFFD. Line
    ends become ``\n``; tabs become spaces. Idempotent.
    """
    if _UNUSUAL.search(text) is None:
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    text = INVISIBLE.sub("", ILLEGAL.sub("\ufffd", text.replace("\t", " ")))
    text = unicodedata.normalize("NFC", _CONTROL.sub(" ", text))
    if _FOREIGN.search(text):
        text = unicodedata.normalize("NFC", _LETTERS.sub(_latin, text))
    return PILED.sub(r"\1", text)


def squeeze(text: str) -> str:
    """Return *text* on one line, runs of ordinary white space made one space.

    No-break spaces (U+00A0, U+202F) are typography and stay.
    """
    return re.sub(r"[ \n\t]+", " ", text).strip()


_FOLDED = re.compile(r"[`\x80-\U0010ffff]")
"""What folding may change beside capitals: the backtick that passes for a quote, all beyond ASCII."""


def fold(text: str) -> str:
    """Return *text* in lower case, without accents, with plain quotes and spaces.

    A character at a time, which is the same as all at once: a compatibility decomposition (NFKD)
    looks at its neighbours only to order the marks, and these go.
    """
    return _FOLDED.sub(_plain, text).casefold()


def _plain(match: re.Match[str]) -> str:
    return _plain_character(match[0])


@lru_cache(maxsize=4096)
def _plain_character(character: str) -> str:
    decomposed = unicodedata.normalize("NFKD", character.translate(_LIGATURES).translate(_QUOTES))
    return "".join(c for c in decomposed if not unicodedata.combining(c))
