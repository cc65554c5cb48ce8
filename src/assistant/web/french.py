"""French dates, numbers and plurals as the page writes them."""

from __future__ import annotations

import re
from datetime import date, datetime

from assistant.presentation import MONTHS

THIN = "\u202f"
SPACE = "\u00a0"


def number(value: int) -> str:
    """Return 12345 as « 12 345 », with a narrow space that does not break."""
    return f"{value:,}".replace(",", THIN)


def count(value: int, noun: str, plural: str | None = None) -> str:
    """Return « 1 document », « 2 documents »; below two is singular in French."""
    return f"{number(value)}{SPACE}{noun if abs(value) < 2 else plural or noun + 's'}"


def day(iso: str | None) -> str:
    """Return « 23 novembre 2026 », « novembre 2026 » or « 2026 » from an ISO date or its start."""
    parts = (iso or "").split("T")[0].split("-")
    try:
        year = str(int(parts[0]))
        if len(parts) == 1:
            return year
        month = MONTHS[int(parts[1]) - 1]
        if len(parts) == 2:
            return f"{month}{SPACE}{year}"
        written = "1er" if int(parts[2]) == 1 else str(int(parts[2]))
    except (ValueError, IndexError):
        return iso or ""
    return f"{written}{SPACE}{month}{SPACE}{year}"


def moment(iso: str) -> str:
    """Return « 23 novembre 2026 à 17 h 40 », in the machine's time zone."""
    try:
        local = datetime.fromisoformat(iso).astimezone()
    except ValueError:
        return iso
    return f"{day(local.date().isoformat())} à {local.hour}{SPACE}h{SPACE}{local.minute:02d}"


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
