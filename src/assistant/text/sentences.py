"""French sentence splitting."""

from __future__ import annotations

import re

# A full stop after one of these does not end a sentence. Folded to lower case; compared with
# the letters that stand before the stop.
_ABBREVIATIONS = frozenset(
    [
        "m",
        "mm",
        "mme",
        "mmes",
        "mlle",
        "mlles",
        "me",
        "mes",
        "mgr",
        "dr",
        "drs",
        "pr",
        "prs",
        "st",
        "ste",
        "sts",
        "art",
        "arts",
        "al",
        "chap",
        "cf",
        "coll",
        "cie",
        "env",
        "etc",
        "ex",
        "fig",
        "ibid",
        "id",
        "inc",
        "ltd",
        "no",
        "nos",
        "p",
        "pp",
        "par",
        "vol",
        "t",
        "tel",
        "éd",
        "ed",
        "éds",
        "app",
        "av",
        "bd",
        "boul",
        "apr",
        "j",
        "janv",
        "févr",
        "avr",
        "juil",
        "sept",
        "oct",
        "nov",
        "déc",
        "s.a",
        "s.a.s",
        "l",
        "r",
        "d",
        "n°",
        "r.g",
        "u.s",
        "e.g",
        "i.e",
        "vs",
        "n.b",
        "p.-s",
    ]
)
# "etc." and "Inc." may end a sentence when a capital follows; titles and references may not.
_MAY_END = frozenset({"etc", "inc", "ltd", "al", "cie", "s.a", "s.a.s", "u.s", "p.-s"})

_BOUNDARY = re.compile(
    r"""(?P<mark>[.!?…]+|\.{3})            # the mark
        (?P<close>[\u00a0\u202f ]?[»”"')\]]*)   # closing quotes and brackets
        (?P<space>[ \n]+)
        (?=[«“"'(\[\u00a0\u202f –—-]*[A-ZÀ-ÖØ-Þ0-9])""",
    re.VERBOSE,
)
_LAST_WORD = re.compile(r"([\w.°’'-]+)$")


def _ends(text: str, match: re.Match[str]) -> bool:
    """Tell whether the mark of *match* ends a sentence."""
    if match["mark"][0] in "!?":
        # « Vraiment ? » dit-il: a lower-case letter after the quote goes on with the sentence,
        # which the look-ahead (capital or digit) has already ruled out.
        return True
    if match["mark"] != ".":
        return True
    before = _LAST_WORD.search(text[max(0, match.start() - 40) : match.start()])
    word = before[1].lower() if before else ""
    word = re.split(r"[’']", word)[-1]
    following = text[match.end() : match.end() + 1]
    if re.fullmatch(r"(?:[a-zà-ÿ]\.)*[a-zà-ÿ]", word) and word not in {"y", "à"}:
        # An initial ("J. Dupont", "L. 511-33", "U.S. Cloud").
        return False
    if word in _ABBREVIATIONS:
        return word in _MAY_END and not following.isdigit()
    # "1. Premier point": the number of a list item.
    return not (word.isdigit() and len(word) <= 2 and match.start() == len(word))


def split_sentences(text: str) -> list[str]:
    """Split *text* into sentences.

    Survives abbreviations ("art. 48", "n° 6404", "M. Garcia", "L. 511-33"), decimal commas
    and points, ellipses, quotes that close after the stop. Each sentence is a slice of *text*
    with outer white space removed; nothing but white space lies between two of them.
    """
    found, start = [], 0
    for match in _BOUNDARY.finditer(text):
        if _ends(text, match):
            found.append(text[start : match.end("close")])
            start = match.end()
    found.append(text[start:])
    return [s.strip(" \n") for s in found if s.strip()]
