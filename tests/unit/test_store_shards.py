"""Shards: where they are cut, what a rebuild writes again, what it links."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assistant import lexical
from assistant.lexical import LexicalIndex, offsets_of
from assistant.store import open_index, rebuild
from assistant.store.cutting import LEAST_ROWS, MOST_ROWS, SMALL_CORPUS, Entry, cut, shard_rows
from assistant.vectors import StoredVectors, VectorIndex, centre_of, packed
from samples import Built, FakeEncoder


def _entries(count: int, weight: int = 10) -> list[Entry]:
    return [Entry(f"d{n}", f"dossier/d{n:05}.md", f"c{n}", weight) for n in range(count)]


def test_every_document_is_in_one_shard_in_order() -> None:
    """Shards are neither small nor large, the last one aside."""
    entries = _entries(4000)
    shards = list(cut(entries, 400))
    assert [e for shard in shards for e in shard] == entries
    sizes = [sum(e.weight for e in shard) for shard in shards[:-1]]
    assert all(200 <= size <= 800 + 10 for size in sizes)
    assert 300 < np.mean(sizes) < 500


@pytest.mark.parametrize("edit", ["removed", "added", "longer"])
def test_an_edit_moves_the_bounds_near_it_alone(edit: str) -> None:
    """Wherever it is: of a hundred shards all but a few are the same."""
    entries = _entries(4000)
    before = {tuple(shard) for shard in cut(entries, 400)}
    changed = []
    for at in range(50, 4000, 400):
        other = list(entries)
        if edit == "removed":
            del other[at]
        elif edit == "added":
            other.insert(at, Entry("x", f"{other[at].path}x", "x", 25))
        else:
            other[at] = Entry(other[at].slug, other[at].path, "x", 35)
        changed.append(len({tuple(shard) for shard in cut(other, 400)} - before))
    assert np.mean(changed) < 3
    assert max(changed) < 12


def test_one_document_may_fill_a_shard() -> None:
    """A book is not cut in two."""
    entries = [*_entries(3), Entry("livre", "dossier/livre.pdf", "c", 50_000), *_entries(1)]
    assert [len(shard) for shard in cut(entries, 400)] == [4, 1]


def test_shards_grow_with_the_corpus() -> None:
    """In powers of two, between bounds."""
    assert shard_rows(0) == shard_rows(SMALL_CORPUS) == LEAST_ROWS
    assert shard_rows(SMALL_CORPUS + 1) == 2 * LEAST_ROWS
    assert shard_rows(1 << 40) == MOST_ROWS


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Built:
    """Return an index of a few small shards."""
    import sys

    monkeypatch.setattr(sys.modules["assistant.store.rebuild"], "shard_rows", lambda _: 12)
    corpus = tmp_path / "notes"
    corpus.mkdir()
    for number in range(16):
        (corpus / f"n{number:02}.md").write_text(f"Une phrase. Une autre, la {number}.", encoding="utf-8")
    encoder = FakeEncoder()
    return Built(corpus, tmp_path / "i", encoder, rebuild(corpus, tmp_path / "i", encoder, max_chars=600))


def test_unchanged_shards_are_the_same_files(notes: Built) -> None:
    """One edited document, one or two new shards; the old build stays whole."""
    before = notes.open()
    (notes.corpus / "n05.md").write_text("Une phrase neuve.", encoding="utf-8")
    report = notes.rebuild()
    after = notes.open()
    old = {s["key"]: s for s in before.manifest.shards}
    new = [s for s in after.manifest.shards if s["key"] not in old]
    assert len(old) > 3
    assert 1 <= len(new) <= 3
    assert report.embedded == 2
    for shard in after.manifest.shards:
        for name in shard["files"] if shard["key"] in old else ():
            assert (after.folder / name).samefile(before.folder / name)
    assert before._sentence(0).text == "Une phrase."
    assert "phrase neuve" in after.passages_of("n05")[0].text


def test_without_links_files_are_copied(notes: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a key or a share that has none."""

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", refuse)
    (notes.corpus / "n05.md").write_text("Une phrase neuve.", encoding="utf-8")
    notes.rebuild()
    assert "phrase neuve" in notes.open().passages_of("n05")[0].text


def test_a_copied_document_costs_no_embedding(notes: Built) -> None:
    """Its texts are found in whatever shard holds them, were it the farthest."""
    (notes.corpus / "z").mkdir()
    (notes.corpus / "z" / "n03.md").write_bytes((notes.corpus / "n03.md").read_bytes())
    report = notes.rebuild()
    assert (report.added, report.embedded) == (("z/n03.md",), 0)


def test_a_damaged_shard_is_made_from_the_files(notes: Built) -> None:
    """When an edit needs it: the documents are read again, nothing is lost."""
    build = notes.open().folder
    (build / "dossier.sqlite").chmod(0o644)
    for path in build.glob("shards/*.sqlite"):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 0xFF
        path.write_bytes(data)
    (notes.corpus / "n05.md").write_text("Une phrase neuve.", encoding="utf-8")
    notes.rebuild()
    after = open_index(notes.folder)
    assert len(after.documents) == 16
    assert "la 11" in after.passages_of("n11")[0].text


def test_segments_answer_as_one_index(tmp_path: Path) -> None:
    """The statistics are those of all rows; ties come by row, across segments."""
    rows = [{"text": f"Lille et la mer{' du nord' if n % 3 else ''}"} for n in range(30)]
    whole = LexicalIndex.build(tmp_path / "whole", enumerate(rows))
    parts, counts = [], []
    (tmp_path / "parts").mkdir()
    for number, start in enumerate(range(0, 30, 5)):
        folder = tmp_path / f"p{number}"
        LexicalIndex.build(folder, enumerate(rows[start : start + 5]))
        for segment in lexical.segments(folder):
            parts.append(segment)
            for path in lexical.segment_files(folder, segment):
                path.rename(tmp_path / "parts" / path.name)
        counts.append((1, 5))
    lexical.compose(tmp_path / "parts", parts)
    composed = LexicalIndex.load(tmp_path / "parts", offsets_of(counts))
    for limit in (4, 12, 30):
        assert composed.search("Lille nord", limit=limit, weights={"text": 1.0}) == whole.search(
            "Lille nord", limit=limit, weights={"text": 1.0}
        )


def _unit(count: int, seed: int) -> np.ndarray:
    drawn = np.random.default_rng(seed).normal(size=(count, 64)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def test_codes_find_what_an_exact_search_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Same rows, same scores, same order, in whatever parts the vectors come."""
    vectors = _unit(5000, 1)
    exact = VectorIndex.build(vectors)
    monkeypatch.setattr("assistant.vectors.FLAT_ROWS", 100)
    parts = np.split(vectors, [7, 7, 3000])
    stored = StoredVectors(parts, [p.sum(axis=0, dtype=np.float64) for p in parts], 64)
    assert len(stored) == 5000
    np.testing.assert_array_equal(stored.rows([4999, 0, 7, 2999]), vectors[[4999, 0, 7, 2999]])
    np.testing.assert_array_equal(stored.all_vectors(), vectors)
    for query in vectors[::500] + 0.05 * _unit(10, 2):
        found = stored.search(query[None, :], limit=10)
        expected = exact.search(query[None, :], limit=10)
        assert [r for r, _ in found] == [r for r, _ in expected]
        np.testing.assert_allclose([s for _, s in found], [s for _, s in expected], atol=1e-5)
    assert stored.search(vectors[:1], limit=0) == []
    with pytest.raises(ValueError, match=r"\(1, 64\), got \(1, 3\)"):
        stored.search(np.zeros((1, 3), dtype=np.float32), limit=1)


def test_vectors_far_to_one_side_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """As those of one subject are: the codes are taken around their centre."""
    monkeypatch.setattr("assistant.vectors.FLAT_ROWS", 100)
    vectors = _unit(20_000, 4) + 2 * _unit(1, 5)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    stored = StoredVectors([vectors], [vectors.sum(axis=0, dtype=np.float64)], 64)
    exact = VectorIndex.build(vectors)
    shares = []
    for query in vectors[::1000]:
        near = {r for r, _ in stored.search(query[None, :], limit=10)}
        shares.append(len(near & {r for r, _ in exact.search(query[None, :], limit=10)}) / 10)
    assert np.mean(shares) >= 0.95


def test_the_centre_does_not_follow_every_row() -> None:
    """It is rounded: the codes of all the others stay as they are."""
    sums = _unit(5000, 6).sum(axis=0, dtype=np.float64)
    assert np.array_equal(centre_of([sums], 5000), centre_of([sums, np.full(64, 1e-3)], 5001))


def test_halves_are_kept_where_nothing_is_lost() -> None:
    """Rounded vectors take half the room; others keep every bit."""
    vectors = _unit(3, 3)
    assert packed(vectors).dtype == np.float32
    halves = vectors.astype(np.float16).astype(np.float32)
    assert packed(halves).dtype == np.float16
    np.testing.assert_array_equal(packed(halves).astype(np.float32), halves)
