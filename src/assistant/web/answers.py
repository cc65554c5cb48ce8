"""A turn of the conversation as the HTML of a chat message."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from assistant.domain import Answer, Cell, Citation, Table
from assistant.web.blocks import Block, blocks_of
from assistant.web.conversations import Turn
from assistant.web.french import count, spaced, typeset
from assistant.web.markup import encode, encode_inline

SILENCE = "silence du dossier"


def question_html(turn: Turn) -> str:
    """Return the visitor's question as typed, and the offer to mask the personal data in it."""
    said = ""
    if turn.notice:
        said = (
            f'<p class="donnees">{encode(turn.notice)} <a class="masquer" role="button" href="#question" '
            'title="Masquer ces données dans la conversation">Masquer</a></p>'
        )
    return f'<div class="question"><p>{encode(turn.question)}</p>{said}</div>'


def answer_html(turn: Turn, token: str, *, last_of_several: bool = False) -> str:
    """Return what came back, as far as it has been shown.

    Args:
        turn: The question and its answer.
        token: The conversation's.
        last_of_several: Whether the whole conversation is offered under this answer.
    """
    if turn.error is not None:
        return f'<div class="reponse erreur fini" id="r{turn.number}"><p>{encode(turn.error)}</p></div>'
    if turn.answer is None:
        state = "Réponse interrompue avant son début." if turn.stopped else "Recherche dans le dossier…"
        done = " fini" if turn.stopped else ""
        return f'<div class="reponse attente{done}" id="r{turn.number}"><p>{encode(state)}</p></div>'
    parts = [_interpreted(turn.answer)]
    blocks = blocks_of(turn.answer)
    shown = blocks if turn.shown is None else blocks[: turn.shown]
    parts.append(_blocks(shown, turn, token))
    if turn.writing and not turn.stopped:
        parts.append('<p class="note">Rédaction en cours…</p>')
    if turn.shown is None or turn.stopped:
        parts.append(_closing(turn, token, last_of_several=last_of_several))
    classes = "reponse" + (" abstention" if turn.answer.abstained else "")
    classes += " fini" if turn.shown is None or turn.stopped else ""
    return f'<div class="{classes}" id="r{turn.number}">{"".join(parts)}</div>'


def _interpreted(answer: Answer) -> str:
    if not answer.interpreted or answer.interpreted == answer.question:
        return ""
    return (
        f'<p class="compris">Question comprise&nbsp;: «&nbsp;<em>{encode(answer.interpreted)}</em>&nbsp;» '
        '<a class="corriger" href="#question" role="button">Corriger</a></p>'
    )


def _marker(turn: Turn, citation: Citation | None, number: int) -> str:
    if citation is None:
        return ""
    where = citation.section or (f"page {citation.page}" if citation.page else "")
    title = encode(", ".join(p for p in (citation.title, where) if p))
    return (
        f'<a class="cite" href="#t{turn.number}-s{number}" title="{title}">'
        f'<span class="vh">Source </span>{number}</a>'
    )


def _blocks(blocks: Iterable[Block], turn: Turn, token: str) -> str:
    assert turn.answer is not None  # noqa: S101 - the caller has checked
    by_number = {c.n: c for c in turn.answer.citations}

    def marker(number: int) -> str:
        return _marker(turn, by_number.get(number), number)

    numbered = list(enumerate(blocks, start=1))
    parts = []
    for kind, group in groupby(numbered, key=lambda pair: pair[1].kind):
        if kind == "table" and turn.answer.table:
            parts += [_table(turn.answer.table, marker) for _ in group]
            continue
        lines = [(b, encode_inline(_set(b), marker) + _quote_link(b, n, turn, token)) for n, b in group]
        if kind == "item":
            parts.append("<ul>" + "".join(f"<li>{line}</li>" for _, line in lines) + "</ul>")
        else:
            tag = "h3" if kind == "heading" else "p"
            parts += [f"<{tag}>{line}</{tag}>" for _, line in lines]
    return "".join(parts)


def _set(block: Block) -> str:
    """Return the text as French prints it; where it quotes, word for word."""
    return spaced(block.text) if block.citations else typeset(block.text)


def _quote_link(block: Block, position: int, turn: Turn, token: str) -> str:
    if not block.citations:
        return ""
    return (
        f' <a class="citer" role="button" href="/emporter/{token}/{turn.number}-{position}.txt" '
        'title="Copier cette phrase avec sa référence">Citer</a>'
    )


def _cell(cell: Cell, marker: object) -> str:
    assert callable(marker)  # noqa: S101 - for the type checker
    markers = "".join(marker(n) for n in cell.citations)
    silent = ' class="silence"' if cell.text.strip().lower() == SILENCE else ""
    return f"<span{silent}>{encode(spaced(cell.text))}{'&nbsp;' + markers if markers else ''}</span>"


def _table(table: Table, marker: object) -> str:
    head = "".join(f'<th scope="col">{encode(c)}</th>' for c in table.columns)
    rows = []
    for row in table.rows:
        first = "".join(f'<th scope="row">{_cell(c, marker)}</th>' for c in row[:1])
        rows.append(f"<tr>{first}{''.join(f'<td>{_cell(c, marker)}</td>' for c in row[1:])}</tr>")
    return (
        '<div class="tableau" role="region" tabindex="0" title="Tableau de la réponse">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _downloads(base: str, what: str) -> str:
    return "".join(
        f'<li><a href="{base}.{kind}" title="Télécharger {what} et ses sources au format {label}">'
        f"{label}</a></li>"
        for kind, label in (("odt", "ODT"), ("docx", "DOCX"), ("md", "Markdown"))
    )


def _opinion(turn: Turn, token: str) -> str:
    """Return the two links that say whether the answer was useful, where opinions are kept."""
    if not turn.opinion_days:
        return ""
    kept = f"gardé {count(turn.opinion_days, 'jour')} sur ce serveur avec la question et la réponse"
    return "".join(
        f'<li><a class="avis" role="button" href="/api/avis/{token}/{turn.number}/{said}" '
        f'title="Envoyer l’avis «&nbsp;{label}&nbsp;», {kept}">{label}</a></li>'
        for said, label in (("utile", "Utile"), ("inutile", "Pas utile"))
    )


def _closing(turn: Turn, token: str, *, last_of_several: bool) -> str:
    assert turn.answer is not None  # noqa: S101 - the caller has checked
    if turn.stopped:
        return '<p class="note">Réponse interrompue à votre demande.</p>'
    seen = ""
    if turn.answer.citations:
        seen = f"Voir {count(len(turn.answer.citations), 'source')}"
    elif turn.answer.nearest:
        seen = f"Lire {count(len(turn.answer.nearest), 'passage voisin', 'passages voisins')}"
    tools = f'<li><a class="voir" href="#t{turn.number}" role="button">{seen}</a></li>' if seen else ""
    base = f"/emporter/{token}/{turn.number}"
    tools += f'<li><a class="copier" role="button" href="{base}.md">Copier</a></li>'
    tools += _downloads(base, "la réponse") + _opinion(turn, token)
    whole = ""
    if last_of_several:
        links = _downloads(f"/emporter/{token}/conversation", "la conversation")
        whole = f'<ul class="outils entier"><li>Toute la conversation&nbsp;:</li>{links}</ul>'
    writer = f'<p class="note redacteur">{encode(turn.writer)}</p>' if turn.writer else ""
    return f'{writer}<ul class="outils">{tools}</ul>{whole}'
