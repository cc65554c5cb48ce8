"""Read a sentence for comparison: words, names, quantities, dates, and what is negated."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Literal

from assistant.text import STOP_WORDS, clean, fold, squeeze
from assistant.verification.lexicon import lexicon, root

Sort = Literal["word", "name", "number", "mark"]

_TOKEN = re.compile(
    r"""(?P<literal>(?:[^\W\d_][\w-]*\.)+[^\W\d_]{2,}\b              # lumo.proton.me
          |[^\W_]*\d[^\W_]*(?:[-/][^\W_]+)+(?:\.\d+)*                 # C-703/25, 226-13, 2026-01-16
          |[^\W\d_]+-\d[\w.]*\w|[^\W\d_]+-\d)                           # GPT-6.1, GPT-4
      |(?P<number>\d{1,3}(?:[ \u00a0\u202f.]\d{3})+(?:,\d+)?(?!\w)|\d+(?:[.,]\d+)?(?:er|e|ème|re|nd|nde)?(?!\w))
      |(?P<mixed>[^\W_]*\d[^\W_]*)                                      # S3NS
      |(?P<word>[^\W\d_]+(?:-[^\W\d_]+)*)
      |(?P<mark>[%€$,;:()«»"…–—.!?])""",
    re.VERBOSE,
)
_CARDINALS = dict(zip(
    "deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize vingt trente quarante cinquante soixante cent mille".split(),
    (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 20, 30, 40, 50, 60, 100, 1000), strict=True,
))
_ORDINALS = {
    "premier": 1, "premiere": 1, "deuxieme": 2, "second": 2, "seconde": 2, "troisieme": 3, "quatrieme": 4, "cinquieme": 5,
    "sixieme": 6, "septieme": 7, "huitieme": 8, "neuvieme": 9, "dixieme": 10,
}
_FRACTIONS = frozenset("moitie tiers quart double triple quadruple demi dizaine vingtaine centaine millier dizaines centaines milliers".split())
_MONTHS = {m: n for n, m in enumerate(
    "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre".split(), 1
)}
SEASONS = frozenset("printemps ete automne hiver debut fin mi trimestre semestre".split())
UNITS = {
    "%": "%", "pourcent": "%", "jour": "jour", "jours": "jour", "journee": "jour", "journees": "jour", "an": "an", "ans": "an", "annee": "an", "annees": "an",
    "annuel": "an", "annuels": "an", "annuelle": "an", "annuelles": "an", "pluriannuel": "an", "mois": "mois", "mensuel": "mois", "mensuels": "mois",
    "mensuelle": "mois", "mensuelles": "mois", "semaine": "semaine", "semaines": "semaine", "hebdomadaire": "semaine", "hebdomadaires": "semaine", "heure": "heure",
    "heures": "heure", "minute": "minute", "minutes": "minute", "seconde": "seconde", "secondes": "seconde", "million": "million",
    "millions": "million", "milliard": "milliard", "milliards": "milliard", "siecle": "siecle", "trimestre": "trimestre",
    "ligne": "ligne", "lignes": "ligne", "page": "page", "pages": "page", "octets": "octet", "go": "go", "mo": "mo", "to": "to",
}
CURRENCIES = {"€": "euro", "euro": "euro", "euros": "euro", "$": "dollar", "dollar": "dollar", "dollars": "dollar", "livres": "livre", "yens": "yen"}
_ROMAN = re.compile(r"[IVX]{1,5}")
_ENDS = frozenset(",;:().–—…!?")
_MEANT = frozenset({"vu"})
"""Stop words of the ranking that carry meaning here."""
_INVERTED = re.compile(r"-(?:t-)?(?:il|ils|elle|elles|on|ci|la|ce)$")
_JOINS = frozenset({"a", "et", "ou", "des", "de", "sur", "d", "les"})


@dataclass(frozen=True, slots=True)
class Word:
    """One token of a sentence.

    Attributes:
        folded: Lower case, no accents; a number in digits with a decimal point.
        stem: Stem, or the folded token where it is not a plain word.
        clause: Number of the stretch between two punctuation marks that it stands in.
        content: Whether it carries meaning of its own.
    """

    folded: str
    stem: str
    sort: Sort
    clause: int
    content: bool
    surface: str


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit and what bounds it.

    Attributes:
        at: Index of its token.
        value: Digits, a decimal point; "#2" for an ordinal.
        unit: Unit of time, scale or share, or "".
        bound: "about", "most", "least", "more", "less" or "".
    """

    at: int
    value: str
    unit: str
    bound: str


@dataclass(frozen=True, slots=True)
class Moment:
    """A date, as much of it as is given, and whether it begins or ends something."""

    at: int
    day: int | None
    month: int | None
    year: int | None
    side: str

    def within(self, other: Moment) -> bool:
        """Tell whether *other* says at least this."""
        return (
            self.day in {None, other.day} and self.month in {None, other.month} and self.year in {None, other.year}
            and self.side == other.side
        )


@dataclass(frozen=True, slots=True)
class Cue:
    """A negation or an exclusion, the stems in its reach, and those of its subject."""

    sort: str
    scope: tuple[str, ...]
    subject: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """A sentence, read."""

    text: str
    folded: str
    words: tuple[Word, ...]
    quantities: tuple[Quantity, ...]
    moments: tuple[Moment, ...]
    cues: tuple[Cue, ...]
    content: tuple[str, ...] = field(default=())

    def stems(self) -> frozenset[str]:
        """Return the stems of the words that carry meaning."""
        return frozenset(self.content)


def _words(text: str) -> list[Word]:
    found: list[Word] = []
    clause, initial = 0, True
    for match in _TOKEN.finditer(text):
        raw, sort = match[0], match.lastgroup
        low = fold(raw)
        if sort == "mark":
            found.append(Word(low, low, "mark", clause, content=False, surface=raw))
            if raw in _ENDS:
                clause += 1
            initial = raw in ".!?…" or (initial and raw in '«"(')
            continue
        found.append(_word(raw, low, sort or "word", clause, initial=initial))
        initial = False
    return found


def _word(raw: str, low: str, sort: str, clause: int, *, initial: bool) -> Word:
    if sort == "number":
        digits = re.sub(r"[ \u00a0\u202f]|\.(?=\d{3}(?!\d))", "", low).replace(",", ".")
        ordinal = re.fullmatch(r"(\d+)(?:er|e|eme|re|nd|nde)", digits)
        value = ("1" if ordinal[1] == "1" else f"#{ordinal[1]}") if ordinal else digits
        return Word(value, value, "number", clause, content=True, surface=raw)
    if sort in {"literal", "mixed"}:
        return Word(low, low, "name", clause, content=True, surface=raw)
    if _ROMAN.fullmatch(raw):
        return Word(f"roman:{low}", f"roman:{low}", "number", clause, content=True, surface=raw)
    if low in _CARDINALS or low in _ORDINALS:
        value = str(_CARDINALS[low]) if low in _CARDINALS else f"#{_ORDINALS[low]}"
        return Word(value, value, "number", clause, content=True, surface=raw)
    low = _INVERTED.sub("", low)
    named = (raw[0].isupper() and not initial) or any(c.isupper() for c in raw[1:])
    # « sous-traitant » is not a kind of « traitement ».
    stem = low.rstrip("s") if "-" in low else root(low)
    content = (low not in STOP_WORDS or low in _MEANT) and low != "non" and (len(low) > 1 or named)
    return Word(low, stem, "name" if named else "word", clause, content=content, surface=raw)


def _unit(words: list[Word], at: int) -> str:
    """Return the unit that follows a number, or that a later number of the same list bears."""
    for step, word in enumerate(words[at + 1 : at + 7]):
        if word.folded in UNITS:
            return UNITS[word.folded]
        if word.sort == "number" or word.folded in _JOINS or word.folded in {",", "\u00a0"}:
            continue
        if step:
            return ""
        if word.folded in CURRENCIES:
            return ""
        return ""
    return ""


_BEFORE = (
    ("about", re.compile(r"(?:environ|quelque|autour de|approximativement|pres de|pres d'|presque|dans les)$")),
    ("most", re.compile(r"(?:jusqu'a|jusqu'au|au plus|au plus tard|maximum|maximum de|maximale? (?:est )?de|au maximum|maximale|plafonne\w* a|limite\w* a)(?: les?)?$")),
    ("least", re.compile(r"(?:au moins|minimum|minimum de|au minimum|a partir de|minimal\w* .{0,40}|minimum .{0,40}|dès)$")),
    ("more", re.compile(r"(?:plus de|plus d'|depass\w+|au dela de|superieur\w* a|exced\w+)$")),
    ("less", re.compile(r"(?:moins de|moins d'|inferieur\w* a|sous les|en dessous de)$")),
)
_AFTER = (("more", re.compile(r"^\W*(?:\w+ )?de plus\b")), ("less", re.compile(r"^\W*(?:\w+ )?de moins\b")), ("about", re.compile(r"^\W*(?:\w+ ){0,3}environ\b")), ("least", re.compile(r"^\W*(?:\w+ ){0,2}(?:ou plus|ou davantage|au moins|minimum)\b")), ("most", re.compile(r"^\W*(?:\w+ ){0,2}(?:au plus|maximum|au maximum)\b")))


def _before(words: list[Word], at: int) -> str:
    """Return the twelve words before a number, « dès » told from « des »."""
    text = " ".join("dès" if w.surface.lower() == "dès" else w.folded for w in words[max(0, at - 12) : at])
    return re.sub(r"\b(d|jusqu|l) ", r"\1'", text)


def _bound(words: list[Word], at: int) -> str:
    before = _before(words, at)
    for name, pattern in _BEFORE:
        if pattern.search(before):
            return name
    after = " ".join(w.folded for w in words[at + 1 : at + 7])
    return next((name for name, pattern in _AFTER if pattern.search(after)), "")


_SIDES = (
    ("since", re.compile(r"(?:depuis|dès|a partir du|a partir de|a compter du|a compter de)(?: l\w?| le| la)?(?: fin| debut)?$")),
    ("until", re.compile(r"(?:jusqu'au|jusqu'a|jusqu'en|jusqu'a la|au plus tard|au plus tard le|au plus tard en|d'ici|d'ici a|d'ici le|avant le|avant)(?: l\w?| le| la)?(?: fin| debut)?$")),
    ("after", re.compile(r"(?:apres|apres le)$")),
)


def _side(words: list[Word], at: int) -> str:
    before = _before(words, at)
    return next((name for name, pattern in _SIDES if pattern.search(before)), "")


def _moments(words: list[Word]) -> tuple[list[Moment], set[int]]:
    """Return the dates and the indexes of the numbers that they are made of."""
    found: list[Moment] = []
    used: set[int] = set()
    for i, word in enumerate(words):
        if word.folded in _MONTHS and word.sort != "name":
            day = words[i - 1] if i and words[i - 1].sort == "number" else None
            year = words[i + 1] if i + 1 < len(words) and re.fullmatch(r"(?:19|20)\d\d", words[i + 1].folded) else None
            is_day = day is not None and day.folded.isdigit() and 1 <= int(day.folded) <= 31
            # « mai » and « mars » are dates only beside a number or after « en », « de ».
            if not is_day and year is None and words[i - 1].folded not in {"en", "de", "d", "fin", "debut", "mi"}:
                continue
            start = i - 1 if is_day else i
            found.append(Moment(
                start, int(day.folded) if is_day and day else None, _MONTHS[word.folded], int(year.folded) if year else None,
                _side(words, start),
            ))
            used |= {start, i, *([i + 1] if year else [])}
    for i, word in enumerate(words):
        iso = re.fullmatch(r"((?:19|20)\d\d)-(\d\d)-(\d\d)", word.folded)
        if iso:
            found.append(Moment(i, int(iso[3]), int(iso[2]), int(iso[1]), _side(words, i)))
            used.add(i)
        elif i not in used and re.fullmatch(r"(?:19|20)\d\d", word.folded):
            found.append(Moment(i, None, None, int(word.folded), _side(words, i)))
            used.add(i)
    return sorted(found, key=lambda m: m.at), used


_VERBLESS = frozenset({"pas", "aucun", "aucune", "sans", "ni", "non", "jamais", "rien", "nul", "nulle", "guere"})
_EXCLUDING = frozenset({"hors", "sauf", "excepte", "hormis", "exception", "dehors"})
_BREAKS = frozenset({"mais", "tandis", "alors", "or", "car"})
_SECOND = frozenset({"pas", "jamais", "aucun", "aucune", "rien", "ni", "plus", "personne", "guere", "nul", "nulle"})


def _cues(words: list[Word]) -> list[Cue]:
    found: list[Cue] = []
    for i, word in enumerate(words):
        low = word.folded
        if low in {"ne", "n"}:
            seen = {w.folded for w in words[i + 1 : i + 9]}
            literary = bool({w.folded for w in words[i + 1 : i + 3]} & {"puisse", "puissent", "saurait", "sauraient", "peut", "peuvent"})
            only = any(w.folded in {"que", "qu"} for w in words[i + 1 : i + 5])
            if (literary and not only) or (seen & _SECOND and not (only and not seen & {"pas", "jamais"})) or words[max(0, i - 8) : i] and any(
                w.folded in {"rien", "aucun", "aucune", "personne", "ni", "nul"} for w in words[max(0, i - 8) : i]
            ):
                found.append(Cue("not", _scope(words, i, 10), _subject(words, i)))
        elif low in _VERBLESS:
            if low == "pas" and i + 1 < len(words) and words[i + 1].folded in {"seulement", "uniquement", "a"}:
                continue
            if low in {"pas", "jamais", "rien", "guere"} and any(w.folded in {"ne", "n"} for w in words[max(0, i - 5) : i]):
                continue
            if low == "non" and i + 1 < len(words) and words[i + 1].folded == "seulement":
                continue
            found.append(Cue("not", _scope(words, i, 6)))
        elif low in _EXCLUDING:
            found.append(Cue("but", _scope(words, i, 5)))
    return [c for c in found if c.scope]


def _subject(words: list[Word], at: int) -> tuple[str, ...]:
    """Return the stems of the name or noun that stands just before « ne »."""
    before = [w for w in words[max(0, at - 4) : at] if w.clause == words[at].clause and w.content]
    return tuple(w.stem for w in before[-2:])


def _scope(words: list[Word], at: int, reach: int) -> tuple[str, ...]:
    stems: list[str] = []
    window = words[at + 1 : at + 1 + reach]
    # « ne nourrissent pas l'historique, la mémoire ni l'entraînement »: the list is denied whole.
    nor = max((n for n, w in enumerate(window) if w.folded == "ni"), default=0)
    for n, word in enumerate(window):
        if word.folded in _BREAKS or (word.clause != words[at].clause and n > nor):
            break
        if word.content:
            stems.append(word.stem)
    return tuple(stems)


def _plain(text: str) -> str:
    """Return *text* with plain apostrophes, and names spelt out replaced by their acronyms."""
    plain = squeeze(clean(text).replace("’", "'").replace("‘", "'"))
    for pattern, short in _spellings():
        plain = pattern.sub(short, plain)
    return plain


@cache
def _spellings() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return the names of several words and the short writing of each."""
    accents = {"e": "[eéèê]", "a": "[aàâ]"}
    return tuple(
        (re.compile(r"\b" + "".join(accents.get(c, re.escape(c)) for c in name) + r"\b", re.IGNORECASE), group[0].upper())
        for group in lexicon().names for name in group[1:] if " " in name
    )


@lru_cache(maxsize=4096)
def read(text: str) -> Reading:
    """Return *text* read; sentences of the dossier come back often and are remembered."""
    plain = _plain(text)
    words = _words(plain)
    moments, used = _moments(words)
    quantities = [
        Quantity(i, w.folded, _unit(words, i), _bound(words, i))
        for i, w in enumerate(words) if w.sort == "number" and i not in used
    ]
    content = tuple(w.stem for i, w in enumerate(words) if w.content)
    return Reading(
        plain, fold(plain).replace("\u00a0", " ").replace("\u202f", " "), tuple(words), tuple(quantities), tuple(moments),
        tuple(_cues(words)), content,
    )


def fractions(reading: Reading) -> frozenset[str]:
    """Return the words of quantity that are not numbers: « la moitié », « le double »."""
    return frozenset(w.folded for w in reading.words if w.folded in _FRACTIONS)


def time_units(reading: Reading) -> frozenset[str]:
    """Return the units that a sentence names, beside a number or not."""
    return frozenset(UNITS[w.folded] for w in reading.words if w.folded in UNITS)


def currencies(reading: Reading) -> frozenset[str]:
    """Return the currencies that a sentence names."""
    return frozenset(CURRENCIES[w.folded] for w in reading.words if w.folded in CURRENCIES)
