"""Measure the page under load, on loopback: many people, a rebuild meanwhile, memory afterwards.

    python benchmarks/load.py [--seconds 60] [--people 32] [--every 5]

Works on a copy of the corpus in a temporary folder. The people are one process of low priority:
they stand for other machines. Exit code 1 where a bar of the design is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
from dossier import questions
from serving import CLIENT_NICENESS, ROOT, Person, Served, Timing, asking_event, client_of, served, spread

REBUILDERS = 8
_MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Bars:
    """What the design asks for."""

    whole_p95_s: float = 1.5
    memory: int = 150 * _MEGABYTE


async def crowd(
    client: httpx.AsyncClient, asked: list[str], *, people: int, every_s: float, seconds: float
) -> list[Timing]:
    """Return the timings of *people* who each ask every *every_s* seconds for *seconds*."""
    function = await asking_event(client)
    end = time.perf_counter() + seconds

    async def one(number: int) -> list[Timing]:
        person, found, turn = Person(client, function), [], number
        while time.perf_counter() < end:
            begun = time.perf_counter()
            found.append(await person.ask(asked[turn % len(asked)]))
            turn += people
            await asyncio.sleep(max(0.0, every_s - (time.perf_counter() - begun)))
        return found

    return [t for found in await spread(people, every_s, one) for t in found]


async def rebuilding(client: httpx.AsyncClient, server: Served, seconds: float) -> int:
    """Change a document and rebuild, again and again for *seconds*; return how often."""
    document = next(iter(sorted(server.corpus.rglob("*.md"))))
    end, count = time.perf_counter() + seconds, 0
    while time.perf_counter() < end:
        text = document.read_text(encoding="utf-8")
        document.write_text(f"{text}\n\nPhrase ajoutée numéro {count} pendant l’essai.\n", encoding="utf-8")
        await client.post("/api/reconstruire")
        running = True
        while running:
            await asyncio.sleep(0.2)
            running = (await client.get("/api/etat")).json()["reconstruction"]["en_cours"]
        count += 1
    return count


async def conversations(client: httpx.AsyncClient, asked: list[str], count: int) -> list[Timing]:
    """Hold *count* conversations of one question, eight at a time."""
    function = await asking_event(client)
    waiting = iter(range(count))

    async def one(_: int) -> list[Timing]:
        return [await Person(client, function).ask(asked[n % len(asked)]) for n in waiting]

    return [t for found in await spread(8, 0.0, one) for t in found]


def tell(what: str, timings: list[Timing]) -> tuple[int, float]:
    """Print one line; return the failures and the 95th percentile of whole answers, in seconds."""
    failures = sum(t.whole_s is None for t in timings)
    first = [t.first_s for t in timings if t.first_s is not None]
    whole = [t.whole_s for t in timings if t.whole_s is not None]
    if not whole:
        sys.exit(f"{what}: no question was answered.")
    (a, b), (c, d) = np.percentile(first, [50, 95]) * 1e3, np.percentile(whole, [50, 95]) * 1e3
    print(f"| {what} | {len(timings)} | {failures} | {a:.0f} / {b:.0f} | {c:.0f} / {d:.0f} |", flush=True)
    return failures, d / 1e3


async def measure(server: Served, arguments: argparse.Namespace) -> bool:
    """Run the three trials; return whether every bar is met."""
    bars, asked = Bars(), questions(ROOT / "eval" / "questions", 300)
    print("| trial | questions | failures | first block, p50 / p95 ms | whole, p50 / p95 ms |")
    print("| --- | ---: | ---: | ---: | ---: |")
    async with client_of(server.address) as client:
        await conversations(client, asked, 8)
        before = server.memory()
        timings = await crowd(
            client, asked, people=arguments.people, every_s=arguments.every, seconds=arguments.seconds
        )
        failures, whole_s = tell(f"{arguments.people} people every {arguments.every:g} s", timings)
        held = await conversations(client, asked, arguments.conversations)
        lost, _ = tell(f"{arguments.conversations} conversations", held)
        grown = server.memory() - before
        half = arguments.seconds / 2
        during, rebuilds = await asyncio.gather(
            crowd(client, asked, people=REBUILDERS, every_s=1.0, seconds=half),
            rebuilding(client, server, half),
        )
        broken, _ = tell(f"{REBUILDERS} people during {rebuilds} rebuilds", during)
        after = server.memory() - before
    print(
        f"\nMemory: {before / _MEGABYTE:.0f} MB; {grown / _MEGABYTE:+.0f} MB after the conversations, "
        f"{after / _MEGABYTE:+.0f} MB after the rebuilds."
    )
    return not (failures or broken or lost) and whole_s <= bars.whole_p95_s and grown <= bars.memory


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=ROOT / "corpus")
    parser.add_argument("--index", type=Path, help="index to start from; built anew without it")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--people", type=int, default=32)
    parser.add_argument("--every", type=float, default=5.0)
    parser.add_argument("--conversations", type=int, default=1_000)
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}\n")
    with served(arguments.corpus, arguments.index) as server:
        os.nice(CLIENT_NICENESS)
        met = asyncio.run(measure(server, arguments))
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
