"""A server on a copy of the corpus, and people who use its page without a browser."""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parent.parent
_COMMAND = "import sys; from assistant.cli import main; sys.exit(main())"
# Another machine's: the server must not be slowed by those who measure it.
CLIENT_NICENESS = 10


@dataclass(frozen=True)
class Served:
    """A server that runs.

    Attributes:
        process: Its number.
        ready_s: Seconds from its start to the line that says its address.
    """

    address: str
    corpus: Path
    process: int
    ready_s: float

    def memory(self) -> int:
        """Return the bytes that it holds, the process that reads files included (Linux)."""
        children = Path(f"/proc/{self.process}/task/{self.process}/children").read_text(encoding="ascii")
        return sum(_resident(int(pid)) for pid in (self.process, *children.split()))


def _resident(pid: int) -> int:
    """Return the bytes of memory that a process holds, 0 where it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except FileNotFoundError:
        return 0
    held = next((line for line in status.splitlines() if line.startswith("VmRSS:")), "VmRSS: 0 kB")
    return int(held.split()[1]) * 1024


def free_port() -> str:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return str(listener.getsockname()[1])


@contextmanager
def served(corpus: Path, start: Path | None = None) -> Iterator[Served]:
    """Serve a copy of *corpus* on a free port of this machine.

    Its index is brought up to date first, from a copy of *start* if that is given.
    """
    with tempfile.TemporaryDirectory(prefix="assistant-load-") as place:
        copy, index = Path(place) / "corpus", Path(place) / "index"
        shutil.copytree(corpus, copy)
        if start is not None:
            shutil.copytree(start, index)
        options = ["--corpus", str(copy), "--index", str(index)]
        subprocess.run([sys.executable, "-c", _COMMAND, "index", *options], check=True, stdout=sys.stderr)
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-c", _COMMAND, "serve", "--port", free_port(), *options],
            stdout=subprocess.PIPE,
            text=True,
            cwd=place,
        )
        try:
            address = process.stdout.readline().strip() if process.stdout else ""
            if not address:
                sys.exit("The server did not start.")
            yield Served(address, copy, process.pid, time.perf_counter() - started)
        finally:
            process.terminate()
            process.wait(timeout=30)


@dataclass(frozen=True)
class Timing:
    """How long one question took: to its first visible block, and to its last; None where it failed."""

    first_s: float | None
    whole_s: float | None


class Person:
    """Asks as the page does: an event joins Gradio's queue, the answer comes by its stream."""

    def __init__(self, client: httpx.AsyncClient, function: int) -> None:
        """Use *client*; *function* is the number of the event that asks."""
        self._client = client
        self._function = function
        self._session = secrets.token_hex(6)

    async def ask(self, question: str) -> Timing:
        """Ask and read the whole answer."""
        started = time.perf_counter()
        first = whole = None
        body = {
            "data": [question, None],
            "fn_index": self._function,
            "session_hash": self._session,
            "trigger_id": None,
            "event_data": None,
        }
        try:
            joined = await self._client.post("/gradio_api/queue/join", json=body)
            joined.raise_for_status()
            address = f"/gradio_api/queue/data?session_hash={self._session}"
            async with self._client.stream("GET", address) as stream:
                async for line in stream.aiter_lines():
                    if not line.startswith("data:"):
                        continue
                    event = json.loads(line[5:])
                    if first is None and _shows(event):
                        first = time.perf_counter() - started
                    if event["msg"] == "process_completed":
                        whole = time.perf_counter() - started if event["success"] else None
                    if event["msg"] == "close_stream":
                        break
        except (httpx.HTTPError, ValueError, KeyError) as error:
            print(f"failed: {type(error).__name__} {error}", file=sys.stderr)
        return Timing(first, whole if first is not None else None)


def _shows(event: dict[str, Any]) -> bool:
    """Tell whether an event brings a block of the answer: not the question, not « Recherche… »."""
    if event["msg"] not in {"process_generating", "process_completed"}:
        return False
    shown = json.dumps(event.get("output", {}), ensure_ascii=False)
    return "reponse" in shown and "<p" in shown and "attente" not in shown


async def asking_event(client: httpx.AsyncClient) -> int:
    """Return the number of the event that the question field sets off."""
    config = (await client.get("/config")).json()
    field = next(c["id"] for c in config["components"] if c["props"].get("elem_id") == "question")
    return int(next(d["id"] for d in config["dependencies"] if [field, "submit"] in d["targets"]))


def client_of(address: str) -> httpx.AsyncClient:
    """Return a client that waits as long as a patient reader."""
    limits = httpx.Limits(max_connections=None)
    return httpx.AsyncClient(base_url=address, timeout=60.0, limits=limits, trust_env=False)


async def spread(count: int, every_s: float, act: Any) -> list[Any]:
    """Run *act* for person 0 … *count* - 1, who begin evenly over *every_s*; return what each gives."""

    async def one(number: int) -> Any:
        await asyncio.sleep(every_s * number / count)
        return await act(number)

    return list(await asyncio.gather(*(one(n) for n in range(count))))
