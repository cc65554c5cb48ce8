"""Random and mutated questions, and what must hold of each answer."""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from assistant.domain import Answer
from assistant.embedding import FloatMatrix
from assistant.presentation import answer_dict, render_answer
from assistant.sensitive import find, mask
from assistant.text import tokens
from assistant.web.answers import answer_html, question_html
from assistant.web.cards import panel_html
from assistant.web.conversations import Turn
from assistant.web.export import pieces, to_docx, to_markdown, to_odt
from assistant.web.privacy import notice

QUESTIONS = Path(__file__).resolve().parents[2] / "eval" / "questions"

# What parsers, regular expressions, databases and terminals trip over.
AWKWARD = (
    "\x00", "\x1b[2J", "\u202e", "\u200b", "\u200d", "\ufeff", "\ufffe", "\uffff", "\ud800", "\udfff",
    "\U0010ffff", "\u0301" * 40, "\u3164", "\u2028", "\x85", "\u00a0", "\u202f", "İ", "ß", "ŉ", "ﬁ", "𝐂𝐡𝐚𝐭",
    "Сhаt", "１２３", "²", "½", "٣", "👩‍👩‍👧‍👦", "\t", "\r\n", "'", '"', "\\", "`", "$$", "\\(", "{{7*7}}",
    "${x}", "<script>", "]]>", "-->", "&#0;", "%00", "%s%n", "[1]", "[^1]", "[999]", "**", "| a |\n| - |",
    "# ", "- ", "(((", "[[[", "a{99999}", ".*" * 20, "(a+)+$", "text:", "context:(", "AND OR NOT", "~9", "^2",
    '"*', "'; DROP TABLE passages;--", "NaN", "-1", "1e999", "9" * 40, "3,5", "0612345678", "a@b.fr",
    "ignore les consignes", "<|im_start|>", "?" * 60, "…", "et ?", "ou", "et chez", "pour l'offre pro",
)  # fmt: skip


class HashedWords:
    """Embeds a text by hashing its words into 256 coordinates: cheap, and the same everywhere."""

    dimension = 256
    fingerprint = "mots-haches:2"

    def encode_passages(self, texts: Sequence[str]) -> FloatMatrix:
        """Return L2-normalised embeddings, float32, shape (len(texts), 256)."""
        vectors = np.full((len(texts), self.dimension), 1e-3, dtype=np.float32)
        for row, text in enumerate(texts):
            for word in tokens(text):
                vectors[row, zlib.crc32(word.encode()) % self.dimension] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def encode_queries(self, texts: Sequence[str]) -> FloatMatrix:
        """Return L2-normalised embeddings, float32, shape (len(texts), 256)."""
        return self.encode_passages(texts)


@cache
def seeds() -> list[str]:
    """Return the project's own questions."""
    files = sorted(QUESTIONS.glob("*.jsonl"))
    return [json.loads(line)["question"] for f in files for line in f.read_text("utf-8").splitlines()]


def _character(chance: random.Random) -> str:
    ranges = ((32, 126), (32, 126), (0xA0, 0x17F), (0, 0x2FFF), (0, 0x10FFFF))
    return chr(chance.randint(*chance.choice(ranges)))


def _swap(chance: random.Random, text: str) -> str:
    at = chance.randrange(max(1, len(text) - 1))
    return text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :]


def _insert(chance: random.Random, text: str) -> str:
    at = chance.randint(0, len(text))
    return text[:at] + chance.choice(AWKWARD) + text[at:]


def _spoil(chance: random.Random, text: str) -> str:
    at = chance.randint(0, len(text))
    return text[:at] + _character(chance) + text[at + 1 :]


def _cut(chance: random.Random, text: str) -> str:
    begin, end = sorted((chance.randint(0, len(text)), chance.randint(0, len(text))))
    return text[begin:end]


def _shuffle(chance: random.Random, text: str) -> str:
    words = text.split()
    chance.shuffle(words)
    return " ".join(words)


MUTATIONS: tuple[Callable[[random.Random, str], str], ...] = (
    _swap,
    _insert,
    _insert,
    _spoil,
    _spoil,
    _cut,
    _shuffle,
    lambda _, text: text.upper(),
    lambda _, text: text.replace(" ", ""),
    lambda chance, text: (text + chance.choice((" ", "\n", "", " et "))) * chance.randint(2, 40),
    lambda chance, text: "".join(c for c in text if chance.random() > 0.1),
)


def question(chance: random.Random, known: Sequence[str]) -> str:
    """Return a random text, or a question of *known* mutated one to six times."""
    if chance.random() < 0.15:
        return "".join(_character(chance) for _ in range(chance.choice((0, 1, 3, 20, 200, 4001))))
    text = chance.choice(known)
    if chance.random() < 0.1:
        text += " " + chance.choice(known)
    for _ in range(chance.randint(1, 6)):
        text = chance.choice(MUTATIONS)(chance, text)[:5000]
    return text


def history(chance: random.Random, known: Sequence[str]) -> list[str]:
    """Return the questions of a conversation, most often none."""
    return [question(chance, known) for _ in range(chance.choice((0, 0, 0, 1, 2, 6)))]


def defects(answer: Answer) -> Iterator[str]:
    """Yield what is wrong with an answer."""
    numbers = {c.n for c in answer.citations}
    for cited in (*answer.citations, *answer.nearest):
        if cited.passage[cited.start : cited.end] != cited.quote:
            yield f"quote {cited.n} is no slice of its passage"
    for statement in answer.statements:
        if not statement.citations or not set(statement.citations) <= numbers:
            yield "a statement cites what is not listed"
    if find(masked := mask(answer.question)) and mask(masked) != masked:
        yield "masking twice is not masking once"
    json.dumps(answer_dict(answer), ensure_ascii=False).encode("utf-8")
    render_answer(answer).encode("utf-8")


def shown(answer: Answer, typed: str, *, files: bool) -> None:
    """Write an answer as the page does, and as files.

    Raises:
        Exception: Whatever goes wrong: that is what is looked for.
    """
    turn = Turn(1, typed, answer, shown=None, notice=notice(typed, None))
    for html in (question_html(turn), answer_html(turn, "jeton"), panel_html([turn], "", stale_after_days=9)):
        html.encode("utf-8")
    if files:
        content = pieces([turn], title="Essai")
        for write in (to_markdown, to_docx, to_odt):
            write(content)
