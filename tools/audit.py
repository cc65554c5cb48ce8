"""Audit what the assistant is made of: known vulnerabilities, licences, exceptions to the security rules.

    python tools/audit.py [--avis FICHIER | --en-ligne] [--strict]

Exit codes: 0 nothing found, 1 something found, 2 advisories asked for that cannot be read, 3 (only with
--strict) no advisories to compare with.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from advisories import newest, read_advisories, served
from dependencies import Dependency, closure
from licences import compatible, expression, table

ROOT = Path(__file__).parents[1]
NAME = "assistant-du-dossier"
FOLDERS = ("src", "tools", "benchmarks", "tests")
_EXCEPTION = re.compile(r"# noqa: ((?:[A-Z]+\d+, ?)*S\d{3}(?:, ?[A-Z]+\d+)*)(.*)$")


def pip_audit(dependencies: Iterable[Dependency], service: list[str]) -> int:
    """Run pip-audit on exactly these versions; return its exit code.

    Its report goes to the terminal.
    """
    with tempfile.TemporaryDirectory() as work:
        file = Path(work) / "requirements.txt"
        # What a builder appends to a version ("+cpu") no advisory knows.
        lines = [f"{d.name}=={d.version.partition('+')[0]}" for d in dependencies if d.name != NAME]
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        command = [
            sys.executable, "-m", "pip_audit", "-r", str(file), "--no-deps", "--disable-pip",
            "--progress-spinner", "off", "--cache-dir", work, *service,
        ]  # fmt: skip
        return subprocess.run(command, check=False).returncode


def vulnerabilities(dependencies: list[Dependency], options: argparse.Namespace) -> int:
    """Compare with advisories; return an exit code."""
    if options.en_ligne:
        print("Vulnérabilités : avis demandés au registre.", flush=True)
        return pip_audit(dependencies, ["-s", "pypi"])
    if options.avis is None:
        print(
            "Vulnérabilités : NON VÉRIFIÉES, faute d'avis. Donnez-en par « make audit AVIS=fichier » "
            "(format : docs/audit.md), ou « make audit ARGS=--en-ligne » là où il y a un réseau."
        )
        return 3 if options.strict else 0
    try:
        advisories = read_advisories(options.avis)
    except ValueError as error:
        print(f"audit : {error} : donnez-en un autre (docs/audit.md).", file=sys.stderr)
        return 2
    print(
        f"Vulnérabilités : {len(advisories)} avis, le plus récent du {newest(advisories) or 'jour inconnu'}.",
        flush=True,
    )
    with served(advisories) as address:
        return pip_audit(dependencies, ["-s", "osv", "--osv-url", address])


def refused_licences(dependencies: list[Dependency]) -> int:
    """List the licences in dist/licences.md; return 1 if one is not compatible."""
    target = ROOT / "dist" / "licences.md"
    target.parent.mkdir(exist_ok=True)
    target.write_text(table(dependencies), encoding="utf-8")
    refused = [d for d in dependencies if not compatible(d)]
    print(f"Licences : {len(dependencies)} paquets, {len(refused)} à examiner ; liste dans {target.name}.")
    for d in refused:
        print(f"  {d.name} {d.version} : {expression(d) or 'aucune licence déclarée'}")
    return int(bool(refused))


def exceptions() -> list[tuple[str, str, str]]:
    """Return the exceptions to ruff's security rules: place, rules, reason ("" where none is given)."""
    found = []
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                if match := _EXCEPTION.search(line):
                    place = f"{path.relative_to(ROOT).as_posix()}:{number}"
                    found.append((place, match[1].strip(), match[2].strip(" -")))
    return found


def unreasoned() -> int:
    """List the exceptions to the security rules; return 1 if one has no reason."""
    found = exceptions()
    bare = [place for place, _, reason in found if not reason]
    print(f"Règles de sécurité de ruff (S) : {len(found)} exceptions, dont {len(bare)} sans motif.")
    for place, rules, reason in found:
        print(f"  {place} {rules} : {reason or 'SANS MOTIF'}")
    return int(bool(bare))


def main() -> int:
    """Run the audit."""
    parser = argparse.ArgumentParser(description="Audite les dépendances et les exceptions de sécurité.")
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--avis", type=Path, metavar="FICHIER", help="avis au format OSV : zip, dossier ou JSON"
    )
    source.add_argument("--en-ligne", action="store_true", help="demander les avis au registre")
    parser.add_argument("--strict", action="store_true", help="échouer (code 3) sans avis à comparer")
    options = parser.parse_args()
    dependencies = closure(NAME, dev=True)
    codes = [refused_licences(dependencies), unreasoned(), vulnerabilities(dependencies, options)]
    return next((code for code in codes if code), 0)


if __name__ == "__main__":
    raise SystemExit(main())
