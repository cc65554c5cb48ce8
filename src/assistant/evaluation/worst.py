"""The questions that went worst, with their answers and what was expected, for the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from assistant.domain import Answer
from assistant.evaluation.asking import Outcome
from assistant.evaluation.questions import PARTS, Part, Question
from assistant.evaluation.rendering import KIND_NAMES, PART_NAMES, show
from assistant.store import Index

SHOWN = 40
"""Questions shown of each part."""
FACTS_SHOWN = 6


def worst_of(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Return the outcomes that are not right, the worst first: answered wrong, and surely so."""
    wrong = [o for o in outcomes if not o.right or o.judgement.unfaithful or o.judgement.premise_repeated]
    return sorted(
        wrong,
        key=lambda o: (
            not o.judgement.unfaithful,
            o.answer.abstained,
            o.judgement.goodness,
            -o.answer.confidence,
            o.question.id,
        ),
    )


def wordings(index: Index) -> dict[str, str]:
    """Return footnote id -> the first sentence that carries it."""
    found: dict[str, str] = {}
    for slug in index.documents:
        for passage in index.passages_of(slug):
            for row in index.sentence_rows(passage.row):
                sentence = index.sentence(row)
                for note in sentence.notes:
                    found.setdefault(note, sentence.text)
    return found


def reason_of(outcome: Outcome) -> str:
    """Return in one French phrase what is wrong."""
    judgement = outcome.judgement
    reasons: tuple[tuple[object, str], ...] = (
        (judgement.unfaithful, "un énoncé n'est ni une citation exacte, ni fondé sur elle"),
        (judgement.premise_repeated, "la prémisse est répétée"),
        (not outcome.question.answerable, "une réponse est donnée alors que le dossier est muet"),
        (outcome.answer.abstained, "l'assistant s'abstient alors que le dossier répond"),
        (
            judgement.values is not None,
            f"{show(judgement.values, '%')} des valeurs attendues sont dans le tableau",
        ),
        (judgement.list_f1 is not None, f"F1 des fournisseurs : {show(judgement.list_f1, '.')}"),
        (judgement.right_document, "le bon document est cité, pas le bon fait"),
    )
    return next((words for holds, words in reasons if holds), "aucun fait attendu n'est cité")


def _answer(answer: Answer) -> str:
    if answer.abstained:
        return f"<p>{escape(answer.reason or answer.answer)}</p>"
    if answer.table is not None:
        head = "".join(f"<th>{escape(c)}</th>" for c in answer.table.columns)
        rows = "".join(
            "<tr>" + "".join(f"<td>{escape(c.text)}</td>" for c in row) + "</tr>" for row in answer.table.rows
        )
        return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    by_number = {c.n: c for c in answer.citations}
    lines = []
    for statement in answer.statements:
        sources = ", ".join(
            f"{by_number[n].document} ({', '.join(s.id for s in by_number[n].sources) or 'sans note'})"
            for n in statement.citations
        )
        lines.append(f'<li>{escape(statement.text)} <span class="soft">{escape(sources)}</span></li>')
    return f"<ul>{''.join(lines)}</ul>"


def _expected(question: Question, words: Mapping[str, str]) -> str:
    if question.kind == "liste":
        return f"<p>{escape(', '.join(question.providers))}</p>"
    if question.values:
        return (
            "<ul>"
            + "".join(f"<li>{escape(s)} : {escape(v)}</li>" for s, v in question.values.items())
            + "</ul>"
        )
    if not question.facts:
        return "<p>Une abstention.</p>"
    shown = sorted(question.facts)[:FACTS_SHOWN]
    more = (
        f'<li class="soft">et {len(question.facts) - FACTS_SHOWN} autres</li>'
        if len(question.facts) > FACTS_SHOWN
        else ""
    )
    lines = "".join(
        f'<li>{escape(words.get(f, "(absent du dossier)"))} <span class="soft">{escape(f)}</span></li>'
        for f in shown
    )
    return f"<ul>{lines}{more}</ul>"


def _question(outcome: Outcome, words: Mapping[str, str]) -> str:
    question, answer = outcome.question, outcome.answer
    before = f'<p class="soft">Après : {escape(" ; ".join(question.history))}</p>' if question.history else ""
    read = f'<p class="soft">Comprise : {escape(answer.interpreted)}</p>' if answer.interpreted else ""
    return (
        f"<details><summary>{escape(question.text)} <span "
        f'class="tag">{escape(KIND_NAMES[question.kind])}</span> '
        f'<span class="soft">{escape(reason_of(outcome))} (confiance {show(answer.confidence, ".")}, '
        f"{escape(question.id)})</span></summary>"
        f"{before}{read}"
        f"<h3>Réponse</h3>{_answer(answer)}<h3>Attendu</h3>{_expected(question, words)}</details>"
    )


def _part(part: Part, outcomes: Sequence[Outcome], words: Mapping[str, str]) -> str:
    worst = worst_of(outcomes)
    body = "".join(_question(o, words) for o in worst[:SHOWN])
    counted = f"<h3>{PART_NAMES[part]} : {len(worst)} questions sur {len(outcomes)}</h3>"
    if part == "test":
        return (
            counted
            + "<details><summary>Voir les questions de test (régler le moteur d'après elles en fausserait "
            "la mesure)</summary>"
            f"{body}</details>"
        )
    return counted + body


def render_worst(outcomes: Sequence[Outcome], index: Index) -> str:
    """Return the section on the worst questions, those of the test part folded away."""
    words = wordings(index)
    parts = [(p, [o for o in outcomes if o.question.part == p]) for p in PARTS]
    return (
        f"<h2>Les questions les plus mal répondues</h2><p>Les {SHOWN} premières de chaque partie : d'abord "
        "les réponses fausses "
        "données avec assurance, puis les abstentions de trop.</p>"
        + "".join(_part(p, found, words) for p, found in parts if found)
    )
