"""The runtime of the shipped models: near PyTorch's figures, and a pure function of the text."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from assistant.embedding import DEFAULT_MODEL, SentenceEncoder, find_model
from assistant.errors import ModelMissingError
from assistant.inference import GRAPH, Inference, read_tensors

PAIRS = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "golden" / "retrieval-fr.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]
FLOOR = 0.60
"""Mean reciprocal rank that the shipped model must keep on the 40 questions; see the model card."""


@pytest.fixture(scope="module")
def shipped() -> SentenceEncoder:
    """Return the model of the package, as every user runs it."""
    return SentenceEncoder(DEFAULT_MODEL)


@pytest.fixture(scope="module")
def by_pytorch(tmp_path_factory: pytest.TempPathFactory) -> SentenceEncoder:
    """Return the same model without its graph: sentence-transformers runs it."""
    folder = tmp_path_factory.mktemp("model") / DEFAULT_MODEL
    shutil.copytree(find_model(DEFAULT_MODEL), folder, ignore=shutil.ignore_patterns(GRAPH))
    return SentenceEncoder(str(folder))


def test_both_runtimes_give_nearly_the_same_vectors(
    shipped: SentenceEncoder, by_pytorch: SentenceEncoder
) -> None:
    """Rounding weights to 7 bits turns no vector by more than a few degrees."""
    texts = [p["query"] for p in PAIRS[:10]] + [p["passage"] for p in PAIRS[:10]]
    one, other = shipped.encode_queries(texts), by_pytorch.encode_queries(texts)
    assert float((one * other).sum(axis=1).min()) > 0.98


def test_both_runtimes_find_the_same_passages(shipped: SentenceEncoder, by_pytorch: SentenceEncoder) -> None:
    """What is retrieved first is the same, but where two passages are as near as each other."""
    queries, passages = [p["query"] for p in PAIRS], [p["passage"] for p in PAIRS]
    one, other = (e.encode_queries(queries) @ e.encode_passages(passages).T for e in (shipped, by_pytorch))
    best = one.argmax(axis=1)
    lost = other.max(axis=1) - other[np.arange(len(PAIRS)), best]
    assert float(lost.max()) < 0.02


def test_retrieval_stays_above_its_floor(shipped: SentenceEncoder) -> None:
    """A wrong or damaged model file fails here: 40 questions in other words than their passage."""
    scores = (
        shipped.encode_queries([p["query"] for p in PAIRS])
        @ shipped.encode_passages([p["passage"] for p in PAIRS]).T
    )
    ranks = 1 + (scores > np.diag(scores)[:, None]).sum(axis=1)
    assert float((1 / ranks).mean()) >= FLOOR


@pytest.mark.parametrize(
    ("french", "english"),
    [
        ("Où sont stockées les données ?", "Where is the data stored?"),
        ("Combien de temps gardez-vous les messages ?", "How long do you keep messages?"),
        ("Le contrat relève du droit irlandais.", "The contract is governed by Irish law."),
    ],
)
def test_a_translation_is_nearer_than_another_sentence(
    shipped: SentenceEncoder, french: str, english: str
) -> None:
    """English questions find French sentences."""
    french_vector, english_vector, other = shipped.encode_queries(
        [french, english, "La recette du gâteau demande trois œufs."]
    )
    assert french_vector @ english_vector > french_vector @ other + 0.05


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Où vont les données de l’entreprise ?", "ou vont les donnees de l'entreprise"),
        ("Combien de temps ?", "combien de temps"),
        ("Le « droit à l’oubli »", 'le "droit à l\'oubli"'),
    ],
)
def test_typography_barely_moves_a_query(shipped: SentenceEncoder, one: str, other: str) -> None:
    """Accents, capitals, quotes and apostrophes are how a question is typed, not what it asks."""
    a, b = shipped.encode_queries([one, other])
    assert a @ b > 0.85


def test_a_vector_does_not_depend_on_what_is_computed_beside(shipped: SentenceEncoder) -> None:
    """Bit for bit: a rebuild of one file gives what a whole rebuild gives."""
    texts = [p["passage"] for p in PAIRS[:8]]
    together = shipped.encode_passages(texts)
    alone = np.concatenate([shipped.encode_passages([t]) for t in texts])
    np.testing.assert_array_equal(together, alone)


def test_8_bit_floats_are_read_as_pytorch_reads_them() -> None:
    """Of the word embeddings, every value."""
    from safetensors.torch import load_file

    path = find_model(DEFAULT_MODEL) / "model.safetensors"
    name = "embeddings.word_embeddings.weight"
    expected = load_file(path)[name]
    assert expected.dtype == torch.float8_e4m3fn
    np.testing.assert_array_equal(read_tensors(path)[name], expected.to(torch.float16).numpy())


def test_a_damaged_model_is_told_in_one_sentence(tmp_path: Path) -> None:
    """Not by the runtime's own error."""
    folder = tmp_path / "model"
    shutil.copytree(find_model(DEFAULT_MODEL), folder)
    (folder / "model.safetensors").write_bytes(b"\0" * 100)
    with pytest.raises(ModelMissingError, match="n'a pas pu être ouvert"):
        Inference(folder, max_tokens=64)
