"""French dates, numbers and plurals as the page writes them."""

from __future__ import annotations

import re
from datetime import date, datetime

from assistant.presentation import french_date

THIN = "\u202f"
SPACE = "\u00a0"
# What must not begin or end a line, and the space that holds it: Imprimerie nationale, « Lexique des
# règles typographiques », chapters on punctuation and numbers.
_SPACES = (
    (re.compile(r"« "), f"«{SPACE}"),
    (re.compile(r" »"), f"{SPACE}»"),
    (re.compile(r" (?=[;!?])"), THIN),
    (re.compile(r" (?=:(?:\s|$))"), SPACE),
    (re.compile(r"(?<=\d) (?=[%€]|\d{3}(?!\d))"), THIN),
)
_ELISION = re.compile(r"(?<=\w)'(?=\w)")


def spaced(text: str) -> str:
    """Return *text* with spaces that do not break where French forbids a new line.

    Only spaces change: a quotation stays word for word the dossier's.
    """
    for pattern, space in _SPACES:
        text = pattern.sub(space, text)
    return text


def typeset(text: str) -> str:
    """Return a text of our own, or a question, with its spaces and apostrophes as printed."""
    return _ELISION.sub("’", spaced(text))


def number(value: int) -> str:
    """Return 12345 as « 12 345 », with a narrow space that does not break."""
    return f"{value:,}".replace(",", THIN)


def count(value: int, noun: str, plural: str | None = None) -> str:
    """Return « 1 document », « 2 documents »; below two is singular in French."""
    return f"{number(value)}{SPACE}{noun if abs(value) < 2 else plural or noun + 's'}"


def moment(iso: str) -> str:
    """Return « 23 novembre 2026 à 17 h 40 », in the machine's time zone."""
    try:
        local = datetime.fromisoformat(iso).astimezone()
    except ValueError:
        return iso
    return f"{french_date(local.date().isoformat())} à {local.hour}{SPACE}h{SPACE}{local.minute:02d}"


def age_in_days(iso: str | None, today: date) -> int | None:
    """Return how old an ISO date is; the end of the month or year where it says no more."""
    parts = (iso or "").split("T")[0].split("-")
    try:
        year = int(parts[0])
        month = int(parts[1]) if len(parts) > 1 else 12
        last = int(parts[2]) if len(parts) > 2 else 28
        return (today - date(year, month, last)).days
    except ValueError:
        return None


def lower_first(text: str) -> str:
    """Return *text* with a small first letter, unless it is an acronym or a name of several words."""
    rest = re.sub(r"\(.*?\)", "", text)[1:]
    return text if rest != rest.lower() else text[:1].lower() + text[1:]
