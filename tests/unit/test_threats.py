"""The threat model names tests: each exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
DOCUMENT = ROOT / "docs" / "menaces.md"


def named_tests() -> list[tuple[str, str]]:
    """Return file and name of each test that the threat model names."""
    return NAMED.findall(DOCUMENT.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("file", "name"), named_tests())
def test_a_named_test_exists(file: str, name: str) -> None:
    """Where it is said to be, under that very name."""
    path = ROOT / file
    assert path.is_file()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_threat_has_its_proof() -> None:
    """Each line of a table of threats names at least one test."""
    text = DOCUMENT.read_text(encoding="utf-8").partition("## Menaces")[2].partition("## Refaire")[0]
    rows = [
        line
        for line in text.splitlines()
        if line.startswith("| ") and not line.startswith(("| Comment", "| ---"))
    ]
    assert len(rows) >= 20
    assert [row for row in rows if not NAMED.search(row)] == []


def test_files_that_it_names_exist() -> None:
    """Documents and sources too."""
    for document in (DOCUMENT, ROOT / "SECURITY.md", ROOT / "docs" / "audit.md"):
        text = document.read_text(encoding="utf-8")
        for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
            assert (document.parent / link).is_file(), link
        for source in re.findall(r"`(src/[\w/]+\.py)`", text):
            assert (ROOT / source).is_file(), source
