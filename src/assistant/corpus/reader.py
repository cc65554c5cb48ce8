"""Read any supported file into a document."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from assistant.corpus import markdown, pdf, plain
from assistant.corpus.draft import Draft
from assistant.corpus.scan import questions_file
from assistant.domain import Document
from assistant.errors import EmptyDocumentError, UnreadableDocumentError, UnsupportedFormatError
from assistant.text import clean, squeeze

FORMATS: Mapping[str, Callable[[Path], Draft]] = {
    ".md": markdown.read,
    ".markdown": markdown.read,
    ".txt": plain.read,
    ".pdf": pdf.read,
}


def slug_of(path: str) -> str:
    """Return the document's identifier: its file name without extension, in plain letters."""
    stem = Path(path).stem
    return re.sub(r"[^\w.-]+", "-", stem).strip("-") or "document"


def _questions(path: Path) -> tuple[tuple[str, tuple[str, ...]], ...]:
    companion = questions_file(path)
    if companion is None:
        return ()
    try:
        loaded: Any = yaml.safe_load(companion.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        message = (
            f"Le fichier de questions « {companion.name} » n'est pas du YAML lisible : "
            "corrigez-le ou retirez-le, puis relancez « assistant index »."
        )
        raise UnreadableDocumentError(message, path=companion) from error
    if loaded is None:
        return ()
    if not isinstance(loaded, dict):
        message = (
            f"Le fichier de questions « {companion.name} » doit associer à chaque note une liste "
            "de questions : corrigez-le, puis relancez « assistant index »."
        )
        raise UnreadableDocumentError(message, path=companion)
    return tuple(
        (str(note), tuple(squeeze(clean(str(q))) for q in questions if str(q).strip()))
        for note, questions in loaded.items()
        if isinstance(questions, list)
    )


def read_document(corpus: Path, path: str, *, slug: str | None = None) -> Document:
    """Read the file *path* of *corpus*.

    Raises:
        UnsupportedFormatError: The format is not one that is read.
        UnreadableDocumentError: The file is damaged, encrypted or not what its name says.
        EmptyDocumentError: It holds no text.
    """
    full = corpus / path
    read = FORMATS.get(full.suffix.lower())
    if read is None:
        known = ", ".join(sorted({s.removeprefix(".") for s in FORMATS}))
        message = (
            f"Le fichier « {path} » a un format qui n'est pas lu (formats lus : {known}) : "
            "convertissez-le dans l'un d'eux."
        )
        raise UnsupportedFormatError(message, path=path)
    try:
        draft = read(full)
    except OSError as error:
        message = f"Le fichier « {path} » ne peut pas être ouvert ({error.strerror}) : vérifiez ses droits d'accès."
        raise UnreadableDocumentError(message, path=path) from error
    if not any(section.sentences for section in draft.sections):
        message = (
            f"Le fichier « {path} » ne contient aucun texte : "
            "vérifiez son contenu, ou fournissez une version dont le texte se sélectionne."
        )
        raise EmptyDocumentError(message, path=path)
    return Document(
        slug=slug or slug_of(path),
        path=path,
        title=draft.title or Path(path).stem.replace("-", " ").replace("_", " "),
        type=draft.type or "document",
        sections=tuple(draft.sections),
        author=draft.author,
        updated=draft.updated,
        provider=draft.provider,
        assistant=draft.assistant,
        aliases=tuple(draft.aliases),
        sources=tuple(draft.sources),
        questions=_questions(full),
        losses=tuple(draft.losses),
    )
