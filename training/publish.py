"""Write a trained model as it ships: float16 weights, no optimiser, no training traces.

Usage: python training/publish.py MODEL --out src/assistant/models/dossier-fr
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer

MAX_TOKENS = 192


def main() -> None:
    """Convert and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    model = SentenceTransformer(args.model, device="cpu", local_files_only=True)
    model.max_seq_length = MAX_TOKENS
    model.prompts = {}
    model.to(torch.float16)
    card = args.out / "MODEL_CARD.md"
    kept = card.read_text(encoding="utf-8") if card.is_file() else None
    shutil.rmtree(args.out, ignore_errors=True)
    model.save(str(args.out), create_model_card=False)
    for extra in args.out.rglob("README.md"):
        extra.unlink()
    if kept is not None:
        card.write_text(kept, encoding="utf-8")
    size = sum(p.stat().st_size for p in args.out.rglob("*") if p.is_file())
    print(f"{args.out}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
