"""Read a question: who it names, which plan, what kind of answer it wants, what it goes on from."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Any

from assistant.domain import Kind, Plan
from assistant.errors import QuestionError
from assistant.question.catalogue import Catalogue, Mention, words
from assistant.text import clean, fold, squeeze, tokens

MAX_CHARS = 4000
"""A question longer than this is refused: no question about the dossier needs as much, and
embedding reads the first hundred words only."""


@dataclass(frozen=True, slots=True)
class Query:
    """A question as understood.

    Attributes:
        text: What is searched, providers' names included.
        typed: The question as typed.
        providers: Slugs of the providers named, in order; a group's members where a group is.
        kind: What kind of answer is wanted, before anything is retrieved.
        everyone: Whether all providers are meant ("tous", a group, no name in a list).
        origin: Whether it asks only who is of a country or a group of countries.
        negative: Whether the wording negates ("n'est pas soumis", "sans").
        interpreted: The full question, where the conversation completed it.
        content: Tokens that are neither providers' names nor function words.
        alternatives: Other ways in which a question that goes on from another may be meant,
            likeliest first; what the dossier answers decides.
    """

    text: str
    typed: str
    providers: tuple[str, ...] = ()
    plan: Plan | None = None
    kind: Kind = "fait"
    everyone: bool = False
    origin: bool = False
    negative: bool = False
    interpreted: str | None = None
    content: tuple[str, ...] = ()
    mentions: tuple[Mention, ...] = field(default=(), compare=False)
    alternatives: tuple[Query, ...] = field(default=(), compare=False)


@cache
def lexicon() -> dict[str, Any]:
    """Return the general words of ``lexicon.toml``, compiled."""
    data = tomllib.loads(resources.files(__package__).joinpath("lexicon.toml").read_text(encoding="utf-8"))
    provider = data["kind"]["provider_word"]
    return {
        "pro": re.compile(data["plan"]["pro"]),
        "grand_public": re.compile(data["plan"]["grand_public"]),
        "in_alias": re.compile(data["plan"]["grand_public_in_alias"]),
        "list": [re.compile(p.replace("PROVIDER", provider)) for p in data["kind"]["list"]],
        "between": re.compile(data["kind"]["between"]),
        "elliptic": re.compile(data["follow_up"]["elliptic"]),
        "provider_word": provider,
        "comparison": re.compile(data["kind"]["comparison"]),
        "definition": [re.compile(p) for p in data["kind"]["definition"]],
        "definition_words": frozenset(tokens(data["kind"]["definition_words"])),
        "negative": re.compile(data["kind"]["negative"]),
        "answer_type": [(re.compile(t["asks"]), re.compile(t["holds"])) for t in data["answer_type"]],
        "opening": re.compile(data["follow_up"]["opening"]),
        "pronoun": re.compile(data["follow_up"]["pronoun"]),
        "goes_on": re.compile(data["follow_up"]["goes_on"]),
        "why": re.compile(data["follow_up"]["why"]),
        "criterion": data["criterion"],
        "listing_words": frozenset(tokens(data["kind"]["listing_words"])),
        "order": re.compile(data["kind"]["order"]),
        "undocumented": re.compile(data["criterion"]["undocumented"]),
        "countries": {c: re.compile(rf"\b(?:{p})\b") for c, p in data["countries"].items()},
        "groups": [(re.compile(p), tuple(c)) for p, c in data["groups"].items()],
    }


def answer_type_fit(question: str, sentences: Sequence[str]) -> float:
    """Return 1 where a sentence holds what the question asks for, -1 where none does, else 0.

    A question may ask for a price, a duration, a date or a number; most ask for none of these.
    """
    folded = words(question)
    for asks, holds in lexicon()["answer_type"]:
        if asks.search(folded):
            return 1.0 if any(holds.search(re.sub(r"\s", " ", fold(s))) for s in sentences) else -1.0
    return 0.0


def check(question: str) -> str:
    """Return *question* cleaned.

    Raises:
        QuestionError: It is empty or too long.
    """
    # Only the head of an over-long text is cleaned: its length already decides.
    if len(question) > MAX_CHARS:
        message = (
            f"La question compte {len(question)} caractères, la limite est de {MAX_CHARS} : "
            "posez une question plus courte."
        )
        raise QuestionError(message)
    text = squeeze(clean(question))
    if not re.search(r"\w", text):
        message = "La question est vide : écrivez-la en quelques mots."
        raise QuestionError(message)
    return text


def _plan(folded: str, mentions: list[Mention]) -> Plan | None:
    lex = lexicon()
    pro = bool(lex["pro"].search(folded))
    public = bool(lex["grand_public"].search(folded)) or any(lex["in_alias"].search(m.text) for m in mentions)
    if pro == public:
        return None
    return "pro" if pro else "grand public"


def _compares(folded: str, mentions: list[Mention], slugs: tuple[str, ...]) -> bool:
    """Tell whether several providers are named to be compared, not one in relation to another.

    « Mistral ou Lumo pour… » compares; « quelle part d'OpenAI Microsoft détient-il » does not.
    """
    if len(slugs) < 2:
        return False
    if len(slugs) >= 3 or lexicon()["comparison"].search(folded):
        return True
    return any(
        a.slug != b.slug and lexicon()["between"].search(folded[a.end : b.start])
        for a, b in pairwise(mentions)
        if b.start > a.end
    )


def _kind(
    folded: str, slugs: tuple[str, ...], content: tuple[str, ...], mentions: list[Mention]
) -> tuple[Kind, bool]:
    """Return the kind and whether all providers are meant."""
    lex = lexicon()
    listing = any(p.search(folded) for p in lex["list"])
    if _compares(folded, mentions, slugs):
        return "comparaison", False
    if listing and not slugs:
        return "liste", True
    if (
        lex["comparison"].search(folded)
        and not slugs
        and re.search(r"\b(?:fournisseurs?|assistants?|ia|ias|chatbots?|tous|toutes)\b", folded)
    ):
        return "comparaison", True
    if any(p.search(folded) for p in lex["definition"]) and not slugs and len(content) <= 4:
        return "definition", False
    return "fait", False


def _group(folded: str, catalogue: Catalogue, *, listing: bool) -> tuple[tuple[str, ...], bool]:
    """Return the providers of the group that a question names ("les américains"), or none.

    With it, whether the question asks nothing else: « lesquels sont européens ? » asks who is of
    that group, not what the group does.
    """
    lex = lexicon()
    for pattern, countries in lex["groups"]:
        named = rf"(?:\bles |\b{lex['provider_word']} (?:\w+ )?){pattern.pattern}"
        found = re.search(named, folded)
        rest = re.sub(rf"\b{lex['provider_word']}\b", " ", pattern.sub(" ", folded))
        alone = bool(pattern.search(folded)) and not set(tokens(rest)) - lex["listing_words"]
        if (found and (listing or found[0].endswith("s") or found[0].startswith("les "))) or (
            listing and alone
        ):
            members = catalogue.of_countries(countries)
            return tuple(s for s in catalogue.providers if s in members), alone
    return (), False


def _names_group(word: str) -> bool:
    return any(pattern.fullmatch(words(word)) for pattern, _ in lexicon()["groups"])


def read(question: str, catalogue: Catalogue, known_words: Collection[str] = frozenset()) -> Query:
    """Read a question by itself, without a conversation."""
    folded = words(question)
    mentions = catalogue.mentions(question, known_word=known_words)
    slugs = tuple(dict.fromkeys(m.slug for m in mentions))
    mentioned = {w for m in mentions for w in tokens(m.text)}
    content = tuple(t for t in dict.fromkeys(tokens(question)) if t not in mentioned)
    kind, everyone = _kind(folded, slugs, content, mentions)
    origin, searched = False, question
    if not slugs:
        group, origin = _group(folded, catalogue, listing=kind in {"liste", "comparaison"})
        if group:
            slugs, everyone, kind = () if origin else group, True, "liste" if kind != "comparaison" else kind
            if not origin:
                # Whom it is about is settled; left in, the word would draw sentences about countries.
                searched = " ".join(w for w in question.split() if not _names_group(w)) or question
    if lexicon()["order"].search(folded):
        kind = "hors_sujet"
    return Query(
        text=searched,
        typed=question,
        providers=slugs,
        plan=_plan(folded, mentions),
        kind=kind,
        everyone=everyone,
        origin=origin,
        negative=bool(lexicon()["negative"].search(folded)),
        content=content,
        mentions=tuple(mentions),
    )
