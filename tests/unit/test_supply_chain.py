"""What the assistant is made of: advisories, licences, and code that never runs what it reads."""

from __future__ import annotations

import ast
import importlib.util
import json
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
OURS = ("src", "tools", "benchmarks")


@pytest.fixture(scope="module")
def tools() -> Iterator[None]:
    """Let the tools import each other, as they do when run."""
    sys.path.insert(0, str(ROOT / "tools"))
    yield
    sys.path.remove(str(ROOT / "tools"))


@pytest.fixture(scope="module")
def advisories(tools: None) -> ModuleType:
    """Return the tool that reads advisories."""
    import advisories

    return advisories


def advisory(name: str = "paquet", **affected: Any) -> dict[str, Any]:
    """Return an advisory of OSV's form."""
    about = {"package": {"ecosystem": "PyPI", "name": name}, **affected}
    return {"id": "OSV-ESSAI-1", "modified": "2026-05-01T00:00:00Z", "summary": "essai", "affected": [about]}


def ranged(*events: dict[str, str]) -> dict[str, Any]:
    """Return an advisory over a range."""
    return advisory(ranges=[{"type": "ECOSYSTEM", "events": list(events)}])


# --- advisories ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "version", "expected"),
    [
        (ranged({"introduced": "0"}, {"fixed": "2.0"}), "1.9", True),
        (ranged({"introduced": "0"}, {"fixed": "2.0"}), "2.0", False),
        (ranged({"introduced": "1.5"}, {"fixed": "2.0"}), "1.4", False),
        (ranged({"introduced": "1.0"}, {"last_affected": "1.3"}), "1.3", True),
        (ranged({"introduced": "1.0"}, {"last_affected": "1.3"}), "1.3.1", False),
        (
            ranged({"introduced": "0"}, {"fixed": "1.2"}, {"introduced": "2.0"}, {"fixed": "2.1"}),
            "1.5",
            False,
        ),
        (
            ranged({"introduced": "0"}, {"fixed": "1.2"}, {"introduced": "2.0"}, {"fixed": "2.1"}),
            "2.0.5",
            True,
        ),
        # Out of order, as the schema allows.
        (ranged({"fixed": "2.1"}, {"introduced": "2.0"}), "2.0.5", True),
        (ranged({"introduced": "2.10"}), "2.9", False),
        (ranged({"introduced": "0"}), "1.0+cpu", True),
        (advisory(versions=["1.0", "1.1"]), "1.1.0", True),
        (advisory(versions=["1.0", "1.1"]), "1.2", False),
        (advisory("autre", versions=["1.0"]), "1.0", False),
    ],
)
def test_an_advisory_concerns_the_versions_that_it_says(
    advisories: ModuleType, found: dict[str, Any], version: str, *, expected: bool
) -> None:
    """Versions listed, ranges open, closed and several, as OSV's schema evaluates them."""
    assert advisories.concerns(found, "paquet", version) is expected


def test_other_ecosystems_and_withdrawn_advisories_do_not_count(advisories: ModuleType) -> None:
    """An npm package of the same name is another package."""
    other = advisory(versions=["1.0"])
    other["affected"][0]["package"]["ecosystem"] = "npm"
    withdrawn = {**advisory(versions=["1.0"]), "withdrawn": "2026-01-01T00:00:00Z"}
    assert dict(advisories.by_package([other, withdrawn])) == {}


def test_advisories_are_read_from_what_osv_publishes(advisories: ModuleType, tmp_path: Path) -> None:
    """A zip archive, a folder, one file or a list; the newest day is told."""
    one = advisory("Mon_Paquet", versions=["1.0"])
    folder = tmp_path / "avis"
    folder.mkdir()
    (folder / "a.json").write_text(json.dumps(one), encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("a.json", json.dumps(one))
    (tmp_path / "liste.json").write_text(json.dumps([one, one]), encoding="utf-8")
    assert advisories.read_advisories(folder) == [one]
    assert advisories.read_advisories(tmp_path / "all.zip") == [one]
    assert len(advisories.read_advisories(tmp_path / "liste.json")) == 2
    assert advisories.newest([one]) == "2026-05-01"
    assert set(advisories.by_package([one])) == {"mon-paquet"}


@pytest.mark.parametrize("content", ["", "{", "[]", '{"a": 1}'])
def test_a_file_without_advisories_is_refused(advisories: ModuleType, tmp_path: Path, content: str) -> None:
    """An empty comparison would look like a clean one."""
    path = tmp_path / "avis.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match="avis"):
        advisories.read_advisories(path)


@pytest.mark.skipif(importlib.util.find_spec("pip_audit") is None, reason="pip-audit is not installed")
def test_pip_audit_finds_what_the_file_knows(
    tools: None, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A version of a dependency that an advisory names fails the audit; one that none names passes."""
    import argparse

    import audit
    from dependencies import Dependency

    path = tmp_path / "avis.json"
    path.write_text(
        json.dumps(
            advisory("idna", ranges=[{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "9"}]}])
        ),
        encoding="utf-8",
    )
    options = argparse.Namespace(en_ligne=False, avis=path, strict=True)
    assert audit.vulnerabilities([Dependency("idna", "3.0", "BSD-3-Clause", dev=False)], options) == 1
    out = capfd.readouterr().out
    assert "OSV-ESSAI-1" in out
    assert "2026-05-01" in out
    assert audit.vulnerabilities([Dependency("h11", "0.16.0", "MIT", dev=False)], options) == 0


def test_no_advisories_is_said_and_is_no_success_when_they_are_asked_for(
    tools: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was not compared is not called clean."""
    import argparse

    import audit

    assert audit.vulnerabilities([], argparse.Namespace(en_ligne=False, avis=None, strict=False)) == 0
    assert "NON VÉRIFIÉES" in capsys.readouterr().out
    assert audit.vulnerabilities([], argparse.Namespace(en_ligne=False, avis=None, strict=True)) == 3


# --- licences -----------------------------------------------------------------------------------


@pytest.mark.skipif(importlib.util.find_spec("license_expression") is None, reason="needs license-expression")
@pytest.mark.parametrize(
    ("licence", "dev", "expected"),
    [
        ("MIT", False, True),
        ("MIT License", False, True),
        ("BSD-3-Clause AND 0BSD AND Zlib", False, True),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", False, True),
        ("Apache Software License OR GNU General Public License (GPL)", False, True),
        ("GPL-3.0-only", False, False),
        ("MIT AND GPL-3.0-only", False, False),
        ("AGPL-3.0-or-later", True, False),
        ("Artistic License", True, True),
        ("Artistic License", False, False),
        ("Proprietary", False, False),
        ("", False, False),
    ],
)
def test_licences_are_judged(tools: None, licence: str, *, dev: bool, expected: bool) -> None:
    """One of the alternatives, all of the conditions; what says nothing is not compatible."""
    import licences
    from dependencies import Dependency

    assert licences.compatible(Dependency("paquet", "1.0", licence, dev=dev)) is expected


@pytest.mark.skipif(importlib.util.find_spec("license_expression") is None, reason="needs license-expression")
def test_every_dependency_has_a_compatible_licence(tools: None) -> None:
    """Those of users and those of developers, as they are installed here."""
    import licences
    from dependencies import closure

    found = closure("assistant-du-dossier", dev=True)
    assert len(found) > 80
    assert [f"{d.name}: {d.licence}" for d in found if not licences.compatible(d)] == []


# --- bill of materials --------------------------------------------------------------------------


@pytest.mark.skipif(importlib.util.find_spec("cyclonedx_py") is None, reason="cyclonedx-bom is not installed")
def test_the_bill_of_materials_lists_what_a_user_installs(tools: None) -> None:
    """Each dependency with its version, none of the tools, and no path of this machine."""
    import sbom
    from dependencies import closure

    wanted = {d.name for d in closure("assistant-du-dossier") if d.name != "assistant-du-dossier"}
    found = sbom.without_addresses(sbom.keep(sbom.bill(), wanted))
    assert found["bomFormat"] == "CycloneDX"
    assert {sbom._canonical(c["name"]) for c in found["components"]} == wanted
    assert all(c["version"] for c in found["components"])
    assert "ruff" not in wanted
    assert "file:" not in json.dumps(found)


# --- code that never runs what it reads ---------------------------------------------------------

FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "jsonpickle"}
FORBIDDEN_METHODS = {
    ("torch", "load"),
    ("os", "system"),
    ("os", "popen"),
    ("yaml", "unsafe_load"),
    ("torch", "hub"),
}


def dangers(tree: ast.AST) -> Iterator[str]:
    """Yield what in a module could run what it reads."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            yield from (f"import {n}" for n in names if n.split(".")[0] in FORBIDDEN_MODULES)
        elif isinstance(node, ast.Call):
            yield from _call_dangers(node)


def _call_dangers(node: ast.Call) -> Iterator[str]:
    function = node.func
    if isinstance(function, ast.Name) and function.id in FORBIDDEN_CALLS:
        yield function.id
    named = isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name)
    if named and (function.value.id, function.attr) in FORBIDDEN_METHODS:
        yield f"{function.value.id}.{function.attr}"
    for keyword in node.keywords:
        given = isinstance(keyword.value, ast.Constant) and keyword.value.value is False
        if keyword.arg in {"trust_remote_code", "allow_pickle", "shell"} and not given:
            yield f"{keyword.arg}={ast.unparse(keyword.value)}"


@pytest.mark.parametrize("folder", OURS)
def test_nothing_that_is_read_can_run(folder: str) -> None:
    """No pickle, no eval, no code of a model's, no shell: an index or a model from elsewhere is only data."""
    files = sorted((ROOT / folder).rglob("*.py"))
    assert files
    found = {
        path.relative_to(ROOT).as_posix(): list(dangers(ast.parse(path.read_text(encoding="utf-8"))))
        for path in files
    }
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    "code",
    [
        "import pickle", "from joblib import load", "eval(x)", "exec(x)", "torch.load(f)", "os.system(x)",
        "AutoModel.from_pretrained(x, trust_remote_code=True)",
        "SentenceTransformer(x, trust_remote_code=flag)", "np.load(f, allow_pickle=True)",
        "subprocess.run(x, shell=True)",
    ],
)  # fmt: skip
def test_the_dangers_are_seen(code: str) -> None:
    """The check above can fail."""
    assert len(list(dangers(ast.parse(code)))) == 1


def test_security_rules_are_on_and_each_exception_says_why(tools: None) -> None:
    """Ruff's rules S apply to everything but tests' own asserts; no exception without its reason."""
    import audit

    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"]["lint"]
    assert settings["select"] == ["ALL"]
    assert [rule for rule in settings["ignore"] if rule.startswith("S") and rule[1:].isdigit()] == []
    ignored = {
        r for rules in settings["per-file-ignores"].values() for r in rules if r[0] == "S" and r[1:].isdigit()
    }
    assert ignored <= {"S101", "S603"}
    assert [place for place, _, reason in audit.exceptions() if not reason] == []
