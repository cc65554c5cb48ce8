"""What tests are made of: an encoder that can be computed by hand, PDF files, a tiny model."""

from __future__ import annotations

import hashlib
import shutil
import string
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from assistant.embedding import FloatMatrix
from assistant.store import Index, RebuildReport, open_index, rebuild
from assistant.text import fold

ASSETS = Path(__file__).parent / "assets"
DOCUMENTS = (
    "annexes/glossaire.md",
    "annexes/rapport.pdf",
    "articles/ou-dorment-les-donnees.md",
    "fiches/cumulus-zephyr.md",
    "fiches/nordix-boreal.md",
)
REPORT_PAGES = (
    "Le rapport compare deux assistants. Il date de 2026.",
    "La qualification SecNumCloud est délivrée par l’ANSSI.",
)


@dataclass
class FakeEncoder:
    """Embeds a text by the first letters of its words.

    Coordinate *i* counts the words that begin with the *i*-th letter of the alphabet, accents
    folded; the 27th counts the others; then the vector is made unit long. « bonjour bébé » is
    (0, 1, 0, …), « bonjour ami » is (1, 1, 0, …) / √2. ``encoded`` remembers what was asked.
    """

    name: str = "fake"
    encoded: list[str] = field(default_factory=list)
    dimension: int = 27

    @property
    def fingerprint(self) -> str:
        """Name and digest of the model."""
        return f"{self.name}:{hashlib.blake2b(self.name.encode(), digest_size=4).hexdigest()}"

    def encode_passages(self, texts: Sequence[str]) -> FloatMatrix:
        """Return one unit vector a text."""
        self.encoded += texts
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in fold(text).split():
                at = string.ascii_lowercase.find(word[0])
                vectors[row, at if at >= 0 else 26] += 1
            if not vectors[row].any():
                vectors[row, 26] = 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True).astype(np.float32)

    def encode_queries(self, texts: Sequence[str]) -> FloatMatrix:
        """Return one unit vector a text."""
        return self.encode_passages(texts)


@dataclass(frozen=True)
class Built:
    """A corpus, the index made of it, and how it was made."""

    corpus: Path
    folder: Path
    encoder: FakeEncoder
    report: RebuildReport

    def open(self) -> Index:
        """Open the current build."""
        return open_index(self.folder)

    def rebuild(self, *, full: bool = False) -> RebuildReport:
        """Bring the index up to date; afterwards ``encoder.encoded`` holds what this took."""
        self.encoder.encoded.clear()
        return rebuild(self.corpus, self.folder, self.encoder, max_chars=600, full=full)


def write_pdf(
    path: Path, pages: Sequence[str], *, title: str | None = None, password: str | None = None
) -> Path:
    """Write a PDF with one line of text a page; an empty string leaves its page blank."""
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.pdfgen.canvas import Canvas

    encryption = StandardEncryption(password, ownerPassword=f"{password}!") if password else None
    canvas = Canvas(str(path), invariant=1, encrypt=encryption)
    if title:
        canvas.setTitle(title)
    for page in pages:
        text = canvas.beginText(50, 780)
        for line in page.split("\n"):
            text.textLine(line)
        canvas.drawText(text)
        canvas.showPage()
    canvas.save()
    return path


def write_corpus(folder: Path) -> Path:
    """Write the corpus of five documents, their questions and attributes, to *folder*."""
    shutil.copytree(ASSETS / "corpus", folder)
    write_pdf(folder / "annexes" / "rapport.pdf", REPORT_PAGES, title="Rapport de comparaison")
    return folder


def write_tiny_model(folder: Path) -> Path:
    """Write a real sentence-transformers model of a few kilobytes, its weights drawn from a fixed seed."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    letters = string.ascii_lowercase + string.digits
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{c}" for c in letters)]
    bert = folder.parent / f"{folder.name}-bert"
    bert.mkdir(parents=True)
    (bert / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=256,
    )
    BertModel(config).save_pretrained(bert)
    BertTokenizerFast(str(bert / "vocab.txt"), do_lower_case=True, strip_accents=True).save_pretrained(bert)
    transformer = Transformer(str(bert))
    model = SentenceTransformer(modules=[transformer, Pooling(16), Normalize()], device="cpu")
    model.save(str(folder), create_model_card=False)
    shutil.rmtree(bert)
    return folder
