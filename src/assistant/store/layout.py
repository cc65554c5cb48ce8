"""The files of an index folder, and the switch from one build to the next."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from assistant.errors import IndexCorruptedError, IndexMissingError

FORMAT = 3
CURRENT = "CURRENT"
BUILDS = "builds"
MANIFEST = "manifest.json"
DATABASE = "dossier.sqlite"
LEXICAL = "lexical"
_NAME = "%Y%m%dT%H%M%S%f"
KEPT_BUILDS = 2
"""The current build and the one before it, for rollback."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a build was made of, and the checksums of its files.

    Attributes:
        files: Path in the corpus -> [digest, size, mtime_ns].
        failed: Path -> the French sentence that says why it was not indexed.
        checksums: File in the build folder -> BLAKE2b of its bytes.
        store: Where the rows are: "faiss", in the folder, or "milvus".
        stamps: File in the build folder -> [bytes, time of last change in ns].
        shards: What the build is made of, in order (see ``shard.ShardInfo``); none with Milvus.
        scanned_ns: When the corpus was looked at.
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
    store: str = "faiss"
    stamps: dict[str, list[int]] = field(default_factory=dict)
    shards: list[dict[str, Any]] = field(default_factory=list)
    scanned_ns: int = 0


def store_of(remote: object | None) -> str:
    """Return the name of the store that a manifest of such a build gives."""
    return "faiss" if remote is None else "milvus"


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


def link(source: Path, target: Path) -> None:
    """Give a file a second name; copy it where the file system has no links."""
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:
        shutil.copyfile(source, target)


def _seal(text: str) -> str:
    """Return the last line of a manifest: it vouches for the lines before as they do for the files."""
    return f"blake2b {hashlib.blake2b(text.encode(), digest_size=16).hexdigest()}"


def write_manifest(folder: Path, manifest: Manifest, *, written: Iterable[Path] | None = None) -> None:
    """Seal a build: its manifest is written last.

    Args:
        folder: The build's folder.
        manifest: What it is made of.
        written: The files that are not on the disk yet; every file of the folder by default.
    """
    for path in contents(folder) if written is None else written:
        sync(path)
    for path in folder.rglob("*"):
        if path.is_dir():
            sync(path)
    text = json.dumps(asdict(manifest), ensure_ascii=False, indent=1)
    write_atomically(folder / MANIFEST, f"{text}\n{_seal(text)}\n")


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
    name = pointer.read_text(encoding="utf-8", errors="replace").strip("\n")
    folder = index / BUILDS / name
    if not name or "/" in name or "\0" in name or not (folder / MANIFEST).is_file():
        message = f"L'index de « {index} » est incomplet : reconstruisez-le par « assistant index --full »."
        raise IndexCorruptedError(message, path=index)
    return folder


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a build.

    Raises:
        IndexCorruptedError: It cannot be read.
    """
    try:
        text, _, seal = (folder / MANIFEST).read_text(encoding="utf-8").rstrip("\n").rpartition("\n")
        # The first format had no seal; it is read so that its age can be told.
        sealed = seal == _seal(text)
        manifest = Manifest(**json.loads(text if sealed else f"{text}\n{seal}"))
        if not sealed and manifest.format == FORMAT:
            raise ValueError(seal)  # noqa: TRY301 - told like any other damage
        return manifest  # noqa: TRY300
    except (OSError, ValueError, TypeError) as error:
        message = (
            f"Le manifeste de l'index « {folder} » est illisible : "
            "reconstruisez l'index par « assistant index --full »."
        )
        raise IndexCorruptedError(message, path=folder) from error


_verified: dict[tuple[int, int, int, int], str] = {}
"""Checksums that this process has computed, by device, inode, size and time: builds share files."""
_VERIFIED_MOST = 100_000


def _is_intact(path: Path, expected: str) -> bool:
    try:
        status = path.stat()
        identity = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        if _verified.get(identity) != expected:
            if len(_verified) >= _VERIFIED_MOST:
                _verified.clear()
            _verified[identity] = checksum(path)
        return _verified[identity] == expected
    except OSError:
        return False


def _damaged(folder: Path, name: str) -> IndexCorruptedError:
    message = (
        f"Le fichier « {name} » de l'index est absent ou altéré : "
        "reconstruisez l'index par « assistant index --full », "
        "ou revenez au précédent par « assistant index --rollback »."
    )
    return IndexCorruptedError(message, path=folder / name)


def verify(folder: Path, manifest: Manifest, names: Iterable[str] | None = None) -> None:
    """Check the files of a build, or those in *names*, against its manifest.

    Raises:
        IndexCorruptedError: A file is missing or its bytes have changed.
    """
    for name in manifest.checksums if names is None else names:
        if not _is_intact(folder / name, manifest.checksums.get(name, "")):
            raise _damaged(folder, name)


def stamp(path: Path) -> list[int]:
    """Return the size of a file and the time of its last change, in nanoseconds."""
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]


def verify_stamps(folder: Path, manifest: Manifest) -> None:
    """Check that the files of a build are as they were written, reading those alone that were touched since.

    Raises:
        IndexCorruptedError: One is missing or its bytes have changed.
    """
    for name, expected in manifest.checksums.items():
        try:
            untouched = stamp(folder / name) == manifest.stamps.get(name)
        except OSError:
            untouched = False
        if not untouched and not _is_intact(folder / name, expected):
            raise _damaged(folder, name)


def new_name(index: Path) -> str:
    """Return the name of a new build: the time, or a moment after the latest build where the clock went back.

    Builds are in the order of their names, whatever the clock does.
    """
    now = datetime.now(UTC)
    builds = index / BUILDS
    latest = max((p.name for p in builds.iterdir()), default="") if builds.is_dir() else ""
    if f"{now:{_NAME}}" <= latest:
        with contextlib.suppress(ValueError, OverflowError):
            after = datetime.strptime(latest.partition("-")[0], _NAME).replace(tzinfo=UTC)
            now = max(now, after + timedelta(microseconds=1))
    return f"{now:{_NAME}}-{secrets.token_hex(3)}"


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
