"""Write the software bill of materials (CycloneDX, JSON) of this environment.

What the assistant and its dependencies are, in which versions, under which licences, and which needs
which. Packages that the environment holds beside them (tools of one's own) are left out.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from dependencies import closure

ROOT = Path(__file__).parents[1]
NAME = "assistant-du-dossier"


def bill() -> dict[str, Any]:
    """Return what cyclonedx-py finds in this environment, as JSON.

    Raises:
        SystemExit: The tool is missing, or failed.
    """
    command = [
        sys.executable, "-m", "cyclonedx_py", "environment", sys.executable,
        "--pyproject", str(ROOT / "pyproject.toml"), "--mc-type", "application",
        "--output-format", "JSON", "--output-reproducible", "--spec-version", "1.6",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:]
        sys.exit(f"sbom : cyclonedx-py a échoué ({''.join(last)}) : installez les dépendances « dev ».")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def without_addresses(value: Any) -> Any:
    """Return *value* without the paths of this machine that tools note down."""
    if isinstance(value, dict):
        return {k: without_addresses(v) for k, v in value.items()}
    if isinstance(value, list):
        return [without_addresses(v) for v in value if not _is_local(v)]
    return value


def _is_local(value: Any) -> bool:
    return isinstance(value, dict) and str(value.get("url", "")).startswith("file:")


def keep(found: dict[str, Any], names: set[str]) -> dict[str, Any]:
    """Return the bill with the components *names* only, and their dependencies."""
    components = [c for c in found.get("components", []) if _canonical(c["name"]) in names]
    references = {c["bom-ref"] for c in components} | {found["metadata"]["component"]["bom-ref"]}
    dependencies = [
        {**d, "dependsOn": [r for r in d.get("dependsOn", []) if r in references]}
        for d in found.get("dependencies", [])
        if d["ref"] in references
    ]
    return {**found, "components": components, "dependencies": dependencies}


def _canonical(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def main() -> int:
    """Write the bill."""
    parser = argparse.ArgumentParser(description="Écrit la nomenclature des composants (CycloneDX).")
    parser.add_argument("-o", "--sortie", type=Path, default=ROOT / "dist" / "sbom.cdx.json")
    options = parser.parse_args()
    kept = without_addresses(keep(bill(), {d.name for d in closure(NAME) if not d.dev} - {NAME}))
    options.sortie.parent.mkdir(parents=True, exist_ok=True)
    options.sortie.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"{options.sortie} : {len(kept['components'])} composants")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
