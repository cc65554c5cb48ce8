"""Write ``corpus/.vecteurs.npz`` from the current index (see ``assistant.store.memo``).

Usage: python tools/vecteurs.py [CORPUS] [INDEX]
"""

from __future__ import annotations

import sys
from pathlib import Path

from assistant.store import layout
from assistant.store.memo import save
from assistant.store.writing import known_vectors


def main() -> None:
    """Gather the vectors of the three tables and write them."""
    corpus, index = (
        Path(sys.argv[1] if len(sys.argv) > 1 else "corpus"),
        Path(sys.argv[2] if len(sys.argv) > 2 else "index"),
    )
    build = layout.current_build(index)
    found = {}
    for table in ("passages", "sentences", "questions"):
        keys, vectors = known_vectors(build, table)
        if vectors is not None:
            found.update({key: vectors[row] for key, row in keys.items()})
    path = save(corpus, layout.read_manifest(build).model, found)
    print(f"{path} : {len(found)} vecteurs, {path.stat().st_size / 1e6:.1f} Mo")


if __name__ == "__main__":
    main()
