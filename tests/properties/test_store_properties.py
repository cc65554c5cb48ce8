"""What holds for any sequence of edits."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.errors import CorpusError
from assistant.store import Index, open_index, rebuild
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


def _dump(index: Index) -> list[tuple[object, ...]]:
    """Return all that an index holds, vectors included."""
    vectors = index.vectors["sentences"].all_vectors() if len(index.vectors["sentences"]) else []
    rows = range(len(index.vectors["sentences"]))
    return [
        (s.document, s.passage.text, s.passage.section, s.start, s.end, s.notes, tuple(vectors[n]))
        for n, s in ((n, index.sentence(n)) for n in rows)
    ]


@given(EDITS)
@settings(max_examples=25)
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
        assert _dump(open_index(stepwise)) == _dump(open_index(fresh))
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
