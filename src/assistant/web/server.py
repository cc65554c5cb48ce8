"""The application put together, and the server that runs it."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import anyio
import anyio.to_thread

from assistant.access import Accounts
from assistant.errors import SettingsError
from assistant.settings import Settings
from assistant.web.exposure import LOOPBACK_NAMES, check_exposure, host_names, in_clear
from assistant.web.gate import user_of
from assistant.web.guard import forbid_egress

if TYPE_CHECKING:
    from fastapi import Request

    from assistant.answering import Assistant
    from assistant.api import Note
    from assistant.domain import Answer
    from assistant.web.service import Service
    from assistant.web.shell import App

_IN_CLEAR = (
    "assistant : sans TLS, les mots de passe et les questions traversent le réseau en clair : donnez "
    "--certfile et --keyfile, ou placez devant ce serveur un mandataire qui chiffre."
)


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
    return _application(Service(assistant, corpus, settings), (*LOOPBACK_NAMES, *hosts))


def _application(service: Service, hosts: tuple[str, ...]) -> App:
    async def assemble() -> App:
        return _assemble(service, hosts)

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        # Where no event loop runs, Gradio opens one while it is put together and never closes it.
        return asyncio.run(assemble())
    return _assemble(service, hosts)


def _assemble(service: Service, hosts: tuple[str, ...]) -> App:
    import gradio as gr
    from fastapi import FastAPI

    from assistant.api import add_api
    from assistant.web.chat import build_chat
    from assistant.web.forgetting import forget_regularly
    from assistant.web.frame import chat_page
    from assistant.web.gate import Gate
    from assistant.web.login import access_routes
    from assistant.web.opinions import opinion_routes
    from assistant.web.routes import pages
    from assistant.web.shell import Shell
    from assistant.web.streams import OrderlyStreams
    from assistant.web.theme import theme
    from assistant.web.upload_routes import bodies, uploads

    @asynccontextmanager
    async def following(_: FastAPI) -> AsyncIterator[None]:
        if service.settings.watch:
            service.watching.start()
        forgetting = asyncio.create_task(forget_regularly(service))
        yield
        forgetting.cancel()
        await anyio.to_thread.run_sync(service.watching.stop)
        await anyio.to_thread.run_sync(service.records.close)

    app = FastAPI(
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=following,
        # FastAPI's own OpenTelemetry: nothing is measured, so nothing can be exported.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    gate = Gate(service.accounts, service.settings.server)
    add_api(app, service.assistant, note=_noting(service))
    app.include_router(pages(service))
    app.include_router(access_routes(service, gate))
    if service.settings.records.feedback:
        app.include_router(opinion_routes(service))
    app.include_router(uploads(service))
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
    return Shell(
        OrderlyStreams(app),
        hosts=hosts,
        rewrite=chat_page(service.frame),
        bodies=bodies(service.uploads),
        gate=gate,
        records=service.records,
    )


def _noting(service: Service) -> Note:
    """Return what keeps an answer given through the API, where the history is on."""

    def note(request: Request, answer: Answer, via: str) -> None:
        service.records.note_answer(user_of(request), answer, via=via)

    return note


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
        SettingsError: *host* is not this machine's own and no account exists, or *port* is taken.
        AccountError: The accounts cannot be read.
        StoreError: The index cannot be used.
    """
    check_exposure(host, settings.server, Accounts(Path(settings.data_dir)))
    if in_clear(host, settings.server):
        print(_IN_CLEAR, file=sys.stderr, flush=True)  # noqa: T201 - a warning to whoever starts it
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
    # The protocol is named, or asyncio does not turn off Nagle's algorithm on the connections: every
    # response in two writes, and every block of an answer, would then wait 40 ms for the reader's
    # acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
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
    from assistant.web.service import Service

    assistant = Assistant.open(index, settings)
    given = settings.server
    service = Service(assistant, corpus, settings)
    app = _application(service, (*LOOPBACK_NAMES, *host_names(host, given)))
    if given.trusted_proxies:
        from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

        # uvicorn names the kinds of ASGI messages; this is any of them.
        app = cast("Any", ProxyHeadersMiddleware)(app, trusted_hosts=list(given.trusted_proxies))
    assistant.warm_up()
    if assistant.llm is None:
        # The first visitor would wait for the examples, each of which is asked once.
        service.examples()
    forbid_egress(
        assistant.llm.endpoint if assistant.llm is not None else None,
        settings.remote.place if settings.remote is not None else None,
    )
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="on",
        timeout_graceful_shutdown=3,
        # Longer than people take between two questions: a connection that the server closes as the
        # next one is sent on it fails that question, unless its client asks again by itself.
        timeout_keep_alive=75,
        proxy_headers=False,
        ssl_certfile=given.certfile,
        ssl_keyfile=given.keyfile,
    )
    address = _address(listener, host, secure=given.certfile is not None)

    class Announcing(uvicorn.Server):
        """Says where it is once it is ready."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                print(address, flush=True)  # noqa: T201 - the one line of this command

    Announcing(config).run(sockets=[listener])


def _address(listener: socket.socket, host: str, *, secure: bool) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"{'https' if secure else 'http'}://{name}:{listener.getsockname()[1]}"
