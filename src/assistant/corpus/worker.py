"""The process that reads files which could be hostile: ``python -m assistant.corpus.worker``.

One JSON line a request, on standard input; one a reply, on standard output, after lines that
say that the reading gets on. It ends by itself when its parent does, when nothing was asked for
a minute, or when it has grown.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from assistant.corpus import ocr, wire
from assistant.corpus.draft import Job
from assistant.corpus.formats import FORMATS
from assistant.corpus.limits import MEBIBYTE, Limits
from assistant.errors import AssistantError

IDLE_S = 60
_TICK_S = 0.5
# Past this, a new process is cheaper than what the old one keeps.
_GROWN = 500 * MEBIBYTE


def _confine(limits: Limits) -> None:
    """Bound memory and processor time; a system without such limits goes without."""
    try:
        import resource
    except ImportError:
        return
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    wanted = {
        resource.RLIMIT_AS: limits.memory,
        # The parent measures real time; this ends a reading whose parent was killed.
        resource.RLIMIT_CPU: int(used + limits.total_s) + 1,
        resource.RLIMIT_CORE: 0,
    }
    for kind, value in wanted.items():
        with contextlib.suppress(ValueError, OSError):
            hard = resource.getrlimit(kind)[1]
            resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def _peak() -> int:
    """Return the most memory that this process has held, in bytes; 0 where it cannot be told.

    On Linux the kernel's own figure of this program is read: ``ru_maxrss`` survives ``exec``, so
    a process that a large one starts would seem to have grown before it has read anything.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        for line in status.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024)


def _is_grown() -> bool:
    return _peak() > _GROWN


def _ticker(replies: BinaryIO) -> Callable[[], None]:
    """Return what tells the parent that the reading gets on, twice a second at most."""
    last = 0.0

    def tick() -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _TICK_S:
            last = now
            replies.write(b"{}\n")
            replies.flush()

    return tick


def _answer(request: dict[str, Any], replies: BinaryIO) -> dict[str, Any]:
    """Return the reply to *request*."""
    limits = Limits(**request["limits"])
    _confine(limits)
    job = Job(Path(request["path"]), limits, _ticker(replies))
    try:
        if "page" in request:
            return {"text": ocr.recognise(job, request["page"])}
        draft = FORMATS[request["format"]](job)
    except AssistantError as error:
        return {"refused": str(error)}
    except MemoryError:
        return {"failed": "memory"}
    except OSError:
        return {"failed": "open"}
    except Exception:  # noqa: BLE001 - whatever a hostile file sets off ends here
        return {"failed": "reading"}
    size = sum(len(s.text) for section in draft.sections for s in section.sentences)
    return {"failed": "length"} if size > limits.max_characters else {"draft": wire.from_draft(draft)}


def _waits(requests: BinaryIO) -> bool:
    """Tell whether another request comes; False once nobody asked for a minute."""
    if os.name == "nt":
        return True
    import select

    return bool(select.select([requests], [], [], IDLE_S)[0])


def main() -> None:
    """Answer requests until there are none."""
    requests = os.fdopen(os.dup(0), "rb", buffering=0)
    replies = os.fdopen(os.dup(1), "wb")
    # What a library prints must not pass for a reply.
    silence = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(silence, descriptor)
    while _waits(requests):
        line = requests.readline()
        if not line:
            return
        reply = wire.dump(_answer(json.loads(line), replies))
        retire = _is_grown()
        replies.write(reply + b"\n")
        replies.flush()
        if retire:
            return


if __name__ == "__main__":
    main()
