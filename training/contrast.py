"""Teach the shortened base to bring a question near the text that answers it.

Pairs with in-batch negatives (Henderson et al. 2017, arXiv 1705.00652) and, for the dossier, batches
of one document, so that the negatives are hard: questions and their Wikipedia paragraph (four
fifths, by paragraph), titles and their section, expected questions of the dossier's training
documents with the sentence that answers, and with another question of the same fact.

Distillation is mixed in, after Reimers & Gurevych 2020 (arXiv 2004.09813): a French sentence and
its English translation both follow the normalised mean of the whole base's embeddings of the
two. It heals what the removed layer took away, and what was learned is not forgotten.

Usage: python training/contrast.py STUDENT --teacher BASE --data DIR --corpus corpus --out DIR
"""

from __future__ import annotations

import argparse
import random
import tomllib
from pathlib import Path

import numpy as np
import torch
from datasets import Dataset
from measure import held_out, lines
from sentence_transformers import (
    SentenceTransformer,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
)
from sentence_transformers.base.sampler import DefaultBatchSampler
from sentence_transformers.losses import MSELoss, MultipleNegativesRankingLoss

from assistant.chunking import chunk_document
from assistant.corpus import read_document, scan
from assistant.store.writing import sentence_text

SEED = 20261125
MAX_TOKENS = 160
QUERY, PASSAGE = "query: ", "passage: "
"""The prefixes that the base was trained with (multilingual-e5, arXiv 2402.05672)."""


def windows(text: str, words: int = 70):
    """Cut *text* into pieces of about the length of our passages."""
    tokens = text.split()
    for start in range(0, max(len(tokens) - 15, 1), words):
        yield " ".join(tokens[start : start + words])


def general(data: Path) -> list[tuple[str, str]]:
    """Return question-paragraph and title-section pairs that no measure uses."""
    pairs = []
    for r in lines(data / "questions-fr.jsonl.gz"):
        if not held_out(r["passage"]):
            pairs.append((r["question"], r["passage"]))
    for r in lines(data / "sections-fr.jsonl.gz"):
        if len(r["titre"].split()) >= 2 and len(r["texte"]) > 80:
            pairs.append((r["titre"].strip(" –"), next(windows(r["texte"]))))
    return pairs


def dossier(corpus: Path, left_out: set[str]) -> dict[str, list[dict]]:
    """Return the facts of the training documents, by document: texts and shuffled questions."""
    rng = random.Random(SEED)
    found: dict[str, list[dict]] = {}
    for file in scan(corpus):
        document = read_document(corpus, file.path)
        if document.slug in left_out or not document.questions:
            continue
        texts: dict[str, list[str]] = {}
        for passage in chunk_document(document):
            for span in passage.spans:
                for note in span.notes if span.row is None else ():
                    sentence = passage.text[span.start : span.end]
                    texts.setdefault(note, []).append(sentence_text(document.title, passage.section, sentence))
        for note, questions in document.questions:
            if note in texts:
                asked = list(questions)
                rng.shuffle(asked)
                found.setdefault(document.slug, []).append({"questions": asked, "texts": texts[note]})
    return found


def batches(facts: dict[str, list[dict]], rounds: int, size: int, pair) -> list[list[tuple[str, str]]]:
    """Return batches whose pairs are all of one document, one pair a fact.

    The in-batch negatives are then the neighbours that a question must be told apart from:
    other facts about the same provider.
    """
    rng = random.Random(SEED)
    made = []
    for number in range(rounds):
        for document in sorted(facts):
            pairs = [p for f in facts[document] if (p := pair(f, number)) is not None]
            rng.shuffle(pairs)
            made += [pairs[i : i + size] for i in range(0, len(pairs), size) if len(pairs[i : i + size]) >= 8]
    return made


def asked(fact: dict, number: int) -> tuple[str, str] | None:
    """Pair the *number*-th question with one of the sentences that answer."""
    questions, texts = fact["questions"], fact["texts"]
    return (questions[number], texts[number % len(texts)]) if number < len(questions) else None


def paraphrase(fact: dict, number: int) -> tuple[str, str] | None:
    """Pair two questions of one fact."""
    questions = fact["questions"]
    shift = 1 + number // len(questions)
    return (questions[number % len(questions)], questions[(number + shift) % len(questions)]) if len(questions) > shift else None


def translations(data: Path, teacher: SentenceTransformer, most: int) -> Dataset:
    """Return sentences of both languages with what the student's embedding of each should be."""
    rows = random.Random(SEED).sample([(r["fr"], r["en"]) for r in lines(data / "paralleles-en-fr.jsonl.gz")], most)
    rows.sort(key=lambda r: len(r[0]))
    french, english = (
        teacher.encode([QUERY + r[side] for r in rows], batch_size=32, normalize_embeddings=True, show_progress_bar=True)
        for side in (0, 1)
    )
    middle = french + english
    middle /= np.linalg.norm(middle, axis=1, keepdims=True)
    texts = [QUERY + t for r in rows for t in r]
    return Dataset.from_dict({"sentence": texts, "label": np.repeat(middle, 2, axis=0).tolist()})


class Prepared(DefaultBatchSampler):
    """Keeps the batches as they were made (a pair's label is its batch's number), in random order."""

    def __init__(self, dataset, batch_size, drop_last, valid_label_columns=None, generator=None, seed=SEED) -> None:
        super().__init__(dataset, batch_size, drop_last, valid_label_columns, generator, seed)
        groups: dict[int, list[int]] = {}
        for row, number in enumerate(dataset["label"] if "anchor" in dataset.column_names else [i // batch_size for i in range(len(dataset))]):
            groups.setdefault(number, []).append(row)
        self.groups = list(groups.values())
        self.random = torch.Generator().manual_seed(seed)

    def __iter__(self):
        """Yield the batches."""
        for i in torch.randperm(len(self.groups), generator=self.random).tolist():
            yield self.groups[i]

    def __len__(self) -> int:
        """Return the number of batches."""
        return len(self.groups)


def main() -> None:
    """Train, from the last checkpoint if there is one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("student")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, default=Path("corpus"))
    parser.add_argument("--teacher", required=True, help="the base, whole")
    parser.add_argument("--frozen", type=int, default=3, help="first layers left as they are, with the embeddings")
    parser.add_argument("--split", type=Path, default=Path("eval/split.toml"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=float, default=1)
    parser.add_argument("--batch", type=int, default=48)
    parser.add_argument("--lr", type=float, default=3e-5)
    parser.add_argument("--rounds", type=int, default=5, help="questions of each fact, a pass")
    parser.add_argument("--general", type=int, default=4000)
    parser.add_argument("--distil", type=int, default=1200, help="pairs of translations")
    args = parser.parse_args()
    torch.manual_seed(SEED)
    left_out = set(tomllib.loads(args.split.read_text(encoding="utf-8"))["test_documents"])
    student = SentenceTransformer(args.student, local_files_only=True)
    student.max_seq_length = MAX_TOKENS
    facts = dossier(args.corpus, left_out)
    pairs = random.Random(SEED).sample(found := general(args.data), min(args.general, len(found)))
    bert = student[0].auto_model
    for part in (bert.embeddings, *bert.encoder.layer[: args.frozen]):
        part.requires_grad_(False)
    pairs.sort(key=lambda p: len(p[1]))

    def paired(made: list[list[tuple[str, str]]], prefix: str = PASSAGE) -> Dataset:
        rows = [(a, b, n) for n, batch in enumerate(made) for a, b in batch]
        return Dataset.from_dict(
            {"anchor": [QUERY + r[0] for r in rows], "positive": [prefix + r[1] for r in rows], "label": [r[2] for r in rows]}
        )

    data = {
        "dossier": paired(batches(facts, args.rounds, args.batch, asked)),
        "paraphrases": paired(batches(facts, args.rounds + 1, args.batch, paraphrase), QUERY),
        "general": paired([pairs[i : i + args.batch] for i in range(0, len(pairs), args.batch)]),
        "distil": translations(args.data, SentenceTransformer(args.teacher, device=student.device.type, local_files_only=True), args.distil),
    }
    print({name: len(d) for name, d in data.items()}, flush=True)
    ranking = MultipleNegativesRankingLoss(student, scale=80.0)
    trainer = SentenceTransformerTrainer(
        model=student,
        args=SentenceTransformerTrainingArguments(
            output_dir=str(args.out / "checkpoints"), num_train_epochs=args.epochs,
            per_device_train_batch_size=args.batch, learning_rate=args.lr, warmup_steps=30,
            lr_scheduler_type="cosine", weight_decay=0.01, seed=SEED, save_steps=60, save_total_limit=1,
            logging_steps=20, report_to=[], batch_sampler=Prepared, multi_dataset_batch_sampler="proportional",
        ),
        train_dataset=data,
        loss={"dossier": ranking, "paraphrases": ranking, "general": ranking, "distil": MSELoss(student)},
    )
    trainer.train(resume_from_checkpoint=any((args.out / "checkpoints").glob("checkpoint-*")))
    student.save(str(args.out / "model"))


if __name__ == "__main__":
    main()
