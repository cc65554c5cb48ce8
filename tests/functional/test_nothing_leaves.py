"""Index, serve, ask by the API and by the page's queue, rebuild, stop: nothing leaves the machine.

The same run as ``assistant check --reseau``, by the strongest method that this machine allows: in a
network namespace without a route, its system calls recorded, else under a guard in every process.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import SettingsError
from assistant.proof import Attempt, Method, Proof, choose_method
from assistant.proof.attempts import Seen
from assistant.settings import Settings
from samples import write_corpus

WAYS = ["espace", "garde"]
Attested = tuple[dict[str, Any], Path, subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def methods() -> dict[str, Method]:
    """Return the methods that this machine allows."""
    found = {"garde": choose_method("garde")}
    try:
        found["espace"] = choose_method("espace")
    except SettingsError:
        # No right to make a namespace here: the guard remains.
        return found
    return found


@pytest.fixture(scope="module")
def attested(methods: dict[str, Method], tmp_path_factory: pytest.TempPathFactory) -> Attested:
    """Run the command as a user does; return what it attests, the page, and how it ended.

    By the stronger method that this machine allows: where it may isolate, nothing could leave at all.
    """
    way = next(w for w in WAYS if w in methods)
    folder = tmp_path_factory.mktemp(way)
    write_corpus(folder / "corpus")
    command = [sys.executable, "-c", "from assistant.cli import main; raise SystemExit(main())"]
    options = ["--corpus", "corpus", "--methode", way, "--rapport", "attestations"]
    done = subprocess.run(  # noqa: S603 - our own command
        [*command, "check", "--reseau", *options],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (folder / "attestations").is_dir(), done.stderr
    (record,) = (folder / "attestations").glob("*.json")
    return json.loads(record.read_text(encoding="utf-8")), record.with_suffix(".md"), done


def test_nothing_leaves_the_machine(attested: Attested) -> None:
    """No connection, no sending, no look-up of a name, from the first line to the last."""
    facts, _, done = attested
    assert facts["releve"]["tentatives_de_sortie"] == []
    assert [s for s in facts["etapes"] if not s["done"]] == []
    assert done.returncode == 0, done.stderr
    assert facts["conclusion"] == "aucune sortie"
    assert "Aucune sortie" in done.stdout


def test_the_whole_life_was_watched(attested: Attested) -> None:
    """Each step was done, by processes that were watched, on a network that is what it claims."""
    facts, _, _ = attested
    steps = " / ".join(s["name"] for s in facts["etapes"])
    for word in ("index", "serve", "/api/ask", "file de la page", "navigateur", "reconstruire", "arrêter"):
        assert word in steps
    # The command line, the server, the reader of documents: each is a process of its own.
    assert facts["releve"]["processus_python_suivis"] >= 5
    assert facts["releve"]["echanges_avec_cette_machine"] > 0
    assert facts["methode"]["temoin_vu"]
    assert {a["cible"] for a in facts["methode"]["temoin"]} >= {"192.0.2.1:443", "temoin.invalid"}
    if "espace de noms" in facts["methode"]["nom"]:
        assert (facts["methode"]["interfaces"], facts["methode"]["routes_vers_l_exterieur"]) == (["lo"], 0)


def test_what_is_served_loads_nothing_from_elsewhere(attested: Attested) -> None:
    """HTML, style sheets and scripts, Gradio's included; each page's policy is closed."""
    pages = attested[0]["pages"]
    # Gradio alone serves some 900 scripts and style sheets.
    assert pages["fichiers_lus"] > 500
    assert pages["adresses_que_le_navigateur_chargerait"] == []
    assert pages["liens_qui_diraient_d_ou_l_on_vient"] == []
    assert pages["pages_sans_politique_fermee"] == []


def test_the_attestation_can_be_filed(attested: Attested) -> None:
    """It is French, dated, says how it was found out, and its digest is that of the facts beside it."""
    facts, page, _ = attested
    text = page.read_text(encoding="utf-8")
    assert "Conclusion : aucune sortie" in text
    assert facts["debut"] in text
    assert facts["logiciel"]["modele"] in text
    assert facts["methode"]["portee"] in text
    assert "Rien : aucune connexion" in text
    digest = hashlib.sha256(page.with_suffix(".json").read_bytes()).hexdigest()
    assert digest in text
    # No content of a document, no question: only what was done.
    assert "Boréal" not in text


@pytest.mark.parametrize("way", WAYS)
def test_a_process_that_leaves_is_caught(methods: dict[str, Method], way: str, tmp_path: Path) -> None:
    """Even a grandchild, by connection and by name: the method is no check that cannot fail."""
    if way not in methods:
        pytest.skip("network namespaces are not allowed here")
    child = (
        "import contextlib, socket\n"
        "with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:\n"
        "    probe.connect(('192.0.2.7', 443))\n"
        "with contextlib.suppress(OSError):\n"
        "    socket.getaddrinfo('evasion.invalid', 443)\n"
    )
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}], check=True)"
    code, seen = methods[way].observe([sys.executable, "-c", parent], tmp_path)
    assert code == 0
    assert {"192.0.2.7:443", "evasion.invalid"} <= {a.target for a in seen.attempts if a.seen_by == "Python"}
    if methods[way].isolated and methods[way].strace:
        assert "192.0.2.7:443" in {a.target for a in seen.attempts if a.seen_by == "appels système"}


def test_system_calls_are_seen_where_python_is_not_asked(methods: dict[str, Method], tmp_path: Path) -> None:
    """A program that the hook does not reach is seen by strace, where there is one."""
    method = methods.get("espace", methods["garde"])
    if not method.strace:
        pytest.skip("strace is not installed, or not allowed")
    # A datagram's connection sends nothing.
    script = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect_ex(('192.0.2.9', 9))"
    _, seen = method.observe([sys.executable, "-I", "-S", "-c", script], tmp_path)
    assert {a.target for a in seen.attempts} == {"192.0.2.9:9"}


HELD = Proof(
    started=datetime(2026, 1, 1, tzinfo=UTC),
    ended=datetime(2026, 1, 1, tzinfo=UTC),
    method=Method(isolated=True, strace=()),
    control=(),
    control_held=True,
    story={"steps": [{"done": True}], "interfaces": ["lo"], "routes": 0, "scan": {}},
    documents=(1, 1),
    seen=Seen(inside=1),
    settings=Settings(),
)


@pytest.mark.parametrize(
    "proof",
    [
        replace(HELD, seen=Seen(inside=1, attempts=[Attempt("connexion", "192.0.2.1:443", "Python", 1)])),
        replace(HELD, seen=Seen()),
        replace(HELD, control_held=False),
        replace(HELD, story={**HELD.story, "steps": []}),
        replace(HELD, story={**HELD.story, "steps": [{"done": False}]}),
        replace(HELD, story={**HELD.story, "routes": 1}),
        replace(HELD, story={**HELD.story, "interfaces": ["eth0", "lo"]}),
    ],
    ids=["attempt", "nothing seen", "blind", "no step", "failed step", "route", "interface"],
)
def test_a_proof_holds_only_if_everything_does(proof: Proof) -> None:
    """One attempt, one failed step, one route, or a method that sees nothing, and nothing is attested."""
    assert HELD.holds
    assert not proof.holds


def test_an_empty_corpus_is_told_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """There is nothing to prove anything on."""
    from assistant.cli import main

    (tmp_path / "vide").mkdir()
    assert main(["check", "--reseau", "--corpus", str(tmp_path / "vide"), "--rapport", str(tmp_path)]) == 1
    assert re.fullmatch(r"assistant : Le dossier « .* » n'a aucun document : .*\n", capsys.readouterr().err)
