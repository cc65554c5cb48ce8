"""Numbers that bear a key or follow a numbering plan: NIR, IBAN, RIB, payment card, telephone.

A number that is announced as such (« mon numéro de sécu est… ») is recognised even where its key is
wrong: a slip of the finger does not make it harmless.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import phonenumbers
from phonenumbers import PhoneNumberType
from stdnum import iban, luhn, numdb
from stdnum.fr import nir

from assistant.sensitive.findings import SEPARATOR, Finding, Typed, compact

_S = rf"{SEPARATOR}{{0,3}}"
# Sex, year and month, place of birth (2A and 2B in Corsica), order, key: Code de la sécurité
# sociale, art. R. 115-1; decree of 22 January 1982 on the register (RNIPP).
_NIR = re.compile(
    rf"(?<![0-9a-z])(?<!\d[ .\-/])[1-478](?:{_S}\d){{4}}{_S}(?:\d{_S}\d|2{_S}[ab])(?:{_S}\d){{6}}"
    rf"(?P<key>{_S}(?:\((?:cle *:? *)?\d ?\d\)|(?:cle *:? *)?\d{_S}\d))?(?!{SEPARATOR}?\d)(?![a-z])"
)
# Months are 01 to 12; 20 and above stand for an unknown one.
_MONTH = re.compile(r"0[1-9]|1[0-2]|[2-9]\d")
_NIR_CUE = re.compile(r"\b(?:nir|secu|securite sociale|n ?ss|vitale|immatriculation|insee|ins|assure)\b")

_IBAN_START = re.compile(r"(?<![0-9a-z])[a-z]{2} ?\d{2}(?=[ .\-]?[0-9a-z])")
_IBAN_CUE = re.compile(r"\b(?:iban|rib|virement|compte)\b")
_RIB = re.compile(rf"(?<![0-9a-z])\d{{5}}{_S}\d{{5}}{_S}[0-9a-z](?:{_S}[0-9a-z]){{10}}{_S}\d\d(?![0-9a-z])")
# Letters of an account number count as digits: A, J are 1; B, K, S are 2… I, R, Z are 9.
_RIB_DIGITS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "12345678912345678923456789")

_CARD = re.compile(r"(?<![0-9a-z])(?<!\d[ .\-])\d(?:[ .\-]{0,2}\d){12,18}(?![0-9a-z])(?![ .\-]\d)")
# First digits and lengths of the networks accepted in France (ISO/IEC 7812: CB, Visa, Mastercard,
# American Express, Discover, JCB, UnionPay).
_NETWORK = re.compile(
    r"4\d{15}|4\d{18}|5[0-8]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|"
    r"6(?:011|4[4-9]\d|5\d\d)\d{12}|62\d{14,17}|35(?:2[89]|[3-8]\d)\d{12}"
)
# Shorter or older numbers, which too many other numbers look like unless they are announced.
_SHORT_NETWORK = re.compile(r"4\d{12}|3(?:0[0-5]|[68]\d)\d{11}|6\d{12,18}|9\d{15}")
_CARD_CUE = re.compile(
    r"\b(?:carte|cb|visa|mastercard|amex|american express|eurocard|diners|maestro|paiement|bancaire)\b"
)
_OTHER_CUE = re.compile(
    r"\b(?:siret|siren|imei|iccid|isbn|ean|gtin|suivi|colis|commande|facture|ticket|transaction|serie|"
    r"reference|ref|tva|doi|version)\b[^\d]{0,25}$"
)

_PHONE = re.compile(
    rf"(?<![0-9a-z@])(?<![\d.,]\d)(?<!\d[ .,\-/])"
    rf"(?:\(?(?:\+|00 ?)(?P<country>\d{{1,3}})\)?{_S}(?:\(0\))?{_S}|"
    rf"(?P<bare>33)(?=[67]\d{{8}}(?!\d))|(?P<zero>[0o]))"
    rf"(?P<rest>\d(?:{_S}\d){{5,11}}|{_S}\d(?:{_S}\d){{8}})"
    rf"(?![0-9a-z])(?!{SEPARATOR}\d\d?(?!\d))(?![.,]\d)(?!\) ?\d)"
)
# How people group the ten digits; "2 2 4 2" and the like are dates.
_GROUPS = frozenset(
    {
        (10,), (2, 2, 2, 2, 2), (4, 2, 2, 2), (4, 3, 3), (2, 8), (1, 9), (1, 3, 3, 3), (2, 3, 3, 2),
        (2, 2, 3, 3), (3, 3, 2, 2), (4, 6), (3, 3, 4), (2, 4, 4), (2, 3, 2, 3), (1, 1, 2, 2, 2, 2), (3, 7),
        (1, 2, 2, 2, 2, 1), (6, 4), (2, 2, 2, 4), (4, 2, 4), (4, 4, 2), (3, 2, 2, 3), (3, 2, 2, 2, 1),
    }
)  # fmt: skip
_FRANCE = frozenset({33, 262, 508, 590, 594, 596, 681, 687, 689})
_PERSONAL = frozenset(
    {
        PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE, PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.VOIP, PhoneNumberType.PERSONAL_NUMBER,
    }
)  # fmt: skip


def social_security(text: Typed) -> Iterator[Finding]:
    """Yield the NIR of *text*, with its key or announced."""
    for match in _NIR.finditer(text.text):
        number = compact(re.sub("cle", "", match[0]))
        if not _MONTH.fullmatch(number[3:5]):
            continue
        if nir.is_valid(number) or text.announced(match.start(), _NIR_CUE):
            yield text.finding("nir", match.start(), match.end())


@cache
def _length(country: str) -> int | None:
    """Return how many characters an IBAN of *country* has, None where the country has none."""
    structure = numdb.get("iban").info(country)[0][1].get("bban", "")
    return 4 + sum(int(n) for n in re.findall(r"(\d+)!", structure)) if structure else None


def accounts(text: Typed) -> Iterator[Finding]:
    """Yield the IBAN and the RIB of *text*, with their key or announced."""
    for match in _IBAN_START.finditer(text.text):
        length = _length(match[0][:2].upper())
        end = _walk(text.text, match.start(), length) if length else None
        if end is None:
            continue
        number = compact(text.text[match.start() : end])
        announced = sum(map(str.isdigit, number)) > 10 and text.announced(match.start(), _IBAN_CUE)
        if iban.is_valid(number, check_country=False) or announced:
            yield text.finding("iban", match.start(), end)
    for match in _RIB.finditer(text.text):
        if int(compact(match[0]).translate(_RIB_DIGITS)) % 97 == 0:
            yield text.finding("banque", match.start(), match.end())


def _walk(text: str, start: int, length: int) -> int | None:
    """Return where *length* letters and digits end, at most two separators between two of them."""
    at, seen, gap = start, 0, 0
    while at < len(text) and seen < length:
        if text[at].isascii() and text[at].isalnum():
            seen, gap = seen + 1, 0
        elif text[at] in " .-" and gap < 2:
            gap += 1
        else:
            return None
        at += 1
    whole = seen == length and not (at < len(text) and text[at].isalnum())
    return at if whole else None


def cards(text: Typed) -> Iterator[Finding]:
    """Yield the payment cards of *text*, with their key or announced."""
    for match in _CARD.finditer(text.text):
        number = compact(match[0])
        announced = text.announced(match.start(), _CARD_CUE)
        shaped = _NETWORK.fullmatch(number) or (announced and _SHORT_NETWORK.fullmatch(number))
        if not shaped or text.announced(match.start(), _OTHER_CUE):
            continue
        if announced or luhn.is_valid(number):
            yield text.finding("carte", match.start(), match.end())


def telephones(text: Typed) -> Iterator[Finding]:
    """Yield the telephone numbers of people in *text*: French ones, and foreign ones with their prefix.

    Numbers of services (08, short ones) are public and are left alone.
    """
    for match in _PHONE.finditer(text.text):
        if _is_phone(match):
            yield text.finding("telephone", match.start(), match.end())


def _is_phone(match: re.Match[str]) -> bool:
    marks = set(re.findall(SEPARATOR, match["rest"].strip()))
    if len(marks - {" "}) > 1 or (" " in marks and marks & set("./_")):
        return False
    if match["zero"]:
        groups = tuple(len(g) for g in re.split(rf"{SEPARATOR}+", match[0]))
        if groups not in _GROUPS or (marks == {"/"} and groups != (2, 2, 2, 2, 2)):
            return False
        number = "+33" + compact(match["rest"])
    else:
        number = f"+{match['country'] or match['bare']}{compact(match['rest'])}"
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return False
    if parsed.country_code in _FRANCE:
        # The plan, not the ranges in service: numbers kept for fiction are typed as well, and new
        # ranges open before the library knows them (ARCEP, decision 2018-0881).
        length = len(str(parsed.national_number))
        return length == (9 if parsed.country_code in {33, 262, 590, 594, 596} else 6) and not str(
            parsed.national_number
        ).startswith("8")
    return phonenumbers.is_valid_number(parsed) and phonenumbers.number_type(parsed) in _PERSONAL
