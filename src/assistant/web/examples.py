"""Example questions, drawn from those that the corpus says it answers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from itertools import islice

from assistant.question import Catalogue
from assistant.store import Index
from assistant.text import fold
from assistant.web.french import lower_first, typeset

FACTS = 3
TRIES = 3
"""Candidates asked for each example: asking takes a fraction of a second, once per build."""
_ASKS = re.compile(
    r"(?:combien|quels?|quelles?|qui|où|pourquoi|comment|est-ce|peut-on|puis-je|les? |la |l’|l')",
    re.IGNORECASE,
)
_VAGUE = re.compile(r"\b(?:il|elle|ils|elles|on|ce|cette|ces|mon|ma|mes|nos|notre)\b", re.IGNORECASE)


def examples(index: Index, catalogue: Catalogue, answers: Callable[[str], bool]) -> tuple[str, ...]:
    """Return some questions of each kind, the same ones for the same index.

    Args:
        index: The build that the questions come from.
        catalogue: Its providers and attributes.
        answers: Tells whether the assistant answers a question: a page must not suggest the others.
    """
    groups = (
        (_facts(index, catalogue), FACTS),
        (_comparison(catalogue), 1),
        (_listing(catalogue), 1),
        (_definition(index, catalogue), 1),
    )
    found = [
        q for group, wanted in groups for q in islice(filter(answers, islice(group, TRIES * wanted)), wanted)
    ]
    return tuple(dict.fromkeys(map(typeset, found)))


def _order(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _expected(index: Index, slug: str) -> Iterator[str]:
    for passage in index.passages_of(slug):
        for sentence in index.sentence_rows(passage.row):
            yield from index.questions_of(sentence)


def _reads_well(question: str, names: tuple[str, ...]) -> bool:
    """Tell whether a stranger to the dossier would understand the question by itself."""
    return (
        question.rstrip().endswith("?")
        and 38 <= len(question) <= 78
        and question[0].isupper()
        and _ASKS.match(question) is not None
        and _VAGUE.search(question) is None
        and any(n in fold(question) for n in names)
    )


def _facts(index: Index, catalogue: Catalogue) -> Iterator[str]:
    """Return one question on each of a few providers, in an order that the build fixes."""
    for slug in sorted(catalogue.providers, key=lambda s: _order(s + "fait")):
        names = (fold(catalogue.providers[slug].name),)
        found = [q for q in _expected(index, slug) if _reads_well(q, names)]
        if found:
            yield min(found, key=_order)


def _comparison(catalogue: Catalogue) -> Iterator[str]:
    """Return a comparison of two providers that differ on an attribute."""
    slugs = sorted(catalogue.providers, key=lambda s: _order(s + "comparaison"))
    for attribute in sorted((a for a in catalogue.attributes if len(a.split()) > 2), key=_order):
        known = [s for s in slugs if _documented(catalogue, s, attribute)]
        if len(known) >= 2:
            first, second = (catalogue.providers[s].name for s in known[:2])
            yield f"{first} ou {second}\u00a0: {lower_first(attribute)}\u202f?"


def _documented(catalogue: Catalogue, slug: str, attribute: str) -> bool:
    row = catalogue.rows.get((slug, attribute))
    return row is not None and row.identity is not None and fold(row.identity.value) != "non documente"


def _listing(catalogue: Catalogue) -> Iterator[str]:
    """Return a question over all providers, on an attribute to which some say yes, some no."""
    for attribute in sorted(catalogue.attributes, key=lambda a: _order(a + "liste")):
        values = [
            catalogue.rows[s, attribute].identity
            for s in catalogue.providers
            if (s, attribute) in catalogue.rows
        ]
        said = {fold(v.value).split(" ")[0].strip(":,\u00a0") for v in values if v}
        if {"oui", "non"} <= said and len(attribute.split()) > 1:
            yield f"Quels fournisseurs répondent oui sur «\u00a0{lower_first(attribute)}\u00a0»\u202f?"


def _definition(index: Index, catalogue: Catalogue) -> Iterator[str]:
    """Return a definition that the glossary gives of a word of the identity tables."""
    labels = {fold(a): a for a in catalogue.attributes}
    for slug, document in index.documents.items():
        if document.type != "annexe":
            continue
        for passage in index.passages_of(slug):
            if passage.section and fold(passage.section) in labels and " " not in passage.section:
                yield f"Qu’est-ce que {passage.section}\u202f?"
                return
