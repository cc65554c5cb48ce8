"""Write a trained model as it ships: small weights, its graph, no training traces.

Layers are written as float16. Word embeddings, half of the parameters, are written as 8-bit
floats; the three kinds of embeddings are first multiplied by one power of two, which the
normalisation after their sum cancels, so that no value falls where 8-bit floats are coarse.
Everything that loads safetensors with PyTorch reads the result as it is.

Usage: python training/publish.py MODEL --out src/assistant/models/dossier-fr [--tokens 192]
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import torch
from graph import build
from safetensors.torch import load_file, save_file

EMBEDDINGS = "embeddings.{}_embeddings.weight"
SCALE = 64.0
LARGEST = 448.0
"""The largest 8-bit float (OCP E4M3)."""
KEPT = ("config.json", "config_sentence_transformers.json", "modules.json", "sentence_bert_config.json", "tokenizer.json", "tokenizer_config.json")


def small(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the weights in fewer bytes."""
    prefix = "bert." if any(name.startswith("bert.") for name in tensors) else ""
    out = {name: t.float() for name, t in tensors.items()}
    for kind in ("word", "position", "token_type"):
        out[prefix + EMBEDDINGS.format(kind)] *= SCALE
    words = prefix + EMBEDDINGS.format("word")
    out = {name: t.half().contiguous() for name, t in out.items()}
    out[words] = out[words].float().clamp(-LARGEST, LARGEST).to(torch.float8_e4m3fn)
    return out


def main() -> None:
    """Convert and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--tokens", type=int, default=192, help="longest text that the model reads")
    args = parser.parse_args()
    card = args.out / "MODEL_CARD.md"
    kept = card.read_text(encoding="utf-8") if card.is_file() else None
    shutil.rmtree(args.out, ignore_errors=True)
    args.out.mkdir(parents=True)
    for name in KEPT:
        if (args.model / name).is_file():
            shutil.copyfile(args.model / name, args.out / name)
    for folder in args.model.iterdir():
        if folder.is_dir() and (folder / "config.json").is_file():
            shutil.copytree(folder, args.out / folder.name, ignore=shutil.ignore_patterns("README.md"))
        elif folder.is_dir() and folder.name[0].isdigit():
            (args.out / folder.name).mkdir()
    limits = args.out / "sentence_bert_config.json"
    if limits.is_file():
        read = json.loads(limits.read_text(encoding="utf-8"))
        limits.write_text(json.dumps(read | {"max_seq_length": args.tokens}, indent=2), encoding="utf-8")
    save_file(small(load_file(args.model / "model.safetensors")), args.out / "model.safetensors", metadata={"format": "pt"})
    (args.out / "model.safetensors").chmod(0o644)
    config = json.loads((args.out / "config.json").read_text(encoding="utf-8"))
    (args.out / "graph.onnx").write_bytes(build(config).SerializeToString(deterministic=True))
    if kept is not None:
        card.write_text(kept, encoding="utf-8")
    size = sum(p.stat().st_size for p in args.out.rglob("*") if p.is_file())
    print(f"{args.out}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
