"""Example questions, drawn from those that the corpus says it answers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import lru_cache

from assistant.question import Catalogue
from assistant.store import Index
from assistant.text import fold
from assistant.web.french import lower_first

FACTS = 3
_ASKS = re.compile(
    r"(?:combien|quels?|quelles?|qui|où|pourquoi|comment|est-ce|peut-on|puis-je|les? |la |l’|l')", re.IGNORECASE
)
_VAGUE = re.compile(r"\b(?:il|elle|ils|elles|on|ce|cette|ces|mon|ma|mes|nos|notre)\b", re.IGNORECASE)


@lru_cache(maxsize=4)
def examples(index: Index, catalogue: Catalogue) -> tuple[str, ...]:
    """Return some questions of each kind; the same ones as long as the index is the same."""
    return tuple(
        dict.fromkeys([*_facts(index, catalogue), *_comparison(catalogue), *_listing(index, catalogue), *_definition(index, catalogue)])
    )


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
    for slug in sorted(catalogue.providers, key=lambda s: _order(s + "fait"))[:FACTS]:
        names = (fold(catalogue.providers[slug].name),)
        found = [q for q in _expected(index, slug) if _reads_well(q, names)]
        if found:
            yield min(found, key=_order)


def _comparison(catalogue: Catalogue) -> Iterator[str]:
    """Return a comparison of two providers on an attribute that both document."""
    slugs = sorted(catalogue.providers, key=lambda s: _order(s + "comparaison"))
    for attribute in sorted(catalogue.attributes, key=_order):
        known = [s for s in slugs if _documented(catalogue, s, attribute)]
        if len(known) >= 2:
            first, second = (catalogue.providers[s].name for s in known[:2])
            yield f"{first} ou {second} : {lower_first(attribute)} ?".replace(" :", "\u00a0:").replace(" ?", "\u202f?")
            return


def _documented(catalogue: Catalogue, slug: str, attribute: str) -> bool:
    row = catalogue.rows.get((slug, attribute))
    return row is not None and row.identity is not None and fold(row.identity.value) != "non documente"


def _listing(index: Index, catalogue: Catalogue) -> Iterator[str]:
    """Return a question over all providers, on an attribute answered by yes or no."""
    for attribute in catalogue.attributes:
        values = [catalogue.rows[s, attribute].identity for s in catalogue.providers if (s, attribute) in catalogue.rows]
        said = {fold(v.value).split(" ")[0].strip(":,") for v in values if v}
        if {"oui", "non"} <= said:
            topic = lower_first(attribute)
            yield f"Quels fournisseurs\u00a0: {topic}\u202f?"
            return


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
