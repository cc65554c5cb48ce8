"""The application put together, and the server that runs it."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.errors import SettingsError
from assistant.settings import Settings
from assistant.web.guard import forbid_egress, is_loopback

if TYPE_CHECKING:
    from assistant.answering import Assistant
    from assistant.web.service import Service
    from assistant.web.shell import App

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1")


def create_app(
    assistant: Assistant, *, corpus: Path, index: Path, settings: Settings, hosts: tuple[str, ...] = ()
) -> App:
    """Return the whole application: API, pages and chat, in their shell.

    Args:
        assistant: What answers.
        corpus: The folder that rebuilds read.
        index: The index folder, which *assistant* follows.
        settings: The administrator's choices.
        hosts: Names under which the server may be addressed beside those of the machine itself.
    """
    from assistant.web.service import Service

    del index
    service = Service(assistant, corpus, settings)

    async def assemble() -> App:
        return _assemble(service, (*LOOPBACK_NAMES, *hosts))

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        # Where no event loop runs, Gradio opens one while it is put together and never closes it.
        return asyncio.run(assemble())
    return _assemble(service, (*LOOPBACK_NAMES, *hosts))


def _assemble(service: Service, hosts: tuple[str, ...]) -> App:
    import gradio as gr
    from fastapi import FastAPI

    from assistant.api import add_api
    from assistant.web.chat import build_chat
    from assistant.web.frame import chat_page
    from assistant.web.routes import pages
    from assistant.web.shell import Shell
    from assistant.web.theme import theme

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    add_api(app, service.assistant)
    app.include_router(pages(service))
    gr.mount_gradio_app(
        app,
        build_chat(service),
        path="/",
        run_history=False,
        footer_links=[],
        show_error=False,
        enable_monitoring=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        max_file_size="1kb",
        theme=theme(),
        i18n=gr.I18n(fr=_FRENCH_STRINGS),
    )
    return Shell(app, hosts=hosts, rewrite=chat_page(service.status_line))


# Gradio's French lacks these.
_FRENCH_STRINGS = {
    "chatbot.copy_message": "Copier le message",
    "chatbot.clear": "Effacer la conversation",
    "chatbot.chatbot": "Conversation",
    "common.submit": "Envoyer",
}


def serve(*, index: Path, corpus: Path, settings: Settings, host: str, port: int) -> None:
    """Serve until interrupted; print the address once questions can be asked.

    Raises:
        SettingsError: *host* is not this machine's own, or *port* is taken.
        StoreError: The index cannot be used.
    """
    if not is_loopback(host):
        message = (
            f"Servir à l’adresse « {host} » ouvrirait le dossier à d’autres machines sans authentification : "
            "gardez 127.0.0.1, ou placez devant ce serveur un mandataire qui authentifie."
        )
        raise SettingsError(message)
    listener = _listen(host, port)
    folder = tempfile.mkdtemp(prefix="assistant-")
    os.environ["GRADIO_TEMP_DIR"] = folder
    try:
        _run(listener, index=index, corpus=corpus, settings=settings, host=host)
    finally:
        listener.close()
        shutil.rmtree(folder, ignore_errors=True)


def _listen(host: str, port: int) -> socket.socket:
    """Take the port before the model is loaded: a port in use is then told at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        message = (
            f"Le port {port} de « {host} » ne peut pas être ouvert ({error.strerror}) : "
            "donnez-en un autre par --port."
        )
        raise SettingsError(message) from error
    listener.listen(128)
    return listener


def _run(listener: socket.socket, *, index: Path, corpus: Path, settings: Settings, host: str) -> None:
    import uvicorn

    from assistant.answering import Assistant

    assistant = Assistant.open(index, settings)
    app = create_app(assistant, corpus=corpus, index=index, settings=settings)
    assistant.warm_up()
    forbid_egress()
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="on",
        timeout_graceful_shutdown=3,
        proxy_headers=False,
    )
    address = _address(listener, host)

    class Announcing(uvicorn.Server):
        """Says where it is once it is ready."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                print(address, flush=True)  # noqa: T201 - the one line of this command

    Announcing(config).run(sockets=[listener])


def _address(listener: socket.socket, host: str) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{listener.getsockname()[1]}"
