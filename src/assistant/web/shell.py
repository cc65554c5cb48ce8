"""The ASGI shell around Gradio: who may ask what, and what every response says.

Gradio serves a page full of inline scripts, routes that fetch any address, and any host name.
The shell lets through the routes that the page needs and nothing else, refuses foreign hosts
and origins, limits the size of requests, and gives every response a strict policy.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any

from assistant.access import LOCAL
from assistant.records import Records
from assistant.web.gate import LOGIN, LOGOUT, Gate, Refusal, Visitor, body_of
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
        LOGIN,
        LOGOUT,
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
# What draws the page says nothing of who reads what.
_UNLOGGED = (*_CACHED, "/ui/")
# Told apart in the access log, from what else begins as they do.
_NAMED = frozenset(
    {
        "/api/ask",
        "/api/search",
        "/api/documents",
        "/api/etat",
        "/api/reconstruire",
        "/api/dossier/fichier",
        "/v1/chat/completions",
    }
)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_FAILED = Refusal(500, "La demande n’a pas pu être traitée : réessayez.")
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


def route_of(path: str) -> str:
    """Return the pattern that *path* falls under, without what a visitor may have written in it."""
    if path in EXACT or path in _NAMED:
        return path
    found = next((p for p in PREFIXES if path.startswith(p)), None)
    return f"{found}…" if found else "(autre)"


def host_name(value: str) -> str:
    """Return the name in a Host header, without its port."""
    value = value.strip().lower()
    if value.startswith("["):
        return value.split("]", 1)[0].strip("[")
    return value.rsplit(":", 1)[0] if value.count(":") == 1 else value


class Shell:
    """ASGI application that wraps another."""

    def __init__(
        self,
        app: App,
        *,
        hosts: Iterable[str],
        rewrite: Callable[[str, str], str],
        bodies: Mapping[tuple[str, str], int] | None = None,
        gate: Gate | None = None,
        records: Records | None = None,
    ) -> None:
        """Wrap *app*.

        Args:
            app: What answers the requests that are let through.
            hosts: Names under which the server may be addressed.
            rewrite: Gives the chat's page from Gradio's HTML and a nonce.
            bodies: Most bytes of a request's body by method and path, where ``MAX_BODY`` is too few.
            gate: Decides who passes, or None where everybody does.
            records: Keeps the access log, where it is on.
        """
        self._app = app
        self._hosts = frozenset(hosts)
        self._rewrite = rewrite
        self._bodies = dict(bodies or {})
        self._gate = gate
        self._records = records

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        began, state = time.monotonic(), scope.setdefault("state", {})
        nonce = secrets.token_urlsafe(16)
        sent: list[int] = []
        secure = scope.get("scheme") == "https"
        send = self._with_headers(_noting(send, sent), scope["path"], nonce, secure=secure)
        try:
            visitor, refusal = self._judge(scope, headers)
            state["visitor"], state["user"] = visitor, visitor.name
            if refusal:
                await _refuse(send, refusal, scope["path"])
            elif self._gate is not None and self._gate.counted(scope["method"], scope["path"]):
                with self._gate.under_way.counting(visitor.key):
                    await self._answer(scope, receive, send, nonce)
            else:
                await self._answer(scope, receive, send, nonce)
        except Exception as error:  # noqa: BLE001 - the server would log its message, question included
            report(error)
            if not sent:
                await _refuse(send, _FAILED, scope["path"])
        finally:
            self._note(scope, sent, time.monotonic() - began)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, nonce: str) -> None:
        if scope["path"] == "/":
            await self._page(scope, receive, send, nonce)
        else:
            await self._app(scope, _limited(receive, self._most(scope)), send)

    def _note(self, scope: Scope, sent: list[int], lasted_s: float) -> None:
        """Write a line of the access log: no address, which may hold words of the visitor's."""
        if self._records is None or scope["path"].startswith(_UNLOGGED):
            return
        state = scope["state"]
        self._records.note_access(
            state.get("user", "") or state.get("tried", ""),
            address=_address(scope),
            method=scope["method"] if scope["method"] in _METHODS else "?",
            route=route_of(scope["path"]),
            status=sent[0] if sent else 0,
            duration_ms=round(lasted_s * 1000),
        )

    def _most(self, scope: Scope) -> int:
        return self._bodies.get((scope["method"], scope["path"]), MAX_BODY)

    def _judge(self, scope: Scope, headers: dict[str, str]) -> tuple[Visitor, Refusal | None]:
        """Return whom a request comes from, and why it may not pass."""
        address = _address(scope)
        host = headers.get("host", "")
        if host_name(host) not in self._hosts:
            return Visitor("", address), Refusal(400, "Ce serveur ne répond pas sous ce nom.")
        origin = headers.get("origin")
        foreign = origin and origin.split("://", 1)[-1].lower() != host.lower()
        if foreign or (
            headers.get("sec-fetch-site") == "cross-site" and scope["method"] not in {"GET", "HEAD"}
        ):
            return Visitor("", address), Refusal(403, "Cette requête vient d’une autre page.")
        visitor, refusal = Visitor(LOCAL, address), None
        if self._gate is not None:
            visitor = self._gate.visitor(headers, scheme=scope.get("scheme", "http"), address=address)
            refusal = self._gate.refusal(
                visitor,
                method=scope["method"],
                path=scope["path"],
                query=scope.get("query_string", b"").decode("latin-1"),
                accept=headers.get("accept", ""),
            )
        return visitor, refusal or self._unfit(scope, headers)

    def _unfit(self, scope: Scope, headers: dict[str, str]) -> Refusal | None:
        if not allowed(scope["path"]):
            return Refusal(404, "Cette adresse n’existe pas.")
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > self._most(scope):
            return Refusal(413, "La requête est trop longue.")
        return None

    @staticmethod
    def _with_headers(send: Send, path: str, nonce: str, *, secure: bool) -> Send:
        async def wrapped(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [(k, v) for k, v in message.get("headers", []) if k.lower() not in _OWN_HEADERS]
                if not path.startswith(_CACHED):
                    kept = [(k, v) for k, v in kept if k.lower() != b"cache-control"]
                    kept.append((b"cache-control", _caching(path, message["status"])))
                kept += [(k, v.encode("latin-1")) for k, v in _security_headers(nonce, path)]
                if secure:
                    kept.append((b"strict-transport-security", b"max-age=31536000"))
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


def _caching(path: str, status: int) -> bytes:
    if not path.startswith("/ui/"):
        return b"no-store"
    # /ui/VERSION/NAME is another address as soon as its content is another.
    return b"max-age=31536000, immutable" if path.count("/") == 3 and status == 200 else b"no-cache"


def _security_headers(nonce: str, path: str) -> tuple[tuple[bytes, str], ...]:
    # The chat submits nothing by form; the comparison's filters do, where scripts are off.
    forms = "'none'" if path == "/" else "'self'"
    # Without a referrer, a browser calls a form's origin « null »: those posted would be refused.
    referrer = "same-origin" if path in {LOGIN, LOGOUT} else "no-referrer"
    return (
        (b"content-security-policy", policy(nonce, forms=forms)),
        (b"x-content-type-options", "nosniff"),
        (b"x-frame-options", "DENY"),
        (b"referrer-policy", referrer),
        (b"cross-origin-opener-policy", "same-origin"),
        (b"cross-origin-resource-policy", "same-origin"),
        (b"permissions-policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
    )


def _noting(send: Send, sent: list[int]) -> Send:
    """Note in *sent* the status of the response once it has begun: another cannot be sent."""

    async def noting(message: Message) -> None:
        if message["type"] == "http.response.start":
            sent.append(message["status"])
        await send(message)

    return noting


def _limited(receive: Receive, most: int) -> Receive:
    """Stop reading a request whose body passes the limit without having said so."""
    read = 0

    async def limited() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > most:
            return {"type": "http.disconnect"}
        return message

    return limited


async def _refuse(send: Send, refusal: Refusal, path: str) -> None:
    data = body_of(refusal, path)
    headers = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-length", str(len(data)).encode()),
        *((k.encode(), v.encode("latin-1")) for k, v in refusal.headers),
    ]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": data})


def _address(scope: Scope) -> str:
    """Return the client's address; a socket file has none."""
    client = scope.get("client")
    return str(client[0]) if client else ""
