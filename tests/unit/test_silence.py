"""Telemetry, version checks and hub look-ups are off before the library that has them is imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from assistant.silence import LOUD, SILENT, silence_server, talkative
from samples import Built

# The other way round: an environment in which every library is told to talk.
TALKING = {
    **dict.fromkeys((n for n in SILENT if n.startswith(("HF_", "DISABLE", "DO_NOT", "TRANSFORMERS"))), "0"),
    **dict.fromkeys((n for n in SILENT if n.startswith("GRADIO_")), "True"),
    "GRADIO_ANALYTICS_CACHE_FREQUENCY": "1",
    "GRADIO_ANALYTICS_MAX_EVENTS": "10",
    "FASTAPI_OTEL_AUTO_CONFIGURE": "true",
    "OTEL_SDK_DISABLED": "false",
    "OTEL_TRACES_EXPORTER": "otlp",
    **dict.fromkeys(LOUD, "x"),
}
HEAVY = ("gradio", "huggingface_hub", "transformers", "sentence_transformers", "fastapi", "opentelemetry")


def in_a_fresh_process(script: str) -> object:
    """Run *script* where libraries are told to talk; return the JSON that it prints."""
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", script],
        env={**os.environ, **TALKING},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_importing_the_package_silences_and_imports_no_library_before() -> None:
    """Libraries read their settings once, so the order is the whole point."""
    script = f"""
import json, os, sys
import assistant
print(json.dumps([[n for n in {HEAVY!r} if n in sys.modules],
                  [n for n, v in {dict(SILENT)!r}.items() if os.environ.get(n) != v]]))
"""
    assert in_a_fresh_process(script) == [[], []]


def test_the_libraries_themselves_say_that_they_are_silent() -> None:
    """Asked of the constants that they decide by, in a process told to let them talk."""
    script = """
import json, os
import assistant.web
from assistant.silence import LOUD
import gradio.analytics, huggingface_hub.constants as hub, gradio.networking as net
from transformers.utils.hub import is_offline_mode
from fastapi import FastAPI
print(json.dumps({
    "gradio analytics": gradio.analytics.analytics_enabled(),
    "gradio tunnel": net.GRADIO_SHARE_SERVER_ADDRESS,
    "hub offline": hub.HF_HUB_OFFLINE,
    "hub telemetry off": hub.HF_HUB_DISABLE_TELEMETRY,
    "hub update check off": hub.HF_HUB_DISABLE_UPDATE_CHECK,
    "transformers offline": is_offline_mode(),
    "left": [n for n in os.environ if n in LOUD],
}))
"""
    assert in_a_fresh_process(script) == {
        "gradio analytics": False,
        "gradio tunnel": None,
        "hub offline": True,
        "hub telemetry off": True,
        "hub update check off": True,
        "transformers offline": True,
        "left": [],
    }


def test_the_application_measures_nothing(built: Built) -> None:
    """FastAPI's own OpenTelemetry is off in the application that is served."""
    from fastapi import FastAPI

    from assistant.answering import Assistant
    from assistant.settings import Settings
    from assistant.web import create_app

    opened = Assistant.open(built.folder, Settings(), encoder=built.encoder)
    app: Any = create_app(opened, corpus=built.corpus, index=built.folder, settings=Settings())
    while not isinstance(app, FastAPI):
        app = app._app
    telemetry: Any = app._telemetry  # type: ignore[attr-defined]
    assert not any(telemetry[k] for k in ("tracing", "metrics", "logs", "auto_configure"))


def test_what_the_user_has_set_is_overruled() -> None:
    """An environment variable must not be able to make the server talk."""
    environment = dict(TALKING)
    assert len(talkative(environment)) == len(SILENT)
    silence_server(environment)
    assert talkative(environment) == []
    assert not set(environment) & set(LOUD)


def test_the_runtime_of_the_models_has_no_telemetry_client() -> None:
    """ONNX Runtime's Linux wheels carry one from 1.30 on, which no setting turns off."""
    import onnxruntime

    libraries = [
        path
        for path in Path(onnxruntime.__file__).parent.rglob("*")
        if {".so", ".pyd", ".dll"} & {*path.suffixes}
    ]
    assert libraries
    for path in libraries:
        assert b"Microsoft12Applications6Events" not in path.read_bytes(), path.name
