"""The files of an index folder, and the switch from one build to the next."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.errors import IndexCorruptedError, IndexMissingError
from assistant.store import layout


def _build(index: Path, name: str, *, text: str = "texte") -> Path:
    folder = index / layout.BUILDS / name
    (folder / "lexical").mkdir(parents=True)
    (folder / "a.bin").write_text(text, encoding="utf-8")
    (folder / "lexical" / "b.bin").write_text(text, encoding="utf-8")
    sums = {p.relative_to(folder).as_posix(): layout.checksum(p) for p in layout.contents(folder)}
    layout.write_manifest(folder, layout.Manifest(1, "m", 600, "2026-01-01", {}, checksums=sums))
    return folder


def test_a_manifest_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Accents included; it lists every file but itself."""
    folder = _build(tmp_path, "b1")
    manifest = layout.read_manifest(folder)
    assert {"a.bin", "lexical/b.bin"} == set(manifest.checksums)
    layout.verify(folder, manifest)


@pytest.mark.parametrize("damage", ["missing", "altered", "emptied"])
def test_a_damaged_file_is_named(damage: str, tmp_path: Path) -> None:
    """And the sentence says how to repair."""
    folder = _build(tmp_path, "b1")
    path = folder / "lexical" / "b.bin"
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(b"texTe" if damage == "altered" else b"")
    with pytest.raises(IndexCorruptedError, match=r"lexical/b\.bin.*assistant index"):
        layout.verify(folder, layout.read_manifest(folder))


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": 1}', '{"autre": 1}', "\x00"])
def test_a_manifest_that_is_none_is_told(text: str, tmp_path: Path) -> None:
    """Whatever its bytes are."""
    folder = _build(tmp_path, "b1")
    (folder / layout.MANIFEST).write_text(text, encoding="utf-8")
    with pytest.raises(IndexCorruptedError):
        layout.read_manifest(folder)


def test_the_switch_is_one_file(tmp_path: Path) -> None:
    """Before it the old build is current, after it the new one; no draft is left."""
    first, second = _build(tmp_path, "b1"), _build(tmp_path, "b2")
    layout.switch(tmp_path, "b1")
    assert first == layout.current_build(tmp_path)
    layout.switch(tmp_path, "b2")
    assert second == layout.current_build(tmp_path)
    assert list(tmp_path.glob("*.tmp")) == []


def test_no_index_is_not_a_damaged_index(tmp_path: Path) -> None:
    """The first is built, the second rebuilt."""
    with pytest.raises(IndexMissingError):
        layout.current_build(tmp_path)


@pytest.mark.parametrize("name", ["", "b9", "../..", "/etc", ".", ".."])
def test_a_pointer_to_nowhere_is_told(name: str, tmp_path: Path) -> None:
    """Nor does it lead out of the index folder."""
    _build(tmp_path, "b1")
    (tmp_path / layout.CURRENT).write_text(name, encoding="utf-8")
    with pytest.raises(IndexCorruptedError):
        layout.current_build(tmp_path)


def test_the_last_good_build_is_kept(tmp_path: Path) -> None:
    """The current one, the one before it; neither older ones nor torn ones."""
    for name in ("b1", "b2", "b3"):
        _build(tmp_path, name)
    (tmp_path / layout.BUILDS / "b2x").mkdir()
    layout.switch(tmp_path, "b3")
    layout.prune(tmp_path)
    assert {"b2", "b3"} == {p.name for p in (tmp_path / layout.BUILDS).iterdir()}


def test_an_atomic_write_leaves_the_old_text_when_it_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk is not the end of the index."""
    path = tmp_path / "f"
    layout.write_atomically(path, "ancien")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(layout.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        layout.write_atomically(path, "nouveau")
    assert path.read_text(encoding="utf-8") == "ancien"
