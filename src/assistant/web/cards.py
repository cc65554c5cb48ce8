"""The source panel: one card per citation, down to the primary source."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, date, datetime
from urllib.parse import quote

from assistant.domain import Citation, Source
from assistant.presentation import french_date
from assistant.web.conversations import Turn
from assistant.web.french import age_in_days, count, spaced
from assistant.web.markup import encode, web_address

PANEL_TURNS = 20
"""Turns whose cards stay in the panel: the page is sent them all each time it changes."""
EMPTY = (
    '<section class="turn vide"><h2>Sources</h2><p class="meta">Les passages cités s’affichent ici, '
    "la phrase qui justifie la réponse surlignée, avec la source primaire.</p></section>"
)
TYPES = {"fiche": "Fiche", "article": "Article", "annexe": "Annexe", "document": "Document"}


def sentence_anchor(text: str) -> str:
    """Return the identifier of a sentence in the reading page: of its text, so it outlives builds."""
    return "ph-" + hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def document_link(slug: str, sentence: str | None = None) -> str:
    """Return the address of a document's reading page, at *sentence* if given."""
    anchor = f"#{sentence_anchor(sentence)}" if sentence else ""
    return f"/document/{quote(slug, safe='')}{anchor}"


def panel_html(turns: Iterable[Turn], token: str, *, stale_after_days: int) -> str:
    """Return the cards of the last turns, a section each."""
    today = datetime.now(UTC).date()
    answered = [t for t in turns if t.answer and (t.answer.citations or t.answer.nearest)][-PANEL_TURNS:]
    if not answered:
        return EMPTY
    return "".join(_section(t, token, stale_after_days, today) for t in answered)


def _section(turn: Turn, token: str, stale_after_days: int, today: date) -> str:
    assert turn.answer is not None  # noqa: S101 - panel_html keeps only answered turns
    answered = turn.answer.citations
    cards = answered or turn.answer.nearest
    if answered:
        title = f"Sources de la réponse {turn.number}"
        seen = count(len(cards), "passage cité", "passages cités")
        lead = f"{seen}, la phrase qui justifie est surlignée."
    else:
        title, lead = "Passages voisins", "Ils sont proches de la question, mais n’y répondent pas."
    body = "".join(
        _card(c, turn, token, stale_after_days, today, position=p if not answered else None)
        for p, c in enumerate(cards, start=1)
    )
    return (
        f'<section class="turn" id="t{turn.number}" tabindex="-1"><h2>{encode(title)}</h2>'
        f'<p class="meta">{encode(lead)}</p>{body}</section>'
    )


def _card(
    citation: Citation, turn: Turn, token: str, stale_after_days: int, today: date, *, position: int | None
) -> str:
    number = position or citation.n
    badge = "" if position else f'<span class="num">{number}</span> '
    kind = "v" if position else "s"
    sources = citation.sources or ((citation.source,) if citation.source else ())
    primary = "".join(_primary(s, stale_after_days, today) for s in sources)
    link = document_link(citation.document, citation.quote)
    quote_link = f"/emporter/{token}/{turn.number}-{kind}{number}.txt"
    return (
        f'<div class="carte" role="group" id="t{turn.number}-{kind}{number}" tabindex="-1">'
        f"<h3>{badge}{encode(citation.title)}</h3>"
        f'<p class="meta">{encode(_where(citation))}</p>'
        f'<p class="passage">{_passage(citation)}</p>{primary}'
        f'<p class="gestes"><a class="ouvrir" href="{link}">Ouvrir le document</a> '
        f'<a class="citer" role="button" href="{quote_link}">Citer</a></p></div>'
    )


def _where(citation: Citation) -> str:
    updated = f"à jour le {french_date(citation.updated)}" if citation.updated else None
    kind = TYPES.get(citation.type, citation.type)
    return " · ".join(p for p in (kind, citation.section, citation.leaf, updated) if p)


def _passage(citation: Citation) -> str:
    before, after = citation.passage[: citation.start], citation.passage[citation.end :]
    return f"{_lines(before)}<mark>{_lines(citation.quote)}</mark>{_lines(after)}"


def _lines(text: str) -> str:
    """Return *text* encoded, the rows of a table kept on lines of their own."""
    return "<br>".join(encode(spaced(line)) for line in text.split("\n"))


def _primary(source: Source, stale_after_days: int, today: date) -> str:
    dated = f", {french_date(source.date)}" if source.date else ", sans date"
    age = age_in_days(source.date, today)
    old = ""
    if age is not None and age > stale_after_days:
        old = f' <span class="ancien">Source de plus de {round(stale_after_days / 30.4)} mois</span>'
    url = web_address(source.url)
    address = ""
    if url:
        href = encode(url)
        address = f'<br><a class="adresse" href="{href}" target="_blank" rel="noreferrer noopener">{href}</a>'
    said = f"{encode(spaced(source.title))}{encode(dated)}{old}{address}"
    return f'<p class="primaire"><strong>Source primaire</strong> {said}</p>'
