"""``SLUG.questions.yaml``: what it lists exists in its document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assistant.corpus.formats import FORMATS
from assistant.corpus.lint_notes import references
from assistant.corpus.lint_page import Page, Problem
from assistant.corpus.yaml_text import load_yaml

_ENDINGS = (".questions.yaml", ".questions.yml")
_KEY = re.compile(r"[\"']?([^\s\"'#:-][^\s\"':]*)[\"']?[ ]*:")


_Loaded = tuple[dict[Any, Any], list[tuple[int, str]], list[Problem]]


def _load(path: Path, relative: str) -> _Loaded:
    """Return the mapping, its keys with their lines, and what is wrong with the file whole."""
    try:
        text = path.read_text(encoding="utf-8")
        loaded = load_yaml(text)
    except (ValueError, OSError):
        return {}, [], [Problem(relative, None, "ce n'est pas du YAML lisible : corrigez-le ou retirez-le.")]
    if loaded is None:
        return {}, [], []
    if not isinstance(loaded, dict):
        sentence = "le fichier doit associer à chaque note une liste de questions."
        return {}, [], [Problem(relative, None, sentence)]
    keys = [(n, m[1]) for n, line in enumerate(text.split("\n"), 1) if (m := _KEY.match(line))]
    return loaded, keys, []


def _check_file(path: Path, relative: str, labels: set[str] | None) -> Iterator[Problem]:
    loaded, keys, problems = _load(path, relative)
    yield from problems
    lines: dict[str, int] = {}
    for number, key in keys:
        if key in lines:
            sentence = f"« {key} » est là deux fois, seules ses dernières questions comptent : réunissez-les."
            yield Problem(relative, number, sentence)
        lines.setdefault(key, number)
    for key, questions in loaded.items():
        line = lines.get(str(key))
        if labels is not None and str(key) not in labels:
            sentence = (
                f"le document n'appelle aucune note « {key} » : corrigez son nom, ou retirez ces questions."
            )
            yield Problem(relative, line, sentence)
        listed = isinstance(questions, list) and bool(questions)
        if not listed or not all(isinstance(q, str) and q.strip() for q in questions):
            sentence = f"« {key} » doit mener à une liste de questions, une par ligne après un tiret."
            yield Problem(relative, line, sentence)


def check_questions(corpus: Path, pages: list[Page]) -> Iterator[Problem]:
    """Every questions file has its document, and every id stands in it."""
    labels = {(corpus / p.path).with_suffix(""): set(references(p)) for p in pages}
    for path in sorted(corpus.rglob("*.questions.y*ml")):
        if not path.name.endswith(_ENDINGS) or not path.is_file():
            continue
        relative = path.relative_to(corpus).as_posix()
        stem = path.with_name(path.name.rsplit(".questions.", 1)[0])
        if not any(stem.with_name(stem.name + suffix).is_file() for suffix in FORMATS):
            sentence = "aucun document de ce nom n'est à côté : renommez ce fichier, ou retirez-le."
            yield Problem(relative, None, sentence)
            continue
        yield from _check_file(path, relative, labels.get(stem))
