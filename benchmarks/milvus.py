"""The dossier in both stores, the index folder and Milvus Lite: the same answers? how fast?

    python benchmarks/milvus.py

Needs the extra « milvus ». Milvus Lite is written in Python: its times say nothing of a cluster's.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from pathlib import Path

from assistant.answering import Assistant
from assistant.embedding import SentenceEncoder
from assistant.milvus import MilvusSettings
from assistant.settings import Settings
from assistant.store import rebuild

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "tests" / "golden" / "quarante-questions.jsonl"


def shown(times: list[float]) -> str:
    ordered = sorted(times)
    return f"{statistics.median(times) * 1000:.0f} / {ordered[int(0.95 * len(times))] * 1000:.0f} ms"


def main() -> None:
    asked = [json.loads(line)["question"] for line in GOLDEN.read_text(encoding="utf-8").splitlines()]
    encoder = SentenceEncoder(Settings().model)
    with tempfile.TemporaryDirectory() as folder:
        milvus = MilvusSettings(f"{folder}/milvus.db")
        choices = {"faiss": Settings(), "milvus": Settings(store="milvus", milvus=milvus)}
        stores = {}
        for name, settings in choices.items():
            started = time.perf_counter()
            report = rebuild(
                ROOT / "corpus",
                Path(folder) / name,
                encoder,
                max_chars=settings.max_chars,
                milvus=settings.remote,
            )
            print(f"{name} : {report.passages} passages en {time.perf_counter() - started:.1f} s")
            stores[name] = Assistant.open(Path(folder) / name, settings, encoder=encoder)
            stores[name].warm_up()
        answers: dict[str, list[str]] = {name: [] for name in stores}
        ranked: dict[str, list[list[str]]] = {name: [] for name in stores}
        for name, assistant in stores.items():
            times = []
            for question in asked:
                started = time.perf_counter()
                answers[name].append(assistant.ask(question).answer)
                times.append(time.perf_counter() - started)
                ranked[name].append([d["document"] for d in assistant.search(question)["documents"]])
            print(f"{name} : p50 / p95 d'une question {shown(times)}")
        alike = sum(a == b for a, b in zip(*answers.values(), strict=True))
        ordered = sum(a == b for a, b in zip(*ranked.values(), strict=True))
        print(
            f"réponses identiques {alike}/{len(asked)}, listes de documents identiques {ordered}/{len(asked)}"
        )


if __name__ == "__main__":
    main()
