"""Footnotes: every reference resolved, every definition used and complete."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from assistant.corpus.lint_page import Page, Problem
from assistant.corpus.notes import ADDRESS
from assistant.text import squeeze

_DEFINITION = re.compile(r"\[\^([^\]\s]+)\]:[ ]*(.*)$")
_REFERENCE = re.compile(r"\[\^([^\]\s]+)\]")
_CODE = re.compile(r"`[^`]*`")
_DATE = re.compile(r"\b(\d{4})-(\d{2})(?:-(\d{2}))?\b")
_MODEL = "écrivez « Titre, éditeur. 2026-01-31. <https://…> »."
_YEAR = re.compile(r"[.;][\s]+\d{4}[\s.]*$")


def definitions(page: Page) -> dict[str, list[tuple[int, str]]]:
    """Return label -> line and text of each of its definitions."""
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    label = ""
    for number, line in page.body:
        match = _DEFINITION.match(line)
        if match:
            label = match[1]
            found[label].append((number, match[2]))
        elif label and line.startswith(("  ", "\t")) and line.strip():
            start, text = found[label][-1]
            found[label][-1] = (start, f"{text} {line.strip()}")
        else:
            label = ""
    return found


def references(page: Page) -> dict[str, int]:
    """Return label -> line of its first mark in the text."""
    found: dict[str, int] = {}
    for number, line in page.body:
        text = _CODE.sub("", line)
        definition = _DEFINITION.match(text)
        for label in _REFERENCE.findall(definition[2] if definition else text):
            found.setdefault(label, number)
    return found


def _lacks(text: str) -> Iterator[str]:
    """Yield what the text of a footnote should say and does not."""
    rest = squeeze(ADDRESS.sub("", text))
    dates = list(_DATE.finditer(rest))
    bare = rest.replace("sans adresse", "").strip(" .")
    if not dates and not _YEAR.search(bare) and "sans date" not in rest:
        yield "n'a ni date ni « sans date »"
    if any(not 1 <= int(m[2]) <= 12 or not 1 <= int(m[3] or 1) <= 31 for m in dates):
        yield "a une date qui n'existe pas"
    if not ADDRESS.search(text) and "sans adresse" not in rest:
        yield "n'a ni adresse ni « sans adresse »"
    title = re.sub(r"sans date|sans adresse", "", _YEAR.sub("", _DATE.sub("", bare)))
    if not re.search(r"\w{2}", title):
        yield "n'a pas de titre"


def check_notes(page: Page) -> Iterator[Problem]:
    """Labels are unique, marks and definitions match, definitions are complete."""
    defined, used = definitions(page), references(page)
    for label, places in defined.items():
        for line, _ in places[1:]:
            sentence = f"la note « {label} » est déjà définie à la ligne {places[0][0]} : gardez-en une."
            yield page.problem(sentence, line)
        for line, text in places:
            for lack in _lacks(text):
                yield page.problem(f"la note « {label} » {lack} : {_MODEL}", line)
        if label not in used:
            sentence = f"la note « {label} » n'est appelée nulle part : appelez-la, ou retirez-la."
            yield page.problem(sentence, places[0][0])
    for label, line in used.items():
        if label not in defined:
            sentence = f"la note « {label} » est appelée mais n'est pas définie : ajoutez « [^{label}]: … »."
            yield page.problem(sentence, line)
