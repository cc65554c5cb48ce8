"""By default no question is written anywhere: a marker is asked of a real server, then searched for."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from assistant.cli import main
from assistant.proof.client import Client
from samples import write_corpus

MARK = "vermicelleocre741"
"""Letters and digits only: no encoding of a page or of a file writes them otherwise."""
QUESTION = f"Combien de temps Boréal garde-t-il une conversation {MARK} supprimée ?"
STRACE = shutil.which("strace")
_PROGRAM = "import sys; from assistant.cli import main; sys.exit(main())"


@dataclass(frozen=True)
class Place:
    """Fresh folders for all that a server may write: home, temporary files, caches, data, index."""

    root: Path
    settings: Path

    @property
    def options(self) -> list[str]:
        """What tells a command where everything is."""
        places = {"--corpus": self.root / "corpus", "--index": self.root / "index", "--config": self.settings}
        return [str(x) for pair in places.items() for x in pair]

    def environment(self) -> dict[str, str]:
        """Return an environment that points nowhere else."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "HF_", "GRADIO_", "TMP"))}
        folders = {
            "HOME": "home",
            "TMPDIR": "tmp",
            "XDG_CACHE_HOME": "cache",
        }
        for name in folders.values():
            (self.root / name).mkdir(exist_ok=True)
        # What is compiled already is used, and nothing is written beside it.
        return kept | {k: str(self.root / v) for k, v in folders.items()} | {"PYTHONDONTWRITEBYTECODE": "1"}

    def holding(self, text: str) -> list[str]:
        """Return the files that hold *text*, in their bytes or in their name."""
        return [
            str(p.relative_to(self.root))
            for p in sorted(self.root.rglob("*"))
            if p.is_file() and (text.encode() in p.read_bytes() or text in p.name)
        ]


@pytest.fixture(scope="module")
def _indexed(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Path:
    """Return a folder with the five documents and their index."""
    root = tmp_path_factory.mktemp("indexed")
    settings = root / "reglages.toml"
    settings.write_text(f'model = "{tiny_model}"\n', encoding="utf-8")
    write_corpus(root / "corpus")
    assert main(["index", *Place(root, settings).options]) == 0
    return root


@pytest.fixture
def place(tmp_path: Path, _indexed: Path) -> Place:
    """Return folders of the test's own, with an index of the five documents."""
    shutil.copytree(_indexed, tmp_path, dirs_exist_ok=True)
    settings = tmp_path / "reglages.toml"
    with settings.open("a", encoding="utf-8") as added:
        added.write(f'data_dir = "{tmp_path / "donnees"}"\n')
    return Place(tmp_path, settings)


@contextmanager
def _serving(place: Place, *before: str) -> Iterator[Client]:
    """Serve from *place*; what the server prints goes to a file that is searched too."""
    log = place.root / "sortie.txt"
    command = [*before, sys.executable, "-c", _PROGRAM, "serve", "--port", "0", *place.options]
    command[command.index("--port") + 1] = str(_free_port())
    with log.open("wb") as out:
        server = subprocess.Popen(  # noqa: S603 - our own program
            command, cwd=place.root, env=place.environment(), stdout=subprocess.PIPE, stderr=out
        )
    assert server.stdout is not None
    try:
        line = server.stdout.readline().decode()
        address = re.search(r":(\d+)\s*$", line)
        assert address, log.read_text(encoding="utf-8")
        yield Client(int(address[1]))
    finally:
        _interrupt(server)
        printed = server.stdout.read()
        server.wait()
        server.stdout.close()
        with log.open("ab") as out:
            out.write(printed)


def _interrupt(server: subprocess.Popen[bytes]) -> None:
    """Stop the server as Ctrl+C does; strace, where it comes before, would not pass the signal on."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text(encoding="ascii").split()
    traced = isinstance(server.args, list) and server.args[0] == STRACE
    for process in map(int, children) if traced else [server.pid]:
        os.kill(process, signal.SIGINT)


def _free_port() -> int:
    import socket

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _event(config: dict[str, Any], element: str, kind: str) -> int:
    names = {c["id"]: c["props"].get("elem_id") for c in config["components"]}
    return next(
        d["id"]
        for d in config["dependencies"]
        if any((names.get(target), event) == (element, kind) for target, event in d["targets"])
    )


def _ask_everywhere(client: Client) -> None:
    """Ask the marker by each way in, well and badly."""
    assert MARK in client.post("/api/ask", {"question": QUESTION, "history": [QUESTION]}).text
    assert client.post("/api/search", {"query": QUESTION}).status == 200
    for stream in (False, True):
        body = {"messages": [{"role": "user", "content": QUESTION}], "stream": stream}
        assert client.post("/v1/chat/completions", body).status == 200
    config = client.get("/config").json()
    shown = client.queued(_event(config, "question", "submit"), [QUESTION, None], "session-une")
    assert MARK in str(shown)
    named = next(d["id"] for d in config["dependencies"] if d["api_name"] == "demander")
    assert MARK in str(client.queued(named, [QUESTION], "session-deux"))
    (token,) = set(re.findall(r"/emporter/([\w-]+)/", str(shown)))
    for kind in ("md", "odt", "docx"):
        assert client.get(f"/emporter/{token}/conversation.{kind}").status == 200
    # What goes wrong is what is usually logged.
    assert client.post("/api/ask", {"question": MARK * 5_000}).status == 422
    assert client.post("/api/ask", {"question": {"mal": MARK}}).status == 422
    assert client.get(f"/{MARK}").status == 404
    assert client.get(f"/document/{MARK}?q={MARK}").status == 404


def test_a_question_is_found_in_no_file(place: Place, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Nor in the logs, while the server runs and once it has stopped.

    Where strace is installed, every write of the process and its threads is recorded too: the
    marker goes to sockets only, wherever on the disk one may look.
    """
    trace = tmp_path_factory.mktemp("trace") / "appels.txt"
    with _serving(place, *_watched(trace)) as client:
        _ask_everywhere(client)
        assert place.holding(MARK) == []
    assert place.holding(MARK) == []
    assert not (place.root / "donnees").exists()
    if STRACE is None:
        return
    with trace.open(encoding="utf-8", errors="replace") as lines:
        told = [line for line in lines if MARK in line]
    # The answers went out, so the trace sees what is written.
    assert len(told) >= 5
    assert [
        line[:120] for line in told if not re.match(r"\d+ +\w+\(\d+<(TCP|TCPv6|UNIX-STREAM):", line)
    ] == []


def _watched(trace: Path) -> list[str]:
    """Return the command that records what is written into *trace*, or none where there is no strace."""
    calls = (
        "trace=write,pwrite64,writev,pwritev,pwritev2,sendto,sendmsg,sendmmsg,rename,renameat2,openat,link"
    )
    options = ["-f", "--seccomp-bpf", "-qq", "-yy", "-s", "300000", "-o", str(trace), "-e", calls]
    return [STRACE, *options] if STRACE else []


def test_with_a_history_it_is_found_in_one_file_and_erased_from_it(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    """So the search finds what is there to find; and erasure leaves nothing of one person."""
    with place.settings.open("a", encoding="utf-8") as settings:
        settings.write("[records]\nhistory = true\naccess_log = true\n")
    with _serving(place) as client:
        _ask_everywhere(client)
    assert place.holding(MARK) == ["donnees/historique.sqlite"]
    assert main(["history", "export", "local", *place.options]) == 0
    vias = re.findall(r'"via": "(\w+)"', capsys.readouterr().out)
    assert vias == ["api", "openai", "openai", "page", "gradio"]
    assert main(["purge", "--user", "local", *place.options]) == 0
    assert place.holding(MARK) == []
    assert main(["log", *place.options]) == 0
    assert "/v1/chat/completions" in capsys.readouterr().out
