"""The whole life of the assistant, in one process tree that is watched from its first line.

Run as ``python -m assistant.proof.scenario PLAN``: reads a plan, writes what was done beside it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from assistant.errors import AssistantError
from assistant.proof.client import Client
from assistant.proof.loopback import bring_up, interfaces, routes
from assistant.proof.pages import Scan, scan

POLL_S = 0.2
READY_S = 600.0
"""Longest wait for a server that is alive: a model is loaded from the disk meanwhile."""
PROBE = "sonde-attestation-reseau"
_PROBE_TEXT = """# Sonde de l'attestation

Ce document d'essai a été ajouté pendant l'essai pour provoquer une reconstruction.
"""
COMMAND = [sys.executable, "-P", "-c", "from assistant.cli import main; raise SystemExit(main())"]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done.

    Attributes:
        name: What, in French.
        done: Whether it succeeded.
        detail: What came out, in French, without any content of a document.
    """

    name: str
    done: bool
    detail: str
    seconds: float


@dataclass(slots=True)
class Story:
    """What was done, on which network, and what the pages hold."""

    steps: list[Step] = field(default_factory=list)
    interfaces: list[str] = field(default_factory=list)
    routes: int | None = None
    scan: Scan = field(default_factory=Scan)


class _FailedError(Exception):
    """A step did not do what it should; the message is French."""


def run(plan: dict[str, Any]) -> Story:
    """Do everything that the plan says; a failed step ends the story, which tells it.

    Args:
        plan: ``folder`` to work in (with ``corpus`` and ``assistant.toml``), ``isolated``.
    """
    story = Story()
    if plan["isolated"]:
        bring_up()
    story.interfaces, story.routes = interfaces(), routes()
    folder = Path(plan["folder"])
    with contextlib.suppress(_FailedError):
        _step(story, "assistant index : construire l'index", lambda: _command(folder, "index"))
        with _server(folder, story) as client:
            _questions(story, client)
            _step(
                story, "les pages servies au navigateur : lire chaque adresse", lambda: _scan(story, client)
            )
            _step(story, "ajouter un document et reconstruire l'index", lambda: _rebuild(folder, client))
            _step(story, "interroger après la reconstruction", lambda: _ask(client))
        _step(story, "assistant search : chercher", lambda: _command(folder, "search", "données"))
    return story


def _step(story: Story, name: str, action: Callable[[], str]) -> None:
    started = time.monotonic()
    try:
        done, detail = True, action()
    except (_FailedError, AssistantError, OSError, ValueError) as error:
        done, detail = False, str(error)
    step = Step(name, done, detail, round(time.monotonic() - started, 1))
    story.steps.append(step)
    print(f"{'fait ' if done else 'ÉCHEC'} {name} ({detail})", file=sys.stderr, flush=True)  # noqa: T201 - progress
    if not done:
        raise _FailedError(name)


def _command(folder: Path, *arguments: str) -> str:
    done = subprocess.run(  # noqa: S603 - this project's own command
        [*COMMAND, *arguments, *_places(folder)],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"code {done.returncode}"]
        raise _FailedError(lines[-1])
    return "code de sortie 0"


def _places(folder: Path) -> list[str]:
    return [
        "--corpus", str(folder / "corpus"), "--index", str(folder / "index"),
        "--config", str(folder / "assistant.toml"),
    ]  # fmt: skip


@contextmanager
def _server(folder: Path, story: Story) -> Iterator[Client]:
    """Serve while the block runs; starting and stopping are steps too."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    errors = folder / "serveur.log"
    with errors.open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - this project's own command
            [*COMMAND, "serve", "--port", str(port), *_places(folder)],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
        )
    client = Client(port)
    try:
        _step(story, "assistant serve : ouvrir le serveur", lambda: _ready(client, process, errors))
        yield client
        _step(story, "arrêter le serveur", lambda: _stop(process))
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def _ready(client: Client, process: subprocess.Popen[bytes], errors: Path) -> str:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            told = errors.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            message = f"le serveur s'est arrêté, code {process.returncode} : {''.join(told[-1:])}"
            raise _FailedError(message)
        with contextlib.suppress(OSError):
            if client.get("/readyz").status == 200:
                return f"à l'écoute sur 127.0.0.1, port {client.port}"
        time.sleep(POLL_S)
    raise _FailedError("le serveur n'a pas répondu")


def _stop(process: subprocess.Popen[bytes]) -> str:
    process.terminate()
    process.wait(timeout=READY_S)
    return "arrêté"


def _questions(story: Story, client: Client) -> None:
    _step(story, "POST /api/ask : interroger par l'API", lambda: _ask(client))
    _step(
        story, "la file de la page : interroger comme un autre programme", lambda: _queue(client, "demander")
    )
    _step(story, "la file de la page : interroger comme le navigateur", lambda: _queue(client, "submit"))


def _examples(client: Client) -> list[str]:
    """Return questions that the corpus itself suggests, and one that no corpus answers."""
    found = client.get("/api/exemples").json()["exemples"]
    return [*found[:3], "Quelle est la météo de demain ?"]


def _ask(client: Client) -> str:
    questions = _examples(client)
    answers = []
    for question in questions:
        response = client.post("/api/ask", {"question": question})
        if response.status != 200:
            message = f"une question a reçu le code {response.status}"
            raise _FailedError(message)
        answers.append(response.json())
    cited = sum(len(answer["citations"]) for answer in answers)
    return f"{len(answers)} questions, {cited} citations"


def _queue(client: Client, which: str) -> str:
    """Ask through the queue: by the event named so, or by what sends the page's own field."""
    events = client.get("/config").json()["dependencies"]
    for event in events:
        sends = [name for _, name in event["targets"]]
        if event["api_name"] == which or which in sends:
            data: list[Any] = [_examples(client)[0], *[None] * (len(event["inputs"]) - 1)]
            output = client.queued(event["id"], data, f"attestation{event['id']}")
            if not output.get("data"):
                raise _FailedError("la page n'a rien reçu")
            return "réponse reçue par la file de Gradio"
    raise _FailedError("la page n'a pas cet événement")


def _scan(story: Story, client: Client) -> str:
    documents = client.get("/api/documents").json()
    slugs = [d["slug"] if "slug" in d else d["document"] for d in _listed(documents)]
    pages = ["/", "/dossier", "/comparer", "/config", *(f"/document/{quote(s, safe='')}" for s in slugs[:20])]
    story.scan = scan(client.get, pages)
    problems = [*story.scan.loaded, *story.scan.links, *story.scan.policies]
    if problems:
        message = f"{len(problems)} adresses extérieures ou politiques ouvertes, dont {problems[0]}"
        raise _FailedError(message)
    return f"{len(story.scan.read)} fichiers lus, aucune adresse extérieure à charger"


def _listed(documents: Any) -> list[dict[str, Any]]:
    return list(documents["documents"] if isinstance(documents, dict) else documents)


def _rebuild(folder: Path, client: Client) -> str:
    (folder / "corpus" / f"{PROBE}.md").write_text(_PROBE_TEXT, encoding="utf-8")
    deadline, started = time.monotonic() + READY_S, False
    while time.monotonic() < deadline:
        # Refused while another runs: the server may have seen the file itself.
        started = started or client.post("/api/reconstruire", {}).status == 202
        state = client.get("/api/etat").json()["reconstruction"]
        if state["erreur"]:
            raise _FailedError(state["erreur"])
        if any(PROBE in json.dumps(d) for d in _listed(client.get("/api/documents").json())):
            return "le document ajouté est dans le nouvel index"
        time.sleep(POLL_S)
    raise _FailedError("le document ajouté n'est jamais arrivé dans l'index")


def main() -> int:
    """Run the plan named on the command line."""
    path = Path(sys.argv[1])
    story = run(json.loads(path.read_text(encoding="utf-8")))
    told = dataclasses.asdict(story)
    path.with_name("recit.json").write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
    return 0 if all(step.done for step in story.steps) else 1


if __name__ == "__main__":
    raise SystemExit(main())
