"""Keep some layers of a model: the student that ``distil.py`` then teaches.

Usage: python training/shrink.py BASE --layers 1,3,5,7,9,11 --out training/work/student-6
"""

from __future__ import annotations

import argparse
from pathlib import Path

from sentence_transformers import SentenceTransformer
from torch import nn


def main() -> None:
    """Write the student."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base")
    parser.add_argument("--layers", default="1,3,5,7,9,11")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    keep = [int(n) for n in args.layers.split(",")]
    model = SentenceTransformer(args.base, device="cpu", local_files_only=True)
    bert = model[0].auto_model
    bert.encoder.layer = nn.ModuleList(bert.encoder.layer[i] for i in keep)
    bert.config.num_hidden_layers = len(keep)
    model.save(str(args.out))
    print(args.out, len(keep), "layers")


if __name__ == "__main__":
    main()
