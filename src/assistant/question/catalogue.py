"""What the corpus says can be asked about: providers by every name, attributes, countries."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from assistant.store import Index, SentenceRow
from assistant.text import Spelling, fold

HEADQUARTERS = "siege"
"""Folded label of the attribute whose value names, in brackets, the country of the group."""


def words(text: str) -> str:
    """Return *text* folded, letters and digits only, single spaces."""
    return " ".join(re.findall(r"[a-z0-9]+", fold(text)))


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider of which the corpus has a fiche.

    Attributes:
        slug: The fiche's slug.
        name: What people call it first: the assistant's name, else the company's.
        names: Every folded name.
        country: Folded country of the headquarters, or None.
    """

    slug: str
    name: str
    company: str
    names: tuple[str, ...]
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Mention:
    """Where a question names a provider: offsets in the folded words of the question."""

    slug: str
    start: int
    end: int
    text: str


def _names(company: str | None, assistant: str | None, aliases: Iterable[str]) -> list[str]:
    found = [company or "", *aliases]
    if assistant:
        found.append(assistant)
        found += re.split(r"[()/,]|\bex-|\bex |\brenomm\w+", assistant)
    cleaned = {words(n) for n in found}
    return sorted(
        (n for n in cleaned if len(n) >= 3 and not re.fullmatch(r"(?:en )?\d+", n)), key=len, reverse=True
    )


SPELLED = 3000
"""Passages whose words are learned: a larger index has them all in its first ones, or in dictionaries."""


class Catalogue:
    """Providers and attributes of an index; made once per build."""

    def __init__(self, index: Index) -> None:
        """Read the fiches and the identity tables of *index*."""
        self._index = index
        self.rows: dict[tuple[str, str], SentenceRow] = {}
        labels: dict[str, None] = {}
        for row in index.identity_rows:
            assert row.identity is not None  # noqa: S101 - identity_rows holds only such rows
            self.rows[row.document.slug, row.identity.attribute] = row
            labels[row.identity.attribute] = None
        self.attributes = tuple(labels)
        self.providers: dict[str, Provider] = {}
        for document in index.documents.values():
            if document.provider is None:
                continue
            assistant = re.sub(r"\s*\(.*?\)", "", document.assistant or "").strip()
            self.providers[document.slug] = Provider(
                document.slug,
                assistant or document.provider,
                document.provider,
                tuple(_names(document.provider, document.assistant, document.aliases)),
                self._country(document.slug),
            )

    @cached_property
    def spelling(self) -> Spelling:
        """What mends questions with the words of the dossier."""
        count = min(len(self._index.vectors["passages"]), SPELLED)
        names = (n for p in self.providers.values() for n in (*p.names, p.name, p.company))
        return Spelling([*(self._index.passage(row).text for row in range(count)), *names])

    @cached_property
    def headquarters(self) -> str | None:
        """The attribute that says where a provider's seat is, None where no table has it."""
        return next((label for label in self.attributes if fold(label) == HEADQUARTERS), None)

    def _country(self, slug: str) -> str | None:
        row = self.rows.get((slug, self.headquarters or ""))
        found = re.findall(r"\(([^()]+)\)", row.identity.value) if row and row.identity else []
        return fold(found[0]) if found else None

    def title(self, slug: str) -> str:
        """Return how an answer names a provider: company and product."""
        provider = self.providers[slug]
        if fold(provider.company) in fold(provider.name) or fold(provider.name) in fold(provider.company):
            return provider.name if len(provider.name) >= len(provider.company) else provider.company
        return f"{provider.company} {provider.name}"

    @cached_property
    def _owners(self) -> dict[str, tuple[str, ...]]:
        """Return name -> the providers that bear it."""
        owners: dict[str, list[str]] = defaultdict(list)
        for provider in self.providers.values():
            for name in provider.names:
                owners[name].append(provider.slug)
        return {n: tuple(s) for n, s in owners.items()}

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        names = sorted(self._owners, key=len, reverse=True)
        return (
            re.compile(r"(?<![a-z0-9])(?:" + "|".join(map(re.escape, names)) + r")(?![a-z0-9])")
            if names
            else None
        )

    @cached_property
    def _single_words(self) -> dict[str, str]:
        """Return the names of one word of five letters or more, for misspellings."""
        return {n: s[0] for n, s in self._owners.items() if " " not in n and len(n) >= 5 and n.isalpha()}

    def mentions(self, text: str, *, known_word: Collection[str] = frozenset()) -> list[Mention]:
        """Return the providers that *text* names, in order, the longest name at each place.

        A word of five letters or more that is one edit (two from eight letters) away from a
        name counts, unless it is in *known_word*: a word of the dossier is not a misspelling.
        """
        folded = words(text)
        found = []
        covered: list[tuple[int, int]] = []
        if self._pattern is not None:
            for match in self._pattern.finditer(folded):
                covered.append(match.span())
                found += [Mention(slug, *match.span(), match[0]) for slug in self._owners[match[0]]]
        for match in re.finditer(r"[a-z]{5,}", folded):
            word = match[0]
            if word in known_word or any(a <= match.start() < b for a, b in covered):
                continue
            near = process.extractOne(
                word,
                self._single_words.keys(),
                scorer=DamerauLevenshtein.distance,
                score_cutoff=1 if len(word) < 8 else 2,
            )
            if near and word[0] == near[0][0]:
                found.append(Mention(self._single_words[near[0]], *match.span(), word))
        return sorted(found, key=lambda m: (m.start, m.slug))

    def named(self, text: str) -> frozenset[str]:
        """Return the slugs of the providers that *text* names, spelt right."""
        if self._pattern is None:
            return frozenset()
        return frozenset(s for m in self._pattern.finditer(words(text)) for s in self._owners[m[0]])

    def of_countries(self, countries: Iterable[str]) -> frozenset[str]:
        """Return the providers whose group sits in one of *countries* (folded)."""
        wanted = set(countries)
        return frozenset(p.slug for p in self.providers.values() if p.country in wanted)
