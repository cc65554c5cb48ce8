"""Evaluation questions: what is read, which part each belongs to, what is refused."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import EvaluationDataError
from assistant.evaluation.questions import KINDS, load_questions, part_of
from assistant.evaluation.thresholds import load_thresholds, missed

EVAL = Path(__file__).parents[2] / "eval"


def _write(folder: Path, *records: dict[str, Any], split: str = 'test_documents = ["xai-grok"]') -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "split.toml").write_text(split, encoding="utf-8")
    path = folder / "questions.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in records), encoding="utf-8")
    return path


def test_the_main_document_decides_the_part(tmp_path: Path) -> None:
    """The first document, not any of them."""
    path = _write(
        tmp_path,
        {"id": "a", "question": "?a", "kind": "fait", "facts": ["f"], "documents": ["xai-grok", "meta-ai"]},
        {"id": "b", "question": "?b", "kind": "suite", "facts": ["f"], "documents": ["meta-ai", "xai-grok"]},
    )
    assert {q.id: q.part for q in load_questions(path)} == {"a": "test", "b": "reglage"}


@pytest.mark.parametrize(
    ("kind", "answerable"), [("liste", True), ("comparaison", True), ("hors_sujet", False)]
)
def test_questions_about_no_single_document_are_split_by_their_id(kind: str, answerable: bool) -> None:
    """The parity of the first byte of the SHA-256, as ``eval/split.toml`` says."""
    for name in ("x", "y", "z"):
        record = {"id": name, "kind": kind, "answerable": answerable, "documents": ["xai-grok"]}
        odd = hashlib.sha256(name.encode()).digest()[0] % 2 == 1
        assert part_of(record, frozenset({"xai-grok"})) == ("test" if odd else "reglage")


def test_a_question_needs_its_text_alone(tmp_path: Path) -> None:
    """Everything else has a default."""
    (question,) = load_questions(_write(tmp_path, {"question": "Combien ?"}))
    assert (question.kind, question.answerable, question.id) == ("fait", True, "ligne-1")


def test_our_own_questions_are_enough_and_of_every_kind() -> None:
    """At least 300, a third of them unanswerable or of a false premise."""
    questions = load_questions(EVAL / "questions")
    hard = [q for q in questions if not q.answerable or q.kind == "fausse_premisse"]
    assert len(questions) >= 300
    assert len(hard) * 3 >= len(questions)
    assert {q.kind for q in questions} == KINDS
    assert {q.kind for q in questions if q.part == "test"} >= KINDS - {"definition"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]\n",
        "{\n",
        '{"id": "a"}\n',
        '{"question": "?", "kind": "autre"}\n',
        '{"question": "?", "facts": "f"}\n',
    ],
)
def test_what_is_not_a_question_is_told_in_one_sentence(text: str, tmp_path: Path) -> None:
    """The sentence names the file."""
    path = tmp_path / "q.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(EvaluationDataError, match=r"q\.jsonl"):
        load_questions(path)


def test_a_missing_file_and_a_repeated_id_are_told(tmp_path: Path) -> None:
    """Neither is passed over in silence."""
    with pytest.raises(EvaluationDataError, match="ne peut pas être lu"):
        load_questions(tmp_path / "absent.jsonl")
    with pytest.raises(EvaluationDataError, match="« a »"):
        load_questions(_write(tmp_path, {"id": "a", "question": "1"}, {"id": "a", "question": "2"}))


def test_thresholds_are_missed_on_their_side_only(tmp_path: Path) -> None:
    """At the bound is held; a figure that nothing measures misses nothing."""
    path = tmp_path / "t.toml"
    path.write_text('[test.au_moins]\n"a.b" = 0.5\n"a.c" = 0.5\n[test.au_plus]\nd = 0\n', encoding="utf-8")
    found = load_thresholds(path)
    assert missed(found, {"test": {"a": {"b": 0.5, "c": None}, "d": 0}}, path) == []
    assert missed(found, {"autre": {}}, path) == []
    failures = missed(found, {"test": {"a": {"b": 0.49, "c": 1}, "d": 1}}, path)
    assert [(f.threshold.path, f.value) for f in failures] == [("a.b", 0.49), ("d", 1)]


@pytest.mark.parametrize("text", ["x", "a = 1", "[test.minimum]\na = 1", '[test.au_moins]\na = "b"'])
def test_thresholds_that_cannot_be_read_are_told(text: str, tmp_path: Path) -> None:
    """The sentence names the file."""
    path = tmp_path / "t.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(EvaluationDataError, match=r"t\.toml"):
        load_thresholds(path)


def test_a_threshold_on_an_unknown_figure_is_told(tmp_path: Path) -> None:
    """A misspelt name would be held for ever."""
    path = tmp_path / "t.toml"
    path.write_text('[test.au_moins]\n"answers.rigth" = 1\n', encoding="utf-8")
    with pytest.raises(EvaluationDataError, match="rigth"):
        missed(load_thresholds(path), {"test": {"answers": {}}}, path)
