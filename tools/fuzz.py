"""Ask the assistant random and mutated questions, and report everything that is not an answer.

An answer or a ``QuestionError`` is right; any other exception is a defect, and so is an answer whose
quote is not a slice of its passage, that cites what it does not list, or that cannot be written as
JSON, to the terminal, to the page or to a Word file. ``tests/hostile/fuzzing.py`` draws the questions.

    python tools/fuzz.py --count 50000                  # a cheap encoder: all the code but the model
    python tools/fuzz.py --count 2000 --encoder shipped # the model too

The same seed gives the same questions. Exit 1 where a defect was found.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from assistant.answering import Assistant  # noqa: E402
from assistant.embedding import Encoder, SentenceEncoder  # noqa: E402
from assistant.errors import QuestionError  # noqa: E402
from assistant.settings import Settings  # noqa: E402
from assistant.store import rebuild  # noqa: E402
from hostile.fuzzing import HashedWords, defects, history, question, seeds, shown  # noqa: E402 - found just above

CORPUS = ROOT / "corpus"
MAX_SHOWN = 20


def run(assistants: Sequence[Assistant], count: int, seed: int) -> tuple[Counter[str], list[str]]:
    """Ask *count* questions, the assistants in turn; return what came of them and each defect."""
    chance, known = random.Random(seed), seeds()  # noqa: S311 - a reproducible draw is the point
    outcomes: Counter[str] = Counter()
    found: list[str] = []
    start = time.perf_counter()
    for number in range(count):
        asked, before = question(chance, known), history(chance, known)
        try:
            answer = assistants[number % len(assistants)].ask(asked, history=before)
            wrong = list(defects(answer))
            shown(answer, asked, files=number % 50 == 0)
        except QuestionError:
            wrong, answer = [], None
            outcomes["refused"] += 1
        except Exception as error:  # noqa: BLE001 - any exception at all is what is looked for
            where = traceback.extract_tb(error.__traceback__)[-1]
            wrong = [f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})"]
            answer = None
        if answer is not None or wrong:
            outcomes["defect" if wrong else "abstained" if answer and answer.abstained else "answered"] += 1
        found += [f"{w}\n    {asked!r}\n    {before!r}" for w in wrong]
        if (number + 1) % 2000 == 0:
            print(
                f"{number + 1} questions, {time.perf_counter() - start:.0f} s, {dict(outcomes)}", flush=True
            )
    return outcomes, found


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=6)
    parser.add_argument("--encoder", choices=("hashed", "shipped"), default="hashed")
    options = parser.parse_args()
    encoder: Encoder = HashedWords() if options.encoder == "hashed" else SentenceEncoder("dossier-fr")
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "index"
        rebuild(CORPUS, index, encoder, max_chars=Settings().max_chars)
        # One that abstains as it should, one that always answers: both ways are walked as often.
        assistants = [
            Assistant.open(index, s, encoder=encoder) for s in (Settings(), Settings(abstention=0.0))
        ]
        outcomes, found = run(assistants, options.count, options.seed)
    asked = sum(outcomes.values())
    print(f"{asked} questions, seed {options.seed}, {options.encoder} encoder: {dict(outcomes)}")
    for text in found[:MAX_SHOWN]:
        print(f"- {text}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
