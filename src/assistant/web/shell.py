"""The ASGI shell around Gradio: who may ask what, and what every response says.

Gradio serves a page full of inline scripts, routes that fetch any address, and any host name.
The shell lets through the routes that the page needs and nothing else, refuses foreign hosts
and origins, limits the size of requests, and gives every response a strict policy.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from assistant.web.trace import report

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_BODY = 1_000_000
EXACT = frozenset(
    {
        "/",
        "/config",
        "/theme.css",
        "/manifest.json",
        "/favicon.ico",
        "/healthz",
        "/readyz",
        "/dossier",
        "/comparer",
        "/comparer/cellule",
        "/comparer.csv",
        "/comparer.ods",
        "/comparer.svg",
        "/gradio_api/info",
        "/gradio_api/startup-events",
        "/gradio_api/queue/join",
        "/gradio_api/queue/data",
        "/gradio_api/cancel",
        "/gradio_api/reset",
        "/gradio_api/app_id",
    }
)
PREFIXES = (
    "/assets/",
    "/static/",
    "/svelte/",
    "/ui/",
    "/gradio_api/heartbeat/",
    "/api/",
    "/v1/",
    "/document/",
    "/fichier/",
    "/emporter/",
)
# Long-lived: their names hold a digest of their content.
_CACHED = ("/assets/", "/static/", "/svelte/")
_OWN_HEADERS = {b"content-security-policy", b"x-frame-options", b"server"}


def policy(nonce: str, *, forms: str = "'self'") -> str:
    """Return the Content-Security-Policy of a response."""
    return (
        f"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; manifest-src 'self'; "
        f"base-uri 'self'; form-action {forms}; frame-ancestors 'none'; object-src 'none'"
    )


def allowed(path: str) -> bool:
    """Tell whether *path* is one that the page or the API needs."""
    return path in EXACT or (path.startswith(PREFIXES) and ".." not in path and "//" not in path)


def host_name(value: str) -> str:
    """Return the name in a Host header, without its port."""
    value = value.strip().lower()
    if value.startswith("["):
        return value.split("]", 1)[0].strip("[")
    return value.rsplit(":", 1)[0] if value.count(":") == 1 else value


class Shell:
    """ASGI application that wraps another."""

    def __init__(self, app: App, *, hosts: Iterable[str], rewrite: Callable[[str, str], str]) -> None:
        """Wrap *app*.

        Args:
            app: What answers the requests that are let through.
            hosts: Names under which the server may be addressed.
            rewrite: Gives the chat's page from Gradio's HTML and a nonce.
        """
        self._app = app
        self._hosts = frozenset(hosts)
        self._rewrite = rewrite

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        refusal = self._refusal(scope, headers)
        nonce = secrets.token_urlsafe(16)
        send = self._with_headers(send, scope["path"], nonce)
        if refusal:
            await _refuse(send, *refusal)
            return
        started: list[bool] = []
        try:
            if scope["path"] == "/":
                await self._page(scope, receive, send, nonce)
            else:
                await self._app(scope, _limited(receive), _noting(send, started))
        except Exception as error:  # noqa: BLE001 - the server would log its message, question included
            report(error)
            if not started:
                await _refuse(send, 500, "La demande n’a pas pu être traitée : réessayez.")

    def _refusal(self, scope: Scope, headers: dict[str, str]) -> tuple[int, str] | None:
        host = headers.get("host", "")
        if host_name(host) not in self._hosts:
            return 400, "Ce serveur ne répond pas sous ce nom."
        origin = headers.get("origin")
        if origin and origin.split("://", 1)[-1].lower() != host.lower():
            return 403, "Cette requête vient d’une autre page."
        if headers.get("sec-fetch-site") == "cross-site" and scope["method"] not in {"GET", "HEAD"}:
            return 403, "Cette requête vient d’une autre page."
        if not allowed(scope["path"]):
            return 404, "Cette adresse n’existe pas."
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MAX_BODY:
            return 413, "La requête est trop longue."
        return None

    @staticmethod
    def _with_headers(send: Send, path: str, nonce: str) -> Send:
        async def wrapped(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [(k, v) for k, v in message.get("headers", []) if k.lower() not in _OWN_HEADERS]
                if not path.startswith(_CACHED):
                    kept = [(k, v) for k, v in kept if k.lower() != b"cache-control"]
                    kept.append((b"cache-control", b"no-cache" if path.startswith("/ui/") else b"no-store"))
                kept += [(k, v.encode("latin-1")) for k, v in _security_headers(nonce, path)]
                message = {**message, "headers": kept}
            await send(message)

        return wrapped

    async def _page(self, scope: Scope, receive: Receive, send: Send, nonce: str) -> None:
        """Rewrite Gradio's page: it is small enough to be held whole."""
        headers = [(k, v) for k, v in scope["headers"] if k.lower() != b"accept-encoding"]
        start: Message = {}
        body = bytearray()

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            elif message["type"] == "http.response.body":
                body.extend(message.get("body", b""))

        await self._app({**scope, "headers": headers}, receive, collect)
        kept = [(k, v) for k, v in start.get("headers", []) if k.lower() != b"content-length"]
        is_page = any(k.lower() == b"content-type" and v.startswith(b"text/html") for k, v in kept)
        data = bytes(body)
        if is_page and start["status"] == 200:
            data = self._rewrite(data.decode("utf-8"), nonce).encode("utf-8")
        kept.append((b"content-length", str(len(data)).encode()))
        await send({**start, "headers": kept})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else data})


def _security_headers(nonce: str, path: str) -> tuple[tuple[bytes, str], ...]:
    # The chat submits nothing by form; the comparison's filters do, where scripts are off.
    forms = "'none'" if path == "/" else "'self'"
    return (
        (b"content-security-policy", policy(nonce, forms=forms)),
        (b"x-content-type-options", "nosniff"),
        (b"x-frame-options", "DENY"),
        (b"referrer-policy", "no-referrer"),
        (b"cross-origin-opener-policy", "same-origin"),
        (b"cross-origin-resource-policy", "same-origin"),
        (b"permissions-policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
    )


def _noting(send: Send, started: list[bool]) -> Send:
    """Note in *started* that the response has begun: another cannot be sent."""

    async def noting(message: Message) -> None:
        started.append(True)
        await send(message)

    return noting


def _limited(receive: Receive) -> Receive:
    """Stop reading a request whose body passes the limit without having said so."""
    read = 0

    async def limited() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > MAX_BODY:
            return {"type": "http.disconnect"}
        return message

    return limited


async def _refuse(send: Send, status: int, sentence: str) -> None:
    data = json.dumps({"erreur": sentence}, ensure_ascii=False).encode()
    headers = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-length", str(len(data)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": data})
