"""An open index: what it knows of documents, passages, sentences and sources."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from math import log

import pytest

from assistant.domain import Row
from assistant.errors import IndexStaleError
from assistant.store import Index, open_index
from assistant.store.attributes import read_attributes
from assistant.text import tokens
from samples import Built


def test_documents_are_sorted_by_path(index: Index) -> None:
    """With what their front matter says."""
    paths = [d.path for d in index.documents.values()]
    assert sorted(paths) == paths
    fiche = index.documents["nordix-boreal"]
    assert (
        fiche.provider,
        fiche.assistant,
        fiche.aliases,
    ) == ("Nordix", "Boréal", ("Nordix", "Boréal Chat", "Borealis"))


def test_every_quote_is_a_slice_of_its_passage(index: Index) -> None:
    """And every sentence of a passage is found from it, in order."""
    for number in range(len(index.vectors["sentences"])):
        sentence = index.sentence(number)
        assert sentence.text == sentence.passage.text[sentence.start : sentence.end]
        assert sentence.text
        assert number in index.sentence_rows(sentence.passage.row)
    for passage in (p for slug in index.documents for p in index.passages_of(slug)):
        starts = [index.sentence(n).start for n in index.sentence_rows(passage.row)]
        assert sorted(starts) == starts


def test_vectors_stand_at_their_rows(index: Index, built: Built) -> None:
    """Vector *i* is that of sentence *i*: its own text is its nearest."""
    for number in range(len(index.vectors["sentences"])):
        sentence = index.sentence(number)
        text = f"{sentence.passage.section or sentence.document.title}\u00a0: {sentence.text}"
        best = index.vectors["sentences"].search(built.encoder.encode_queries([text]), limit=1)
        assert pytest.approx(1.0) == best[0][1]


def test_pages_are_kept(index: Index) -> None:
    """A PDF's passages know their page."""
    assert [p.page for p in index.passages_of("rapport")] == [1, 2]


def test_primary_sources_are_found_by_note(index: Index) -> None:
    """In the document that bears the note, and nowhere else."""
    source = index.source("nordix-boreal", "nordix-conservation-01")
    assert source is not None
    assert (source.url, source.date) == ("https://nordix.example/confidentialite", "2026-01-16")
    assert index.source("glossaire", "nordix-conservation-01") is None


def test_identity_rows_come_from_every_fiche(index: Index) -> None:
    """Four attributes of two providers."""
    rows = index.identity_rows
    assert len(rows) == 8
    assert {"nordix-boreal", "cumulus-zephyr"} == {r.document.slug for r in rows}
    assert Row("Âge minimum", "non documenté") in [r.identity for r in rows]


def _questions(index: Index, part: str) -> list[str]:
    rows = range(len(index.vectors["sentences"]))
    (row,) = [n for n in rows if part in index.sentence(n).text]
    return index.questions_of(row)


def test_expected_questions_lead_to_their_sentence(index: Index) -> None:
    """Those of the companion file, by note."""
    questions = _questions(index, "12 jours")
    assert (questions) == [
        "Combien de temps Boréal garde-t-il une conversation supprimée ?",
        "boreal suppression délai",
    ]
    for number in range(len(index.vectors["questions"])):
        sentence = index.question_sentence(number)
        assert index.questions_of(sentence)


def test_rows_of_identity_tables_get_the_templates(index: Index) -> None:
    """With the product's name; an attribute without a template is asked by its label."""
    assert _questions(index, "Boréal · Cloud Act") == ["Boréal est-il soumis au Cloud Act ?"]
    assert _questions(index, "Zéphyr · Entraînement") == ["Entraînement par défaut (grand public) Zéphyr"]


def test_a_note_said_in_prose_does_not_put_its_questions_on_the_row(index: Index) -> None:
    """« Où se trouve Nordix ? » is answered by the sentence, not by the table."""
    assert _questions(index, "Boréal · Siège") == ["Où est le siège de Boréal ?"]


def test_idf_is_of_sentences_and_questions(index: Index) -> None:
    """ln((N + 1) / (n + 0.5)), the most for what no sentence holds."""
    total = len(index.vectors["sentences"]) + len(index.vectors["questions"])
    assert pytest.approx(log((total + 1) / 0.5)) == index.idf("inexistant")
    (stem,) = tokens("conversations")
    assert index.idf(stem) < index.idf("inexistant")


def test_the_vocabulary_is_of_long_words(index: Index) -> None:
    """Short ones have too many neighbours."""
    assert index.vocabulary
    assert all(len(word) >= 5 for word in index.vocabulary)


def test_threads_share_an_index(index: Index) -> None:
    """Thirty-two readers, one answer."""
    rows = range(len(index.vectors["sentences"]))

    def read(_: int) -> list[str]:
        return [index.sentence(n).text for n in rows]

    with ThreadPoolExecutor(32) as pool:
        found = list(pool.map(read, range(32)))
    assert all(texts == found[0] for texts in found)


def test_an_open_index_outlives_the_next_builds(built: Built) -> None:
    """A question under way is answered from the build that it began with."""
    index = built.open()
    sentence = index.sentence(0).text
    for number in range(3):
        (built.corpus / "note.txt").write_text(f"Note {number}.", encoding="utf-8")
        built.rebuild()
    assert sentence == index._sentence(0).text
    assert index.lexical["passages"].search("conversation", limit=3, weights={"text": 1.0})


@pytest.mark.parametrize("wanted", [{"model": "autre:00"}, {"max_chars": 601}])
def test_an_index_of_other_settings_is_told(wanted: dict[str, str | int], built: Built) -> None:
    """Before anything is searched in it."""
    with pytest.raises(IndexStaleError, match="assistant index"):
        open_index(built.folder, **wanted)  # type: ignore[arg-type]


def test_an_index_of_these_settings_opens(built: Built) -> None:
    """The promise that the two above are the exceptions to."""
    assert open_index(built.folder, model=built.encoder.fingerprint, max_chars=600).manifest.max_chars == 600


def test_a_corpus_without_attributes_has_none(built: Built) -> None:
    """Everything works without ``attributs.yaml``."""
    (built.corpus / "attributs.yaml").unlink()
    assert read_attributes(built.corpus) == ({}, "")
    assert not built.rebuild().current
    assert _questions(built.open(), "Boréal · Cloud Act") == ["Cloud Act Boréal"]
