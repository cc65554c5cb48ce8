"""Tell whether a reworded statement says what its sentences say, and nothing more."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from assistant.embedding import Encoder
from assistant.text import clean
from assistant.verification import checks, modality
from assistant.verification.attachment import exchanged, misplaced
from assistant.verification.order import crossed, crossed_over, turned
from assistant.verification.reading import Reading, read
from assistant.verification.verdict import Verdict
from assistant.verification.whole import left_out

Vector = NDArray[np.float32]
Check = Callable[[Reading, Sequence[Reading]], bool]

MAX_CHARS = 600
"""No sentence of the dossier is longer; a statement that is packs several."""
KEPT_VECTORS = 4096


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What ``tools/verification.py`` calibrated on the table ``tests/golden/verification.jsonl``.

    Attributes:
        lexical: Least share of a statement's meaningful words that its sentences hold.
        told: Least share of a sentence's words by which statements are taken to tell it whole.
        literal: Share of words taken over as they are from which nearness goes without saying: no
            shifted citation of the table reaches 0.8. Embedding takes ten times as long as the rest.
        similarity: Model -> least cosine between a statement and what it cites.
    """

    lexical: float
    literal: float
    told: float
    similarity: dict[str, float]


_HOLDS: tuple[tuple[str, Check], ...] = (
    ("address", checks.addresses),
    ("number", checks.numbers),
    ("unit", checks.units),
    ("date", checks.dates),
    ("name", checks.names),
    ("joined", checks.joined),
    ("plan", modality.plans),
    ("negation", modality.polarity),
    ("denial", modality.denials),
    ("source", modality.attributed),
)
_FAILS: tuple[tuple[str, Check], ...] = (
    ("opposite", modality.opposed),
    ("swap", crossed_over),
    ("misplaced", misplaced),
    ("exchanged", exchanged),
    ("turned", turned),
    ("crossed", crossed),
)


def support(statement: str, evidence: Sequence[str], *, encoder: Encoder | None = None) -> Verdict:
    """Judge *statement* against the sentences that it cites.

    Every number, unit, date, name, plan, address and negation of the statement must agree with the
    sentences, whoever they quote must still be named, no mark of modality may be lost or added, no
    meaningful word may come from elsewhere, nothing may have changed places; then enough of its words,
    and its embedding, must be near the sentences'.

    Args:
        statement: One sentence, without markers.
        evidence: The sentences that it cites, whole.
        encoder: Measures nearness where many words are not the sentences' own; without it, or with
            a model for which no threshold was calibrated, that last check is left out.

    Returns:
        The verdict, with the names of the checks that failed.
    """
    text = clean(statement).strip()
    if not evidence or not text or len(text) > MAX_CHARS or "\n" in text:
        return Verdict(supported=False, failed=("form",))
    claim, sources = read(text), tuple(read(e) for e in evidence)
    if any(claim.folded == s.folded for s in sources):
        return Verdict(supported=True, lexical=1.0, similarity=1.0)
    failed = _failures(claim, sources)
    lexical = checks.lexical_support(claim, sources)
    if lexical < _thresholds().lexical:
        failed.append("lexical")
    limit = None if encoder is None else _thresholds().similarity.get(encoder.fingerprint.partition(":")[0])
    if failed or encoder is None or limit is None or checks.literal(claim, sources) >= _thresholds().literal:
        return Verdict(not failed, tuple(failed), lexical)
    similarity = nearness(text, evidence, encoder)
    if similarity < limit:
        failed.append("similarity")
    return Verdict(not failed, tuple(failed), lexical, similarity)


def nearness(statement: str, evidence: Sequence[str], encoder: Encoder) -> float:
    """Return the cosine between a statement and the mean of the sentences that it cites."""
    mean = np.mean([_VECTORS.of(encoder, e) for e in evidence], axis=0)
    return float(encoder.encode_passages([statement])[0] @ mean / max(float(np.linalg.norm(mean)), 1e-9))


class _Vectors:
    """The embeddings of sentences of the dossier; the same ones are cited again and again."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Vector] = {}

    def of(self, encoder: Encoder, text: str) -> Vector:
        """Return the embedding of *text*."""
        key = (encoder.fingerprint, text)
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) >= KEPT_VECTORS:
                self._kept.clear()
            found = self._kept[key] = np.asarray(encoder.encode_passages([text])[0], dtype=np.float32)
        return found


_VECTORS = _Vectors()


@cache
def _thresholds() -> Thresholds:
    loaded = json.loads(resources.files(__package__).joinpath("thresholds.json").read_text(encoding="utf-8"))
    return Thresholds(**loaded)


def _failures(claim: Reading, sources: Sequence[Reading]) -> list[str]:
    found = ["command"] if any(map(checks.commands, sources)) else []
    found += [name for name, holds in _HOLDS if not holds(claim, sources)]
    if words := checks.novel(claim, sources):
        found.append("word:" + ",".join(words))
    if mark := modality.marks(claim, sources):
        found.append(f"mark:{mark}")
    if lost := checks.narrowed(claim, sources):
        found.append("narrowed:" + ",".join(lost))
    if missing := left_out(claim, sources):
        found.append("left_out:" + ",".join(missing))
    found += [name for name, fails in _FAILS if fails(claim, sources)]
    return found


def told_whole(sentence: str, statements: Sequence[str]) -> bool:
    """Tell whether statements, together, leave out nothing that counts of a sentence.

    Every number, date and name of it, and most of its other words: else the sentence is quoted too.
    """
    if any(s.strip() == sentence.strip() for s in statements):
        return True
    if not statements:
        return False
    whole, told = read(sentence), tuple(map(read, statements))
    values = {w.folded for t in told for w in t.words if w.sort in {"number", "name"} or w.content}
    if any(w.sort == "number" and w.folded not in values for w in whole.words):
        return False
    return checks.names(whole, told) and checks.lexical_support(whole, told) >= _thresholds().told


def adds_nothing(text: str, sources: Sequence[str]) -> bool:
    """Tell whether every name, number, negation and meaningful word of *text* is in *sources*."""
    claim, known = read(text), tuple(map(read, sources))
    numbers = {w.folded for k in known for w in k.words if w.sort == "number"}
    return (
        all(w.folded in numbers for w in claim.words if w.sort == "number")
        and checks.names(claim, known)
        and bool(claim.cues) <= any(k.cues for k in known)
        and not checks.novel(claim, known)
    )


class Verifier:
    """Judges statements with one encoder."""

    def __init__(self, encoder: Encoder | None = None) -> None:
        """Judge with *encoder*, or by the words alone."""
        self._encoder = encoder

    def judge(self, statement: str, evidence: Sequence[str]) -> Verdict:
        """Return the verdict on a statement; see :func:`support`."""
        return support(statement, evidence, encoder=self._encoder)

    def follows(self, statement: str, evidence: Sequence[str]) -> bool:
        """Tell whether fewer sentences support a statement as well, by the words alone."""
        return support(statement, evidence).supported
