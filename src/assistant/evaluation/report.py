"""The evaluation report: one HTML file that a person can read, with nothing fetched from outside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib import resources
from pathlib import Path
from typing import Any

from assistant.evaluation.asking import Outcome
from assistant.evaluation.baselines import ENGINE, NAMES
from assistant.evaluation.curves import risk_chart, time_chart, trade_chart
from assistant.evaluation.measures import RANKING_KEYS
from assistant.evaluation.plots import STYLE, bars
from assistant.evaluation.rendering import (
    KIND_HEADER,
    KIND_NAMES,
    PART_NAMES,
    RANKING_NAMES,
    kind_rows,
    ranking_rows,
    show,
    summary_rows,
    threshold_lines,
)
from assistant.evaluation.summary import ENTIRE
from assistant.evaluation.thresholds import Failure
from assistant.evaluation.worst import render_worst
from assistant.store import Index

FILE = "rapport.html"
ANSWERED = ("fait", "definition", "comparaison", "liste", "hors_sujet")


@dataclass(frozen=True, slots=True)
class Report:
    """What a report is made of.

    Attributes:
        parts: Part -> its figures.
        about: Model, date of the index, operating point.
        index: Where the expected facts are worded.
    """

    outcomes: tuple[Outcome, ...]
    parts: Mapping[str, Any]
    failures: tuple[Failure, ...]
    about: Mapping[str, Any]
    index: Index


def write_report(folder: Path, report: Report) -> Path:
    """Write the report to *folder*, made if need be; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    path.write_text(render_html(report), encoding="utf-8")
    return path


def render_html(report: Report) -> str:
    """Return the report as one HTML page."""
    style = resources.files(__package__).joinpath("report.css").read_text(encoding="utf-8")
    main = _reporting_part(report)
    body = "\n".join(
        [
            _head(report),
            _summary(report),
            _curves(report),
            _systems(report.parts[main], main),
            _kinds(report.parts, main),
            _confusion(report.parts[main], main),
            _times(report),
            render_worst(report.outcomes, report.index),
        ]
    )
    return (
        '<!doctype html>\n<html lang="fr"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        "<title>Évaluation de l'assistant du "
        f"dossier</title><style>{style}{STYLE}</style></head>\n<body><main>{body}</main></body></html>\n"
    )


def _reporting_part(report: Report) -> str:
    """Return the part that figures are reported on: the test part, if it has questions."""
    return "test" if "test" in report.parts else ENTIRE


def table(header: Sequence[str], rows: Iterable[Sequence[str]], *, caption: str = "", ours: str = "") -> str:
    """Return an HTML table; the row whose first cell is *ours* stands out."""
    head = "".join(f'<th scope="col">{escape(h)}</th>' for h in header)
    lines = []
    for row in rows:
        mark = ' class="ours"' if row[0] == ours else ""
        lines.append(f"<tr{mark}>" + "".join(f"<td>{escape(c)}</td>" for c in row) + "</tr>")
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    body = f"<thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody>"
    return f'<div class="wide"><table>{title}{body}</table></div>'


def _head(report: Report) -> str:
    about = report.about
    lines = threshold_lines(report.failures)
    verdict = (
        "".join(f'<p class="missed">{escape(line)}</p>' for line in lines)
        or '<p class="held">Tous les seuils sont tenus.</p>'
    )
    return (
        "<h1>Évaluation de l'assistant du dossier</h1>"
        f'<p class="soft">{len(report.outcomes)} questions, {about["documents"]} documents, index du '
        f"{escape(str(about['index']))}, "
        f"modèle {escape(str(about['model']))}, point de fonctionnement "
        f"{show(float(about['operating_point']), '.')}.</p>{verdict}"
    )


def _summary(report: Report) -> str:
    header = ["Mesure", "Cible", *(PART_NAMES[p] for p in report.parts)]
    return (
        "<h2>Résultats</h2><p>La partie « Réglage » sert à régler le moteur ; la partie « Test », dont les "
        "documents "
        "n'ont servi à aucun réglage, ne sert qu'à rendre compte. Les cibles s'entendent sur elle.</p>"
        + table(header, summary_rows(report.parts))
    )


def _curves(report: Report) -> str:
    threshold = float(report.about["operating_point"])
    return (
        "<h2>Savoir se taire</h2><p>L'assistant ne répond que si sa confiance atteint le point de "
        "fonctionnement (le gros point). Plus ce point est haut, moins il répond et moins il se trompe. "
        'Les comparaisons et les listes, qui ont leur propre seuil, n\'y sont pas.</p><div class="pair">'
        + _figure(
            risk_chart(report.outcomes, threshold).svg(),
            "Risque–couverture (El-Yaniv et Wiener, 2010) : vers la droite, plus de réponses ; vers le "
            "haut, plus de réponses fausses.",
        )
        + _figure(
            trade_chart(report.outcomes, threshold).svg(),
            "La zone colorée est la cible : au plus 3\u00a0% de réponses quand le dossier est muet, au moins "
            "92\u00a0% quand il répond.",
        )
        + "</div>"
    )


def _figure(svg: str, words: str) -> str:
    return f"<figure>{svg}<figcaption>{escape(words)}</figcaption></figure>"


def _systems(figures: Mapping[str, Any], part: str) -> str:
    facts = figures["retrieval"]["facts"]
    values = [(NAMES[s], float(facts[s]["recall@3"] or 0), show(facts[s]["recall@3"], "%")) for s in NAMES]
    header = [RANKING_NAMES[k] for k in RANKING_KEYS]
    return (
        f"<h2>Recherche : le moteur et les méthodes usuelles ({PART_NAMES[part].lower()})</h2>"
        "<p>Même index, mêmes questions (faits, définitions, suites). BM25 et vecteurs seuls classent les "
        "phrases pour la question telle "
        "qu'elle est tapée ; l'hybride fusionne par les rangs mots et vecteurs, sur les phrases et sur "
        "leurs questions attendues ; le "
        "moteur comprend la question et pondère ces indices.</p>"
        + _figure(
            bars("Part des questions dont le bon fait est parmi les trois premiers", values),
            "Le bon fait est parmi les trois premiers.",
        )
        + table(
            ["Système", *header],
            ranking_rows(figures, "facts"),
            caption="Recherche du bon fait",
            ours=NAMES[ENGINE],
        )
        + table(
            ["Système", *header],
            ranking_rows(figures, "documents"),
            caption="Recherche du bon document",
            ours=NAMES[ENGINE],
        )
    )


def _kinds(parts: Mapping[str, Any], main: str) -> str:
    return f"<h2>Par genre de question ({PART_NAMES[main].lower()})</h2>" + table(
        KIND_HEADER, kind_rows(parts[main])
    )


def _confusion(figures: Mapping[str, Any], part: str) -> str:
    head = "".join(
        f'<th scope="col">{escape(KIND_NAMES[k] if k != "hors_sujet" else "Abstention")}</th>'
        for k in ANSWERED
    )
    lines = []
    for asked, counts in figures["confusion"].items():
        total = sum(counts.values())
        cells = "".join(
            '<td class="heat" '
            f'style="--share:{0.65 * counts.get(k, 0) / total:.2f}">{counts.get(k, 0) or "·"}</td>'
            for k in ANSWERED
        )
        lines.append(f'<tr><th scope="row">{escape(KIND_NAMES[asked])}</th>{cells}</tr>')
    return (
        f"<h2>Genre demandé, genre répondu ({PART_NAMES[part].lower()})</h2><p>Une ligne par genre de "
        "question, une colonne par genre de "
        'réponse, en nombre de questions.</p><div class="wide"><table><thead><tr><th '
        f'scope="col">Demandé</th>{head}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def _times(report: Report) -> str:
    words = "Part des questions dont la réponse est prête en moins de ce temps."
    return "<h2>Temps de réponse</h2>" + _figure(time_chart(report.outcomes).svg(), words)
