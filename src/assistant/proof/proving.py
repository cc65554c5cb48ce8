"""The proof put together: a control, the scenario, what both reached for."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assistant.corpus import scan
from assistant.embedding import find_model
from assistant.errors import CorpusError
from assistant.proof.attempts import Attempt, Seen, distinct
from assistant.proof.methods import Method
from assistant.settings import Settings

MOST_BYTES = 64_000_000
"""Documents copied for the scenario: a corpus of any size is proven in minutes."""

# Addresses for documentation (RFC 5737) and a name that cannot exist (RFC 2606): nobody is there. The
# connection is a datagram's, which sends no packet by itself, wherever it is tried.
_REACH = """
import contextlib, socket
for target in (("192.0.2.1", 443), ("127.0.0.1", 53)):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.connect(target)
"""
# Once under the hook, with a look-up; once in a process that it does not reach (-I -S), for the system calls.
_CONTROL = f"""
import subprocess, sys
if sys.argv[1] == "up":
    from assistant.proof.loopback import bring_up
    bring_up()
{_REACH}
with contextlib.suppress(OSError):
    socket.getaddrinfo("temoin.invalid", 443)
subprocess.run([sys.executable, "-I", "-S", "-c", {_REACH!r}], check=True)
"""
_CONTROL_TARGETS = {"192.0.2.1:443", "temoin.invalid", "127.0.0.1:53"}


@dataclass(frozen=True, slots=True)
class Proof:
    """What was done, how it was watched, and what was seen.

    Attributes:
        control: Deliberate attempts, made beforehand, that the method saw.
        control_held: Whether it saw each of them, by every means that it has.
        story: What the scenario tells: steps, interfaces, routes, pages.
        documents: How many documents were indexed, of how many.
        seen: What the scenario reached for.
    """

    started: datetime
    ended: datetime
    method: Method
    control: tuple[Attempt, ...]
    control_held: bool
    story: dict[str, Any]
    documents: tuple[int, int]
    seen: Seen
    settings: Settings

    @property
    def attempts(self) -> list[Attempt]:
        """What tried to leave, each once."""
        return distinct(self.seen.attempts)

    @property
    def holds(self) -> bool:
        """Whether everything was done, nothing tried to leave, and the method is known to see."""
        steps = self.story["steps"]
        return (
            self.control_held
            and bool(steps)
            and all(step["done"] for step in steps)
            and not self.seen.attempts
            and self.seen.inside > 0
            and (
                not self.method.isolated or (self.story["routes"] == 0 and self.story["interfaces"] == ["lo"])
            )
        )


def prove(corpus: Path, settings: Settings, method: Method) -> Proof:
    """Run the scenario on a copy of *corpus*, watched by *method*.

    The copy, its index and the logs lie in a temporary folder that is removed.

    Raises:
        CorpusError: The folder holds no document.
        ModelMissingError: The model is not on this machine.
    """
    started = datetime.now(UTC)
    with tempfile.TemporaryDirectory(prefix="assistant-preuve-") as name:
        folder = Path(name)
        documents = _copy(corpus, folder / "corpus")
        _write_settings(folder / "assistant.toml", settings)
        control, held = _control(method, folder / "temoin")
        story, seen = _scenario(method, folder)
    return Proof(started, datetime.now(UTC), method, tuple(control), held, story, documents, seen, settings)


def _copy(corpus: Path, target: Path) -> tuple[int, int]:
    """Copy the documents up to :data:`MOST_BYTES`; return how many, of how many.

    Raises:
        CorpusError: There is none.
    """
    found = sorted(f.path for f in scan(corpus)) if corpus.is_dir() else []
    if not found:
        message = f"Le dossier « {corpus} » n'a aucun document : donnez-en un autre par --corpus."
        raise CorpusError(message, path=corpus)
    copied, room = 0, MOST_BYTES
    for path in found:
        size = (corpus / path).stat().st_size
        if size > room:
            continue
        room -= size
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(corpus / path, target / path)
        copied += 1
    # What lies beside the documents: attributes, expected questions, vectors.
    for beside in (p for p in corpus.rglob("*") if p.is_file()):
        name = beside.relative_to(corpus)
        if name.as_posix() not in found and beside.stat().st_size <= room and (target / name).parent.is_dir():
            shutil.copyfile(beside, target / name)
    return copied, len(found)


def _write_settings(path: Path, settings: Settings) -> None:
    """Write the settings of answering alone: no account, nothing kept, no language model.

    A JSON string is a TOML string.
    """
    lines = [f"model = {json.dumps(str(find_model(settings.model).resolve()), ensure_ascii=False)}"]
    lines.append(f"max_chars = {settings.max_chars}")
    if settings.abstention is not None:
        lines.append(f"abstention = {settings.abstention}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _control(method: Method, folder: Path) -> tuple[list[Attempt], bool]:
    """Try to leave on purpose; return what was seen, and whether each means saw what it should."""
    state = "up" if method.isolated else "as it is"
    _, seen = method.observe([sys.executable, "-P", "-c", _CONTROL, state], folder)
    by_python = {a.target for a in seen.attempts if a.seen_by == "Python"}
    by_calls = {a.target for a in seen.attempts if a.seen_by != "Python"}
    held = by_python >= _CONTROL_TARGETS
    if method.strace:
        held = held and by_calls >= {"192.0.2.1:443", "127.0.0.1:53"}
    return distinct(seen.attempts), held


def _scenario(method: Method, folder: Path) -> tuple[dict[str, Any], Seen]:
    plan = folder / "plan.json"
    plan.write_text(json.dumps({"folder": str(folder), "isolated": method.isolated}), encoding="utf-8")
    _, seen = method.observe(
        [sys.executable, "-P", "-m", "assistant.proof.scenario", str(plan)], folder / "suivi"
    )
    told = folder / "recit.json"
    if not told.is_file():
        return {"steps": [], "interfaces": [], "routes": None, "scan": {}}, seen
    story: dict[str, Any] = json.loads(told.read_text(encoding="utf-8"))
    return story, seen
