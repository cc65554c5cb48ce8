"""Write ``corpus/.vecteurs.npz`` from the current index (see ``assistant.store.memo``).

Usage: python tools/vecteurs.py [CORPUS] [INDEX]
"""

from __future__ import annotations

import sys
from pathlib import Path

from assistant.store import layout
from assistant.store.memo import save
from assistant.store.shard import TABLES, ShardInfo, open_shard


def main() -> None:
    """Gather the vectors of the three tables and write them."""
    corpus, index = (
        Path(sys.argv[1] if len(sys.argv) > 1 else "corpus"),
        Path(sys.argv[2] if len(sys.argv) > 2 else "index"),
    )
    build = layout.current_build(index)
    manifest = layout.read_manifest(build)
    found = {}
    for record in manifest.shards:
        shard = open_shard(build, ShardInfo.of(record))
        for table in TABLES:
            rows = shard.query(f"SELECT key, row FROM {table}")  # noqa: S608 - constant names
            found.update({key: shard.vectors[table][row] for key, row in rows})
    path = save(corpus, manifest.model, found)
    print(f"{path} : {len(found)} vecteurs, {path.stat().st_size / 1e6:.1f} Mo")


if __name__ == "__main__":
    main()
