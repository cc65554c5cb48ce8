"""Logging in and out."""

from __future__ import annotations

import re
from urllib.parse import parse_qs

import anyio
import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from assistant.access import Account
from assistant.web.frame import render
from assistant.web.gate import LOGIN, LOGOUT, Gate, Visitor, cookie_name, too_many
from assistant.web.limits import Throttle, client_key
from assistant.web.service import Service
from assistant.web.shell import allowed

MAX_FORM = 8_192
"""Bytes: a name, a password of 1,024 characters, each of them escaped."""
WAITING = 16
"""Log-ins that may wait for their turn: passwords are checked one at a time, each takes 32 MiB."""
_WRONG = "Ce nom et ce mot de passe ne vont pas ensemble : vérifiez les deux."
_PAGE = re.compile(r"/[\w./%~+-]*(\?[\w./%~+=&-]*)?")


class Door:
    """Checks passwords, ever more slowly for whoever guesses."""

    def __init__(self, gate: Gate) -> None:
        """Open sessions of *gate*."""
        self.gate = gate
        # From one address, up to a quarter of an hour. Against one name from everywhere, a minute
        # at most: more would let anyone lock its owner out.
        self._by_address = Throttle(free=5, most_s=900)
        self._by_name = Throttle(free=10, most_s=60)
        self._turn = anyio.CapacityLimiter(1)

    async def knock(self, name: str, password: str, *, address: str) -> Account | float | None:
        """Return the account, or the seconds to wait before trying again, or None.

        Raises:
            AccountError: The accounts cannot be read.
        """
        if self._turn.statistics().tasks_waiting >= WAITING:
            return 5.0
        return await anyio.to_thread.run_sync(
            self._check, name.strip()[:64].casefold(), password, client_key(address), limiter=self._turn
        )

    def _check(self, name: str, password: str, address: str) -> Account | float | None:
        wait = max(self._by_address.wait_s(address), self._by_name.wait_s(name))
        if wait:
            return wait
        account = self.gate.accounts.authenticate(name, password)
        if account is None:
            self._by_address.failed(address)
            self._by_name.failed(name)
            return None
        # The address keeps its failures: someone with an account may be guessing another's password.
        self._by_name.succeeded(name)
        return account


def access_routes(service: Service, gate: Gate) -> APIRouter:
    """Return the routes of logging in and out."""
    router = APIRouter(include_in_schema=False)
    door = Door(gate)

    @router.get(LOGIN)
    def form(vers: str = "/") -> Response:
        return _form(vers) if gate.closed else RedirectResponse("/", 303)

    @router.post(LOGIN)
    async def log_in(request: Request) -> Response:
        fields = await _fields(request)
        name, target = fields.get("nom", ""), fields.get("vers", "/")
        visitor: Visitor = request.state.visitor
        found = await door.knock(name, fields.get("motdepasse", ""), address=visitor.address)
        if isinstance(found, float):
            refusal = too_many(found)
            return _form(target, error=refusal.sentence, status=refusal.status, headers=dict(refusal.headers))
        if found is None:
            known = await anyio.to_thread.run_sync(gate.accounts.find, name.strip().casefold())
            # What was typed may be a password in the wrong field: only real names are logged.
            request.state.tried = known.name if known else ""
            return _form(target, error=_WRONG, status=401)
        request.state.user = found.name
        gate.sessions.close(visitor.session)
        response = RedirectResponse(safe_target(target), 303)
        secure = request.url.scheme == "https"
        response.set_cookie(
            cookie_name(request.url.scheme),
            gate.sessions.open(found),
            httponly=True,
            samesite="lax",
            secure=secure,
            path="/",
        )
        return response

    @router.get(LOGOUT)
    def leaving() -> Response:
        return HTMLResponse(render("deconnexion.html", title="Se déconnecter – Assistant du dossier"))

    @router.post(LOGOUT)
    def log_out(request: Request) -> Response:
        visitor: Visitor = request.state.visitor
        gate.sessions.close(visitor.session)
        service.conversations.forget_all(visitor.name)
        response = RedirectResponse(LOGIN if gate.closed else "/", 303)
        response.delete_cookie(
            cookie_name(request.url.scheme), path="/", secure=request.url.scheme == "https", httponly=True
        )
        return response

    return router


def safe_target(target: str) -> str:
    """Return *target* if it is a page of this server, or the first page."""
    path = target.partition("?")[0]
    fit = _PAGE.fullmatch(target) and allowed(path) and path not in {LOGIN, LOGOUT}
    return target if fit and not target.startswith("//") else "/"


def _form(
    target: str, *, error: str = "", status: int = 200, headers: dict[str, str] | None = None
) -> HTMLResponse:
    html = render(
        "connexion.html",
        title="Connexion – Assistant du dossier",
        target=safe_target(target),
        error=error,
    )
    return HTMLResponse(html, status_code=status, headers=headers)


async def _fields(request: Request) -> dict[str, str]:
    """Return the fields of a form; the first of each name. Too long a body has none."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM:
            return {}
    found = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[0] for name, values in found.items()}
