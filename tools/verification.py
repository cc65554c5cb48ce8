"""Calibrate the thresholds of verification, and measure it on facts that were held out.

The table is ``tests/golden/verification.jsonl``: statements about real sentences of the dossier, each
with the right verdict. The part « calibration » served to write the checks and sets the thresholds;
« held_out » is other facts. « blind_a », « blind_b » and « blind_c » are facts of their own: each was
written and frozen before it was measured, and what it showed was mended only afterwards (docs/llm.md has
the first figures). Run it again when the model changes:

    python tools/verification.py --fit     # writes src/assistant/verification/thresholds.json
    python tools/verification.py           # measures
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from assistant.embedding import DEFAULT_MODEL, SentenceEncoder
from assistant.verification import Verifier
from assistant.verification.support import nearness

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "tests" / "golden" / "verification.jsonl"
THRESHOLDS = ROOT / "src" / "assistant" / "verification" / "thresholds.json"
SHIFTED = 0.98
"""Share of the shifted citations that the threshold on embeddings must stop by itself: a sentence about
something else is what it is there for. The other errors stand too near the truth to be told by it, and
a higher threshold costs faithful statements."""

PARTS = ("calibration", "held_out", "blind_a", "blind_b", "blind_c")

Row = dict[str, Any]


def rows(part: str) -> list[Row]:
    """Return the statements of one part of the table."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    return [r for r in map(json.loads, lines) if part in {"all", r["split"]}]


def fit(encoder: SentenceEncoder) -> None:
    """Set the threshold on embeddings for the model of *encoder*."""
    table = rows("calibration")
    found = [(r["supported"], r["kind"], nearness(r["statement"], r["evidence"], encoder)) for r in table]
    limit = round(float(np.quantile([s for _, kind, s in found if kind == "citation"], SHIFTED)), 3)
    lost = [s < limit for ok, _, s in found if ok]
    thresholds = json.loads(THRESHOLDS.read_text(encoding="utf-8"))
    thresholds["similarity"][encoder.fingerprint.partition(":")[0]] = limit
    THRESHOLDS.write_text(json.dumps(thresholds, indent=1) + "\n", encoding="utf-8")
    print(
        f"seuil {limit} : arrête {SHIFTED:.0%} des citations décalées, perd {np.mean(lost):.1%} des fidèles"
    )


def measure(part: str, verifier: Verifier) -> dict[str, Any]:
    """Return what verification does with one part of the table."""
    table = rows(part)
    for row in table:
        # The sentences of a dossier are read and embedded once; a model's sentences come new.
        verifier.judge(row["evidence"][0] + " .", row["evidence"])
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    times, wrong = [], []
    for row in table:
        begun = time.perf_counter()
        verdict = verifier.judge(row["statement"], row["evidence"])
        times.append(1000 * (time.perf_counter() - begun))
        right = verdict.supported == row["supported"]
        kinds[row["kind"]].update(["right" if right else "wrong"])
        if not right:
            wrong.append({"id": row["id"], "failed": verdict.failed, "statement": row["statement"]})
    good = kinds["faithful"]
    bad: Counter[str] = sum((c for kind, c in kinds.items() if kind != "faithful"), Counter())
    return {
        "part": part,
        "stopped": bad["right"] / bad.total(),
        "wrong_statements": bad.total(),
        "kept": good["right"] / good.total(),
        "faithful_statements": good.total(),
        "kinds": {kind: f"{c['right']}/{c.total()}" for kind, c in sorted(kinds.items())},
        "ms": {
            "mean": statistics.mean(times),
            "median": statistics.median(times),
            "p95": float(np.quantile(times, 0.95)),
        },
        "errors": wrong,
    }


def main() -> int:
    """Fit, or print what was measured as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fit", action="store_true", help="recale le seuil du modèle")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="modèle d'embeddings")
    parser.add_argument("--errors", action="store_true", help="montre les énoncés mal jugés")
    options = parser.parse_args()
    encoder = SentenceEncoder(options.model)
    if options.fit:
        fit(encoder)
    for part in PARTS:
        report = measure(part, Verifier(encoder))
        if not options.errors:
            del report["errors"]
        print(json.dumps(report, ensure_ascii=False, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
