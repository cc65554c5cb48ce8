"""``assistant eval``: options in, one evaluation, a report and an exit code out."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assistant.answering import Assistant
from assistant.answering.model import load_weights
from assistant.embedding import SentenceEncoder
from assistant.evaluation.asking import Examiner, Outcome, RememberingEncoder, examine_all
from assistant.evaluation.beir import evaluate_beir
from assistant.evaluation.questions import load_questions
from assistant.evaluation.rendering import render_beir, render_measures, threshold_lines
from assistant.evaluation.report import Report, write_report
from assistant.evaluation.summary import by_part
from assistant.evaluation.thresholds import Threshold, load_thresholds, missed
from assistant.settings import Settings
from assistant.store.progress import progress_bar

DEFAULT_QUESTIONS = Path("eval/questions")
EXIT_DONE, EXIT_THRESHOLDS = 0, 3


def run_evaluation(options: argparse.Namespace, settings: Settings) -> int:
    """Evaluate as the command line asks; return 0, or 3 where a threshold is missed.

    Raises:
        EvaluationDataError: The questions, the thresholds or the BEIR folder cannot be read.
        ModelMissingError: The embedding model is not on this machine.
        StoreError: There is no index, or it cannot be used.
    """
    thresholds = load_thresholds(options.thresholds)
    if options.beir is not None:
        return _run_beir(options, settings, thresholds)
    return _run_questions(options, settings, thresholds)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _print_json(value: Mapping[str, Any]) -> None:
    _say(json.dumps(value, ensure_ascii=False))


def _write_json(folder: Path, value: Mapping[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(value, ensure_ascii=False, indent=1)
    (folder / "mesures.json").write_text(text + "\n", encoding="utf-8")


def _run_questions(options: argparse.Namespace, settings: Settings, thresholds: tuple[Threshold, ...]) -> int:
    questions = load_questions(options.questions or DEFAULT_QUESTIONS)
    encoder = RememberingEncoder(SentenceEncoder(settings.model))
    assistant = Assistant.open(options.index, settings, encoder=encoder)
    outcomes = examine_all(Examiner(assistant, encoder), questions)
    parts = by_part(outcomes)
    failures = missed(thresholds, parts, options.thresholds)
    point = load_weights().operating_point if settings.abstention is None else settings.abstention
    # The model's name, not its folder: a report names no place of the machine that made it.
    about = {
        "model": encoder.fingerprint,
        "index": assistant.index.manifest.built_at,
        "documents": len(assistant.index.documents),
        "operating_point": point,
    }
    measures = {
        **about,
        "parts": parts,
        "missed": [[f.threshold.part, f.threshold.path, f.value] for f in failures],
    }
    if options.report is not None:
        _write_json(options.report, {**measures, "answers": [_line(o) for o in outcomes]})
        report = Report(
            outcomes=tuple(outcomes),
            parts=parts,
            failures=tuple(failures),
            about=about,
            index=assistant.index,
        )
        path = write_report(options.report, report)
        sys.stderr.write(f"Rapport : {path}\n")
    if options.json:
        _print_json(measures)
    else:
        _say(render_measures(parts, failures))
    return EXIT_THRESHOLDS if failures else EXIT_DONE


def _line(outcome: Outcome) -> dict[str, Any]:
    """Return what the report's JSON keeps of one question."""
    question, judgement = outcome.question, outcome.judgement
    return {
        "id": question.id,
        "part": question.part,
        "kind": question.kind,
        "answered_kind": outcome.answer.kind,
        "right": outcome.right,
        "goodness": round(judgement.goodness, 4),
        "abstained": outcome.answer.abstained,
        "confidence": round(outcome.answer.confidence, 4),
        "elapsed_ms": round(outcome.elapsed_ms, 2),
    }


def _run_beir(options: argparse.Namespace, settings: Settings, thresholds: tuple[Threshold, ...]) -> int:
    with progress_bar() as show:
        result = evaluate_beir(options.beir, SentenceEncoder(settings.model), settings, progress=show)
    failures = missed(thresholds, {"beir": result.measures}, options.thresholds)
    if options.report is not None:
        _write_json(options.report, result.measures)
    if options.json:
        _print_json(result.measures)
    else:
        _say("\n\n".join([render_beir(result), *threshold_lines(failures)]))
    return EXIT_THRESHOLDS if failures else EXIT_DONE
