"""Every library's telemetry, version check and hub look-up, turned off before it is imported.

Libraries read these variables once, while they are imported; so this runs when the package
``assistant`` itself is, which is before any of its modules can import any of them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping

SILENT: Mapping[str, str] = {
    # huggingface_hub (constants.py): no call to the hub, no telemetry, no look-up of its newest version,
    # and no token of the user's is read or sent.
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_UPDATE_CHECK": "1",
    "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",
    "DISABLE_TELEMETRY": "1",
    # The convention that huggingface_hub and others follow.
    "DO_NOT_TRACK": "1",
    # transformers and sentence-transformers: only what is on the disk.
    "TRANSFORMERS_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    # Gradio (analytics.py, blocks.py, routes.py): no statistics, no version check, no tunnel and its
    # program frpc, no page rendered by a Node server, no history on a hub, no MCP.
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_SHARE": "False",
    "GRADIO_SSR_MODE": "False",
    "GRADIO_RUN_HISTORY": "False",
    "GRADIO_MCP_SERVER": "False",
    # Gradio sums up every past event with pandas after each one, for a page that is off here.
    "GRADIO_ANALYTICS_CACHE_FREQUENCY": "1000000000",
    "GRADIO_ANALYTICS_MAX_EVENTS": "1",
    # FastAPI (telemetry/) and OpenTelemetry: nothing is exported, even where an SDK is installed.
    "FASTAPI_OTEL_AUTO_CONFIGURE": "false",
    "OTEL_SDK_DISABLED": "true",
    "OTEL_TRACES_EXPORTER": "none",
    "OTEL_METRICS_EXPORTER": "none",
    "OTEL_LOGS_EXPORTER": "none",
}

LOUD = (
    # A tunnel of one's own, code reloaded or written from the page, files opened to readers, history
    # sent to a hub, a hub's account: each would be taken from the environment of whoever starts it.
    "GRADIO_SHARE_SERVER_ADDRESS",
    "GRADIO_WATCH_DIRS",
    "GRADIO_VIBE_MODE",
    "GRADIO_ALLOWED_PATHS",
    "GRADIO_HISTORY_BUCKET",
    "OAUTH_CLIENT_ID",
    "OAUTH_CLIENT_SECRET",
    "SPACE_ID",
    "SPACE_HOST",
    # Providers that OpenTelemetry would load by name.
    "OTEL_PYTHON_TRACER_PROVIDER",
    "OTEL_PYTHON_METER_PROVIDER",
    "_OTEL_PYTHON_LOGGER_PROVIDER",
)
"""Variables that would make a library of the server talk, or open what should be closed."""


def silence_libraries(environment: MutableMapping[str, str] = os.environ) -> None:
    """Turn off telemetry, version checks and hub look-ups; what the user has set is overruled."""
    environment.update(SILENT)


def silence_server(environment: MutableMapping[str, str] = os.environ) -> None:
    """Do as :func:`silence_libraries`, and forget what would open the server; before Gradio's import."""
    silence_libraries(environment)
    for name in LOUD:
        environment.pop(name, None)


def talkative(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Return the variables that do not silence their library, in order."""
    return sorted(
        name for name, value in SILENT.items() if _meant(environment.get(name, "")) != _meant(value)
    )


def _meant(value: str) -> str:
    """Return one spelling for all that mean yes: Gradio writes "True" where others write "1"."""
    return "1" if value.lower() in {"1", "true", "yes", "on"} else value
