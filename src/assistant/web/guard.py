"""What keeps the server from talking to the outside."""

from __future__ import annotations

import ipaddress
import os
import sys
from typing import Any

_SILENT = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_RUN_HISTORY": "False",
    "GRADIO_SHARE": "False",
    # Gradio sums up every past event with pandas after each one, for a page that is off here.
    "GRADIO_ANALYTICS_CACHE_FREQUENCY": "1000000000",
    "GRADIO_ANALYTICS_MAX_EVENTS": "1",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
}


def silence_libraries() -> None:
    """Turn off telemetry, version checks and hub look-ups; call before importing Gradio."""
    os.environ.update(_SILENT)


def is_loopback(host: object) -> bool:
    """Tell whether *host*, a name or an address, is this very machine."""
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")
    if text in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(text.strip("[]").split("%")[0]).is_loopback
    except ValueError:
        return False


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.getaddrinfo":
        host: object = arguments[0]
        # An address needs no look-up; connecting to it is judged below.
        outside = not is_loopback(host) and not _is_address(host)
    elif event in {"socket.connect", "socket.sendto"} and isinstance(arguments[1], tuple):
        outside = not is_loopback(arguments[1][0])
    else:
        return
    if outside:
        message = "sortie réseau interdite : ce serveur ne parle qu'à cette machine"
        raise PermissionError(message)


def _is_address(host: object) -> bool:
    try:
        ipaddress.ip_address(str(host))
    except ValueError:
        return False
    return True


def forbid_egress() -> None:
    """Refuse every name look-up and connection that leaves this machine, for good.

    An audit hook cannot be taken away again, which is the point: a page that is served to
    others must not be talked into fetching an address (Gradio does so for file references).
    """
    sys.addaudithook(_refuse)
