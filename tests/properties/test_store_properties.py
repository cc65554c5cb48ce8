"""What holds for any sequence of edits."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.errors import CorpusError
from assistant.store import open_index, rebuild
from crashing import dump
from samples import FakeEncoder

NAMES = st.sampled_from(["a.md", "b.md", "dossier/a.md", "c.txt", "d.xyz", "abime.pdf"])
TEXTS = st.sampled_from(
    [
        "",
        "Une phrase. Une autre.",
        "Une autre.",
        "# Titre\n\nUne phrase.\n\n## Suite\n\nEt une troisième.",
        "\0",
    ]
)
EDITS = st.lists(st.tuples(NAMES, st.none() | TEXTS), min_size=1, max_size=6)


@given(EDITS)
@settings(max_examples=12)
def test_any_sequence_of_edits_leads_to_the_index_of_its_end(edits: list[tuple[str, str | None]]) -> None:
    """Step by step or at once, the same corpus gives the same index, and each step leaves one that opens.

    A file that becomes unreadable keeps its last good version, by design, so the end must be readable.
    """
    with tempfile.TemporaryDirectory() as folder:
        corpus, stepwise, fresh = (Path(folder) / n for n in ("corpus", "stepwise", "fresh"))
        corpus.mkdir()
        (corpus / "toujours.md").write_text("Toujours là.", encoding="utf-8")
        broken: set[str] = set()
        for name, text in edits:
            path = corpus / name
            path.parent.mkdir(exist_ok=True)
            if text is None:
                path.unlink(missing_ok=True)
            else:
                path.write_text(text, encoding="utf-8")
            report = rebuild(corpus, stepwise, FakeEncoder(), max_chars=200)
            broken = {f.path for f in report.failed}
            open_index(stepwise)
        for name in broken:
            (corpus / name).unlink()
        rebuild(corpus, stepwise, FakeEncoder(), max_chars=200)
        rebuild(corpus, fresh, FakeEncoder(), max_chars=200)
        assert dump(open_index(stepwise)) == dump(open_index(fresh))
        assert rebuild(corpus, stepwise, FakeEncoder(), max_chars=200).current


@given(st.lists(st.sampled_from([".x", "a.xyz", "README.md", "a.questions.yaml"]), max_size=3))
def test_a_folder_without_documents_is_told(names: list[str]) -> None:
    """Whatever else lies in it."""
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            (Path(folder) / name).touch()
        try:
            rebuild(Path(folder), Path(folder) / "index", FakeEncoder(), max_chars=200)
        except CorpusError:
            return
        raise AssertionError("an index was made of nothing")


WORDS = st.sampled_from(
    ["lune", "mer", "conversation", "données", "Lille", "chiffre", "Europe", "trois", "l’été"]
)
SENTENCES = st.lists(WORDS, min_size=1, max_size=4).map(lambda words: " ".join(words).capitalize() + ".")
NUMBERS = st.integers(0, 24)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), NUMBERS, st.lists(SENTENCES, min_size=1, max_size=5).map(" ".join)),
        st.tuples(st.just("remove"), NUMBERS, st.just("")),
        st.tuples(st.just("rename"), NUMBERS, NUMBERS.map(str)),
        st.tuples(st.just("copy"), NUMBERS, NUMBERS.map(str)),
        st.tuples(st.just("update"), st.just(0), st.just("")),
    ),
    min_size=1,
    max_size=7,
)


def _apply(corpus: Path, step: tuple[str, int, str]) -> None:
    kind, number, text = step
    path = corpus / f"note-{number:02}.md"
    if kind == "write":
        path.write_text(text, encoding="utf-8")
    elif kind == "remove":
        path.unlink(missing_ok=True)
    elif path.exists():
        other = corpus / f"note-{int(text):02}.md"
        if kind == "rename":
            path.replace(other)
        elif path != other:
            other.write_bytes(path.read_bytes())


@given(STEPS)
@settings(max_examples=5)
def test_an_index_of_many_shards_is_that_of_a_full_rebuild(steps: list[tuple[str, int, str]]) -> None:
    """After any edits, renames, copies and removals: same shards, same answers to the last bit.

    Shards are made small, and the search by codes begins at once, so that both are at work.
    """
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys.modules["assistant.store.rebuild"], "shard_rows", lambda _: 12)
        patched.setattr("assistant.vectors.FLAT_ROWS", 20)
        corpus, stepwise, fresh = (Path(folder) / n for n in ("corpus", "stepwise", "fresh"))
        corpus.mkdir()
        for number in range(0, 24, 3):
            _apply(corpus, ("write", number, f"Une phrase. Une autre, de chiffre {number}. La troisième."))
        rebuild(corpus, stepwise, FakeEncoder(), max_chars=200)
        for step in steps:
            if step[0] == "update":
                open_index(stepwise)
                rebuild(corpus, stepwise, FakeEncoder(), max_chars=200)
            else:
                _apply(corpus, step)
        (corpus / "toujours.md").write_text("Toujours là.", encoding="utf-8")
        rebuild(corpus, stepwise, FakeEncoder(), max_chars=200)
        rebuild(corpus, fresh, FakeEncoder(), max_chars=200)
        one, other = open_index(stepwise), open_index(fresh)
        assert [s["key"] for s in one.manifest.shards] == [s["key"] for s in other.manifest.shards]
        assert dump(one) == dump(other)
