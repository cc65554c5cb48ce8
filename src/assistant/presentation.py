"""The French that a user reads, and the JSON of the contracts."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from assistant.domain import Answer, Citation, Source
from assistant.store import RebuildReport
from assistant.text import clean

MONTHS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)


def french_date(iso: str | None) -> str:
    """Return « 16 janvier 2026 », « janvier 2026 » or « 2026 » from an ISO date or its start.

    The spaces do not break. Nothing gives "", and what is no date is returned as it stands.
    """
    parts = (iso or "").split("T", maxsplit=1)[0].split("-")
    try:
        numbers = [int(p) for p in parts]
        if len(numbers) > 1 and not 1 <= numbers[1] <= 12:
            return iso or ""
    except ValueError:
        return iso or ""
    year = str(numbers[0])
    if len(numbers) == 1:
        return year
    month = f"{MONTHS[numbers[1] - 1]}\u00a0{year}"
    if len(numbers) == 2:
        return month
    return f"{'1er' if numbers[2] == 1 else numbers[2]}\u00a0{month}"


def _source(source: Source | None) -> dict[str, Any] | None:
    return (
        {"id": source.id, "title": source.title, "url": source.url, "date": source.date} if source else None
    )


def citation_dict(citation: Citation) -> dict[str, Any]:
    """Return a citation as the JSON contract has it."""
    return {
        "n": citation.n,
        "document": citation.document,
        "title": citation.title,
        "type": citation.type,
        "path": citation.path,
        "section": citation.section,
        "page": citation.page,
        "ocr": citation.ocr,
        "passage": citation.passage,
        "quote": citation.quote,
        "start": citation.start,
        "end": citation.end,
        "source": _source(citation.source),
        "sources": [_source(s) for s in citation.sources],
        "updated": citation.updated,
    }


def answer_dict(answer: Answer) -> dict[str, Any]:
    """Return an answer as the JSON contract has it."""
    table = None
    if answer.table is not None:
        table = {
            "columns": list(answer.table.columns),
            "rows": [
                [{"text": c.text, "citations": list(c.citations)} for c in row] for row in answer.table.rows
            ],
        }
    return {
        "id": answer.id,
        "question": answer.question,
        "interpreted": answer.interpreted,
        "kind": answer.kind,
        "abstained": answer.abstained,
        "reason": answer.reason,
        "answer": answer.answer,
        "statements": [{"text": s.text, "citations": list(s.citations)} for s in answer.statements],
        "table": table,
        "citations": [citation_dict(c) for c in answer.citations],
        "nearest": [citation_dict(c) for c in answer.nearest],
        "engine": answer.engine,
        "confidence": round(answer.confidence, 4),
        "timings_ms": answer.timings_ms,
    }


def reference(citation: Citation) -> str:
    """Return one line that says where a quote comes from and what stands behind it."""
    place = (
        f", p. {citation.page}"
        if citation.page
        else (f", « {citation.section} »" if citation.section else "")
    )
    line = f"[{citation.n}] {citation.title}{place}{', texte reconnu par OCR' if citation.ocr else ''}"
    if citation.updated:
        line += f" (à jour au {french_date(citation.updated)})"
    for source in citation.sources[:3]:
        line += f"\n    Source : {source.title}, {french_date(source.date) or 'sans date'}" + (
            f", {source.url}" if source.url else ""
        )
    return line


def render_answer(answer: Answer) -> str:
    """Return an answer for the terminal, with its references."""
    parts = []
    if answer.interpreted:
        parts.append(f"Question comprise : {answer.interpreted}")
    parts.append(answer.answer)
    shown = answer.nearest if answer.abstained else answer.citations
    if shown:
        parts.append(("Passages les plus proches" if answer.abstained else "Références") + " :")
        lines = []
        for citation in shown:
            lines.append(reference(citation))
            if answer.abstained:
                lines.append(f"    « {citation.quote} »")
        parts.append("\n".join(lines))
    # A terminal obeys what is not seen: paths and titles are of others.
    return clean("\n\n".join(parts))


def report_dict(report: RebuildReport) -> dict[str, Any]:
    """Return a rebuild report as JSON."""
    return asdict(report)


def _files(label: str, paths: tuple[str, ...]) -> list[str]:
    return [f"{label} ({len(paths)}) : {', '.join(paths)}"] if paths else []


def render_report(report: RebuildReport) -> str:
    """Return what a rebuild did, in French, a line for each kind of change."""
    lines = []
    if report.current:
        lines.append("L'index est déjà à jour.")
    else:
        lines.append(f"Index mis à jour : {report.passages} passages, {report.embedded} textes vectorisés.")
    if report.reason:
        lines.append(f"Motif : {report.reason}.")
    lines += _files("Ajoutés", report.added)
    lines += _files("Modifiés", report.changed)
    lines += _files("Retirés", report.removed)
    if report.unchanged:
        lines.append(f"Inchangés : {len(report.unchanged)}")
    lines += [f"Ignoré : {f.path} : {f.reason}" for f in report.skipped]
    lines += [f"Perte à l'extraction : {f.path} : {f.reason}" for f in report.losses]
    lines += [f"En échec : {f.path} : {f.reason}" for f in report.failed]
    lines.append(f"Durée : {report.seconds:.1f} s".replace(".", ","))
    return clean("\n".join(lines))
