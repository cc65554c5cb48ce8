"""The measures as French text for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assistant.evaluation.baselines import NAMES
from assistant.evaluation.beir import BeirResult
from assistant.evaluation.measures import RANKING_KEYS
from assistant.evaluation.summary import ENTIRE, measure_at
from assistant.evaluation.thresholds import Failure

PART_NAMES = {"reglage": "Réglage", "test": "Test", ENTIRE: "Ensemble"}
KIND_NAMES = {
    "fait": "Faits",
    "definition": "Définitions",
    "comparaison": "Comparaisons",
    "liste": "Listes",
    "suite": "Suites",
    "hors_sujet": "Sans réponse",
    "fausse_premisse": "Fausses prémisses",
}
RANKING_NAMES = {
    "ndcg@10": "nDCG@10",
    "mrr@10": "MRR@10",
    "recall@1": "Rappel@1",
    "recall@3": "Rappel@3",
    "recall@5": "Rappel@5",
    "recall@10": "Rappel@10",
}
# Path of a figure, its name, its format, and the bar of the specification where it sets one.
ROWS: tuple[tuple[str, str, str, str], ...] = (
    ("questions", "Questions", "n", ""),
    ("answers.right_fact", "Bon fait parmi les énoncés", "%", "≥ 90 %"),
    ("answers.right_document", "Bon document cité", "%", "≥ 95 %"),
    ("answers.first_document", "Bon document cité en premier", "%", ""),
    ("answers.citation_precision", "Précision des citations", "%", ""),
    ("answers.citation_recall", "Rappel des citations", "%", ""),
    ("answers.follow_ups", "Suites : bon fait", "%", "≥ 88 %"),
    ("answers.english", "Anglais : bon fait", "%", "≥ 75 %"),
    ("answers.comparison_complete", "Comparaisons où chaque fournisseur nommé figure", "%", "100 %"),
    ("answers.comparison_values", "Comparaisons : bonne valeur par case", "%", "≥ 90 %"),
    ("answers.list_f1", "Listes : F1 des fournisseurs", ".", "≥ 0,92"),
    ("abstention.answered_unanswerable", "Réponse donnée malgré le silence du dossier", "%", "≤ 3 %"),
    ("abstention.answered_answerable", "Réponse donnée aux questions couvertes", "%", "≥ 92 %"),
    ("abstention.precision", "Abstentions justifiées (précision)", "%", ""),
    ("abstention.recall", "Silences reconnus (rappel)", "%", ""),
    ("abstention.wrong_answers", "Réponses données qui sont fausses", "%", ""),
    ("false_premises.corrected", "Fausses prémisses corrigées", "%", ""),
    ("false_premises.answered_wrong", "Fausses prémisses : réponse à côté", "%", ""),
    ("false_premises.repeated", "Fausses prémisses répétées comme un fait", "n", "0"),
    ("unfaithful_statements", "Énoncés qui ne sont ni une citation exacte, ni fondés sur elle", "n", "0"),
    ("over_six_statements", "Réponses de plus de six énoncés (hors tableaux)", "n", "0"),
    ("latency_ms.p50", "Temps de réponse médian", "ms", ""),
    ("latency_ms.p95", "Temps de réponse, 95e centile", "ms", "≤ 150 ms"),
)


def show(value: float | None, style: str) -> str:
    """Return a figure as French writes it: "%" share, "." three decimals, "ms", "n" whole."""
    if value is None:
        return "–"
    text = {"%": f"{100 * value:.1f} %", ".": f"{value:.3f}", "ms": f"{value:.0f} ms", "n": f"{value:.0f}"}[
        style
    ]
    return text.replace(".", ",").replace(" ", "\u00a0")


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return an aligned table: the first column to the left, the others to the right."""
    lines = [header, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]

    def line(cells: Sequence[str]) -> str:
        return "  ".join(
            c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(cells, widths, strict=True))
        ).rstrip()

    return "\n".join([line(header), "  ".join("─" * w for w in widths), *map(line, rows)])


def summary_rows(parts: Mapping[str, Any]) -> list[list[str]]:
    """Return the rows of the main table: name, bar, a figure for each part."""
    return [
        [name, bar, *(show(measure_at(figures, path), style) for figures in parts.values())]
        for path, name, style, bar in ROWS
    ]


def ranking_rows(figures: Mapping[str, Any], of: str) -> list[list[str]]:
    """Return the rows of the table of systems over "facts" or "documents"."""
    found = figures["retrieval"][of]
    return [[NAMES[s], *(show(found[s][k], ".") for k in RANKING_KEYS)] for s in NAMES]


def kind_rows(figures: Mapping[str, Any]) -> list[list[str]]:
    """Return the rows of the table by kind of question."""
    return [
        [
            KIND_NAMES[kind],
            show(f["questions"], "n"),
            show(f["right"], "%"),
            show(f["answered"], "%"),
            show(f["right_document"], "%"),
            show(f["recall@3"], "."),
            show(f["mrr@10"], "."),
        ]
        for kind, f in figures["kinds"].items()
    ]


KIND_HEADER = ("Genre", "Questions", "Justes", "Répondues", "Bon document", "Rappel@3", "MRR@10")


def threshold_lines(failures: Sequence[Failure]) -> list[str]:
    """Return a sentence for each threshold that is missed."""
    return [
        f"Seuil manqué ({PART_NAMES.get(f.threshold.part, f.threshold.part)}) : {f.threshold.path} vaut "
        f"{f.value:.4g}, "
        f"il faut {'au moins' if f.threshold.at_least else 'au plus'} {f.threshold.bound:.4g}.".replace(
            "\u202f", "\u00a0"
        )
        for f in failures
    ]


def render_measures(parts: Mapping[str, Any], failures: Sequence[Failure]) -> str:
    """Return the report for the terminal."""
    names = [PART_NAMES[p] for p in parts]
    blocks = [text_table(["Mesure", "Cible", *names], summary_rows(parts))]
    ranking = [RANKING_NAMES[k] for k in RANKING_KEYS]
    for part, figures in parts.items():
        if part == ENTIRE and len(parts) > 1:
            continue
        name = PART_NAMES[part]
        blocks.append(text_table([f"Recherche du fait ({name})", *ranking], ranking_rows(figures, "facts")))
        blocks.append(
            text_table([f"Recherche du document ({name})", *ranking], ranking_rows(figures, "documents"))
        )
        blocks.append(text_table([f"Par genre ({name})", *KIND_HEADER[1:]], kind_rows(figures)))
    blocks.append("\n".join(threshold_lines(failures)) if failures else "Tous les seuils sont tenus.")
    return "\n\n".join(blocks)


def render_beir(result: BeirResult) -> str:
    """Return what was measured on a BEIR collection."""
    seconds = show(result.index_seconds, "n")
    lines = [
        f"{result.documents} documents, {result.passages} passages, indexés en {seconds} s.",
        f"{result.queries} requêtes jugées.",
    ]
    if result.refused:
        lines.append(f"{result.refused} requêtes absentes, vides ou trop longues comptent pour zéro.")
    rows = [[RANKING_NAMES[k], show(result.measures[k], ".")] for k in RANKING_KEYS]
    return "\n".join([*lines, "", text_table(["Mesure", "Valeur"], rows)])
