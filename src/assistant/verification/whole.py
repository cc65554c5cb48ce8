"""Whether a statement tells the clauses that it tells to their end: what is left out may be what limits."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.verification.checks import held, marked, name_key
from assistant.verification.lexicon import lexicon
from assistant.verification.measures import measures
from assistant.verification.reading import Reading
from assistant.verification.words import Word

TOLD = 0.5
"""Share of a clause's words that a statement holds from which it tells that clause. Chosen on the
calibration part of the table."""
_MODAL = frozenset({"possibility", "possible", "duty", "obligation", "restriction", "partial", "universal"})
"""Marks that tell how surely: judged as such, so that their words need not come back."""
_JOINS = frozenset({"et", "ou", "ni", "mais", "puis", "ainsi"})


def left_out(statement: Reading, evidence: Sequence[Reading]) -> list[str]:
    """Return the meaningful words that a told clause has and the statement lacks.

    « les entreprises américaines certifiées au titre du DPF » may not become « les entreprises
    américaines », nor « X accuse Y d'avoir exploité » become « Y a exploité ». Whole clauses and members
    of an enumeration may be left out, and so may dates.
    """
    return [word for e in evidence for clause in _clauses(e) for word in _missing(clause, statement)]


def _missing(clause: Sequence[Word], statement: Reading) -> list[str]:
    counted = [w for n, w in enumerate(clause) if _counts(w) and not _heads(clause, n)]
    missing = [w for w in counted if not held(w, statement)]
    if not counted or len(missing) > (1 - TOLD) * len(counted):
        return []
    return [w.folded for w in missing if w.stem not in lexicon().linking | lexicon().idle]


def _heads(clause: Sequence[Word], n: int) -> bool:
    """Tell whether a word only says what sort of thing the name after it is: « l'assistant Copilot »."""
    return clause[n].stem in lexicon().heads and n + 1 < len(clause) and name_key(clause[n + 1]) is not None


def _counts(word: Word) -> bool:
    known = measures()
    return (
        word.content
        and word.sort != "number"
        and word.folded not in known.units
        and word.folded not in known.currencies
        and word.folded not in known.months
        and word.stem not in lexicon().light
        and not marked(word.folded)
        and not any(m.pattern.search(word.folded) for m in lexicon().marks if m.name in _MODAL)
    )


def _clauses(reading: Reading) -> list[list[Word]]:
    """Return the words of a sentence, parted at punctuation and between members of an enumeration."""
    found: list[list[Word]] = []
    last = None
    for word in reading.words:
        if word.clause != last or word.folded in _JOINS:
            found.append([])
        last = word.clause
        found[-1].append(word)
    return found
