"""Who a request comes from, and what it may reach before its author has logged in."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from assistant.access import LOCAL, Accounts
from assistant.settings import ServerSettings
from assistant.web.limits import Concurrency, Rate, client_key
from assistant.web.sessions import Sessions

LOGIN, LOGOUT = "/connexion", "/deconnexion"
PUBLIC = frozenset(
    {
        LOGIN,
        "/ui/ui.css",
        "/ui/icone.svg",
        "/static/fonts/SourceSansPro/SourceSansPro-Regular.woff2",
        "/static/fonts/SourceSansPro/SourceSansPro-Bold.woff2",
    }
)
"""What can be reached without logging in: the login page and what it is drawn with."""
_LIGHT = frozenset({LOGIN, LOGOUT, "/gradio_api/cancel", "/gradio_api/reset"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """A response that says no.

    Attributes:
        status: HTTP status.
        sentence: What is said, in French.
        headers: Headers of it alone.
    """

    status: int
    sentence: str
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whom a request comes from.

    Attributes:
        name: The account, ``local`` where no account exists, empty where nobody has logged in.
        address: Address of the client.
        session: Token of the session, where a cookie bore one.
    """

    name: str
    address: str = ""
    session: str = ""

    @property
    def key(self) -> str:
        """What limits are counted by."""
        return f"compte {self.name}" if self.name else f"adresse {client_key(self.address)}"


def user_of(request: Any) -> str:
    """Return the account that a request, FastAPI's or Gradio's, comes from."""
    return str(getattr(getattr(request, "request", request).state, "user", LOCAL))


def cookie_name(scheme: str) -> str:
    """Return the session cookie's name; under TLS, browsers keep ``__Host-`` to this very host."""
    return "__Host-dossier" if scheme == "https" else "dossier"


class Gate:
    """Decides who passes. Without accounts the server is this machine's own: everybody does."""

    def __init__(
        self,
        accounts: Accounts,
        settings: ServerSettings,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Guard by *accounts*.

        Raises:
            AccountError: The accounts cannot be read.
        """
        self.accounts = accounts
        self.sessions = Sessions(lasting_s=settings.session_hours * 3600, clock=clock)
        self._requests = Rate(settings.requests_per_minute, clock=clock)
        self._questions = Rate(settings.questions_per_minute, clock=clock)
        self.under_way = Concurrency(settings.concurrent_questions)
        self._closed = accounts.exist()

    @property
    def closed(self) -> bool:
        """Whether one must log in.

        Once it is closed it stays so: a server whose last account is removed opens to nobody.

        Raises:
            AccountError: The accounts cannot be read.
        """
        self._closed = self._closed or self.accounts.exist()
        return self._closed

    def visitor(self, headers: dict[str, str], *, scheme: str, address: str) -> Visitor:
        """Return whom a request comes from.

        Raises:
            AccountError: The accounts cannot be read.
        """
        if not self.closed:
            return Visitor(LOCAL, address)
        kind, _, token = headers.get("authorization", "").partition(" ")
        if token:
            account = self.accounts.bearer(token.strip()) if kind.lower() == "bearer" else None
            return Visitor(account.name if account else "", address)
        token = _cookie(headers.get("cookie", ""), cookie_name(scheme))
        session = self.sessions.find(token) if token else None
        known = self.accounts.find(session.name) if session else None
        if session is None or known is None or known.stamp != session.stamp:
            return Visitor("", address)
        return Visitor(known.name, address, token)

    def refusal(self, visitor: Visitor, *, method: str, path: str, query: str, accept: str) -> Refusal | None:
        """Return why *visitor* may not pass, or None if they may."""
        if visitor.name == LOCAL:
            return None
        wait = self._requests.take(visitor.key)
        if not wait and visitor.name and self.counted(method, path):
            wait = self._questions.take(visitor.key)
            if not wait and self.under_way.full(visitor.key):
                wait = 1.0
        if wait:
            return too_many(wait)
        if visitor.name or (path in PUBLIC):
            return None
        if method in {"GET", "HEAD"} and "text/html" in accept:
            target = quote(path + (f"?{query}" if query else ""), safe="")
            where = LOGIN if path == "/" else f"{LOGIN}?vers={target}"
            return Refusal(HTTPStatus.SEE_OTHER, "Connectez-vous.", (("location", where),))
        return Refusal(
            HTTPStatus.UNAUTHORIZED,
            "Cette adresse demande une connexion : ouvrez /connexion, ou joignez un jeton « Bearer ».",
            (("www-authenticate", 'Bearer realm="dossier"'),),
        )

    @staticmethod
    def counted(method: str, path: str) -> bool:
        """Tell whether a request is a question, a search, an upload: what costs."""
        return method not in {"GET", "HEAD", "OPTIONS"} and path not in _LIGHT


def too_many(wait_s: float) -> Refusal:
    """Return the refusal of one who must wait *wait_s* seconds."""
    seconds = max(1, math.ceil(wait_s))
    sentence = f"Trop de demandes en peu de temps : réessayez dans {seconds}\u00a0s."
    return Refusal(HTTPStatus.TOO_MANY_REQUESTS, sentence, (("retry-after", str(seconds)),))


def body_of(refusal: Refusal, path: str) -> bytes:
    """Return the JSON of *refusal*, in OpenAI's shape where its clients ask."""
    if path.startswith("/v1/"):
        kind = (
            "authentication_error" if refusal.status == HTTPStatus.UNAUTHORIZED else "invalid_request_error"
        )
        error: object = {"message": refusal.sentence, "type": kind, "param": None, "code": None}
        return json.dumps({"error": error}, ensure_ascii=False).encode()
    return json.dumps({"erreur": refusal.sentence}, ensure_ascii=False).encode()


def _cookie(header: str, name: str) -> str:
    """Return the value of a cookie; of two of one name, the first, which browsers hold the nearest."""
    for part in header.split(";"):
        found, _, value = part.strip().partition("=")
        if found == name:
            return value
    return ""
