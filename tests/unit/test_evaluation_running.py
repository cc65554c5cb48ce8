"""``assistant eval`` whole: project questions, BEIR collections, report, exit codes."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import EvaluationDataError
from assistant.evaluation import run_evaluation, running
from assistant.evaluation.beir import read_qrels
from assistant.evaluation.measures import RANKING_KEYS
from assistant.settings import Settings
from samples import Built, FakeEncoder

QUESTIONS: list[dict[str, Any]] = [
    {
        "id": "f1",
        "question": "Combien de temps Boréal garde-t-il une conversation supprimée ?",
        "kind": "fait",
        "facts": ["nordix-conservation-01"],
        "documents": ["nordix-boreal"],
    },
    {"id": "n1", "question": "<b>météo</b> à Lyon & Nantes ?", "kind": "hors_sujet", "answerable": False},
    {
        "id": "c1",
        "question": "Boréal ou Zéphyr : quel siège ?",
        "kind": "comparaison",
        "facts": ["nordix-identite-01"],
        "documents": ["nordix-boreal"],
        "providers": ["nordix-boreal", "cumulus-zephyr"],
        "attribute": "Siège",
        "values": {"nordix-boreal": "Lille"},
    },
    {
        "id": "s1",
        "question": "et où se trouve Nordix ?",
        "kind": "suite",
        "history": ["Qui fait Boréal ?"],
        "facts": ["nordix-identite-01"],
        "documents": ["nordix-boreal"],
    },
    {
        "id": "p1",
        "question": "Pourquoi Boréal est-il établi au Texas ?",
        "kind": "fausse_premisse",
        "facts": ["nordix-identite-01"],
        "documents": ["nordix-boreal"],
    },
    {"id": "long", "question": "a" * 5000, "kind": "hors_sujet", "answerable": False},
]


@pytest.fixture(autouse=True)
def _fake_encoder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(running, "SentenceEncoder", lambda _name: FakeEncoder())
    monkeypatch.chdir(tmp_path)


def _options(**given: Any) -> argparse.Namespace:
    names = ("questions", "beir", "report", "thresholds", "index", "corpus")
    return argparse.Namespace(**{**dict.fromkeys(names), "json": True, **given})


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    """Return a file of six questions."""
    path = tmp_path / "questions.jsonl"
    path.write_text("".join(json.dumps(q) + "\n" for q in QUESTIONS), encoding="utf-8")
    return path


def _figures(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_every_figure_is_in_the_json(
    built: Built, questions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Six questions are counted; a question that is refused is an abstention; nothing is unfaithful."""
    assert run_evaluation(_options(questions=questions, index=built.folder), Settings()) == 0
    found = _figures(capsys)["parts"]["ensemble"]
    assert (found["questions"], found["unfaithful_statements"]) == (6, 0)
    assert found["abstention"]["unanswerable"] == 2
    assert set(found["retrieval"]["facts"]["moteur"]) == set(RANKING_KEYS)
    assert found["retrieval"]["facts"]["bm25"]["recall@10"] > 0


def test_the_report_is_one_file_that_asks_for_nothing(
    built: Built, questions: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No address is fetched, no script runs, what users typed is escaped."""
    folder = tmp_path / "rapport"
    run_evaluation(_options(questions=questions, index=built.folder, report=folder, json=False), Settings())
    page = (folder / "rapport.html").read_text(encoding="utf-8")
    assert not re.search(r"<(?:script|link|img|iframe)\b|@import|url\(", page)
    assert set(re.findall(r"https?://[^\"'\s<]+", page)) <= {"http://www.w3.org/2000/svg"}
    assert "<b>météo" not in page
    assert page.count("<svg") >= 4
    assert str(tmp_path) not in page
    assert "Bon fait parmi les énoncés" in capsys.readouterr().out
    kept = json.loads((folder / "mesures.json").read_text(encoding="utf-8"))
    assert [a["id"] for a in kept["answers"]] == [q["id"] for q in QUESTIONS]


def test_a_missed_threshold_exits_with_3(
    built: Built, questions: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And says which, and by how much."""
    bounds = tmp_path / "seuils.toml"
    bounds.write_text('[ensemble.au_plus]\n"questions" = 5\n', encoding="utf-8")
    options = _options(questions=questions, index=built.folder, thresholds=bounds, json=False)
    assert run_evaluation(options, Settings()) == 3
    assert "questions vaut 6, il faut au plus 5" in capsys.readouterr().out


def _beir(folder: Path, qrels: str) -> Path:
    (folder / "qrels").mkdir(parents=True)
    documents = [
        {"_id": "d1", "title": "Fromages", "text": "Le camembert vient de Normandie. Il est au lait cru."},
        {"_id": "d2", "title": "", "text": "Un vélo pliant tient dans un coffre."},
        {"_id": "d 3/é", "title": "Zoologie", "text": ""},
        {"_id": "d4", "title": "", "text": ""},
    ]
    queries = [
        {"_id": "q1", "text": "camembert de Normandie"},
        {"_id": "q2", "text": "zoologie"},
        {"_id": "q3", "text": ""},
    ]
    (folder / "corpus.jsonl").write_text("".join(json.dumps(d) + "\n" for d in documents), encoding="utf-8")
    (folder / "queries.jsonl").write_text("".join(json.dumps(q) + "\n" for q in queries), encoding="utf-8")
    (folder / "qrels" / "test.tsv").write_text(qrels, encoding="utf-8")
    return folder


def test_a_beir_collection_is_measured_by_documents(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exactly the standard keys; any id; an empty query counts for zero."""
    folder = _beir(
        tmp_path / "beir", "query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td 3/é\t1\nq3\td2\t1\nq4\td2\t1\n"
    )
    assert run_evaluation(_options(beir=folder), Settings()) == 0
    found = _figures(capsys)
    assert tuple(found) == RANKING_KEYS
    # The fake encoder may put a wrong document first; three are always among the first three.
    assert (found["recall@3"], found["recall@10"]) == (0.5, 0.5)


def test_a_beir_collection_is_told_in_french(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Documents indexed, requests judged, those that count for zero."""
    folder = _beir(tmp_path / "beir", "query-id\tcorpus-id\tscore\nq1\td1\t1\nq3\td2\t1\n")
    assert run_evaluation(_options(beir=folder, json=False), Settings()) == 0
    out = capsys.readouterr().out
    assert "3 documents" in out
    assert "1 requêtes absentes, vides ou trop longues comptent pour zéro." in out


def test_judgements_may_lack_a_header_or_have_four_columns(tmp_path: Path) -> None:
    """Both are found in the wild."""
    path = tmp_path / "test.tsv"
    path.write_text("1\t0\td1\t2\n1\t0\td2\t0\n", encoding="utf-8")
    assert read_qrels(path) == {"1": {"d1": 2, "d2": 0}}


@pytest.mark.parametrize("qrels", ["", "query-id\tcorpus-id\tscore\n", "a\tb\tc\nd\te\tf\n"])
def test_judgements_that_cannot_be_read_are_told(qrels: str, tmp_path: Path) -> None:
    """One sentence that names the file."""
    with pytest.raises(EvaluationDataError, match=r"test\.tsv"):
        run_evaluation(_options(beir=_beir(tmp_path / "beir", qrels)), Settings())


def test_a_folder_that_is_no_collection_is_told(tmp_path: Path) -> None:
    """One sentence that names what is missing."""
    with pytest.raises(EvaluationDataError, match="qrels"):
        run_evaluation(_options(beir=tmp_path), Settings())
