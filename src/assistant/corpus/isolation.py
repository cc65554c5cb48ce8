"""Read a file in a process of its own, which can be stopped whatever the file does to it."""

from __future__ import annotations

import atexit
import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, BinaryIO

from assistant.corpus import wire
from assistant.corpus.draft import Draft, Job
from assistant.corpus.limits import Limits, megabytes
from assistant.errors import UnreadableDocumentError

_PACKAGE_ROOT = str(Path(__file__).resolve().parents[2])
# JSON needs up to twelve bytes for one character beyond the Basic Multilingual Plane.
_BYTES_A_CHARACTER = 16
_LEAST_REPLY = 1 << 20
# A dense page takes Tesseract five seconds on one core; a page that takes this long is not text.
_OCR_PAGE_S = 90.0


class _GoneError(Exception):
    """The process ended without a reply."""


class _Watch:
    """Kills a process that does not get on."""

    def __init__(self, kill: Any, limits: Limits) -> None:
        self.fired = False
        self._kill = kill
        self._stall_s = limits.stall_s
        self._end = time.monotonic() + limits.total_s
        self._timer: threading.Timer | None = None

    def rearm(self) -> None:
        """Grant another spell, within the total."""
        self.stop()
        self._timer = threading.Timer(max(0.0, min(self._stall_s, self._end - time.monotonic())), self._fire)
        self._timer.daemon = True
        self._timer.start()

    def _fire(self) -> None:
        self.fired = True
        self._kill()

    def stop(self) -> None:
        """Watch no longer."""
        if self._timer is not None:
            self._timer.cancel()


class _Worker:
    """The process, started when first needed and again whenever it has ended."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._dispose()
        # -P: a folder of documents must not be able to shadow a module.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "assistant.corpus.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([_PACKAGE_ROOT, *filter(None, sys.path)])},
            start_new_session=True,
        )
        return self._process

    def _kill(self, watched: subprocess.Popen[bytes] | None = None) -> None:
        """End the process and what it has started (Tesseract).

        A watch names the process that it watches: one that fires late must not end the next.
        """
        process = self._process
        if process is None or (watched is not None and watched is not process):
            return
        with contextlib.suppress(OSError):
            if os.name == "posix":
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()

    def _dispose(self) -> None:
        """Close what an ended or killed process leaves."""
        process, self._process = self._process, None
        if process is None:
            return
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        process.wait()

    def _exchange(self, request: bytes, limits: Limits) -> tuple[dict[str, Any], bool]:
        """Return the reply, and whether time ran out.

        Raises:
            _GoneError: The process ended, of itself or because of the file.
        """
        process = self._running()
        stdin, stdout = process.stdin, process.stdout
        assert stdin is not None  # noqa: S101 - both are pipes; for the type checker
        assert stdout is not None  # noqa: S101 - likewise
        watch = _Watch(lambda: self._kill(process), limits)
        watch.rearm()
        try:
            with contextlib.suppress(BrokenPipeError):
                stdin.write(request + b"\n")
                stdin.flush()
            reply = self._reply(stdout, watch, limits)
        finally:
            watch.stop()
        if watch.fired:
            self._kill()
            self._dispose()
            return {"failed": "time"}, True
        if reply is None:
            self._kill()
            self._dispose()
            raise _GoneError
        return reply, False

    def _reply(self, stdout: BinaryIO | Any, watch: _Watch, limits: Limits) -> dict[str, Any] | None:
        most = max(_LEAST_REPLY, limits.max_characters * _BYTES_A_CHARACTER)
        while line := stdout.readline(most):
            if line == b"{}\n":
                watch.rearm()
                continue
            try:
                reply = json.loads(line)
            except ValueError:
                return None
            return reply if isinstance(reply, dict) else None
        return None

    def ask(self, request: dict[str, Any], limits: Limits) -> dict[str, Any]:
        """Return the reply to *request*; a process that is gone is started anew once."""
        line = json.dumps({**request, "limits": dataclasses.asdict(limits)}).encode()
        with self._lock:
            for _ in range(2):
                try:
                    reply, _ = self._exchange(line, limits)
                except _GoneError:
                    # It may have gone to rest just now; the second time it is the file.
                    continue
                if reply.get("failed") == "memory":
                    self._kill()
                    self._dispose()
                return reply
            return {"failed": "crash"}

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._kill()
            self._dispose()


_worker = _Worker()
atexit.register(_worker.close)


def close() -> None:
    """End the process that reads; the next file starts another."""
    _worker.close()


def _refusal(path: Path, reply: dict[str, Any], limits: Limits) -> UnreadableDocumentError:
    """Return the error of a reply that gives no text."""
    advice = "vérifiez d'où il vient, ouvrez-le puis enregistrez-le de nouveau, ou divisez-le"
    what = {
        "time": f"La lecture de « {path.name} » a été arrêtée, car elle n'avançait plus ou durait trop",
        "memory": f"La lecture de « {path.name} » demandait plus de {megabytes(limits.memory)} de mémoire",
        "length": f"Le fichier « {path.name} » contient plus de {limits.max_characters} caractères",
        "open": f"Le fichier « {path.name} » ne peut pas être ouvert",
    }.get(str(reply.get("failed")), f"Le fichier « {path.name} » est endommagé, sa lecture a échoué")
    if reply.get("failed") == "open":
        advice = "vérifiez ses droits d'accès et le disque"
    return UnreadableDocumentError(f"{what}\u00a0: {advice}.", path=path)


def read_isolated(job: Job, suffix: str) -> Draft:
    """Read the file of *job* in the other process.

    Raises:
        UnreadableDocumentError: It is damaged, locked, passes a limit, or brought the process
            down.
    """
    path = job.path.absolute()
    try:
        reply = _worker.ask({"path": str(path), "format": suffix}, job.limits)
    except OSError as error:
        raise UnreadableDocumentError(
            f"Le fichier « {job.path.name} » n'a pas été lu, faute de pouvoir lancer le lecteur : "
            "libérez de la mémoire, puis relancez « assistant index ».",
            path=job.path,
        ) from error
    if "refused" in reply:
        raise UnreadableDocumentError(str(reply["refused"]), path=job.path)
    try:
        return wire.to_draft(reply["draft"])
    except (KeyError, TypeError, ValueError) as error:
        raise _refusal(job.path, reply, job.limits) from error


def recognise_isolated(job: Job, page: int) -> str | None:
    """Return what optical recognition reads on a page, None where it failed."""
    limits = dataclasses.replace(job.limits, stall_s=_OCR_PAGE_S, total_s=_OCR_PAGE_S)
    try:
        reply = _worker.ask({"path": str(job.path.absolute()), "page": page}, limits)
    except OSError:
        return None
    text = reply.get("text")
    return text if isinstance(text, str) else None
