"""One check for each way in which a reworded sentence goes wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.text import tokens
from assistant.verification.lexicon import lexicon
from assistant.verification.reading import Cue, Quantity, Reading, Word, currencies, fractions, time_units

Check = Callable[[Reading, Sequence[Reading]], bool]

SWAP = 2.0
SLACK = 0.35
REACH = 6
TURNED = 0.3
"""How much more a name or number must look like another one's place in the sentences than like its
own to count as swapped. Calibrated by tools/calibrate_verification.py, with the table's swaps."""
_SHORT = 3


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
    said = frozenset().union(*map(fractions, evidence))
    return fractions(statement) <= said


def _agrees(one: Quantity, other: Quantity) -> bool:
    if one.unit != other.unit and one.unit and other.unit:
        return False
    if one.unit and not other.unit:
        return False
    return one.bound == other.bound


def units(statement: Reading, evidence: Sequence[Reading]) -> bool:
    """Units of time and currencies that stand alone (« un an ») are in the sentences."""
    return time_units(statement) <= frozenset().union(*map(time_units, evidence)) and currencies(
        statement
    ) <= frozenset().union(*map(currencies, evidence))


def dates(statement: Reading, evidence: Sequence[Reading]) -> bool:
    """Every date is one of the sentences', as precise at most, on the same side."""
    known = [m for e in evidence for m in e.moments]
    if not all(any(m.within(k) for k in known) for m in statement.moments):
        return False
    return _seasons(statement) <= frozenset().union(*map(_seasons, evidence))


def _seasons(reading: Reading) -> frozenset[str]:
    from assistant.verification.reading import SEASONS

    found = set()
    for i, word in enumerate(reading.words):
        following = [w.folded for w in reading.words[i + 1 : i + 3]]
        # « fin », « été » are seasons and moments only before a date.
        if word.folded in SEASONS and any(re.fullmatch(r"(?:19|20)\d\d", w) for w in following):
            found.add(word.folded)
    return frozenset(found)


def names(statement: Reading, evidence: Sequence[Reading]) -> bool:
    """Every proper name, acronym and version is in the sentences, perhaps in another writing."""
    said = {w.folded for e in evidence for w in e.words}
    text = " ".join(" ".join(w.folded for w in e.words) for e in evidence)
    return all(
        w.folded in said or _renamed(w.folded, text)
        for w in statement.words if w.sort == "name" and w.content
    )


def _renamed(name: str, text: str) -> bool:
    """Tell whether *text* has the same name in another writing (UE, Union européenne)."""
    padded = f" {text} "
    for group in lexicon().names:
        if any(name in g.split() for g in group) and any(f" {g.replace('-', ' ')} " in padded or f" {g}s " in padded for g in group):
            return True
    return False


def novel(statement: Reading, evidence: Sequence[Reading]) -> list[str]:
    """Return the meaningful words of the statement that no word of the sentences supports."""
    lex = lexicon()
    said = frozenset().union(*(e.stems() for e in evidence))
    flat = {w.folded for e in evidence for w in e.words}
    text = " ".join(" ".join(w.folded for w in e.words) for e in evidence)
    found = []
    for word in statement.words:
        if not word.content or word.sort != "word" or word.stem in said or word.stem in lex.light or word.folded in flat:
            continue
        if len(word.folded) < _SHORT or _renamed(word.folded, text) or _marked(word.folded):
            continue
        contrary = lex.opposites.get(word.stem, frozenset())
        if contrary & said or not any(lex.same(word.stem, s) for s in said):
            found.append(word.folded)
    return found


_MARK_WORDS = re.compile(
    r"selon|d'apres|ecri(?:t|vent|vait)|affirm\w+|declar\w+|annonc(?:e|es|ent|ait|ee|ees)|estim\w+|indiqu\w+|soulign\w+|rapporte\w*|precis\w+|mentionn\w+"
    r"|peuvent|peut|pouvoir|possib\w+|doit|doivent|devr\w+|faut|uniquement|seuls?|seules?|environ|jamais|certaine?s|tous|toutes|aucune?|partie|general\w*|part|reserve\w*|maximum|minimum|plus|moins|tard|sauf|note|juge"
)


def _marked(word: str) -> bool:
    """Tell whether a word is judged by the marks of modality, not as a word."""
    return bool(_MARK_WORDS.fullmatch(word))


def marks(statement: Reading, evidence: Sequence[Reading]) -> str | None:
    """Return the mark of modality, source or extent that was lost or added, or None."""
    texts = [e.folded for e in evidence]
    told = [t for e in evidence for t in _told(e, statement)]
    for mark in lexicon().marks:
        if mark.made_up(statement.folded, texts) or mark.lost(
            told if mark.name in _OF_A_CLAUSE else texts, statement.folded
        ):
            return mark.name
    return None


_OF_A_CLAUSE = frozenset({"partial", "some", "possibility", "duty", "planned"})
"""Marks that bear on the clause they stand in: leaving the whole clause out loses nothing else."""


def _told(reading: Reading, statement: Reading) -> list[str]:
    """Return the clauses of a sentence that the statement tells again, at least half of each."""
    said = statement.stems()
    found = []
    for clause in re.split(r"[,;:()]", reading.folded):
        words = [t for t in tokens(clause) if t not in lexicon().light]
        held = sum(any(lexicon().same(w, s) for s in said) for w in words)
        if held >= 0.5 * len(words):
            found.append(clause)
    return found


def polarity(statement: Reading, evidence: Sequence[Reading]) -> bool:
    """What is denied or set apart is the same on both sides."""
    theirs = [c for e in evidence for c in e.cues]
    if not all(any(_meets(c, t) for t in theirs) for c in statement.cues):
        return False
    said = statement.stems()
    return all(
        any(_meets(t, c) for c in statement.cues) for t in theirs if _restated(t, said)
    )


def _meets(one: Cue, other: Cue) -> bool:
    lex = lexicon()
    if one.sort != other.sort:
        return False
    if any(lex.same(a, b) for a in one.scope for b in other.scope):
        return True
    # « Copilot n'y figure pas », « Copilot n'en fait pas partie »: the subject tells what is denied.
    vague = any(all(w in lex.light or lex.same(w, "figur") for w in c.scope) for c in (one, other))
    return vague and bool(set(one.subject) & set(other.subject))


def _restated(cue: Cue, said: frozenset[str]) -> bool:
    lex = lexicon()
    words = [s for s in (*cue.scope, *cue.subject) if s not in lex.light] or list(cue.scope)
    found = sum(any(lex.same(w, s) for s in said) for w in words)
    return found >= max(1, 0.5 * len(words))


def swapped(statement: Reading, evidence: Sequence[Reading]) -> bool:
    """Tell whether a name or number stands where the sentences have another one.

    One that looks like another's place is no swap where that other keeps its place as well: two
    may stand side by side.    """
    known = _known([statement, *evidence])
    places = [(a, _around(e, a)) for e in evidence for a in _anchors(e, known)]
    mine = [(a, _around(statement, a)) for a in _anchors(statement, known)]
    kept = [(a, max((_alike(around, p) for x, p in places if x.keys & a.keys), default=0.0)) for a, around in mine]
    for (anchor, around), (_, own) in zip(mine, kept, strict=True):
        for place, theirs in places:
            if place.sort != anchor.sort or place.keys & anchor.keys:
                continue
            other = _alike(around, theirs)
            held = max((score for a, score in kept if a.keys & place.keys), default=0.0)
            if other > SWAP * own + SLACK and held < other:
                return True
    return False


_STOPS = frozenset(";:.")


def _known(readings: Sequence[Reading]) -> frozenset[str]:
    """Return the names of some sentences, also those that begin one of them."""
    found = {w.folded for r in readings for w in r.words if w.sort == "name"}
    return frozenset(found)


Around = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Anchor:
    """A name of one or more words, or a number, and where it stands."""

    sort: str
    keys: frozenset[str]
    first: int
    last: int


def _anchors(reading: Reading, known: frozenset[str]) -> list[Anchor]:
    unit_of = {q.at: q.unit for q in reading.quantities}
    dated = {m.at for m in reading.moments}
    found: list[Anchor] = []
    for i, word in enumerate(reading.words):
        if word.sort == "number":
            sort = f"number {unit_of.get(i, 'date' if i in dated else '')}"
            found.append(Anchor(sort, frozenset({word.folded}), i, i))
        elif key := _name_key(word, known):
            if found and found[-1].sort == "name" and found[-1].last == i - 1:
                found[-1] = Anchor("name", found[-1].keys | {key}, found[-1].first, i)
            else:
                found.append(Anchor("name", frozenset({key}), i, i))
    return found


def _name_key(word: Word, known: frozenset[str] = frozenset()) -> str | None:
    if word.sort in {"name", "word"}:
        for group in lexicon().names:
            if word.folded in group or word.folded.removesuffix("s") in group:
                return group[0]
    named = word.sort == "name" or (word.surface[:1].isupper() and word.folded in known)
    return word.folded if named and word.content else None


def _around(reading: Reading, anchor: Anchor) -> tuple[tuple[str, float], ...]:
    """Return the stems beside an anchor with a signed nearness: negative before, positive after."""
    found: list[tuple[str, float]] = []
    light = lexicon().light
    for step, start in ((-1, anchor.first), (1, anchor.last)):
        distance, i = 0, start + step
        while 0 <= i < len(reading.words) and reading.words[i].folded not in _STOPS and distance < REACH:
            word = reading.words[i]
            if word.content and word.stem not in light and not _SAYING.fullmatch(word.folded):
                distance += 1
                found.append((_name_key(word) or word.stem, step / distance))
            i += step
    return tuple(found)


def _alike(one: tuple[tuple[str, float], ...], other: tuple[tuple[str, float], ...]) -> float:
    lex = lexicon()
    score = 0.0
    for stem, near in one:
        best = 0.0
        for word, close in other:
            if lex.same(stem, word):
                weight = min(abs(near), abs(close))
                best = max(best, weight if near * close > 0 else TURNED * weight)
        score += best
    return score


def turned(statement: Reading, evidence: Sequence[Reading]) -> bool:
    """Tell whether two names changed sides of one relation: « A est filiale de B », « B … de A »."""
    known = _known([statement, *evidence])
    mine = [a for a in _anchors(statement, known) if a.sort == "name"]
    for e in evidence:
        theirs = [a for a in _anchors(e, known) if a.sort == "name"]
        for one, two in ((a, b) for a in mine for b in mine if a.last < b.first and not a.keys & b.keys):
            here, passive = _link(statement, one, two)
            for b, a in ((b, a) for b in theirs for a in theirs if b.last < a.first):
                if not (a.keys & one.keys and b.keys & two.keys):
                    continue
                there, other = _link(e, b, a)
                if passive == other and here and here <= there:
                    return True
    return False


def _link(reading: Reading, one: Anchor, two: Anchor) -> tuple[frozenset[str], bool]:
    """Return the words between two names, and whether « par » brings in the second."""
    between = reading.words[one.last + 1 : two.first]
    words = frozenset(w.stem for w in between if w.content and w.stem not in lexicon().light and not _SAYING.fullmatch(w.folded))
    return words, any(w.folded == "par" for w in between[-3:])


def crossed(statement: Reading, evidence: Sequence[Reading]) -> bool:
    """Tell whether what one sentence says is said of a name that only another one has."""
    if len(evidence) < 2:
        return False
    stems = [e.stems() for e in evidence]

    def only(stem: str) -> int | None:
        holders = [n for n, s in enumerate(stems) if stem in s]
        return holders[0] if len(holders) == 1 else None

    owner, same, other = None, 0, 0
    for word in statement.words:
        place = only(word.stem) if word.content else None
        if word.sort == "name" and place is not None and place != owner:
            if other > same + 1:
                return True
            owner, same, other = place, 0, 0
        elif place is not None and owner is not None and word.sort != "name":
            same, other = same + (place == owner), other + (place != owner)
    return other > same + 1


_SAYING = re.compile(
    r"ecri(?:t|vent|vait)|affirm\w+|declar\w+|estim\w+|assur\w+|soulign\w+|revendiqu\w+|rappel\w+|ajoute|juge|promet\w*|attribu\w+|trouve|presente"
)


def sources(reading: Reading) -> frozenset[str]:
    """Return the stems by which a sentence names who says so: « selon X », else « écrit X »."""
    words = reading.words
    found: set[str] = set()
    for i, word in enumerate(words):
        if word.folded == "selon" or (word.folded == "apres" and i and words[i - 1].folded == "d"):
            found |= {w.stem for w in words[i + 1 : i + 9] if w.content and w.clause == word.clause}
    if found:
        return frozenset(found)
    for i, word in enumerate(words):
        if _SAYING.fullmatch(word.folded):
            before = [w for w in words[max(0, i - 3) : i] if w.folded not in {"a", "ont", "avait"}][-1:]
            found |= {w.stem for w in (*before, *words[i + 1 : i + 3]) if w.sort == "name" and w.content}
    return frozenset(found)


def attributed(statement: Reading, evidence: Sequence[Reading]) -> bool:
    """Whoever the sentences quote is still named."""
    said = statement.stems()
    return all(not (named := sources(e)) or bool(named & said) for e in evidence)


def narrowed(statement: Reading, evidence: Sequence[Reading]) -> list[str]:
    """Return the words that the sentences put between two words that the statement joins.

    « les conversations incognito de Claude » may not become « les conversations de Claude ».
    """
    joined = set(_pairs(statement))
    found: list[str] = []
    for e in evidence:
        here = set(_pairs(e))
        words = [w for w in e.words if w.content]
        for i, left in enumerate(words):
            for skip in range(1, 4):
                if i + skip + 1 >= len(words) or words[i + skip + 1].clause != left.clause:
                    break
                if any(w.folded in {"et", "ou", "ni"} for w in _between(e, left, words[i + skip + 1])):
                    break
                pair = (left.stem, words[i + skip + 1].stem)
                lost = [w for w in words[i + 1 : i + skip + 1] if w.stem not in lexicon().light and not _marked(w.folded) and w.sort != "number"]
                if pair in joined and pair not in here and lost and not any(_held(w, statement) for w in lost):
                    found += [w.folded for w in lost]
    return found


def _between(reading: Reading, left: Word, right: Word) -> Sequence[Word]:
    places = {id(w): n for n, w in enumerate(reading.words)}
    return reading.words[places[id(left)] + 1 : places[id(right)]]


def _held(word: Word, statement: Reading) -> bool:
    return any(lexicon().same(word.stem, s) for s in statement.stems())


def _pairs(reading: Reading) -> list[tuple[str, str]]:
    words = [w for w in reading.words if w.content]
    return [(a.stem, b.stem) for a, b in zip(words, words[1:], strict=False) if a.clause == b.clause]


_ORDERS = re.compile(
    r"\b(?:ignore[rz]?|oublie[rz]?|desobei\w+)\b.{0,40}\b(?:consignes?|instructions?|regles?|precede\w*|above|previous)\b"
    r"|\b(?:ignore|disregard|forget)\b.{0,30}\b(?:instructions?|prompt|rules?)\b"
    r"|\b(?:reponds|repondez|ecris|ecrivez|affirmez|dites)\b (?:\w+ ){0,3}(?:que|ceci|seulement|uniquement|exactement|toujours|:)"
    r"|\b(?:prompt|system prompt|message systeme|tu es (?:maintenant|desormais)|you are now|vous etes (?:maintenant|desormais))\b"
)


def commands(evidence: Reading) -> bool:
    """Tell whether a sentence gives orders to whoever writes: it may be quoted, never reworded."""
    return bool(_ORDERS.search(evidence.folded))


def lexical_support(statement: Reading, evidence: Sequence[Reading]) -> float:
    """Return the share of the statement's meaningful words that the sentences hold, from 0 to 1."""
    lex = lexicon()
    said = frozenset().union(*(e.stems() for e in evidence))
    words = [s for s in dict.fromkeys(statement.content) if s not in lex.light]
    if not words:
        return 0.0
    return sum(s in said or any(lex.same(s, t) for t in said) for s in words) / len(words)


def shares(statement: Reading, evidence: Reading) -> float:
    """Return the share of the statement's words that one sentence holds by itself, strictly."""
    words = frozenset(statement.content) - lexicon().light
    return len(words & evidence.stems()) / max(len(words), 1)


def urls(text: str) -> frozenset[str]:
    """Return the addresses of a text."""
    return frozenset(re.findall(r"(?:https?://|www\.)[^\s)\]>»]+|[\w.+-]+@[\w-]+\.\w+", text))


def stems_of(text: str) -> list[str]:
    """Return the stems of *text*, as rankings see them."""
    return tokens(text)
