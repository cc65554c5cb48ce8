"""Find the files of a corpus folder."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from assistant.corpus.limits import DEFAULT_LIMITS

# Written for editors, not for readers; and what editors and systems leave behind.
_NOT_INDEXED = frozenset({"readme.md", "thumbs.db", "desktop.ini"})
_COMPANIONS = (".questions.yaml", ".questions.yml")
ATTRIBUTES_FILE = "attributs.yaml"


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file of the corpus.

    Attributes:
        path: Path in the corpus folder, with forward slashes.
        digest: BLAKE2b of the bytes of the file and of its questions file.
        size: Bytes.
        mtime_ns: Time of last change, which lets a rebuild skip the digest of files whose size
            and time are those of the last build.
    """

    path: str
    digest: str
    size: int
    mtime_ns: int


def questions_file(path: Path) -> Path | None:
    """Return the ``SLUG.questions.yaml`` beside *path*, if there is one."""
    for suffix in _COMPANIONS:
        candidate = path.with_name(path.stem + suffix)
        if candidate.is_file():
            return candidate
    return None


def _digest(path: Path, stamp: tuple[int, int]) -> str:
    """Return the digest of the bytes, or of *stamp* where the file is too large to be read."""
    if stamp[0] > DEFAULT_LIMITS.max_bytes:
        return hashlib.blake2b(repr(stamp).encode(), digest_size=16).hexdigest()
    digest = hashlib.blake2b(digest_size=16)
    for part in (path, questions_file(path)):
        if part is not None:
            with part.open("rb") as stream:
                while block := stream.read(1 << 20):
                    digest.update(block)
        digest.update(b"\0")
    return digest.hexdigest()


def _stamp(path: Path) -> tuple[int, int]:
    """Return total size and latest change of the file and of its questions file."""
    stats = [p.stat() for p in (path, questions_file(path)) if p is not None]
    return sum(s.st_size for s in stats), max(s.st_mtime_ns for s in stats)


def _is_passing(relative: Path) -> bool:
    """Tell whether a file is hidden, or one that editors make for the time of a save."""
    return any(p.startswith((".", "~$")) for p in relative.parts) or relative.name.lower().endswith(
        ("~", ".tmp", ".swp")
    )


def _is_left_out(relative: Path) -> bool:
    """Tell whether a file is hidden, temporary, or written for editors."""
    name = relative.name.lower()
    if _is_passing(relative):
        return True
    return name in _NOT_INDEXED or name == ATTRIBUTES_FILE or name.endswith(_COMPANIONS)


def matters(relative: Path) -> bool:
    """Tell whether a change of the file or folder *relative* may change the index."""
    return not _is_passing(relative) and relative.name.lower() not in _NOT_INDEXED


def _found(path: Path, key: str, before: FoundFile | None) -> FoundFile:
    """Return the file; one that cannot be opened is found all the same, and reading it says why."""
    try:
        stamp = _stamp(path)
        if before is not None and (before.size, before.mtime_ns) == stamp:
            return before
        return FoundFile(key, _digest(path, stamp), *stamp)
    except OSError:
        return FoundFile(key, "", 0, 0)


def _is_own(path: Path, root: Path) -> bool:
    try:
        return path.is_file() and path.resolve().is_relative_to(root)
    except (OSError, RuntimeError):  # RuntimeError: a loop of links
        return False


def scan(corpus: Path, known: dict[str, FoundFile] | None = None) -> list[FoundFile]:
    """Return the files of *corpus*, sorted by path.

    Hidden files and folders, editors' temporary files, ``README.md`` and the YAML companions
    are left out. A file whose size and time are those in *known* keeps its digest unread.
    Symbolic links that lead outside the corpus are left out: only its own documents are read.
    A name that is not UTF-8 is found with "\ufffd" in its place, and reading it says so.
    """
    known = known or {}
    root = corpus.resolve()
    found = []
    for path in sorted(corpus.rglob("*")):
        relative = path.relative_to(corpus)
        if _is_left_out(relative) or not _is_own(path, root):
            continue
        key = os.fsencode(relative.as_posix()).decode("utf-8", "replace")
        found.append(_found(path, key, known.get(key)))
    return found
