"""The French that a user reads, and the JSON of the contracts."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from assistant.domain import Answer, Citation, Source
from assistant.store import RebuildReport

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
    """Return an ISO date as French writes it ("16 janvier 2026"), or « sans date »."""
    if not iso:
        return "sans date"
    parts = iso[:10].split("-")
    if len(parts) != 3 or not all(p.isdigit() for p in parts):
        return iso
    year, month, day = map(int, parts)
    if not 1 <= month <= 12:
        return iso
    return f"{'1er' if day == 1 else day} {MONTHS[month - 1]} {year}"


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
    line = f"[{citation.n}] {citation.title}{place}"
    if citation.updated:
        line += f" (à jour au {french_date(citation.updated)})"
    for source in citation.sources[:3]:
        line += f"\n    Source : {source.title}, {french_date(source.date)}" + (
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
    return "\n\n".join(parts)


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
    return "\n".join(lines)
