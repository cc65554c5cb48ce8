"""Tokens for lexical ranking: folded, without elision or stop words, stemmed."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

import Stemmer
from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from assistant.text.normalise import fold

# Function words of French, and the few of English that questions are typed with. Negation is
# kept out of the ranking but read by the understanding of the question. "plus" and "pro" name
# plans and stay. Greetings, emphasis and typed short forms ("koi", "svp") ask nothing either.
STOP_WORDS = frozenset(
    [
        "a",
        "actually",
        "ai",
        "ait",
        "alors",
        "an",
        "and",
        "apres",
        "are",
        "as",
        "at",
        "au",
        "aucun",
        "aura",
        "aussi",
        "autre",
        "autres",
        "aux",
        "avait",
        "avant",
        "avec",
        "avez",
        "avoir",
        "avons",
        "be",
        "bien",
        "bjr",
        "bonjour",
        "by",
        "c",
        "ca",
        "can",
        "car",
        "ce",
        "ceci",
        "cela",
        "celle",
        "celles",
        "celui",
        "ces",
        "cet",
        "cette",
        "ceux",
        "chez",
        "ci",
        "combien",
        "comme",
        "comment",
        "concretement",
        "could",
        "d",
        "dans",
        "de",
        "des",
        "desormais",
        "deux",
        "did",
        "dire",
        "dis",
        "dit",
        "dites",
        "do",
        "does",
        "dois",
        "doit",
        "donc",
        "dont",
        "du",
        "elle",
        "elles",
        "en",
        "encore",
        "entre",
        "es",
        "est",
        "est-ce",
        "et",
        "etaient",
        "etait",
        "etant",
        "ete",
        "etes",
        "etre",
        "eu",
        "eux",
        "exactement",
        "exactly",
        "faire",
        "fait",
        "faut",
        "font",
        "for",
        "from",
        "fut",
        "has",
        "have",
        "hors",
        "how",
        "ici",
        "il",
        "ils",
        "in",
        "is",
        "it",
        "its",
        "j",
        "je",
        "jusqu",
        "juste",
        "ke",
        "kel",
        "kelle",
        "kelles",
        "kels",
        "ki",
        "koi",
        "l",
        "la",
        "laquelle",
        "le",
        "lequel",
        "les",
        "lesquelles",
        "lesquels",
        "leur",
        "leurs",
        "lors",
        "lorsqu",
        "lui",
        "là",
        "m",
        "ma",
        "mais",
        "me",
        "meme",
        "memes",
        "merci",
        "mes",
        "moi",
        "mon",
        "my",
        "n",
        "ne",
        "ni",
        "nos",
        "notre",
        "nous",
        "of",
        "on",
        "ont",
        "or",
        "ou",
        "our",
        "par",
        "parce",
        "pas",
        "pendant",
        "peu",
        "peut",
        "peuvent",
        "pk",
        "please",
        "pour",
        "pourquoi",
        "pq",
        "precisement",
        "puis",
        "puisqu",
        "qu",
        "quand",
        "que",
        "quel",
        "quelle",
        "quelles",
        "quels",
        "qui",
        "quoi",
        "really",
        "reellement",
        "s",
        "sa",
        "salut",
        "sans",
        "se",
        "selon",
        "sera",
        "ses",
        "should",
        "si",
        "simplement",
        "sinon",
        "slt",
        "soit",
        "son",
        "sont",
        "sous",
        "souvent",
        "stp",
        "suis",
        "sur",
        "svp",
        "t",
        "ta",
        "tant",
        "te",
        "tel",
        "telle",
        "tes",
        "that",
        "the",
        "their",
        "there",
        "these",
        "this",
        "those",
        "to",
        "toi",
        "ton",
        "tous",
        "tout",
        "toute",
        "toutes",
        "tres",
        "tu",
        "un",
        "une",
        "va",
        "vais",
        "vers",
        "via",
        "voici",
        "voila",
        "vont",
        "vos",
        "votre",
        "vous",
        "vraiment",
        "vs",
        "vu",
        "was",
        "were",
        "what",
        "when",
        "where",
        "which",
        "who",
        "why",
        "will",
        "with",
        "would",
        "y",
        "ya",
        "your",
    ]
)

_WORD = re.compile(r"[a-z0-9]+(?:[.,]\d+)*")
_STEMMER = Stemmer.Stemmer("french")
_STEMMER.maxCacheSize = 50_000


@lru_cache(maxsize=200_000)
def _stem(word: str) -> str:
    """Stem a folded word.

    Snowball's French rules expect accents; once they are folded away, participles in "-ée(s)"
    would miss those in "-é", so the doubled vowel goes first (measured: "supprimee",
    "supprimées", "supprimer" and "supprimé" then share one stem).
    """
    if word.isdigit() or len(word) <= 3:
        return word
    if word.endswith(("ees", "ee")):
        word = word[: word.rindex("ee") + 1]
    return str(_STEMMER.stemWord(word))


def tokens(text: str) -> list[str]:
    """Return the stems of the meaningful words of *text*, in order.

    The same for documents and queries. Numbers stay whole ("3,5"), elided articles go
    ("l'IA" gives "ia").
    """
    return [_stem(w) for w in _WORD.findall(fold(text)) if w not in STOP_WORDS]


def correct(token: str, vocabulary: Collection[str], *, minimum: int = 5) -> str | None:
    """Return the word of *vocabulary* nearest to a misspelt *token*, or None.

    One edit (insertion, deletion, substitution, transposition) is allowed from *minimum*
    letters, two from 9: shorter words have too many neighbours to be guessed. Of equally near
    words the first in alphabetical order is taken: a set gives them in another order in each
    process, and the same question must get the same answer.
    """
    if len(token) < minimum or token.isdigit() or token in vocabulary:
        return None
    cutoff = 1 if len(token) < 9 else 2
    near = process.extract(
        token, vocabulary, scorer=DamerauLevenshtein.distance, score_cutoff=cutoff, limit=None
    )
    return min(near, key=lambda found: (found[1], found[0]))[0] if near else None
