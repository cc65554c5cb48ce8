"""The archive of ``make bundle`` installs and answers where there is no network at all.

Slow (a whole environment is installed), so apart: ``make test-bundle`` builds the archive and runs this.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import SettingsError
from assistant.proof import Method, choose_method
from assistant.proof.attempts import Seen

ARCHIVE = os.environ.get("ASSISTANT_BUNDLE")
pytestmark = pytest.mark.skipif(ARCHIVE is None, reason="slow: make test-bundle")
QUESTION = "Combien de temps ChatGPT garde-t-il une conversation supprimée ?"

# What a person does, on a machine that has nothing but Python: install, serve, ask.
STORY = """
import json, os, subprocess, sys, time, urllib.request
sys.path.insert(0, {source!r})
from assistant.proof.loopback import bring_up, interfaces, routes
bring_up()
facts = {{"interfaces": interfaces(), "routes": routes()}}
os.chdir({folder!r})
environment = {{"PATH": {path!r}, "HOME": {home!r}, "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1"}}
kept = ("PYTHONPATH", "ASSISTANT_PROOF_LOG", "ASSISTANT_PROOF_MODE")
environment |= {{name: os.environ[name] for name in kept}}
done = subprocess.run(["./installer.sh", "--prefix", {home!r} + "/a", "--bin", {home!r} + "/bin"],
                      env=environment, capture_output=True, text=True)
facts["install"] = [done.returncode, done.stdout, done.stderr]
if done.returncode == 0:
    server = subprocess.Popen(["assistant", "serve", "--port", "7860"], env=environment,
                              stdout=subprocess.PIPE, text=True)
    facts["address"] = server.stdout.readline().strip()
    if facts["address"]:
        body = json.dumps({{"question": {question!r}}}).encode()
        headers = {{"content-type": "application/json"}}
        request = urllib.request.Request(facts["address"] + "/api/ask", body, headers)
        facts["answer"] = json.load(urllib.request.urlopen(request))
        facts["page"] = urllib.request.urlopen(facts["address"]).read().decode()
    server.terminate()
    server.wait()
with open({result!r}, "w") as file:
    json.dump(facts, file)
"""


@pytest.fixture(scope="module")
def method() -> Method:
    """Return the method that takes every route away."""
    try:
        return choose_method("espace")
    except SettingsError:
        pytest.skip("network namespaces are not allowed here")


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Extract the archive; return its folder."""
    root = tmp_path_factory.mktemp("bundle")
    with tarfile.open(str(ARCHIVE)) as archive:
        archive.extractall(root, filter="data")
    (folder,) = root.iterdir()
    return folder


@pytest.fixture(scope="module")
def told(
    extracted: Path, method: Method, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], Seen]:
    """Install and ask in a network namespace; return what happened and what was reached for."""
    home, watched = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("watched")
    python = Path(getattr(sys, "_base_executable", sys.executable)).resolve().parent
    story = STORY.format(
        source=str(Path(__file__).parents[2] / "src"),
        folder=str(extracted),
        path=f"{home}/bin:{python}:{os.defpath}",
        home=str(home),
        question=QUESTION,
        result=str(home / "facts.json"),
    )
    _, seen = method.observe([sys.executable, "-c", story], watched)
    facts: dict[str, Any] = json.loads((home / "facts.json").read_text(encoding="utf-8"))
    shutil.rmtree(home / "a", ignore_errors=True)
    return facts, seen


def test_it_installs_and_answers_without_any_network(told: tuple[dict[str, Any], Seen]) -> None:
    """From the archive alone: no route, no registry, no cache; the answer is cited."""
    facts, _ = told
    assert (facts["interfaces"], facts["routes"]) == (["lo"], 0)
    assert facts["install"][0] == 0, facts["install"]
    assert "assistant serve" in facts["install"][1]
    answer = facts["answer"]
    assert not answer["abstained"]
    assert answer["citations"][0]["document"] == "openai-chatgpt"
    assert "30" in answer["statements"][0]["text"]
    assert "Assistant du dossier" in facts["page"]


def test_nothing_is_even_tried(told: tuple[dict[str, Any], Seen]) -> None:
    """Neither the installer, nor pip, nor the assistant asks for a name or another machine."""
    _, seen = told
    assert seen.attempts == []
    assert seen.inside > 0


def install(folder: Path, target: Path) -> subprocess.CompletedProcess[str]:
    """Run the installer of *folder* for *target*; it is expected to stop before it installs anything."""
    where = ["--prefix", str(target / "a"), "--bin", str(target / "b"), "--python", sys.executable]
    return subprocess.run(["./installer.sh", *where], cwd=folder, capture_output=True, text=True, check=False)


def test_a_damaged_file_is_refused(extracted: Path, tmp_path: Path) -> None:
    """Before anything is installed, in one sentence that names the file."""
    copy = tmp_path / "copy"
    shutil.copytree(extracted, copy, copy_function=os.link)
    (copy / "NOTICE").unlink()
    (copy / "NOTICE").write_text("autre chose", encoding="utf-8")
    done = install(copy, tmp_path)
    assert done.returncode == 1
    assert "« NOTICE » est abîmé" in done.stderr
    assert not (tmp_path / "a").exists()


def test_a_wheel_slipped_in_is_refused(extracted: Path, tmp_path: Path) -> None:
    """A package that the archive did not hold is not installed."""
    copy = tmp_path / "copy"
    shutil.copytree(extracted, copy, copy_function=os.link)
    (copy / "wheels" / "intrus-1.0-py3-none-any.whl").write_bytes(b"")
    done = install(copy, tmp_path)
    assert done.returncode == 1
    assert "intrus-1.0" in done.stderr


def test_no_address_and_no_path_of_the_builder_is_in_it(extracted: Path) -> None:
    """Nobody learns from the archive where it was made."""
    texts = [p for p in extracted.iterdir() if p.is_file()]
    assert {"SHA256SUMS", "PLATEFORME", "requirements.txt", "installer.sh", "LISEZMOI.md"} <= {
        p.name for p in texts
    }
    home = str(Path.home())
    for path in texts:
        text = path.read_text(encoding="utf-8")
        assert str(Path(__file__).parents[2]) not in text
        assert f"{home}/" not in text
        assert "file:" not in text
