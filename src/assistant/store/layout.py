"""The files of an index folder, and the switch from one build to the next."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from assistant.errors import IndexCorruptedError, IndexMissingError

FORMAT = 1
CURRENT = "CURRENT"
BUILDS = "builds"
MANIFEST = "manifest.json"
DATABASE = "dossier.sqlite"
LEXICAL = "lexical"
VECTOR_FILES = ("passages.faiss", "sentences.faiss", "questions.faiss")
KEPT_BUILDS = 2
"""The current build and the one before it, for rollback."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a build was made of, and the checksums of its files.

    Attributes:
        files: Path in the corpus -> [digest, size, mtime_ns].
        failed: Path -> the French sentence that says why it was not indexed.
        checksums: File in the build folder -> BLAKE2b of its bytes.
    """

    format: int
    model: str
    max_chars: int
    built_at: str
    files: dict[str, list[Any]]
    failed: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    checksums: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    attributes: str = ""


def checksum(path: Path) -> str:
    """Return the BLAKE2b of a file's bytes."""
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def contents(folder: Path) -> list[Path]:
    """Return the files of a build, manifest left out."""
    return sorted(
        p for p in folder.rglob("*") if p.is_file() and p.name != MANIFEST and not p.name.endswith(".lock")
    )


def sync(path: Path) -> None:
    """Have the system write *path*, a file or a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_atomically(path: Path, text: str) -> None:
    """Replace *path* by a file that holds *text*, or leave it as it was."""
    draft = path.with_name(path.name + ".tmp")
    with draft.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(path)
    sync(path.parent)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Seal a build: its manifest is written last."""
    for path in contents(folder):
        sync(path)
    write_atomically(folder / MANIFEST, json.dumps(asdict(manifest), ensure_ascii=False, indent=1))


def current_build(index: Path) -> Path:
    """Return the folder of the current build.

    Raises:
        IndexMissingError: No index has been built.
        IndexCorruptedError: The build that ``CURRENT`` names is gone.
    """
    pointer = index / CURRENT
    if not pointer.is_file():
        message = f"Aucun index dans « {index} » : construisez-le par « assistant index »."
        raise IndexMissingError(message, path=index)
    name = pointer.read_text(encoding="utf-8").strip()
    folder = index / BUILDS / name
    if not name or "/" in name or not (folder / MANIFEST).is_file():
        message = f"L'index de « {index} » est incomplet : reconstruisez-le par « assistant index --full »."
        raise IndexCorruptedError(message, path=index)
    return folder


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a build.

    Raises:
        IndexCorruptedError: It cannot be read.
    """
    try:
        return Manifest(**json.loads((folder / MANIFEST).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        message = (
            f"Le manifeste de l'index « {folder} » est illisible : "
            "reconstruisez l'index par « assistant index --full »."
        )
        raise IndexCorruptedError(message, path=folder) from error


def verify(folder: Path, manifest: Manifest) -> None:
    """Check the files of a build against its manifest.

    Raises:
        IndexCorruptedError: A file is missing or its bytes have changed.
    """
    for name, expected in manifest.checksums.items():
        path = folder / name
        if not path.is_file() or checksum(path) != expected:
            message = (
                f"Le fichier « {name} » de l'index est absent ou altéré : "
                "reconstruisez l'index par « assistant index --full », "
                "ou revenez au précédent par « assistant index --rollback »."
            )
            raise IndexCorruptedError(message, path=path)


def switch(index: Path, name: str) -> None:
    """Make the build *name* current, in one atomic rename."""
    write_atomically(index / CURRENT, name + "\n")


def prune(index: Path) -> None:
    """Delete builds that are neither current nor the last good one before it."""
    current = (index / CURRENT).read_text(encoding="utf-8").strip()
    sealed = sorted(
        (p for p in (index / BUILDS).iterdir() if (p / MANIFEST).is_file()),
        key=lambda p: p.name,
        reverse=True,
    )
    keep = {current} | {p.name for p in [q for q in sealed if q.name < current][: KEPT_BUILDS - 1]}
    for folder in (index / BUILDS).iterdir():
        if folder.name not in keep:
            shutil.rmtree(folder, ignore_errors=True)


def rollback(index: Path) -> str:
    """Make the build before the current one current again; return its name.

    Raises:
        IndexMissingError: There is none, or it is damaged.
    """
    pointer = index / CURRENT
    current = pointer.read_text(encoding="utf-8").strip() if pointer.is_file() else ""
    builds = index / BUILDS
    older = (
        sorted((p for p in builds.iterdir() if p.name < current and (p / MANIFEST).is_file()), reverse=True)
        if builds.is_dir()
        else []
    )
    for folder in older:
        verify(folder, read_manifest(folder))
        switch(index, folder.name)
        return folder.name
    message = (
        f"Il n'y a pas d'index précédent dans « {index} » : reconstruisez l'index par « assistant index »."
    )
    raise IndexMissingError(message, path=index)
