"""Measure the retrieval that ``ask`` uses on any collection in the BEIR format.

BEIR: Thakur et al., « BEIR: A Heterogeneous Benchmark for Zero-shot Evaluation of Information
Retrieval Models », NeurIPS 2021 (arXiv 2104.08663).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from assistant.answering import Assistant
from assistant.domain import Document, Section, Sentence
from assistant.embedding import Encoder
from assistant.errors import EvaluationDataError, QuestionError
from assistant.evaluation.measures import DEPTH, ranking_measures
from assistant.evaluation.questions import read_lines
from assistant.settings import Settings
from assistant.store import index_documents
from assistant.store.writing import Progress
from assistant.text import clean, split_sentences, squeeze

CORPUS, QUERIES, QRELS = "corpus.jsonl", "queries.jsonl", Path("qrels", "test.tsv")


@dataclass(frozen=True, slots=True)
class BeirResult:
    """What was measured.

    Attributes:
        measures: The figures, over every judged query.
        refused: Judged queries that ``ask`` refuses (empty, too long) or that the collection lacks.
    """

    measures: dict[str, float | None]
    documents: int
    passages: int
    queries: int
    refused: int
    index_seconds: float


def read_qrels(path: Path) -> dict[str, dict[str, int]]:
    """Return query id -> document id -> grade from a BEIR ``qrels`` file, its header skipped.

    Raises:
        EvaluationDataError: It cannot be read, or a line is not (query, document, grade).
    """
    found: dict[str, dict[str, int]] = {}
    number = 0
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            for number, row in enumerate(csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE), 1):
                if row and not (number == 1 and not row[-1].strip().lstrip("-").isdigit()):
                    query, document, grade = row[0], row[-2], row[-1]
                    found.setdefault(query, {})[document] = int(grade)
    except OSError as error:
        message = f"Le fichier « {path} » ne peut pas être lu : le dossier est-il bien au format BEIR ?"
        raise EvaluationDataError(message, path=path) from error
    except (ValueError, IndexError) as error:
        message = (
            f"La ligne {number} du fichier « {path} » n'est pas « requête, document, note » séparés par des "
            "tabulations : corrigez-la."
        )
        raise EvaluationDataError(message, path=path) from error
    if not found:
        message = f"Le fichier « {path} » ne contient aucun jugement : il en faut au moins un."
        raise EvaluationDataError(message, path=path)
    return found


def _sentences(text: str) -> tuple[Sentence, ...]:
    paragraphs = [squeeze(p) for p in clean(text).split("\n\n")]
    return tuple(Sentence(s, opens=n == 0) for p in paragraphs if p for n, s in enumerate(split_sentences(p)))


def read_corpus(path: Path) -> Iterator[Document]:
    """Yield the documents of a BEIR ``corpus.jsonl``, as files of plain text would be read.

    A document without text is what its title says; one without either is left out, and cannot
    be found.

    Raises:
        EvaluationDataError: The file cannot be read, a document has no ``_id``, or two share it.
    """
    seen = set()
    for number, record in enumerate(read_lines(path), 1):
        identifier = str(record.get("_id") or "")
        if not identifier or identifier in seen:
            message = (
                f"Le document {number} du fichier « {path} » n'a pas d'identifiant « _id » qui lui soit "
                "propre "
                ": corrigez-le."
            )
            raise EvaluationDataError(message, path=path)
        seen.add(identifier)
        title = squeeze(clean(str(record.get("title") or "")))
        sentences = _sentences(str(record.get("text") or "")) or _sentences(title)
        if sentences:
            yield Document(identifier, identifier, title, "document", (Section(None, sentences),))


def read_queries(path: Path) -> dict[str, str]:
    """Return query id -> text from a BEIR ``queries.jsonl``.

    Raises:
        EvaluationDataError: The file cannot be read.
    """
    return {str(r.get("_id") or ""): str(r.get("text") or "") for r in read_lines(path)}


def _found(assistant: Assistant, query: str | None) -> list[str] | None:
    """Return the documents for a query, best first, or None where it is refused."""
    try:
        return [d["document"] for d in assistant.search(query or "", limit=DEPTH)["documents"]]
    except QuestionError:
        return None


def evaluate_beir(
    folder: Path, encoder: Encoder, settings: Settings, *, progress: Progress | None = None
) -> BeirResult:
    """Index the collection of *folder* aside, and measure ``Assistant.search`` on its judged queries.

    Raises:
        EvaluationDataError: The folder is not a BEIR collection.
    """
    qrels = read_qrels(folder / QRELS)
    queries = read_queries(folder / QUERIES)
    with TemporaryDirectory(prefix="assistant-beir-") as place:
        report = index_documents(
            read_corpus(folder / CORPUS),
            Path(place),
            encoder,
            max_chars=settings.max_chars,
            progress=progress,
        )
        if not report.passages:
            message = f"Le fichier « {folder / CORPUS} » ne contient aucun document : il en faut au moins un."
            raise EvaluationDataError(message, path=folder / CORPUS)
        assistant = Assistant.open(place, settings, encoder=encoder)
        run = {}
        for number, query in enumerate(qrels, 1):
            run[query] = _found(assistant, queries.get(query))
            if progress is not None:
                progress("Requêtes", number, len(qrels))
    found = {q: documents for q, documents in run.items() if documents is not None}
    return BeirResult(
        measures=ranking_measures(qrels, found),
        documents=len(report.added),
        passages=report.passages,
        queries=len(qrels),
        refused=len(qrels) - len(found),
        index_seconds=report.seconds,
    )
