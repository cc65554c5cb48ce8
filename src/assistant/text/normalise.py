"""Unicode clean-up of documents and questions."""

from __future__ import annotations

import re
import unicodedata

# Characters that change what is read without being seen: zero-width marks, joiners, byte-order
# mark, soft hyphen, and the bidirectional controls by which a text can show another order than
# its own (Unicode Technical Report 36, « Unicode Security Considerations », § 2.5).
_INVISIBLE = re.compile(
    r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\U000e0000-\U000e007f]"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_LIGATURES = str.maketrans({"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss"})
_QUOTES = str.maketrans(
    {"’": "'", "‘": "'", "ʼ": "'", "′": "'", "`": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"'}
)


def clean(text: str) -> str:
    r"""Return *text* in NFC, without control, invisible or direction-changing characters.

    Line ends become ``\n``; tabs become spaces. Idempotent.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    text = _INVISIBLE.sub("", text.replace("\t", " "))
    return unicodedata.normalize("NFC", _CONTROL.sub(" ", text))


def squeeze(text: str) -> str:
    """Return *text* on one line, runs of ordinary white space made one space.

    No-break spaces (U+00A0, U+202F) are typography and stay.
    """
    return re.sub(r"[ \n\t]+", " ", text).strip()


def fold(text: str) -> str:
    """Return *text* in lower case, without accents, with plain quotes and spaces."""
    text = unicodedata.normalize("NFKD", text.translate(_LIGATURES).translate(_QUOTES))
    return "".join(c for c in text if not unicodedata.combining(c)).casefold()
