"""Read a question: who it names, which plan, what kind of answer it wants, what it goes on from."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
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
        negative: Whether the wording negates ("n'est pas soumis", "sans").
        interpreted: The full question, where the conversation completed it.
        content: Tokens that are neither providers' names nor function words.
    """

    text: str
    typed: str
    providers: tuple[str, ...] = ()
    plan: Plan | None = None
    kind: Kind = "fait"
    everyone: bool = False
    negative: bool = False
    interpreted: str | None = None
    content: tuple[str, ...] = ()
    mentions: tuple[Mention, ...] = field(default=(), compare=False)


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
        "negative": re.compile(data["kind"]["negative"]),
        "answer_type": [(re.compile(t["asks"]), re.compile(t["holds"])) for t in data["answer_type"]],
        "opening": re.compile(data["follow_up"]["opening"]),
        "pronoun": re.compile(data["follow_up"]["pronoun"]),
        "why": re.compile(data["follow_up"]["why"]),
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


def _group(folded: str, catalogue: Catalogue, *, listing: bool) -> tuple[str, ...]:
    """Return the providers of the group that a question names ("les américains"), or none."""
    for pattern, countries in lexicon()["groups"]:
        named = rf"(?:\bles |\b{lexicon()['provider_word']} (?:\w+ )?){pattern.pattern}"
        found = re.search(named, folded)
        if found and (listing or found[0].endswith("s") or found[0].startswith("les ")):
            members = catalogue.of_countries(countries)
            return tuple(s for s in catalogue.providers if s in members)
    return ()


def read(question: str, catalogue: Catalogue, known_words: frozenset[str] = frozenset()) -> Query:
    """Read a question by itself, without a conversation."""
    folded = words(question)
    mentions = catalogue.mentions(question, known_word=known_words)
    slugs = tuple(dict.fromkeys(m.slug for m in mentions))
    mentioned = {w for m in mentions for w in tokens(m.text)}
    content = tuple(t for t in dict.fromkeys(tokens(question)) if t not in mentioned)
    kind, everyone = _kind(folded, slugs, content, mentions)
    if not slugs and (group := _group(folded, catalogue, listing=kind in {"liste", "comparaison"})):
        slugs, everyone, kind = group, True, "liste" if kind != "comparaison" else kind
    return Query(
        text=question,
        typed=question,
        providers=slugs,
        plan=_plan(folded, mentions),
        kind=kind,
        everyone=everyone,
        negative=bool(lexicon()["negative"].search(folded)),
        content=content,
        mentions=tuple(mentions),
    )


def _is_fragment(query: Query) -> bool:
    """Tell whether a question cannot stand alone."""
    lex, folded = lexicon(), words(query.typed)
    if query.kind in {"liste", "definition"} and not lex["opening"].search(folded):
        return False
    if lex["opening"].search(folded):
        return True
    if (
        not query.providers
        and len(query.content) <= 2
        and (lex["elliptic"].search(folded) or lex["pronoun"].search(folded))
    ):
        return True
    if len(query.content) <= 1 and (query.providers or lex["why"].search(folded)):
        return bool(lex["why"].search(folded)) or not query.content
    return not query.content


def _swap_providers(previous: Query, slugs: tuple[str, ...], catalogue: Catalogue) -> str:
    """Return the previous question with its providers' names replaced by those of *slugs*."""
    names = [catalogue.providers[s].name for s in slugs]
    joined = names[0] if len(names) == 1 else ", ".join(names[:-1]) + " et " + names[-1]
    text = previous.text
    spans = _spans(text, previous)
    if not spans:
        return f"{text.rstrip(' ?.!')} – {joined}\u202f?"
    first = True
    for start, end in reversed(spans):
        first = (start, end) == spans[0]
        text = text[:start] + (joined if first else "") + text[end:]
    return squeeze(re.sub(r"(?:\b(?:et|ou|and|or)\b|,)\s*(?=[?.!]|$)", "", text))


def _spans(text: str, query: Query) -> list[tuple[int, int]]:
    """Return where *text* names the providers of *query*, as offsets in *text*."""
    found = []
    # The folded words keep the order of the text's words: walk both together.
    places = [(m.start(), m.end()) for m in re.finditer(r"[^\W_]+", text)]
    folded_words: list[tuple[str, int]] = []
    for number, (start, end) in enumerate(places):
        folded_words += [(w, number) for w in words(text[start:end]).split()]
    offsets, at = [], 0
    for word, number in folded_words:
        offsets.append((at, at + len(word), number))
        at += len(word) + 1
    for mention in query.mentions:
        inside = [n for a, b, n in offsets if a < mention.end and b > mention.start]
        if inside:
            span = places[inside[0]][0], places[inside[-1]][1]
            if span not in found:
                found.append(span)
    return found


_EMPTY = frozenset(tokens("offre version plan formule compte question même pareil"))
"""Words of a fragment that ask nothing by themselves: « et pour l'offre gratuite ? »."""


def _without_plan(text: str) -> str:
    """Return *text* without the words that name a plan."""
    lex = lexicon()
    return str(lex["grand_public"].sub("", lex["pro"].sub("", text)))


def _complete(query: Query, previous: Query, catalogue: Catalogue) -> str:
    """Return the full question that a fragment stands for."""
    lex, folded = lexicon(), words(query.typed)
    if lex["comparison"].search(folded) and query.providers:
        both = tuple(dict.fromkeys((*previous.providers, *query.providers)))
        return _swap_providers(previous, both, catalogue)
    rest = [t for t in query.content if t not in _EMPTY]
    only_plan = query.plan is not None and not tokens(_without_plan(" ".join(rest)))
    if query.providers and (not rest or only_plan):
        text = _swap_providers(previous, query.providers, catalogue)
        return text if query.plan is None else _with_plan(text, query)
    if only_plan and not query.providers:
        return _with_plan(previous.text, query)
    # The fragment asks something of its own about what was being discussed.
    subject = " ".join(catalogue.providers[s].name for s in previous.providers if s in catalogue.providers)
    own = query.typed.rstrip(" ?.!")
    if query.providers:
        return query.typed
    if not lex["pronoun"].search(folded) and (len(rest) >= 2 or (rest and not lex["why"].search(folded))):
        return f"{own} – {subject or previous.text.rstrip(' ?.!')}\u202f?"
    return f"{own} – {previous.text.rstrip(' ?.!')}\u202f?"


def _with_plan(text: str, query: Query) -> str:
    wording = re.sub(r"^(?:et|mais|ou|and)\s+", "", query.typed.rstrip(" ?.!"), flags=re.IGNORECASE)
    for mention in query.mentions:
        wording = re.sub(re.escape(mention.text), "", wording, flags=re.IGNORECASE)
    stripped = re.sub(
        lexicon()["pro"].pattern if query.plan == "grand public" else lexicon()["grand_public"].pattern,
        "",
        text,
    )
    return f"{stripped.rstrip(' ?.!')}, {squeeze(wording)}\u202f?"


def understand(
    question: str,
    catalogue: Catalogue,
    *,
    history: list[str] | tuple[str, ...] = (),
    known_words: frozenset[str] = frozenset(),
) -> Query:
    """Return *question* as understood after the questions of *history*, oldest first.

    Raises:
        QuestionError: It is empty or too long.
    """
    query = read(check(question), catalogue, known_words)
    previous: Query | None = None
    for old in history[-4:]:
        try:
            one = read(check(old), catalogue, known_words)
        except QuestionError:
            continue
        previous = _resolve(one, previous, catalogue, known_words)
    return _resolve(query, previous, catalogue, known_words)


def _resolve(
    query: Query, previous: Query | None, catalogue: Catalogue, known_words: frozenset[str]
) -> Query:
    if previous is None:
        return query
    folded = words(query.typed)
    if _is_fragment(query):
        text = _complete(query, previous, catalogue)
    elif not query.providers and query.kind == "fait" and lexicon()["pronoun"].search(folded):
        text = f"{query.typed.rstrip(' ?.!')} – {previous.text.rstrip(' ?.!')}\u202f?"
    else:
        return query
    if text == query.typed:
        return query
    completed = read(text, catalogue, known_words)
    return replace(completed, typed=query.typed, interpreted=text, plan=completed.plan or query.plan)
