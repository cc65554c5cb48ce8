"""Kill rebuilds, and rebuild under load: what is left of the index, and whether a question ever fails.

Usage: python benchmarks/crashes.py [--kills 200] [--rebuilds 50] [--askers 8]

Kills (SIGKILL) come before each write to the disk of one rebuild (fsync, rename, link, deletion), then at
random moments of others, each after another edit. After each kill the index is opened in a fresh process:
it must hold the state before the edit or the one after, whole: documents, sentences, vectors, rankings.
Then, in one process, threads ask without pause while the index is rebuilt again and again.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from crashing import die_at_write, in_child, state, update
from samples import FakeEncoder

DOCUMENTS = 40


def write(corpus: Path, turn: int) -> None:
    """Change, remove and add a document; write all of them on the first turn."""
    corpus.mkdir(exist_ok=True)
    for number in range(DOCUMENTS if turn == 0 else 1):
        text = f"# Note {number}\n\nUne phrase. Une autre phrase, de chiffre {number}, la {turn}.\n"
        (corpus / f"note-{number:02}.md").write_text(text, encoding="utf-8")
    (corpus / f"ajout-{turn}.md").write_text(f"Une conversation neuve, la {turn}.\n", encoding="utf-8")
    (corpus / f"ajout-{turn - 1}.md").unlink(missing_ok=True)


def settled(corpus: Path, index: Path) -> Any:
    """Bring the index up to date unharmed; return its state."""
    code, said = in_child(lambda: update(corpus, index))
    if code:
        raise AssertionError(said)
    return state(index)


def kill(corpus: Path, index: Path, kills: int) -> dict[str, int]:
    """Kill rebuilds; count how each left the index."""
    draw = random.Random(20261125)  # noqa: S311 - moments, not secrets
    found = {"kills": 0, "old": 0, "new": 0, "mixed": 0, "too late": 0}
    write(corpus, 0)
    new, turn, at = settled(corpus, index), 1, 0
    while found["kills"] < kills:
        old = new
        write(corpus, turn)
        turn += 1

        def action(at: int = at) -> None:
            if at >= 0:
                die_at_write(at)
            update(corpus, index)

        code, _ = in_child(action, kill_after_s=None if at >= 0 else draw.uniform(0, 1.0))
        left = state(index)
        new = settled(corpus, index)
        if code == 0:
            found["too late"] += 1
        else:
            found["kills"] += 1
            found["old" if left == old else "new" if left == new else "mixed"] += 1
        # Every write of a rebuild in turn, the last of them survived; then moments at random.
        at = -1 if at < 0 or code == 0 else at + 1
        print(f"\r{found}", end="", file=sys.stderr, flush=True)
    return found


def ask(corpus: Path, index: Path, rebuilds: int, askers: int) -> dict[str, int]:
    """Rebuild under load; count questions, failures, and answers of no build."""
    from assistant import Assistant
    from assistant.settings import Settings

    assistant = Assistant.open(index, Settings(max_chars=200), encoder=FakeEncoder())
    done = threading.Event()
    counts = {"rebuilds": rebuilds, "questions": 0, "failed": 0}
    lock = threading.Lock()

    def asker() -> None:
        while not done.is_set():
            try:
                assistant.search("une conversation neuve")
                assistant.ask("Que dit la note de la conversation neuve ?")
                failed = 0
            except Exception as error:  # noqa: BLE001 - whatever it is, it is what we count
                print(repr(error), file=sys.stderr)
                failed = 1
            with lock:
                counts["questions"] += 2
                counts["failed"] += failed

    threads = [threading.Thread(target=asker) for _ in range(askers)]
    for thread in threads:
        thread.start()
    for turn in range(1000, 1000 + rebuilds):
        write(corpus, turn)
        assistant.rebuild(corpus)
        time.sleep(0.05)
    done.set()
    for thread in threads:
        thread.join()
    return counts


def main() -> None:
    """Read the command line, kill, ask, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--rebuilds", type=int, default=50)
    parser.add_argument("--askers", type=int, default=8)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        corpus, index = Path(folder, "corpus"), Path(folder, "index")
        killed = kill(corpus, index, options.kills)
        print(f"\n{killed}", flush=True)
        asked = ask(corpus, index, options.rebuilds, options.askers)
        print(asked)
    if killed["mixed"] or asked["failed"]:
        sys.exit("an index was left that is neither the old nor the new one, or a question failed")


if __name__ == "__main__":
    main()
