"""What every store of an index promises: the local one, and Milvus through Milvus Lite."""

from __future__ import annotations

import importlib.util
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from assistant.answering import Assistant
from assistant.errors import CorpusError, IndexMissingError, IndexStaleError, StoreError
from assistant.milvus import MilvusSettings, connect
from assistant.settings import Settings
from assistant.store import Index, RebuildReport, open_index, rebuild, rollback
from samples import FakeEncoder, write_corpus

TABLES = ("passages", "sentences", "questions")
MILVUS = importlib.util.find_spec("pymilvus") and importlib.util.find_spec("milvus_lite")
needs_milvus = pytest.mark.skipif(
    not MILVUS, reason="the extra « milvus » is not installed: pip install -e '.[milvus]'"
)
FICHE = "fiches/nordix-boreal.md"
QUESTIONS = (
    "Combien de temps Boréal garde-t-il une conversation supprimée ?",
    "Qu'est-ce que SecNumCloud ?",
    "Boréal ou Zéphyr pour l'hébergement ?",
    "Quels assistants s'entraînent sur les conversations ?",
    "Quelle est la météo à Lyon ?",
)


@dataclass
class Site:
    """A corpus, the index folder made of it, and the server that holds the rows, if any."""

    corpus: Path
    folder: Path
    encoder: FakeEncoder
    milvus: MilvusSettings | None

    def open(self, **wanted: object) -> Index:
        """Open the current build."""
        return open_index(self.folder, milvus=self.milvus, **wanted)  # type: ignore[arg-type]

    def rebuild(self, **options: object) -> RebuildReport:
        """Bring the index up to date; afterwards ``encoder.encoded`` holds what this took."""
        self.encoder.encoded.clear()
        return rebuild(
            self.corpus,
            self.folder,
            self.encoder,
            max_chars=600,
            milvus=self.milvus,
            **options,  # type: ignore[arg-type]
        )

    def assistant(self) -> Assistant:
        """Return an assistant that answers from this site."""
        settings = Settings(abstention=0.02, store="milvus" if self.milvus else "faiss", milvus=self.milvus)
        return Assistant.open(self.folder, settings, encoder=self.encoder)


def make_site(root: Path, store: str) -> Site:
    """Return a site with the five documents, not indexed yet."""
    milvus = MilvusSettings(str(root / "milvus.db")) if store == "milvus" else None
    return Site(write_corpus(root / "corpus"), root / "index", FakeEncoder(), milvus)


stores = pytest.mark.parametrize("store", ["faiss", pytest.param("milvus", marks=needs_milvus)])


@pytest.fixture
def site(store: str, tmp_path: Path) -> Site:
    """Return a site whose index is built."""
    made = make_site(tmp_path, store)
    made.rebuild()
    return made


def texts(index: Index) -> list[str]:
    """Return every passage of every document."""
    return [p.text for slug in index.documents for p in index.passages_of(slug)]


# --- rebuilding ---------------------------------------------------------------------------------


@stores
def test_an_unchanged_corpus_embeds_nothing(site: Site) -> None:
    """And makes no new build."""
    before = site.open().name
    assert site.rebuild().current
    assert site.encoder.encoded == []
    assert site.open().name == before


@stores
def test_only_what_changed_is_embedded(site: Site) -> None:
    """One sentence edited: its passage, itself, nothing of the other documents."""
    path = site.corpus / FICHE
    path.write_text(path.read_text(encoding="utf-8").replace("12 jours", "15 jours"), encoding="utf-8")
    report = site.rebuild()
    assert report.changed == (FICHE,)
    assert 0 < report.embedded == len(site.encoder.encoded) < 8
    assert all("15 jours" in text for text in site.encoder.encoded)
    assert any("15 jours" in text for text in texts(site.open()))


@stores
def test_a_renamed_file_costs_no_embedding(site: Site) -> None:
    """Its texts are known by what they say."""
    (site.corpus / FICHE).rename(site.corpus / "fiches" / "boreal.md")
    report = site.rebuild()
    assert (report.added, report.removed) == (("fiches/boreal.md",), (FICHE,))
    assert report.embedded == 0
    assert "boreal" in site.open().documents


@stores
def test_a_removed_file_is_gone(site: Site) -> None:
    """From documents, passages, vectors and words."""
    words = {"text": 1.0}
    assert site.open().lexical["sentences"].search("Boréal", limit=5, weights=words)
    (site.corpus / FICHE).unlink()
    site.rebuild()
    index = site.open()
    assert "nordix-boreal" not in index.documents
    assert len(index.vectors["passages"]) == len(index.lexical["passages"]) == len(texts(index))


@stores
def test_full_embeds_everything_again(site: Site) -> None:
    """As the first time."""
    first = len(set(site.encoder.encoded))
    report = site.rebuild(full=True)
    assert report.embedded >= first
    assert not report.current


@stores
def test_a_failed_rebuild_leaves_the_index_in_service(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The encoder breaks half-way: the old build answers, nothing of the new one is left."""
    before = site.open().name
    (site.corpus / "note.txt").write_text("Une note nouvelle.", encoding="utf-8")

    def broken(_: object) -> None:
        raise RuntimeError("panne")

    monkeypatch.setattr(site.encoder, "encode_passages", broken)
    with pytest.raises(RuntimeError, match="panne"):
        site.rebuild()
    assert site.open().name == before
    if site.milvus is not None:
        assert connect(site.milvus).builds() == [before]
    monkeypatch.undo()
    assert site.rebuild().added == ("note.txt",)


@stores
def test_an_open_index_outlives_the_next_build(site: Site) -> None:
    """One who reads goes on reading: the build before is kept."""
    index = site.open()
    (site.corpus / "note.txt").write_text("Une note nouvelle.", encoding="utf-8")
    site.rebuild()
    vector = site.encoder.encode_queries(["conversation"])
    for row, _ in index.vectors["sentences"].search(vector, limit=5):
        assert index.sentence(row).text
    assert index.lexical["passages"].search("conversation", limit=3, weights={"text": 1.0})


@stores
def test_rollback_returns_to_the_build_before(site: Site) -> None:
    """Two builds are kept, no more; before the first there is nothing."""
    before = site.open().name
    for number in range(3):
        (site.corpus / "note.txt").write_text(f"Note numéro {number}.", encoding="utf-8")
        site.rebuild()
    last = site.open().name
    assert rollback(site.folder, site.milvus) not in {before, last}
    assert any("numéro 1" in text for text in texts(site.open()))
    with pytest.raises(IndexMissingError, match="pas d'index précédent"):
        rollback(site.folder, site.milvus)
    # What the files say now is one rebuild away.
    site.rebuild()
    assert any("numéro 2" in text for text in texts(site.open()))


@stores
def test_an_index_of_another_model_or_length_is_stale(site: Site) -> None:
    """Said on opening; the next rebuild makes it anew."""
    for wanted in ({"model": "autre:0"}, {"max_chars": 300}):
        with pytest.raises(IndexStaleError, match="assistant index"):
            site.open(**wanted)


@stores
def test_an_empty_corpus_is_refused(site: Site) -> None:
    """The index in service is left as it is."""
    shutil.rmtree(site.corpus)
    site.corpus.mkdir()
    with pytest.raises(CorpusError):
        site.rebuild()
    assert texts(site.open())


@stores
def test_a_corpus_without_questions_or_with_odd_characters(store: str, tmp_path: Path) -> None:
    """Quotes, backslashes, no word at all, a name of file with quotes."""
    made = make_site(tmp_path, store)
    shutil.rmtree(made.corpus)
    made.corpus.mkdir()
    # Long enough that its title is no question that it answers.
    paragraphs = [
        'Il dit « "non" » et C:\\temp\\x.',
        "— — —",
        *["Une phrase de plus, assez longue. " * 12] * 5,
    ]
    (made.corpus / 'le "cas" d\'école.txt').write_text("\n\n".join(paragraphs), encoding="utf-8")
    made.rebuild()
    index = made.open()
    assert len(index.vectors["questions"]) == 0
    assert index.vectors["questions"].search(made.encoder.encode_queries(["x"]), limit=3) == []
    assert "C:\\temp\\x" in " ".join(texts(index))
    assert made.assistant().ask("Que dit-il ?").question


# --- the two stores say the same -------------------------------------------------------------------


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Site, Site]:
    """Return the same corpus in both stores."""
    made = [make_site(tmp_path_factory.mktemp(store), store) for store in ("faiss", "milvus")]
    for one in made:
        one.rebuild()
    return made[0], made[1]


@needs_milvus
def test_the_same_rows(pair: tuple[Site, Site]) -> None:
    """Passages, sentences, questions, identity tables, sources, word counts."""
    local, remote = (s.open() for s in pair)
    assert list(local.documents.items()) == list(remote.documents.items())
    for row in range(len(local.vectors["passages"])):
        assert local.passage(row) == remote.passage(row)
        assert local.sentence_rows(row) == remote.sentence_rows(row)
    for row in range(len(local.vectors["sentences"])):
        found = local.sentence(row)
        assert found == remote.sentence(row)
        assert local.question_rows(row) == remote.question_rows(row)
        assert local.questions_of(row) == remote.questions_of(row)
        for note in found.notes:
            assert local.source(found.document.slug, note) == remote.source(found.document.slug, note)
    for row in range(len(local.vectors["questions"])):
        assert local.question_sentence(row) == remote.question_sentence(row)
    assert local.identity_rows == remote.identity_rows
    assert local.vocabulary == remote.vocabulary
    assert local.idf("boreal") == remote.idf("boreal")
    for slug in local.documents:
        assert local.passages_of(slug) == remote.passages_of(slug)


@needs_milvus
@pytest.mark.parametrize("table", TABLES)
def test_the_same_vectors_and_neighbours(pair: tuple[Site, Site], table: str) -> None:
    """To the bit; scores to what two sums of floats may differ by."""
    local, remote = (s.open().vectors[table] for s in pair)
    np.testing.assert_array_equal(local.all_vectors(), remote.all_vectors())
    np.testing.assert_array_equal(local.rows([3, 0, 3]), remote.rows([3, 0, 3]))
    for question in QUESTIONS:
        vector = pair[0].encoder.encode_queries([question])
        ours, theirs = local.search(vector, limit=8), remote.search(vector, limit=8)
        assert [s for _, s in theirs] == pytest.approx([s for _, s in ours], abs=1e-5)
        worst = ours[-1][1] + 1e-5
        # Among equals at the end of the list, either may be left out.
        assert {r for r, s in ours if s > worst} == {r for r, s in theirs if s > worst}
    with pytest.raises(ValueError, match="shape"):
        remote.search(np.zeros((1, 3), dtype=np.float32), limit=3)


@needs_milvus
@pytest.mark.parametrize("table", TABLES)
def test_the_same_bm25(pair: tuple[Site, Site], table: str) -> None:
    """The scores of tantivy, over two fields, as the inner product of two sparse vectors."""
    local, remote = (s.open().lexical[table] for s in pair)
    weights = {"text": 1.0} if table == "questions" else {"text": 1.0, "context": 0.4}
    for question in (*QUESTIONS, "", "mot-que-personne-n-emploie"):
        ours = dict(local.search(question, limit=200, weights=weights))
        theirs = dict(remote.search(question, limit=200, weights=weights))
        assert theirs == pytest.approx(ours, rel=1e-5)


@needs_milvus
@pytest.mark.parametrize("question", QUESTIONS)
def test_the_same_answers(pair: tuple[Site, Site], question: str) -> None:
    """Down to citations; confidences differ by what two sums of floats may."""
    ours, theirs = (s.assistant().ask(question) for s in pair)
    assert theirs.confidence == pytest.approx(ours.confidence, abs=1e-6)
    assert replace(theirs, timings_ms={}, confidence=0.0) == replace(ours, timings_ms={}, confidence=0.0)


# --- several sites, one server ---------------------------------------------------------------------


@needs_milvus
def test_another_site_follows_without_a_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It fetches the catalogue, answers, and is on the next build as soon as that is in service."""
    monkeypatch.setattr("assistant.answering.assistant.FOLLOW_S", 0.0)
    first = make_site(tmp_path, "milvus")
    first.rebuild()
    other = replace(first, corpus=tmp_path / "rien", folder=tmp_path / "autre")
    assistant = other.assistant()
    assert "12 jours" in assistant.ask(QUESTIONS[0]).answer
    path = first.corpus / FICHE
    path.write_text(path.read_text(encoding="utf-8").replace("12 jours", "15 jours"), encoding="utf-8")
    first.rebuild()
    assert "15 jours" in assistant.ask(QUESTIONS[0]).answer
    rollback(first.folder, first.milvus)
    assert "12 jours" in assistant.ask(QUESTIONS[0]).answer
    kept = sorted(p.name for p in (other.folder / "builds" / assistant.index.name).iterdir())
    assert kept == ["catalogue.sqlite", "manifest.json"]


@needs_milvus
def test_the_machine_that_indexes_may_change(tmp_path: Path) -> None:
    """It reads the files again, and takes over every vector."""
    first = make_site(tmp_path, "milvus")
    first.rebuild()
    other = replace(first, folder=tmp_path / "autre", encoder=FakeEncoder())
    assert other.rebuild().current
    (other.corpus / "note.txt").write_text("Une note nouvelle.", encoding="utf-8")
    report = other.rebuild()
    assert report.added == ("note.txt",)
    assert all("note" in text.lower() for text in other.encoder.encoded)
    assert texts(first.open()) == texts(other.open())


@needs_milvus
def test_lost_rows_are_told(tmp_path: Path) -> None:
    """A collection that someone emptied is no index; the sentence says what to do."""
    site = make_site(tmp_path, "milvus")
    site.rebuild()
    assert site.milvus is not None
    server = connect(site.milvus)
    server.drop(server.collection(site.open().name, "questions"))
    with pytest.raises(StoreError, match="assistant index"):
        site.open()


@needs_milvus
def test_changing_store_makes_the_index_anew(tmp_path: Path) -> None:
    """Both ways; until then opening says so."""
    site = make_site(tmp_path, "milvus")
    site.rebuild()
    local = replace(site, milvus=None)
    with pytest.raises(IndexStaleError, match="magasin"):
        local.open()
    assert local.rebuild().reason
    expected = texts(local.open())
    with_server = replace(site, folder=local.folder)
    assert texts(with_server.open()) == expected


@needs_milvus
def test_two_dossiers_share_a_server(tmp_path: Path) -> None:
    """Each under its own prefix."""
    first = make_site(tmp_path / "a", "milvus")
    assert first.milvus is not None
    first.rebuild()
    second = make_site(tmp_path / "b", "milvus")
    second.milvus = replace(first.milvus, prefix="autre")
    (second.corpus / FICHE).unlink()
    second.rebuild()
    assert "nordix-boreal" in first.open().documents
    assert "nordix-boreal" not in second.open().documents
    assert connect(first.milvus).builds() == [first.open().name]
