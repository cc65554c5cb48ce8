"""Bringing an index up to date: what is read again, what is embedded, what survives."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import CorpusError, IndexLockedError, IndexWriteError
from assistant.store import open_index, rebuild
from assistant.store.rebuild import assign_slugs
from samples import DOCUMENTS, Built, FakeEncoder, write_pdf

GLOSSARY = "annexes/glossaire.md"


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def _sentences(built: Built) -> list[str]:
    index = built.open()
    return [index.sentence(n).text for n in range(len(index.vectors["sentences"]))]


def test_a_first_build_adds_every_document(built: Built) -> None:
    """And says how long the index is."""
    assert built.report.added == DOCUMENTS
    assert () == built.report.failed == built.report.skipped == built.report.losses
    assert len(built.open().vectors["passages"]) == built.report.passages


def test_nothing_changed_nothing_done(built: Built) -> None:
    """No text is embedded, no build is written."""
    before = built.open().name
    report = built.rebuild()
    assert report.current
    assert report.unchanged == DOCUMENTS
    assert built.encoder.encoded == []
    assert before == built.open().name


def test_touched_files_are_unchanged(built: Built) -> None:
    """A later time with the same bytes is no change."""
    for path in built.corpus.rglob("*"):
        os.utime(path)
    assert built.rebuild().current


def test_an_edited_sentence_alone_is_embedded(built: Built) -> None:
    """Its own vector, and that of the passage that it stands in."""
    _edit(built.corpus / GLOSSARY, "règlement européen", "grand règlement européen")
    report = built.rebuild()
    assert report.changed == (GLOSSARY,)
    assert {"annexes/rapport.pdf", *DOCUMENTS[2:]} == set(report.unchanged)
    assert 2 == report.embedded == len(built.encoder.encoded)
    assert all("grand règlement" in text for text in built.encoder.encoded)


def test_added_and_removed_documents_are_named(built: Built) -> None:
    """The index follows."""
    (built.corpus / GLOSSARY).unlink()
    (built.corpus / "note.txt").write_text("Une note toute neuve.", encoding="utf-8")
    report = built.rebuild()
    assert (report.added, report.removed, report.changed) == (("note.txt",), (GLOSSARY,), ())
    assert "glossaire" not in built.open().documents
    assert "Une note toute neuve." in _sentences(built)


def test_a_moved_document_is_the_same_text_elsewhere(built: Built) -> None:
    """Nothing of it is embedded again."""
    (built.corpus / GLOSSARY).rename(built.corpus / "glossaire.md")
    report = built.rebuild()
    assert (report.added, report.removed) == (("glossaire.md",), (GLOSSARY,))
    assert report.embedded == 0
    assert built.open().documents["glossaire"].path == "glossaire.md"


def test_rebuilt_in_steps_or_at_once_the_index_is_the_same(built: Built, tmp_path: Path) -> None:
    """A rebuild is a function of corpus, settings and model, not of what happened before."""
    _edit(built.corpus / GLOSSARY, "règlement européen", "texte européen")
    (built.corpus / "articles/ou-dorment-les-donnees.md").unlink()
    built.rebuild()
    rebuild(built.corpus, tmp_path / "fresh", FakeEncoder(), max_chars=600)
    stepwise, fresh = built.open(), open_index(tmp_path / "fresh")
    assert list(stepwise.documents.values()) == list(fresh.documents.values())
    for table in ("passages", "sentences", "questions"):
        np.testing.assert_array_equal(
            stepwise.vectors[table].all_vectors(), fresh.vectors[table].all_vectors()
        )
    rows = range(len(fresh.vectors["sentences"]))
    assert [stepwise.sentence(n) for n in rows] == [fresh.sentence(n) for n in rows]
    assert stepwise.vocabulary == fresh.vocabulary
    query = {"limit": 9, "weights": {"text": 1.0, "context": 0.5}}
    for table in ("passages", "sentences"):
        assert stepwise.lexical[table].search("données Lille", **query) == fresh.lexical[table].search(
            "données Lille", **query
        )


def test_a_full_rebuild_trusts_nothing(built: Built) -> None:
    """Every text is embedded again, and the old build is not read."""
    report = built.rebuild(full=True)
    assert not report.current
    assert built.report.embedded == report.embedded


def test_another_model_embeds_everything_again(built: Built) -> None:
    """And the report says why."""
    report = rebuild(built.corpus, built.folder, FakeEncoder("autre"), max_chars=600)
    assert built.report.embedded == report.embedded
    assert "modèle" in (report.reason or "")
    assert report.changed == ()


def test_another_passage_length_cuts_anew(built: Built) -> None:
    """Sentences keep their vectors: only passages differ."""
    report = rebuild(built.corpus, built.folder, built.encoder, max_chars=200)
    assert report.passages > built.report.passages
    assert 0 < report.embedded < built.report.embedded


def test_new_templates_of_questions_reach_every_fiche(built: Built) -> None:
    """``attributs.yaml`` is part of what the index is made of."""
    _edit(built.corpus / "attributs.yaml", "Siège:", "Siège:\n- D’où vient {assistant} ?")
    report = built.rebuild()
    assert not report.current
    assert {"D’où vient Boréal ?", "D’où vient Zéphyr ?"} == set(built.encoder.encoded)


def test_a_bad_file_does_not_stop_the_rest(built: Built) -> None:
    """It is told, with its reason; the others are indexed."""
    (built.corpus / "abime.pdf").write_bytes(b"%PDF-1.4 rien")
    (built.corpus / "note.txt").write_text("Une note toute neuve.", encoding="utf-8")
    report = built.rebuild()
    ((path, reason),) = [(f.path, f.reason or "") for f in report.failed]
    assert path == "abime.pdf"
    assert "endommagé" in reason
    assert "Une note toute neuve." in _sentences(built)


def test_a_document_that_breaks_stays_as_it_was(built: Built) -> None:
    """What was indexed before remains to be read, and the report says so."""
    (built.corpus / GLOSSARY).write_bytes(b"\0\1\2")
    report = built.rebuild()
    assert [f.path for f in report.failed] == [GLOSSARY]
    assert "reste consultable" in (report.failed[0].reason or "")
    assert any("règlement européen" in text for text in _sentences(built))


def test_a_document_that_stays_broken_stays_as_it_was(built: Built) -> None:
    """Through any number of rebuilds."""
    (built.corpus / GLOSSARY).write_bytes(b"\0\1\2")
    for number in range(3):
        (built.corpus / "note.txt").write_text(f"Note {number}.", encoding="utf-8")
        report = built.rebuild()
        assert [f.path for f in report.failed] == [GLOSSARY]
        assert any("règlement européen" in text for text in _sentences(built))


def test_failures_are_told_again(built: Built) -> None:
    """Even when nothing else changed, a failing file is not forgotten."""
    (built.corpus / "abime.pdf").write_bytes(b"%PDF-1.4 rien")
    built.rebuild()
    report = built.rebuild()
    assert [f.path for f in report.failed] == ["abime.pdf"]


def test_a_repaired_file_is_indexed(built: Built) -> None:
    """The next rebuild reads it."""
    (built.corpus / "abime.pdf").write_bytes(b"%PDF-1.4 rien")
    built.rebuild()
    write_pdf(built.corpus / "abime.pdf", ["Un texte lisible."])
    report = built.rebuild()
    assert report.failed == ()
    assert "Un texte lisible." in _sentences(built)


def test_other_formats_are_skipped_with_a_reason(built: Built) -> None:
    """A picture is no failure."""
    (built.corpus / "photo.jpg").write_bytes(b"\xff\xd8")
    report = built.rebuild()
    assert [(f.path, "format non lu" in (f.reason or "")) for f in report.skipped] == [("photo.jpg", True)]
    assert () == report.added == report.failed


def test_lost_pages_are_reported(built: Built) -> None:
    """What extraction could not read is said, file by file."""
    write_pdf(built.corpus / "scan.pdf", ["Un.", ""])
    (loss,) = built.rebuild().losses
    assert loss.path == "scan.pdf"
    assert "2" in (loss.reason or "")


@pytest.mark.parametrize("moment", ["embedding", "switch"])
def test_a_crash_leaves_the_old_index_whole(
    moment: str, built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whenever it comes; what was written of the new build is cleared away."""
    before = built.open()
    (built.corpus / "note.txt").write_text("Une note toute neuve.", encoding="utf-8")

    def crash(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        if moment == "embedding":
            patched.setattr(built.encoder, "encode_passages", crash)
        else:
            patched.setattr("assistant.store.layout.switch", crash)
        with pytest.raises(IndexWriteError, match="le disque est plein"):
            built.rebuild()
    assert before.name == built.open().name
    assert len(list((built.folder / "builds").iterdir())) == 1
    assert built.rebuild().added == ("note.txt",)


def test_a_damaged_index_is_made_anew(built: Built) -> None:
    """From the corpus alone; nobody has to delete anything."""
    (vectors,) = built.folder.rglob("*.vectors")
    vectors.write_bytes(b"x")
    report = built.rebuild()
    assert built.report.embedded == report.embedded
    assert set(DOCUMENTS) == {d.path for d in built.open().documents.values()}


def test_two_rebuilds_do_not_mix(built: Built) -> None:
    """The second waits, then says so."""
    from filelock import FileLock

    with FileLock(built.folder / "rebuild.lock"), pytest.raises(IndexLockedError):
        rebuild(built.corpus, built.folder, built.encoder, max_chars=600, wait_s=0)


def test_an_emptied_corpus_does_not_empty_the_index(built: Built) -> None:
    """A folder that was unplugged is told, and the index still answers."""
    for name in DOCUMENTS:
        (built.corpus / name).unlink()
    with pytest.raises(CorpusError, match="Aucun document"):
        built.rebuild()
    assert len(DOCUMENTS) == len(built.open().documents)


def test_progress_is_told(corpus: Path, tmp_path: Path) -> None:
    """Each stage in French, never past its total."""
    steps: list[tuple[str, int, int]] = []
    rebuild(corpus, tmp_path / "i", FakeEncoder(), max_chars=600, progress=lambda *step: steps.append(step))
    assert {"Lecture des documents", "Calcul des vecteurs", "Mise en service"} <= {s[0] for s in steps}
    assert all(done <= total for _, done, total in steps)
    assert any(done == total for stage, done, total in steps if stage == "Calcul des vecteurs")


def test_nothing_is_pickled(built: Built) -> None:
    """An index from elsewhere must not be able to run code."""
    names = {p.suffix for p in built.folder.rglob("*") if p.is_file()}
    assert names.isdisjoint({".pkl", ".pickle", ".npy", ".npz", ".pt", ".bin", ".joblib"})


def test_slugs_tell_files_of_one_name_apart() -> None:
    """By extension, then by folder; the first in order keeps the plain name."""
    assert assign_slugs(["b/note.pdf", "a/note.pdf", "a/note.md"]) == {
        "a/note.md": "note",
        "a/note.pdf": "note-pdf",
        "b/note.pdf": "b--note-pdf",
    }


def test_slugs_are_unique_whatever_the_names() -> None:
    """Even where a file is called what another would become."""
    paths = ["a/n.md", "b/n.md", "c/n.md", "n-md.md", "a--n-md.md", "a b.md", "a-b.md", "a_b.md", "A-b.md"]
    assert len(paths) == len(set(assign_slugs(paths).values()))
