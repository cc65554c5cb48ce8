"""One check for each way in which the words of a reworded sentence go wrong."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence

from assistant.verification import measures
from assistant.verification.lexicon import lexicon
from assistant.verification.measures import Quantity
from assistant.verification.reading import Reading
from assistant.verification.words import Word

MOST_LEFT_OUT = 3
"""A longer run of words left out is a clause left out, not a noun made wider."""
_SHORT = 3
_CONTRARY = ("de", "des", "in", "im", "non-", "ir")
"""Prefixes by which a word becomes its contrary: « chiffrent » is no form of « déchiffrent »."""
_ENDS = frozenset(",;:.")
_ARTICLES = frozenset({"le", "la", "les", "l"})
"""A name may begin with one (« Le Chat ») and be cited without."""


def numbers(statement: Reading, evidence: Sequence[Reading]) -> bool:
    """Every number is in the sentences, with the same unit and the same bound."""
    known = [q for e in evidence for q in e.quantities]
    loose = {w.folded for e in evidence for w in e.words if w.sort == "number"}
    for quantity in statement.quantities:
        same = [q for q in known if q.value == quantity.value]
        if not same:
            # A year is a moment in one sentence and a plain number in the other.
            if quantity.value in loose and not quantity.unit:
                continue
            return False
        if not any(_agrees(quantity, q) for q in same):
            return False
    return _all_in(measures.fractions, statement, evidence)


def _agrees(one: Quantity, other: Quantity) -> bool:
    """Tell whether a quantity is the other one, its unit perhaps left out."""
    return one.unit in {"", other.unit} and one.bound == other.bound


def _all_in(
    found: Callable[[Sequence[Word]], frozenset[str]], statement: Reading, evidence: Sequence[Reading]
) -> bool:
    return found(statement.words) <= frozenset().union(*(found(e.words) for e in evidence))


def units(statement: Reading, evidence: Sequence[Reading]) -> bool:
    """Units and currencies, also those without a number (« un an »), are in the sentences."""
    return _all_in(measures.units, statement, evidence)


def dates(statement: Reading, evidence: Sequence[Reading]) -> bool:
    """Every date is one of the sentences', as precise at most, on the same side."""
    known = [m for e in evidence for m in e.moments]
    if not all(any(m.within(k) for k in known) for m in statement.moments):
        return False
    return _all_in(measures.seasons, statement, evidence)


def names(statement: Reading, evidence: Sequence[Reading]) -> bool:
    """Every proper name, acronym and version is in the sentences, perhaps in another writing."""
    said = {w.folded for e in evidence for w in e.words}
    text = " ".join(" ".join(w.folded for w in e.words) for e in evidence)
    return all(
        w.folded in said or _renamed(w.folded, text)
        for w in statement.words
        if w.sort == "name" and w.content and w.folded not in _ARTICLES
    )


def joined(statement: Reading, evidence: Sequence[Reading]) -> bool:
    """Names side by side are so in the sentences: « Google France » is another company than Google."""
    pairs = [
        (a.folded, b.folded)
        for a, b in itertools.pairwise(statement.words)
        if a.sort == b.sort == "name" and a.content and b.content and a.folded not in _ARTICLES
    ]
    return all(any(_beside(e, pair) for e in evidence) for pair in pairs)


def _beside(reading: Reading, pair: tuple[str, str]) -> bool:
    """Tell whether two names are no farther apart than an article and a preposition allow."""
    first = [i for i, w in enumerate(reading.words) if w.folded == pair[0]]
    second = [i for i, w in enumerate(reading.words) if w.folded == pair[1]]
    return any(abs(i - j) <= 4 and _no_name(reading, i, j) for i in first for j in second)


def _no_name(reading: Reading, one: int, other: int) -> bool:
    """Tell whether no third name stands between two: « GPT-6 Astra, GPT-6.1 Sol » has no « GPT-6 Sol »."""
    between = reading.words[min(one, other) + 1 : max(one, other)]
    return not any(w.sort == "name" and w.content for w in between)


def _renamed(name: str, text: str) -> bool:
    """Tell whether *text* has the same name in another writing (UE, Union européenne)."""
    padded = f" {text} "
    return any(
        any(name in g.split() for g in group)
        and any(f" {g} " in padded or f" {g}s " in padded for g in group)
        for group in lexicon().names
    )


def novel(statement: Reading, evidence: Sequence[Reading]) -> list[str]:
    """Return the meaningful words of the statement that no word of the sentences supports."""
    lex = lexicon()
    said = frozenset().union(*(e.stems() for e in evidence))
    flat = {w.folded for e in evidence for w in e.words}
    text = " ".join(" ".join(w.folded for w in e.words) for e in evidence)
    found = []
    for n, word in enumerate(statement.words):
        if not word.content or word.sort != "word" or word.folded in flat or word.stem in lex.light:
            continue
        if any(prefix + word.folded in flat for prefix in _CONTRARY):
            found.append(word.folded)
            continue
        if word.stem in lex.linking or (word.stem in lex.heads and _by_a_name(statement, n)):
            continue
        if len(word.folded) < _SHORT or _renamed(word.folded, text) or marked(word.folded):
            continue
        if not any(lex.same(word.stem, s) for s in said):
            found.append(word.folded)
    return found


def _by_a_name(reading: Reading, at: int) -> bool:
    """Tell whether a name follows a noun at once (« la société Miggo »), or comes just before it."""
    words = reading.words
    after = words[at + 1 : at + 2]
    before = [w for w in words[max(0, at - 3) : at] if w.content or w.sort == "mark"][-2:]
    return any(map(name_key, after)) or (
        len(before) == 2 and before[1].sort == "mark" and bool(name_key(before[0]))
    )


_MARK_WORDS = re.compile(
    r"selon|d'apres|ecri(?:t|vent|vait)|affirm\w+|declar\w+|annonc(?:e|es|ent|ait|ee|ees)|estim\w+|indiqu\w+|soulign\w+|rapporte\w*|precis\w+|mentionn\w+"
    r"|peuvent|peut|pouvoir|possib\w+|doit|doivent|devr\w+|dev(?:ait|aient|oir|ant)|faut|uniquement|seuls?|seules?|environ|jamais|certaine?s|tous|toutes|aucune?|partie|general\w*|part|reserve\w*|maximum|minimum|plus|moins|tard|sauf|note|limit\w+|impos\w+|jug(?:e|ent|eait|eaient)|rien|personne|absence|defaut|faute"
)


def marked(word: str) -> bool:
    """Tell whether a word is judged by the marks of modality, not as a word."""
    return bool(_MARK_WORDS.fullmatch(word))


def lexical_support(statement: Reading, evidence: Sequence[Reading]) -> float:
    """Return the share of the statement's meaningful words that the sentences hold, from 0 to 1."""
    lex = lexicon()
    said = frozenset().union(*(e.stems() for e in evidence))
    words = [s for s in dict.fromkeys(statement.content) if s not in lex.light]
    if not words:
        return 0.0
    return sum(s in said or any(lex.same(s, t) for t in said) for s in words) / len(words)


def literal(statement: Reading, evidence: Sequence[Reading]) -> float:
    """Return the share of the statement's meaningful words taken over as they are, from 0 to 1."""
    said = frozenset().union(*(e.stems() for e in evidence))
    words = [s for s in dict.fromkeys(statement.content) if s not in lexicon().light]
    return sum(s in said for s in words) / max(len(words), 1)


def narrowed(statement: Reading, evidence: Sequence[Reading]) -> list[str]:
    """Return the words that the sentences put between two words that the statement joins.

    « les conversations incognito de Claude » may not become « les conversations de Claude ».
    """
    joined = {(a.stem, b.stem) for a, b in _neighbours(statement)}
    found: list[str] = []
    for sentence in evidence:
        here = {(a.stem, b.stem) for a, b in _neighbours(sentence)}
        found += _left_out(sentence, joined - here, statement)
    return found


def _left_out(sentence: Reading, joined: set[tuple[str, str]], statement: Reading) -> list[str]:
    places = _meant(sentence)
    found: list[str] = []
    for n, first in enumerate(places):
        for m in range(n + 2, min(n + 2 + MOST_LEFT_OUT, len(places))):
            left, right = sentence.words[first], sentence.words[places[m]]
            between = sentence.words[first + 1 : places[m]]
            # What is joined by « et », or told beside a number, is judged elsewhere.
            if left.clause != right.clause or {w.folded for w in between} & {"et", "ou", "ni"}:
                break
            lost = [w for w in between if w.content and not _dispensable(w)]
            if (
                (left.stem, right.stem) in joined
                and "number" not in {left.sort, right.sort}
                and lost
                and not any(held(w, statement) for w in lost)
            ):
                found += [w.folded for w in lost]
    return found


def _dispensable(word: Word) -> bool:
    """Tell whether a word left out is judged elsewhere, or says too little."""
    lex = lexicon()
    return (
        word.folded in measures.measures().units
        or word.stem in lex.light
        or word.stem in lex.linking
        or marked(word.folded)
        or word.sort == "number"
    )


def held(word: Word, statement: Reading) -> bool:
    """Tell whether a statement has a word of a sentence, one of its family, or its name otherwise written."""
    if word.folded in {w.folded for w in statement.words}:
        return True
    if any(lexicon().same(word.stem, s) for s in statement.stems()):
        return True
    key = name_key(word)
    return key is not None and any(name_key(w) == key for w in statement.words)


def _meant(reading: Reading) -> list[int]:
    """Return the places of the meaningful words, and of the marks at which a clause ends."""
    return [i for i, w in enumerate(reading.words) if w.content or w.folded in _ENDS]


def _neighbours(reading: Reading) -> list[tuple[Word, Word]]:
    places = _meant(reading)
    pairs = [(reading.words[a], reading.words[b]) for a, b in itertools.pairwise(places)]
    return [(a, b) for a, b in pairs if a.clause == b.clause]


_ORDERS = re.compile(
    r"\b(?:ignore[rz]?|oublie[rz]?|desobei\w+)\b.{0,40}\b(?:consignes?|instructions?|regles?|precede\w*|above)\b"
    r"|\b(?:ignore|disregard|forget)\b.{0,30}\b(?:instructions?|prompt|rules?)\b"
    r"|\b(?:reponds|repondez|ecris|ecrivez|affirmez|dites)\b (?:\w+ ){0,3}"
    r"(?:que|ceci|seulement|uniquement|exactement|toujours|:)"
    r"|\b(?:prompt|message systeme|you are now|(?:tu es|vous etes) (?:maintenant|desormais))\b"
)


def commands(evidence: Reading) -> bool:
    """Tell whether a sentence gives orders to whoever writes: it may be quoted, never reworded."""
    return bool(_ORDERS.search(evidence.folded))


def name_key(word: Word, known: frozenset[str] = frozenset()) -> str | None:
    """Return one writing of a name, the same for all its writings; None for what is no name.

    Args:
        word: A word.
        known: Names that may also begin a sentence, where any word has a capital.
    """
    if word.sort in {"name", "word"}:
        for group in lexicon().names:
            if word.folded in group or word.folded.removesuffix("s") in group:
                return group[0]
    named = word.sort == "name" or (word.surface[:1].isupper() and word.folded in known)
    return word.folded if named and word.content else None


def addresses(statement: Reading, evidence: Sequence[Reading]) -> bool:
    """Every web and mail address is in the sentences."""
    return _addresses(statement) <= frozenset().union(*map(_addresses, evidence))


def _addresses(reading: Reading) -> frozenset[str]:
    return frozenset(re.findall(r"(?:https?://|www\.)[^\s)\]>»]+|[\w.+-]+@[\w-]+\.\w+", reading.text))
