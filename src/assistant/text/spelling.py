"""Read what was typed fast: short forms, missing accents and apostrophes, slips of the finger.

Known words are those of the dossier and of two dictionaries (the frequency lists of the package
pyspellchecker, French and English). Only a word that none of them knows is changed, and only into a
word of the dossier when letters must be guessed: a question about what the dossier does not cover
must not be turned into one that it does.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache

from assistant.text.normalise import fold
from assistant.text.tokens import correct

# How French is shortened in messages: pronunciation, not vocabulary of any subject.
SHORT_FORMS = {
    "auj": "aujourd'hui",
    "bcp": "beaucoup",
    "cb": "combien",
    "cmb": "combien",
    "conv": "conversation",
    "convs": "conversations",
    "dc": "donc",
    "kan": "quand",
    "kand": "quand",
    "ke": "que",
    "kel": "quel",
    "kelle": "quelle",
    "kelles": "quelles",
    "kels": "quels",
    "ki": "qui",
    "koi": "quoi",
    "msg": "message",
    "msgs": "messages",
    "mtn": "maintenant",
    "ouske": "où est-ce que",
    "pdt": "pendant",
    "pk": "pourquoi",
    "pkoi": "pourquoi",
    "pq": "pourquoi",
    "qd": "quand",
    "qq": "quelque",
    "svt": "souvent",
    "tem": "temps",
    "tems": "temps",
    "tjr": "toujours",
    "tjrs": "toujours",
    "tjs": "toujours",
    "tmps": "temps",
    "tps": "temps",
    "yen": "il y en",
}
SHORTEST = 5
"""Letters from which a word may be mended: shorter ones have too many neighbours."""
_WORD = re.compile(r"[^\W\d_]+")
_ELIDED = re.compile(r"(?:[ldjnsmtc]|qu)(?=[aeiouyhàâéèêëîïôùûœ])")


@cache
def _dictionaries() -> tuple[dict[str, int], frozenset[str]]:
    """Return French words with their frequencies, and English words."""
    from spellchecker import SpellChecker

    french, english = (SpellChecker(language=code).word_frequency.dictionary for code in ("fr", "en"))
    return dict(french), frozenset(english)


def _commonest(counts: Mapping[str, int]) -> dict[str, str]:
    """Return the most frequent way of writing each word, by its letters without accents."""
    best: dict[str, tuple[int, str]] = {}
    for word, count in counts.items():
        key = fold(word)
        best[key] = max(best.get(key, (0, "")), (count, word))
    return {key: word for key, (_, word) in best.items()}


@cache
def _accents() -> dict[str, str]:
    """Return how French words that bear accents are written, by their letters without them."""
    return _commonest({w: n for w, n in _dictionaries()[0].items() if not w.isascii()})


class Spelling:
    """Mends questions with the words of one dossier."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Learn the words of *texts*."""
        counts: Counter[str] = Counter()
        for text in texts:
            counts.update(w.lower() for w in _WORD.findall(text))
        self._known = frozenset(counts)
        self._accents = _commonest(counts)
        self._folded = frozenset(k for k in self._accents if len(k) >= SHORTEST)

    @staticmethod
    def warm_up() -> None:
        """Load the dictionaries, so that the first question does not wait for them."""
        _accents()

    def mended(self, text: str) -> str:
        """Return *text* with its unknown words read as what they stand for."""
        return _WORD.sub(self._replaced, text.lower() if text.isupper() else text)

    def _replaced(self, match: re.Match[str]) -> str:
        typed = match[0]
        word = typed.lower()
        better = SHORT_FORMS.get(word) or self._exact(word)
        if better is None and not _is_name(match):
            better = self._guessed(word)
        if better is None or better == word:
            return typed
        return better.capitalize() if typed[0].isupper() and not typed.isupper() else better

    def _exact(self, word: str) -> str | None:
        """Return *word* as it is written, where its letters leave no doubt."""
        french, english = _dictionaries()
        if word in self._known or word in french or word in english:
            return word
        key = fold(word)
        if (found := self._accents.get(key) or _accents().get(key)) is not None:
            return found
        elided = _ELIDED.match(word)
        if elided and len(word) - elided.end() >= 2:
            rest = self._exact(word[elided.end() :])
            # An English word after an article is one by chance: « dont », « list ».
            if rest is not None and (rest in self._known or rest in french):
                return f"{elided[0]}'{rest}"
        return None

    def _guessed(self, word: str) -> str | None:
        """Return the word of the dossier of which *word* is a misspelling, or None."""
        near = correct(fold(word), self._folded, minimum=SHORTEST)
        return self._accents[near] if near is not None else None


def _is_name(match: re.Match[str]) -> bool:
    """Tell whether a word is written as a name: a capital inside a sentence that is not in capitals."""
    word, before = match[0], match.string[: match.start()].rstrip()
    return word[0].isupper() and not word.isupper() and bool(before) and before[-1] not in '.!?:«"“('
