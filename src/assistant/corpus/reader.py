"""Read any supported file into a document."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from assistant.corpus import ocr, wire
from assistant.corpus.draft import Draft, Job
from assistant.corpus.formats import FORMATS, TEXT_FORMATS, known_formats
from assistant.corpus.isolation import read_isolated, recognise_isolated
from assistant.corpus.limits import DEFAULT_LIMITS, Limits, megabytes
from assistant.corpus.scan import questions_file
from assistant.corpus.yaml_text import load_yaml
from assistant.domain import Document
from assistant.errors import (
    AssistantError,
    EmptyDocumentError,
    UnreadableDocumentError,
    UnsupportedFormatError,
)
from assistant.text import clean, squeeze


def slug_of(path: str) -> str:
    """Return the document's identifier: its file name without extension, in plain letters."""
    stem = Path(path).stem
    return re.sub(r"[^\w.-]+", "-", stem).strip("-") or "document"


def _questions(path: Path) -> tuple[tuple[str, tuple[str, ...]], ...]:
    companion = questions_file(path)
    if companion is None:
        return ()
    try:
        loaded: Any = load_yaml(companion.read_text(encoding="utf-8"))
    except ValueError as error:
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
        (str(note), tuple(squeeze(clean(q)) for q in questions if isinstance(q, str) and q.strip()))
        for note, questions in loaded.items()
        if isinstance(questions, list)
    )


def _refuse_size(path: str, size: int, suffix: str, limits: Limits) -> None:
    most = limits.max_text_bytes if suffix in TEXT_FORMATS else limits.max_bytes
    if size > most:
        message = (
            f"Le fichier « {path} » pèse {megabytes(size)}, plus que la limite de {megabytes(most)} : "
            "divisez-le en plusieurs fichiers, puis relancez « assistant index »."
        )
        raise UnreadableDocumentError(message, path=path)


def _read_here(job: Job, suffix: str) -> Draft:
    """Read a short text in this process."""
    try:
        return wire.without_surrogates(FORMATS[suffix](job))
    except (AssistantError, OSError, MemoryError):
        raise
    except Exception as error:
        # One file, whatever is in it, never stops the others.
        message = (
            f"Le fichier « {job.path.name} » n'a pas pu être lu : "
            "vérifiez son contenu, ou enregistrez-le de nouveau en texte simple."
        )
        raise UnreadableDocumentError(message, path=job.path) from error


def _unopened(path: str, error: OSError) -> UnreadableDocumentError:
    if "\ufffd" in path:
        message = f"Le nom du fichier « {path} » n'est pas en UTF-8 : renommez-le sans caractères spéciaux."
    elif isinstance(error, FileNotFoundError):
        message = f"Le fichier « {path} » n'existe plus : relancez « assistant index »."
    elif isinstance(error, IsADirectoryError):
        message = f"« {path} » est un dossier et non un fichier : renommez-le."
    else:
        message = f"Le fichier « {path} » ne peut pas être ouvert : vérifiez ses droits d'accès et le disque."
    return UnreadableDocumentError(message, path=path)


def _draft(job: Job, path: str, suffix: str) -> Draft:
    try:
        size = job.path.stat().st_size
        _refuse_size(path, size, suffix, job.limits)
        if suffix in TEXT_FORMATS and size <= job.limits.at_once:
            return _read_here(job, suffix)
        draft = read_isolated(job, suffix)
    except OSError as error:
        raise _unopened(path, error) from error
    ocr.complete(draft, job, lambda page: recognise_isolated(job, page))
    return draft


def read_document(
    corpus: Path, path: str, *, slug: str | None = None, limits: Limits | None = None
) -> Document:
    """Read the file *path* of *corpus*.

    Anything but a short text is read in a process of its own, within *limits* (by
    default ``DEFAULT_LIMITS``).

    Raises:
        UnsupportedFormatError: The format is not one that is read.
        UnreadableDocumentError: The file is damaged, encrypted, not what its name says, or
            passes a limit.
        EmptyDocumentError: It holds no text.
    """
    full = corpus / path
    suffix = full.suffix.lower()
    if suffix not in FORMATS:
        message = (
            f"Le fichier « {path} » a un format qui n'est pas lu (formats lus : {known_formats()}) : "
            "convertissez-le dans l'un d'eux."
        )
        raise UnsupportedFormatError(message, path=path)
    draft = _draft(Job(full, limits or DEFAULT_LIMITS), path, suffix)
    if not any(section.sentences for section in draft.sections):
        missing = any(ocr.PACKAGE in loss for loss in draft.losses)
        advice = (
            f"installez le paquet {ocr.PACKAGE} pour qu'il soit reconnu"
            if missing
            else "vérifiez son contenu"
        )
        message = (
            f"Le fichier « {path} » ne contient aucun texte : "
            f"{advice}, ou fournissez une version dont le texte se sélectionne."
        )
        raise EmptyDocumentError(message, path=path)
    return Document(
        slug=slug or slug_of(path),
        path=path,
        title=draft.title or squeeze(clean(re.sub("[-_]", " ", Path(path).stem))) or "Document",
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
