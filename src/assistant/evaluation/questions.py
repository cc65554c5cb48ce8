"""The project's evaluation questions, and which of them tune or only report."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from assistant.errors import EvaluationDataError

Part = Literal["reglage", "test"]
PARTS: tuple[Part, ...] = ("reglage", "test")
FACTUAL = frozenset({"fait", "definition", "suite"})
"""Kinds that one sentence of the dossier answers."""
HASHED = frozenset({"comparaison", "liste"})
"""Kinds about several providers, which no single document decides the part of."""
KINDS = frozenset({*FACTUAL, *HASHED, "hors_sujet", "fausse_premisse"})


@dataclass(frozen=True, slots=True)
class Question:
    """A question with what is expected of its answer; the fields of ``eval/README.md``.

    Attributes:
        facts: Footnote ids; any one of them answers, except in comparisons and lists.
        documents: Slugs of the documents that hold the answer, the main one first.
        providers: Slugs of the fiches named, or that a list must contain.
        attribute: Label of the identity-table row that a comparison is about, if one is.
        values: Slug -> the key words of the right value, for a comparison.
        part: Whether the question tunes or only reports.
    """

    id: str
    text: str
    kind: str
    part: Part
    history: tuple[str, ...] = ()
    answerable: bool = True
    facts: frozenset[str] = frozenset()
    documents: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    attribute: str | None = None
    values: Mapping[str, str] | None = None
    language: str = "fr"

    @property
    def factual(self) -> bool:
        """Whether one fact of the dossier answers."""
        return self.kind in FACTUAL and self.answerable


def part_of(record: Mapping[str, Any], test_documents: frozenset[str]) -> Part:
    """Return the part that a question belongs to.

    Comparisons, lists and unanswerable questions are split by the parity of the first byte of
    the SHA-256 of their id; every other question by its main document, the first it names.
    """
    if record["kind"] in HASHED or not record["answerable"]:
        return "test" if hashlib.sha256(record["id"].encode()).digest()[0] % 2 == 1 else "reglage"
    return "test" if record["documents"][:1] and record["documents"][0] in test_documents else "reglage"


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(value)  # noqa: TRY004 - what json.loads raises for the other bad lines
    return value


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSONL file.

    Raises:
        EvaluationDataError: The file cannot be read, or a line is not a JSON object.
    """
    number = 0
    try:
        with path.open(encoding="utf-8") as stream:
            for line in stream:
                number += 1
                if line.strip():
                    yield _object(json.loads(line))
    except OSError as error:
        message = f"Le fichier « {path} » ne peut pas être lu : vérifiez son chemin et ses droits."
        raise EvaluationDataError(message, path=path) from error
    except ValueError as error:
        message = f"La ligne {number} du fichier « {path} » n'est pas un objet JSON en UTF-8 : corrigez-la."
        raise EvaluationDataError(message, path=path) from error


def read_toml(path: Path) -> dict[str, Any]:
    """Return the content of a TOML file.

    Raises:
        EvaluationDataError: It cannot be read or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"Le fichier « {path} » ne peut pas être lu : vérifiez son chemin et ses droits."
        raise EvaluationDataError(message, path=path) from error
    except ValueError as error:
        message = f"Le fichier « {path} » n'est pas du TOML valide ({error}) : corrigez-le."
        raise EvaluationDataError(message, path=path) from error


def test_documents_of(questions: Path) -> frozenset[str]:
    """Return the test documents of the nearest ``split.toml`` at or above *questions*, or none."""
    for folder in (questions, *questions.absolute().parents[:2], Path("eval")):
        path = folder / "split.toml"
        if path.is_file():
            return frozenset(map(str, read_toml(path).get("test_documents", ())))
    return frozenset()


def _strings(record: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = record.get(name) or []
    if not isinstance(value, list):
        raise TypeError(name)
    return tuple(map(str, value))


def _question(record: Mapping[str, Any], test_documents: frozenset[str], number: int) -> Question:
    kind = str(record.get("kind") or "fait")
    if kind not in KINDS:
        raise ValueError(kind)
    identifier = str(record.get("id") or f"ligne-{number}")
    answerable = bool(record.get("answerable", kind != "hors_sujet"))
    documents = _strings(record, "documents")
    placed = {"id": identifier, "kind": kind, "answerable": answerable, "documents": documents}
    return Question(
        id=identifier,
        text=str(record["question"]),
        kind=kind,
        part=part_of(placed, test_documents),
        history=_strings(record, "history"),
        answerable=answerable,
        facts=frozenset(_strings(record, "facts")),
        documents=documents,
        providers=_strings(record, "providers"),
        attribute=record.get("attribute"),
        values={str(k): str(v) for k, v in (record.get("values") or {}).items()},
        language=str(record.get("lang") or "fr"),
    )


def load_questions(path: Path) -> tuple[Question, ...]:
    """Return the questions of a JSONL file, or of every one in a folder.

    Raises:
        EvaluationDataError: There is none, a line is not a question, or two share an id.
    """
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    test_documents = test_documents_of(path)
    found: dict[str, Question] = {}
    for file in files:
        for number, record in enumerate(read_lines(file), 1):
            try:
                question = _question(record, test_documents, number)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                message = (
                    f"La question {number} du fichier « {file} » ne se lit pas ({error}) : voyez le format "
                    "dans "
                    "eval/README.md."
                )
                raise EvaluationDataError(message, path=file) from error
            if question.id in found:
                message = (
                    f"Deux questions portent l'identifiant « {question.id} » (la seconde dans « {file} ») : "
                    "changez-en un."
                )
                raise EvaluationDataError(message, path=file)
            found[question.id] = question
    if not found:
        message = f"Aucune question dans « {path} » : donnez un fichier JSONL ou un dossier qui en contient."
        raise EvaluationDataError(message, path=path)
    return tuple(found.values())
