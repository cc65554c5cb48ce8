"""Identifiers that only the word before them tells: RPPS, FINESS, patient number, BIC, account."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stdnum import bic

from assistant.sensitive.findings import Finding, Kind, Typed

_LINK = r"[ :=#°.,'\"()\-]*"
_FILLER = (
    rf"(?:{_LINK}\b(?:n|no|num|numero|numeros|id|identifiant|est|c|s|le|la|du|de|des|d|mon|ma|notre|votre|"
    rf"son|sa|"
    rf"medecin|docteur|dr|patient|patiente|suivant|bancaire|code|cle|vaut|a|l|hopital|clinique|etablissement|"
    rf"m|mme|monsieur|madame)\b){{0,6}}{_LINK}"
)
_NAME = r"(?:[a-z'\-]+ ){0,3}"
_DIGITS = r"\d(?:[ .\-/]?\d)"


def _rule(cue: str, number: str, *, loose: bool = False) -> re.Pattern[str]:
    """Return a rule: a word, what may stand between, a number.

    *loose* lets names stand between, where the number's shape alone says enough.
    """
    between = rf"{_FILLER}{_NAME if loose else ''}{_LINK}"
    return re.compile(
        rf"(?<![a-z0-9])(?:{cue})(?![a-z0-9]){between}(?<![a-z0-9])(?P<number>{number})(?![a-z0-9])"
    )


_RULES: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("sante", _rule("rpps", _DIGITS + "{10}", loose=True)),
    ("sante", _rule("adeli", r"(?:\d|2[ab])(?:[ .\-]?\d){7,8}", loose=True)),
    ("sante", _rule("finess", r"(?:\d[ .]?\d|2[ab])(?:[ .\-]?\d){7}", loose=True)),
    (
        "sante",
        _rule(
            r"ipp|iep|nip|nda|identifiant (?:permanent|unique)(?: du)? patient|"
            r"(?:n|no|num|numero|n°|id|identifiant)[ .°]*(?:d |de |du )?(?:dossier )?"
            r"(?:patient|patiente|medical)|"
            r"dossier (?:patient|medical|d'hospitalisation)|"
            r"numero (?:d'|de |du )(?:sejour|hospitalisation)",
            r"[a-z]{0,3}" + _DIGITS + "{4,14}",
        ),
    ),
    (
        "sante",
        _rule(
            r"(?:numero|n°|no|n)[ °]*(?:d'|de |de la |de ma )?(?:adherent|mutuelle|beneficiaire|assure)"
            r"(?: (?:de )?(?:ma )?(?:mutuelle|sociale?))?|"
            r"adherent (?:mutuelle )?(?:numero|n°|no)|matricule ins",
            r"[a-z]{0,3}" + _DIGITS + "{4,14}",
        ),
    ),
    (
        "banque",
        _rule(
            r"(?:numero|n°|no|n)[ °]*(?:de |du )?compte(?: bancaire| courant| joint)?|"
            r"compte (?:bancaire |courant |joint )?(?:numero|n°|no)|rib",
            _DIGITS + "{6,22}[a-z]?",
        ),
    ),
    (
        "banque",
        _rule(r"cvv2?|cvc2?|cryptogramme(?: visuel)?|code de securite(?: de (?:la|ma) carte)?", r"\d{3,4}"),
    ),
)
_BIC = _rule(r"bic|swift|bic ?/ ?swift|code swift", r"[a-z]{6}[0-9a-z]{2}(?: ?[0-9a-z]{3})?", loose=False)
# Bare, only what ends as the code of a head office: words in capitals have eight letters too.
_BARE_BIC = re.compile(r"(?<![a-z0-9])[a-z]{6}[0-9a-z]{2}xxx(?![a-z0-9])")


def identifiers(text: Typed) -> Iterator[Finding]:
    """Yield the identifiers of health and of bank that *text* announces."""
    for kind, rule in _RULES:
        for match in rule.finditer(text.text):
            yield text.finding(kind, match.start("number"), match.end("number"))
    for match in _BIC.finditer(text.text):
        number = match["number"]
        # « le code BIC identifie la banque »: the word after the cue is none.
        whole = number if bic.is_valid(number) else number[:8]
        capital = text.is_capital(match.start("number")) or any(map(str.isdigit, whole))
        if bic.is_valid(whole) and (capital or whole[4:6] in {"fr", "mc"}):
            yield text.finding("banque", match.start("number"), match.start("number") + len(whole))
    for match in _BARE_BIC.finditer(text.text):
        if bic.is_valid(match[0]):
            yield text.finding("banque", match.start(), match.end())
