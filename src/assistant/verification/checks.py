"""One check for each way in which a reworded sentence goes wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.verification.lexicon import lexicon, roots
from assistant.verification.reading import CURRENCIES, UNITS, Cue, Quantity, Reading, Word, currencies, fractions, time_units

Check = Callable[[Reading, Sequence[Reading]], bool]

BRIDGE = 3
"""Words that two sentences must share in a row for what stands on either side to be compared, where
none of them carries meaning. With WINDOW, chosen on the calibration half of the table."""
WINDOW = 7
"""Words on either side that are compared."""
REACH = 12
"""The same where only numbers are compared: « 63 % pour A … 13 % pour B »."""
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
    for n, word in enumerate(statement.words):
        if not word.content or word.sort != "word" or word.stem in said or word.stem in lex.light or word.folded in flat:
            continue
        if word.stem in lex.linking or (word.stem in lex.heads and _by_a_name(statement, n)):
            continue
        if len(word.folded) < _SHORT or _renamed(word.folded, text) or _marked(word.folded):
            continue
        if not any(lex.same(word.stem, s) for s in said):
            found.append(word.folded)
    return found


def _by_a_name(reading: Reading, at: int) -> bool:
    beside = reading.words[max(0, at - 3) : at + 4]
    return any(_name_key(w) for w in beside)


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


def plans(statement: Reading, evidence: Sequence[Reading]) -> bool:
    """No plan is named that the sentences do not name, and not all are left out."""
    text = " ".join(e.folded for e in evidence)
    told = " ".join(t for e in evidence for t in _told(e, statement))
    here = {name for name, pattern in lexicon().plans if pattern.search(statement.folded)}
    there = {name for name, pattern in lexicon().plans if pattern.search(text)}
    needed = {name for name, pattern in lexicon().plans if name in {"pro", "public"} and pattern.search(told)}
    return here <= there and bool(here or not needed)


_OF_A_CLAUSE = frozenset({"partial", "some", "possibility", "duty", "planned"})
"""Marks that bear on the clause they stand in: leaving the whole clause out loses nothing else."""


def _told(reading: Reading, statement: Reading) -> list[str]:
    """Return the clauses of a sentence that the statement tells again, at least half of each."""
    said = statement.stems()
    found = []
    for clause in re.split(r"[,;:()]", reading.folded):
        words = [t for t in roots(clause) if t not in lexicon().light]
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
    mine, theirs = ([w for w in c.scope if not _vague(w)] for c in (one, other))
    if mine and theirs:
        return any(lex.same(a, b) for a in mine for b in theirs)
    if any(lex.same(a, b) for a in one.scope for b in other.scope):
        return True
    # « Copilot n'y figure pas », « Copilot n'en fait pas partie »: the subject tells what is denied.
    vague = any(all(map(_vague, c.scope)) for c in (one, other))
    return vague and bool(set(one.subject) & set(other.subject))


def _restated(cue: Cue, said: frozenset[str]) -> bool:
    lex = lexicon()
    words = [s for s in cue.scope if not _vague(s)] or list(cue.subject)
    found = sum(any(lex.same(w, s) for s in said) for w in words)
    return found >= max(1, 0.5 * len(words))


def _vague(stem: str) -> bool:
    """Tell whether a verb says nothing without its subject: « n'y figure pas »."""
    return stem in lexicon().light or lexicon().same(stem, "figur")


def _known(readings: Sequence[Reading]) -> frozenset[str]:
    """Return the names of some sentences; what begins one is a name if it is one elsewhere."""
    return frozenset(w.folded for r in readings for w in r.words if w.sort == "name")


def _known(readings: Sequence[Reading]) -> frozenset[str]:
    """Return the names of some sentences, also those that begin one of them."""
    found = {w.folded for r in readings for w in r.words if w.sort == "name"}
    return frozenset(found)


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
            if found and found[-1].sort == "name" and _adjoins(reading, found[-1].last, i):
                found[-1] = Anchor("name", found[-1].keys | {key}, found[-1].first, i)
            else:
                found.append(Anchor("name", frozenset({key}), i, i))
    return found


def _adjoins(reading: Reading, last: int, at: int) -> bool:
    """Tell whether two words are of one name, an English link between them or none."""
    return last == at - 1 or (last == at - 2 and reading.words[at - 1].folded in {"for", "of", "and"})


def _name_key(word: Word, known: frozenset[str] = frozenset()) -> str | None:
    if word.sort in {"name", "word"}:
        for group in lexicon().names:
            if word.folded in group or word.folded.removesuffix("s") in group:
                return group[0]
    named = word.sort == "name" or (word.surface[:1].isupper() and word.folded in known)
    return word.folded if named and word.content else None


def crossed_over(statement: Reading, evidence: Sequence[Reading]) -> bool:
    """Tell whether what stood before some words stands after them, and the reverse.

    « A contre B » said as « B contre A »: the same words in the same order between the two.
    """
    return any(
        _crosses(_line(e, sorts), _line(statement, sorts), window)
        for e in evidence for sorts, window in ((_SORTS, WINDOW), ({"number"}, REACH))
    )


_SORTS = {"word", "name", "number"}
_Line = list[tuple[str, bool, bool]]


def _line(reading: Reading, sorts: set[str]) -> _Line:
    """Return the words of a sentence in one writing each, whether they carry meaning, whether they count.

    Who says it and when may stand anywhere in a sentence: that counts for nothing here.
    """
    free = {m.at + n for m in reading.moments if m.day or m.month for n in range(3)}
    said = sources(reading)
    found: _Line = []
    for i, word in enumerate(reading.words):
        if word.sort == "mark" and word.folded not in UNITS and word.folded not in CURRENCIES:
            continue
        key = _name_key(word)
        meant = word.content and i not in free and word.stem not in said and not _SAYING.fullmatch(word.folded)
        found.append((key or word.stem, meant, meant and ("name" if key else word.sort) in sorts))
    return found


def _crosses(source: _Line, claim: _Line, window: int) -> bool:
    for i in range(1, len(source) - 1):
        for j in range(1, len(claim) - 1):
            if source[i][0] != claim[j][0] or source[i - 1][0] == claim[j - 1][0]:
                continue
            size = 1
            while i + size < len(source) and j + size < len(claim) and source[i + size][0] == claim[j + size][0]:
                size += 1
            shared = source[i : i + size]
            told = any(meant and not w[0].isdigit() for w, meant, _ in shared)
            if size < BRIDGE and (not told or {w for w, _, _ in shared} & {"par", "est"}):
                continue
            sides = (source[:i][::-1], source[i + size :], claim[:j][::-1], claim[j + size :])
            if _swapped_sides(*(s[:window] for s in sides)):
                return True
    return False


def _swapped_sides(source_left: _Line, source_right: _Line, claim_left: _Line, claim_right: _Line) -> bool:
    before, after, left, right = (
        [w for w, _, counts in side if counts] for side in (source_left, source_right, claim_left, claim_right)
    )
    if not (left and right and before and after):
        return False
    # « par » and « est » turn a sentence round without changing what it says.
    if _has("par", claim_right[:WINDOW]) != _has("par", source_right[:WINDOW]):
        return False
    if _has("est", claim_right[:2]) and _has("est", source_left[:3]):
        return False
    return left[0] in after and left[0] not in before and right[0] in before and right[0] not in after


def _has(word: str, words: _Line) -> bool:
    return any(w == word for w, _, _ in words)


def turned(statement: Reading, evidence: Sequence[Reading]) -> bool:
    """Tell whether two names changed sides of one relation: « A est filiale de B », « B … de A »."""
    known = _known([statement, *evidence])
    mine = [a for a in _anchors(statement, known) if a.sort == "name"]
    for e in evidence:
        theirs = [a for a in _anchors(e, known) if a.sort == "name"]
        for one, two in zip(mine, mine[1:], strict=False):
            here, voice = _link(statement, one, two)
            for first, second in zip(theirs, theirs[1:], strict=False):
                if one.keys & two.keys or not (second.keys & one.keys and first.keys & two.keys):
                    continue
                there, other = _link(e, first, second)
                if voice == other == "" and here and here <= there:
                    return True
    return False


def _link(reading: Reading, one: Anchor, two: Anchor) -> tuple[frozenset[str], str]:
    """Return the words between two names, and how the second is brought in: "par", "est" or ""."""
    between = reading.words[one.last + 1 : two.first]
    words = frozenset(
        w.stem for w in between if w.content and w.stem not in lexicon().light and not _SAYING.fullmatch(w.folded)
    )
    last = {w.folded for w in between[-3:]}
    return words, "par" if "par" in last else ("est" if last & {"est", "sont"} else "")


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
    r"ecri(?:t|vent|vait)|affirm\w+|declar\w+|estim\w+|assur\w+|soulign\w+|revendiqu\w+|rappel\w+|expliqu\w+|ajoute|juge|promet\w*|attribu\w+|trouve|presente"
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
        words = _with_ends(e)
        for i, left in enumerate(words):
            for skip in range(1, 4):
                if i + skip + 1 >= len(words) or words[i + skip + 1].clause != left.clause:
                    break
                if any(w.folded in {"et", "ou", "ni"} for w in _between(e, left, words[i + skip + 1])):
                    break
                if "number" in {left.sort, words[i + skip + 1].sort}:
                    continue
                pair = (left.stem, words[i + skip + 1].stem)
                lost = [w for w in words[i + 1 : i + skip + 1] if w.stem not in lexicon().light and not _marked(w.folded) and w.sort != "number"]
                if pair in joined and pair not in here and lost and not any(_held(w, statement) for w in lost):
                    found += [w.folded for w in lost]
    return found


def _between(reading: Reading, left: Word, right: Word) -> Sequence[Word]:
    places = {id(w): n for n, w in enumerate(reading.words)}
    return reading.words[places[id(left)] + 1 : places.get(id(right), len(reading.words))]


def _with_ends(reading: Reading) -> list[Word]:
    """Return the meaningful words, and the marks at which a clause ends."""
    found = [w for w in reading.words if w.content or w.folded in _ENDS]
    if not found or found[-1].content:
        found.append(Word(".", ".", "mark", found[-1].clause if found else 0, content=False, surface="."))
    return [replace_end(w) for w in found]


def replace_end(word: Word) -> Word:
    return word if word.content else Word(".", ".", "mark", word.clause, content=False, surface=word.surface)


_ENDS = frozenset(",;:.")


def _held(word: Word, statement: Reading) -> bool:
    return any(lexicon().same(word.stem, s) for s in statement.stems())


def _pairs(reading: Reading) -> list[tuple[str, str]]:
    words = _with_ends(reading)
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
