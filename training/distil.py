"""Teach a small student the embeddings of its teacher, on French and English text.

After Reimers & Gurevych 2020 (arXiv 2004.09813): the student's embedding of a French
sentence and of its English translation both follow one target, here the normalised mean of
the teacher's embeddings of the two. The teacher needs the prefixes it was trained with
("query: ", "passage: "); the student learns to do without them, so that a query costs fewer
tokens and nobody can forget a prefix.

Targets are written to --work once; the training resumes from its last checkpoint.

Usage: python training/distil.py TEACHER STUDENT --data DIR --out DIR [--epochs 2]
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
from pathlib import Path

import numpy as np
import torch
from datasets import Dataset
from sentence_transformers import (
    SentenceTransformer,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
)
from sentence_transformers.base.sampler import DefaultBatchSampler as BatchSampler
from sentence_transformers.losses import MSELoss

SEED = 20261125
MAX_TOKENS = 128


def read(path: Path):
    """Yield the JSON objects of a gzipped JSONL file."""
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        for line in stream:
            yield json.loads(line)


def windows(text: str, words: int = 70):
    """Cut *text* into pieces of about the length of our passages."""
    tokens = text.split()
    for start in range(0, max(len(tokens) - 15, 1), words):
        yield " ".join(tokens[start : start + words])


def material(data: Path, corpus: Path, limits: dict[str, int]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return (parallel pairs as (fr, en)) and (single texts as (prefix, text))."""
    rng = random.Random(SEED)
    by_source: dict[str, list[tuple[str, str]]] = {}
    for r in read(data / "paralleles-en-fr.jsonl.gz"):
        by_source.setdefault(r["source"], []).append((r["fr"], r["en"]))
    pairs: list[tuple[str, str]] = []
    for source, rows in sorted(by_source.items()):
        rng.shuffle(rows)
        pairs += rows[: limits.get(source, len(rows))]
    single: list[tuple[str, str]] = []
    paragraphs = set()
    for r in read(data / "questions-fr.jsonl.gz"):
        single.append(("query: ", r["question"]))
        if r["passage"] not in paragraphs:
            paragraphs.add(r["passage"])
            single += [("passage: ", w) for w in windows(r["passage"])]
    for r in read(data / "sections-fr.jsonl.gz"):
        single.append(("query: ", r["titre"]))
        single += [("passage: ", w) for w in windows(r["texte"])][:2]
    for path in sorted(corpus.rglob("*.md")):
        text = re.sub(r"^\[\^.*$|^---.*?^---$|\[\^[^\]]+\]|^#+ ", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
        for line in text.split("\n"):
            if len(line) > 40:
                single += [("passage: ", s) for s in re.split(r"(?<=\.)\s+", line) if len(s) > 30]
                single += [("passage: ", w) for w in windows(line)]
    return pairs, single


def targets(teacher: SentenceTransformer, pairs, single) -> tuple[list[str], np.ndarray]:
    """Return the student's texts and their target embeddings, shape (n, dim), float16."""
    def encode(texts: list[str]) -> np.ndarray:
        return teacher.encode(texts, batch_size=64, normalize_embeddings=True, show_progress_bar=True)

    french = encode(["query: " + fr for fr, _ in pairs])
    english = encode(["query: " + en for _, en in pairs])
    middle = french + english
    middle /= np.linalg.norm(middle, axis=1, keepdims=True)
    alone = encode([prefix + text for prefix, text in single])
    texts = [fr for fr, _ in pairs] + [en for _, en in pairs] + [t for _, t in single]
    return texts, np.concatenate([middle, middle, alone]).astype(np.float16)


class LengthGrouped(BatchSampler):
    """Batches of texts of like length: padding would otherwise triple the work."""

    def __init__(self, dataset, batch_size, drop_last, valid_label_columns=None, generator=None, seed=SEED) -> None:
        super().__init__(dataset, batch_size, drop_last)
        self.lengths = [len(t) for t in dataset["sentence"]]
        self.generator = generator or torch.Generator().manual_seed(seed)

    def __iter__(self):
        """Shuffle, sort within pools of 50 batches, yield the batches in random order."""
        order = torch.randperm(len(self.lengths), generator=self.generator).tolist()
        pool = 50 * self.batch_size
        batches = []
        for start in range(0, len(order), pool):
            part = sorted(order[start : start + pool], key=self.lengths.__getitem__)
            batches += [part[i : i + self.batch_size] for i in range(0, len(part), self.batch_size)]
        for i in torch.randperm(len(batches), generator=self.generator).tolist():
            yield batches[i]

    def __len__(self) -> int:
        """Return the number of batches."""
        pool = 50 * self.batch_size
        full, rest = divmod(len(self.lengths), pool)
        return full * 50 + -(-rest // self.batch_size)


def main() -> None:
    """Make the targets, then train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("teacher")
    parser.add_argument("student")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, default=Path("corpus"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=float, default=2)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--lr", type=float, default=3e-4)
    parser.add_argument("--tatoeba", type=int, default=12000)
    parser.add_argument("--pydocs", type=int, default=7000)
    parser.add_argument("--msdocs", type=int, default=7889)
    args = parser.parse_args()
    torch.manual_seed(SEED)
    args.out.mkdir(parents=True, exist_ok=True)
    cache = args.out / "targets.npz"
    if not cache.exists():
        teacher = SentenceTransformer(args.teacher, device="cpu" if not torch.cuda.is_available() else "cuda", local_files_only=True)
        teacher.max_seq_length = MAX_TOKENS
        pairs, single = material(args.data, args.corpus, {"tatoeba": args.tatoeba, "pydocs": args.pydocs, "msdocs": args.msdocs})
        print(len(pairs), "pairs", len(single), "texts", flush=True)
        texts, values = targets(teacher, pairs, single)
        np.savez(cache, values=values, texts=np.array(json.dumps(texts)))
    stored = np.load(cache, allow_pickle=False)
    texts, values = json.loads(str(stored["texts"])), stored["values"].astype(np.float32)
    # A unit vector of 384 dimensions has coordinates near 0.05: the mean squared error is
    # measured on vectors of length sqrt(dim), so that its gradient is of the usual size.
    data = Dataset.from_dict({"sentence": texts, "label": values.tolist()}).shuffle(seed=SEED)
    student = SentenceTransformer(args.student, local_files_only=True)
    student.prompts = {}
    student.max_seq_length = MAX_TOKENS
    trainer = SentenceTransformerTrainer(
        model=student,
        args=SentenceTransformerTrainingArguments(
            output_dir=str(args.out / "checkpoints"), num_train_epochs=args.epochs,
            per_device_train_batch_size=args.batch, learning_rate=args.lr, warmup_steps=100,
            lr_scheduler_type="cosine", weight_decay=0.01, seed=SEED, save_steps=300, save_total_limit=2,
            logging_steps=25, report_to=[], dataloader_num_workers=0,
            batch_sampler=LengthGrouped,
        ),
        train_dataset=data,
        loss=MSELoss(student),
    )
    resume = any((args.out / "checkpoints").glob("checkpoint-*"))
    trainer.train(resume_from_checkpoint=resume)
    student.save(str(args.out / "model"))


if __name__ == "__main__":
    main()
