"""A damaged, full or read-only disk, a clock that jumps: told in one sentence, or without effect."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import IndexWriteError, StoreError
from assistant.store import layout, open_index, rollback
from crashing import dump, in_child, state
from samples import Built

NOBODY = 65_534


def _flip(path: Path, position: int) -> None:
    data = bytearray(path.read_bytes())
    data[position] ^= 0x20
    path.write_bytes(data)


def _positions(size: int) -> list[int]:
    return sorted({0, size // 3, size // 2, size - 1})


def test_a_flipped_byte_is_refused_or_changes_nothing(built: Built) -> None:
    """In every file of the index: at its start, in its middle, at its end."""
    whole = dump(built.open())
    files = [p for p in built.folder.rglob("*") if p.is_file() and p.stat().st_size]
    names = {p.suffix for p in files}
    assert {".sqlite", ".vectors", ".sums", ".json", ".idx", ".term", ""} <= names
    refusals = []
    for path in files:
        before = path.read_bytes()
        for position in _positions(len(before)):
            _flip(path, position)
            try:
                index = built.open()
            except StoreError as error:
                refusals.append(str(error))
            else:
                assert dump(index) == whole, path
            path.write_bytes(before)
    assert len(refusals) > len(files)
    assert all("index" in sentence and "\n" not in sentence for sentence in refusals)
    assert dump(built.open()) == whole


@pytest.mark.parametrize("kind", ["*.vectors", "*.idx"])
def test_a_cut_file_is_made_anew(kind: str, built: Built) -> None:
    """Nobody has to delete anything: the next run sees that a file is too short."""
    whole = dump(built.open())
    path = min(p for p in built.folder.rglob(kind) if p.stat().st_size)
    path.write_bytes(path.read_bytes()[:-1])
    assert not built.rebuild().current
    assert dump(built.open()) == whole


@pytest.mark.parametrize("kind", ["*.sqlite", "*.vectors", "*.term", "meta.json"])
def test_an_altered_file_is_made_anew(kind: str, built: Built) -> None:
    """Even where its length is the same: it was touched, so it is read."""
    whole = dump(built.open())
    path = min(p for p in built.folder.rglob(kind) if p.stat().st_size)
    _flip(path, path.stat().st_size // 2)
    assert not built.rebuild().current
    assert dump(built.open()) == whole
    assert built.rebuild().current


def test_a_full_disk_is_told(built: Built) -> None:
    """In one sentence, whatever file was being written; the old index stays, nothing is left behind."""
    whole = dump(built.open())
    builds = sorted((built.folder / "builds").iterdir())
    (built.corpus / "note.txt").write_text("Une note toute neuve.", encoding="utf-8")
    largest = max(p.stat().st_size for p in built.folder.rglob("*") if p.is_file())

    def with_room_for(size: int) -> str:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        try:
            built.rebuild()
        except IndexWriteError as error:
            return str(error)
        return ""

    told = set()
    for size in (1, 400, 3000, largest // 2, largest - 1):
        code, said = in_child(lambda size=size: with_room_for(size))  # type: ignore[misc]
        assert code == 0, said
        sentence = json.loads(said)
        assert "n'a pas pu être écrit" in sentence
        told.add("le disque est plein" in sentence)
        assert sorted((built.folder / "builds").iterdir()) == builds
        assert dump(built.open()) == whole
    assert True in told
    assert built.rebuild().added == ("note.txt",)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become nobody")
def test_a_read_only_folder_answers_and_refuses_rebuilds(built: Built, tmp_path: Path) -> None:
    """A reader needs no right to write; a rebuild says what it lacks."""
    whole = dump(built.open())
    for path in [built.folder, *built.folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    for parent in [tmp_path, *tmp_path.parents]:
        if parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o055)

    def as_nobody() -> Any:
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        found = dump(open_index(built.folder))
        try:
            built.rebuild(full=True)
        except IndexWriteError as error:
            return [found == whole, str(error)]
        return [found == whole, ""]

    code, said = in_child(as_nobody)
    assert code == 0, said
    assert said.startswith("[true")
    assert "droits" in said


class _Clock(datetime):
    """A clock that can be set."""

    shown = datetime.now(UTC)

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return cls.shown.astimezone(tz)


def test_a_clock_that_jumps_changes_nothing(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    """Builds stay in the order in which they were made: what is kept, and where a rollback leads."""
    monkeypatch.setattr(layout, "datetime", _Clock)
    start = _Clock.shown
    for number, days in enumerate((400, -4000, 0, -1, 9000, 1)):
        _Clock.shown = start + timedelta(days=days)
        before = built.open().name
        (built.corpus / "note.txt").write_text(f"Une note, la {number}.", encoding="utf-8")
        built.rebuild()
        after = built.open()
        assert after.name > before
        assert any(f"la {number}" in p.text for p in after.passages_of("note"))
        assert {p.name for p in (built.folder / "builds").iterdir()} == {before, after.name}
    assert rollback(built.folder) == before


def test_a_file_saved_twice_within_a_tick_is_seen(built: Built) -> None:
    """Same size, same time: the clock of a file system is coarse."""
    path = built.corpus / "note.txt"
    path.write_text("Une note blanche.", encoding="utf-8")
    built.rebuild()
    times = path.stat()
    path.write_text("Une note de fond.", encoding="utf-8")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert built.rebuild().changed == ("note.txt",)


def test_an_index_moves_with_its_folder(built: Built, tmp_path: Path) -> None:
    """To a place where files have other times and no links."""
    shutil.copytree(built.folder, tmp_path / "ailleurs", copy_function=shutil.copyfile)
    assert state(tmp_path / "ailleurs") == state(built.folder)
