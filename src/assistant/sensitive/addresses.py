"""E-mail and postal addresses as people type them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assistant.sensitive.findings import Finding, Typed

_AT = r"(?: ?@ ?| ?[(\[{] ?(?:at|arobase|arobas) ?[)\]}] ?| (?:arobase|arobas) )"
_DOT = r"(?:\.| ?[(\[{] ?(?:dot|point) ?[)\]}] ?| (?:point|dot) )"
_EMAIL = re.compile(
    rf"(?<![a-z0-9@._%+/'\-])(?P<local>[a-z0-9_][a-z0-9._%+'\-]{{0,63}}"
    rf"(?: (?:point|dot) [a-z0-9_%+\-]{{1,63}}){{0,3}})"
    rf"{_AT}(?:[a-z0-9\-]{{1,63}}{_DOT}){{1,4}}(?P<last>[a-z]{{2,24}})(?![a-z0-9@\-]|:[^ ])"
)
_SPOKEN = re.compile(
    r"(?<![a-z0-9@._%+/:\-])[a-z0-9_]+(?:(?:\.| dot | point )[a-z0-9_\-]+){0,3} at "
    r"[a-z0-9\-]{1,63}(?: (?:dot|point) [a-z0-9\-]{1,63}){1,3}(?![a-z0-9])"
)
# "photo@2x.png" is a file.
_FILES = frozenset({"png", "jpg", "jpeg", "gif", "svg", "webp", "pdf", "js", "css", "json", "py", "md"})

_INSIDE = (
    r"(?:(?:appartement|appart|appt|apt|bat|batiment|escalier|esc|etage|porte)[ .]{0,2}[a-z0-9]{1,4},? {1,2})"
    r"{0,3}"
)
_NUMBER = rf"{_INSIDE}(?:n°? ?)?\d{{1,4}}(?: ?(?:bis|ter|quater|[a-d](?![a-z])))?(?: ?[-/] ?\d{{1,4}})?"
# Ways that are named nowhere but in addresses once a number stands before them…
_STRONG = (
    r"rue|r\.|avenue|av|ave|avn|boulevard|bd|bld|bvd|blvd|boul|impasse|imp|faubourg|fbg|fg|quai|ruelle|venelle|"
    r"esplanade|rond[ -]point|chemin|che|chem|route|rte|allee|all|square|sq|sentier|traverse|montee|mail|"
    r"promenade|lotissement|lot|hameau|lieu[ -]dit"
)
# … and words that count other things as well: « 3 places de parking », « 2 cours de droit ».
_WEAK = (
    r"place|pl|allees|cours|passage|cite|villa|residence|res|cour|voie|quartier|domaine|parc|clos|zone|za|zi|zac|"
    r"immeuble|batiment|tour|port|pont"
)
_LINKING = (
    r"(?:de la|de l|de|des|du|d|le|la|les|l|aux|au|a la|saint|sainte|st|ste|general|gal|marechal|docteur|dr|"
)
_LINKING += r"president|pdt|capitaine|colonel|abbe|pere|mere|professeur|pr)"
# What goes on with the question rather than with the name of a street.
_STOP = (
    r"(?:[a-z]+-(?:je|tu|il|elle|on|nous|vous|ils|elles|ce|t)|quel|quelle|quels|quelles|lequel|combien|c'est|"
    r"qu'[a-z]+|l'[a-z]+|n'[a-z]+|j'[a-z]+|d'[a-z]+|s'[a-z]+|sinon|plus|moi|toi|lui|a|au|aux|et|ou|est|sont|ai|as|ce|cette|ces|que|qui|quoi|pour|dans|sur|je|j|tu|il|elle|on|nous|vous|ils|"
    r"mon|ma|mes|ton|son|sa|ses|notre|votre|avec|sans|par|chez|peut|puis|puisse|peux|dois|doit|faut|comment|"
    r"pourquoi|quand|mais|donc|car|en|ne|pas|si|y|se|suis|habite|tel|telephone|mail|merci|svp|france|code|"
    r"appartement|appt|apt|bat|etage|ca|c|cela|risque|garde|gardent|conserve|chatgpt|copilot|gemini|claude|"
    r"mistral|lumo|grok|meta|alors|depuis|vers|une?|des|cp|dont|comme|va|vont)"
)
_WORD = r"[a-z0-9][a-z0-9'\-]*\.?"
_STREET_NAME = (
    rf"(?:{_LINKING}[ '.]+){{0,4}}(?!{_STOP}(?![a-z0-9'\-]))(?:{_WORD})"
    rf"(?: (?:{_LINKING}[ '.]+){{0,2}}(?!{_STOP}(?![a-z0-9'\-]))(?!\d{{2}} ?\d{{3}}(?!\d)){_WORD}){{0,4}}"
)
_CITY_WORD = rf"(?!{_STOP}(?![a-z0-9'\-]))[a-z][a-z'\-]+"
_IN_CITY = r"(?:sur|sous|en|les|le|la|lez|de|du|d|l|aux|et|saint|sainte|st|ste)"
_CITY = (
    rf"(?:(?:(?:{_IN_CITY}|l')[ '])?{_CITY_WORD}"
    rf"(?: (?:{_IN_CITY}[ '-]){{1,2}}{_CITY_WORD}| {_CITY_WORD}){{0,3}}"
    r"(?: cedex)?(?: \d{1,2}(?!\d))?)"
)
_POSTCODE = r"(?<!\d)(?:f-?)?(?:0[1-9]|[1-8]\d|9[0-5]|97|98|2[ab]) ?\d{3}(?!\d)"
_PLACE = rf"{_POSTCODE},? {_CITY}"
_BETWEEN = r"[ ,.\-–(]{1,3}(?:[a-z0-9][a-z0-9'.\-]*[ ,]{1,2}){0,6}?"
_STRONG_ADDRESS = re.compile(
    rf"(?<![a-z0-9.,])(?P<way>{_NUMBER},? {{0,2}}(?:{_STRONG})[ .]+(?P<name>{_STREET_NAME}))"
    rf"(?P<place>{_BETWEEN}{_PLACE})?"
)
_WEAK_ADDRESS = re.compile(
    rf"(?<![a-z0-9.,])(?P<way>{_NUMBER},? {{0,2}}(?:{_WEAK})[ .]+(?P<name>{_STREET_NAME}))"
    rf"(?P<place>{_BETWEEN}{_PLACE})?"
)
_UNNUMBERED = re.compile(
    rf"(?<![a-z0-9])(?:{_STRONG}|{_WEAK}|bp|cs|tsa)[ .]+(?:{_STREET_NAME})(?:{_BETWEEN}){_PLACE}"
)
_LIVES = re.compile(
    r"\b(?:habit\w*|resid(?:e|es|ons|ent|ant|ais)|demeur\w+|domicili\w*|adresse(?: postale)?|"
    r"log(?:e|es|eons|ent|ee?)|vis|vit|vivons|livr\w+|chez moi)\b"
)
_PLACE_ALONE = re.compile(_PLACE)
_PLACE_END = re.compile(rf"{_POSTCODE},? (?P<city>{_CITY})$")
_JOINING = re.compile(rf"(?:{_LINKING}|{_IN_CITY}|cedex|\d.*)")


def emails(text: Typed) -> Iterator[Finding]:
    """Yield the e-mail addresses of *text*, spelt out ones too (« jean arobase exemple point fr »)."""
    for match in _EMAIL.finditer(text.text):
        if match["last"] not in _FILES:
            yield text.finding("courriel", match.start(), match.end())
    for match in _SPOKEN.finditer(text.text):
        yield text.finding("courriel", match.start(), match.end())


def _name_end(text: Typed, start: int, end: int) -> int:
    """Return where the proper name that begins at *start* ends, at *end* at the latest.

    Typed with a capital, it ends before the first word that has none; typed without, a name of one
    or two words is assumed, what follows « de », « saint » and the like counted in.
    """
    words = list(re.finditer(r"[^ ]+", text.text[start:end]))
    own = [w for w in words if not _JOINING.fullmatch(w[0].rstrip(".,"))]
    if not own:
        return end
    capital = any(text.is_capital(start + at) for at in range(own[0].start(), own[0].end()))
    last, seen = words[0].end(), 0
    for word in words:
        joins = word not in own
        if not joins:
            seen += 1
            has_capital = any(text.is_capital(start + at) for at in range(word.start(), word.end()))
            if (capital and not has_capital) or (not capital and seen > 2):
                break
        # A linking word belongs to the name only if the name goes on after it.
        last = last if joins and not word[0][0].isdigit() and word[0] != "cedex" else word.end()
    return start + last


def _street(text: Typed, match: re.Match[str]) -> Finding:
    if not match["place"]:
        return text.finding("adresse", match.start("way"), _name_end(text, match.start("name"), match.end()))
    return _placed(text, match.start("way"), match.end())


def _placed(text: Typed, start: int, end: int) -> Finding:
    """Return the address at ``text[start:end]``, which ends with a postcode and a city."""
    place = _PLACE_END.search(text.text[:end], max(start, end - 90))
    return text.finding("adresse", start, _name_end(text, place.start("city"), end) if place else end)


def postal(text: Typed) -> Iterator[Finding]:
    """Yield the postal addresses of *text*: a numbered way, or a way or a home with its postcode."""
    for match in _STRONG_ADDRESS.finditer(text.text):
        yield _street(text, match)
    for match in _WEAK_ADDRESS.finditer(text.text):
        named = any(text.is_capital(at) for at in range(*match.span("name")))
        if match["place"] or named or text.announced(match.start(), _LIVES):
            yield _street(text, match)
    for match in _UNNUMBERED.finditer(text.text):
        yield _placed(text, match.start(), match.end())
    for match in _PLACE_ALONE.finditer(text.text):
        if text.announced(match.start(), _LIVES):
            yield _placed(text, match.start(), match.end())
