"""Cut what a model writes into sentences with their citations, as it comes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.text import clean, split_sentences, squeeze

MAX_PENDING = 2000
"""A sentence that has not ended by then is none; it is judged as it stands, and fails."""

_MARKS = r"(?:[ \u00a0\u202f]?\[[\d ,;]+\])+"
# "… 30 jours [1]." and "… 30 jours.[1]": a cited sentence has ended, whatever follows.
_CITED_END = re.compile(rf"(?:{_MARKS}[ \u00a0\u202f]?[.!?…]+|[.!?…][»”\")\]]*{_MARKS})(?=\s|$)")
_MARK = re.compile(r"\[([\d ,;]+)\]")
_THINKING = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|$)", re.DOTALL | re.IGNORECASE)
_LEAD = re.compile(r"^\s*(?:[-*•–—>]+|\d{1,2}[.)])\s+")
_SILENCE = re.compile(r"\W*silence\W*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence that a model wrote.

    Attributes:
        text: The sentence, without its markers and its mark-up.
        citations: The numbers that it cites, in order.
    """

    text: str
    citations: tuple[int, ...]

    @property
    def silent(self) -> bool:
        """Whether the model says that the sentences do not answer."""
        return bool(_SILENCE.fullmatch(self.text))


class Cutter:
    """Gathers pieces of text and gives back the sentences that are complete."""

    def __init__(self) -> None:
        """Begin a reply."""
        self._seen = ""
        self._taken = 0

    def feed(self, piece: str) -> list[Claim]:
        """Return the sentences that *piece* completes.

        A sentence is complete at the end of its line, or where another one has begun.
        """
        self._seen += piece
        return self._cut(last=False)

    def close(self) -> list[Claim]:
        """Return what remains, complete or not."""
        return self._cut(last=True)

    def _cut(self, *, last: bool) -> list[Claim]:
        text = _THINKING.sub("", self._seen)
        # What may be the beginning of a tag waits.
        if not last and (cut := text.rfind("<")) >= 0 and "<think".startswith(text[cut:].lower()[:6]):
            text = text[:cut]
        ends = _ends(text[self._taken :], last=last)
        pending = text[self._taken :]
        claims = []
        for start, end in zip([0, *ends], ends, strict=False):
            claims += _claim(pending[start:end])
        self._taken += ends[-1] if ends else 0
        if len(text) - self._taken > MAX_PENDING:
            claims += _claim(text[self._taken :])
            self._taken = len(text)
        return claims


def _ends(text: str, *, last: bool) -> list[int]:
    """Return where the complete sentences of *text* end, in order."""
    found = {m.end() for m in re.finditer(r"\n+", text)}
    # At the very end of what has come, "[1]" may still be followed by "[2]".
    found |= {m.end() for m in _CITED_END.finditer(text) if m.end() < len(text) or last}
    start = 0
    for line in text.split("\n"):
        at = start
        for sentence in split_sentences(line)[:-1]:
            at = text.index(sentence, at) + len(sentence)
            after = _after_marks(text, at, last=last)
            found |= {after} if after else set()
        start += len(line) + 1
    if last:
        found.add(len(text))
    return sorted(e for e in found if e)


def _after_marks(text: str, at: int, *, last: bool) -> int | None:
    """Return where the markers after *at* end, or None where they may still be coming."""
    marks = re.compile(rf"\s*{_MARKS}").match(text, at)
    if marks is None:
        return None if re.compile(r"\s*\[").match(text, at) else at
    return marks.end() if marks.end() < len(text) or last else None


def _claim(text: str) -> list[Claim]:
    text = squeeze(clean(text))
    if not re.search(r"\w", text) or text.startswith("#") or re.fullmatch(rf"\s*{_MARKS}\s*[.]?", text):
        return []
    numbers = [int(n) for group in _MARK.findall(text) for n in re.findall(r"\d{1,4}", group)]
    bare = _MARK.sub("", text)
    bare = re.sub(r"\*\*|__|`", "", _LEAD.sub("", bare))
    bare = squeeze(re.sub(r"[ \u00a0\u202f]+([.,])", r"\1", bare))
    if bare and bare[-1] not in ".!?…":
        bare += "."
    return [Claim(bare, tuple(dict.fromkeys(numbers)))]
