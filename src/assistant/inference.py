"""Run the models shipped with the package by ONNX Runtime, without PyTorch.

A shipped model is a sentence-transformers folder with one file more, ``graph.onnx``: the
computation, whose weights are read from ``model.safetensors`` and rounded to integers here, at
opening. A question is then embedded several times faster than by PyTorch on a processor, and the
command line need not import it.

Weights are rounded to 7 bits, one scale for each output: the products of 8-bit activations by
7-bit weights add up in 16 bits without overflow on every processor, with or without VNNI
instructions, so the integer part of the computation is the same on all of them. (ONNX Runtime's
documentation of quantisation calls this "reduce_range".)
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import ModelMissingError

GRAPH = "graph.onnx"
STEPS = 63
"""Largest magnitude of a rounded weight: 7 bits, the sign included."""


def _float8(raw: NDArray[np.uint8]) -> NDArray[np.float16]:
    """Return the values of 8-bit floats (1 sign, 4 exponent, 3 mantissa bits; OCP "E4M3")."""
    codes = np.arange(256)
    exponent, mantissa = (codes >> 3) & 15, codes & 7
    value = np.where(exponent > 0, (1 + mantissa / 8) * 2.0 ** (exponent - 7), mantissa / 8 * 2.0**-6)
    return (value * np.where(codes > 127, -1, 1)).astype(np.float16)[raw]


def read_tensors(path: Path) -> dict[str, NDArray[Any]]:
    """Return the tensors of a safetensors file, 8-bit floats included, which numpy has no type for.

    Raises:
        ValueError: The file is not one, or holds another type.
    """
    kinds = {"F32": np.float32, "F16": np.float16, "F8_E4M3": np.uint8}
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    found = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        if entry["dtype"] not in kinds:
            message = f"{name}: {entry['dtype']}"
            raise ValueError(message)
        start, end = entry["data_offsets"]
        values = np.frombuffer(data[8 + size + start : 8 + size + end], dtype=kinds[entry["dtype"]])
        values = values.reshape(entry["shape"])
        found[name] = _float8(values) if entry["dtype"] == "F8_E4M3" else values
    return found


def _rounded(name: str, weight: NDArray[Any], bias: NDArray[Any]) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield a layer's weights, shape (inputs, outputs), as integers, with their scales and bias."""
    weight = weight.astype(np.float32)
    scale = np.maximum(np.abs(weight).max(axis=1), 1e-12) / STEPS
    integers = np.rint(weight / scale[:, None]).astype(np.int8)
    yield f"{name}.weight", np.ascontiguousarray(integers.T)
    yield f"{name}.scale", scale
    yield f"{name}.bias", bias.astype(np.float32)


def prepared(tensors: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return the weights under the names of the graph (``training/graph.py``).

    Args:
        tensors: A BERT model's weights, by the names of transformers, with or without a classifier.
    """
    prefix = "bert." if "classifier.weight" in tensors else ""

    def of(name: str) -> NDArray[Any]:
        return tensors[prefix + name]

    def single(name: str) -> NDArray[np.float32]:
        return of(name).astype(np.float32)

    types = single("embeddings.token_type_embeddings.weight")[0]
    out: dict[str, NDArray[Any]] = {
        "words": of("embeddings.word_embeddings.weight").astype(np.float16),
        "positions": single("embeddings.position_embeddings.weight") + types,
        "embeddings_norm.weight": single("embeddings.LayerNorm.weight"),
        "embeddings_norm.bias": single("embeddings.LayerNorm.bias"),
    }
    number = 0
    while f"{prefix}encoder.layer.{number}.output.dense.weight" in tensors:
        old, new = f"encoder.layer.{number}", f"layers.{number}"
        three = [f"{old}.attention.self.{part}" for part in ("query", "key", "value")]
        out |= _rounded(
            f"{new}.qkv",
            np.concatenate([of(f"{part}.weight") for part in three]),
            np.concatenate([of(f"{part}.bias") for part in three]),
        )
        for theirs, ours in (
            ("attention.output.dense", "out"),
            ("intermediate.dense", "up"),
            ("output.dense", "down"),
        ):
            out |= _rounded(f"{new}.{ours}", of(f"{old}.{theirs}.weight"), of(f"{old}.{theirs}.bias"))
        for theirs, ours in (("attention.output.LayerNorm", "attention_norm"), ("output.LayerNorm", "norm")):
            out[f"{new}.{ours}.weight"] = single(f"{old}.{theirs}.weight")
            out[f"{new}.{ours}.bias"] = single(f"{old}.{theirs}.bias")
        number += 1
    if prefix:
        out["pooler.weight"] = single("pooler.dense.weight")
        out["pooler.bias"] = single("pooler.dense.bias")
        out["classifier.weight"] = tensors["classifier.weight"].astype(np.float32)
        out["classifier.bias"] = tensors["classifier.bias"].astype(np.float32)
    return out


class Inference:
    """An opened model: texts, or pairs of texts, to rows of numbers."""

    def __init__(self, folder: Path, *, max_tokens: int) -> None:
        """Open the model in *folder*.

        Raises:
            ModelMissingError: A file of it is missing or altered.
        """
        import onnxruntime
        from tokenizers import Tokenizer

        onnxruntime.disable_telemetry_events()
        options = onnxruntime.SessionOptions()
        # Each text on one thread, several texts at once: sums never depend on how many cores there are.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            weights = prepared(read_tensors(folder / "model.safetensors"))
            values = [onnxruntime.OrtValue.ortvalue_from_numpy(v) for v in weights.values()]
            options.add_external_initializers(list(weights), values)
            self._session = onnxruntime.InferenceSession(
                str(folder / GRAPH), options, providers=["CPUExecutionProvider"]
            )
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:
            # The runtimes raise bare Exception subclasses of their own.
            message = (
                f"Le modèle du dossier « {folder} » n'a pas pu être ouvert : "
                "réinstallez-le, ou choisissez-en un autre par le réglage « model »."
            )
            raise ModelMissingError(message, path=folder) from error
        self.width = int(config["hidden_size"])
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(min(max_tokens, int(config["max_position_embeddings"])))

    def _one(self, text: str | tuple[str, str]) -> NDArray[np.float32]:
        # Python's threads run in parallel here: both libraries release the lock.
        ids = self._tokenizer.encode(*((text,) if isinstance(text, str) else text)).ids
        row: NDArray[np.float32] = self._session.run(["out"], {"ids": np.asarray(ids, dtype=np.int64)})[0]
        return row

    def run(self, texts: Sequence[str] | Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """Return one row for each text, or pair of texts, float32, shape (len(texts), columns)."""
        if len(texts) == 1:
            return self._one(texts[0])
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            return np.concatenate(list(pool.map(self._one, texts)))
