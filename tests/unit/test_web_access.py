"""With accounts, nothing answers before login but the login page and what draws it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from assistant.access import Accounts, accounts, passwords
from assistant.answering import Assistant
from assistant.records import Records
from assistant.settings import RecordSettings, ServerSettings, Settings
from assistant.web import create_app, forgetting
from assistant.web.conversations import IDLE_S, Conversations
from assistant.web.gate import PUBLIC
from assistant.web.login import safe_target
from samples import Built

PASSWORD = "quatre chevaux bleus"  # noqa: S105 - the tests' own
QUESTION = "Combien de temps Boréal garde-t-il une conversation supprimée ?"
LOGIN = {"nom": "alice", "motdepasse": PASSWORD}


@dataclass
class Site:
    """An application over the five documents, and the accounts that it reads."""

    app: Any
    accounts: Accounts
    data: Path
    running: TestClient

    def visitor(self, base_url: str = "http://127.0.0.1", **headers: str) -> TestClient:
        """Return a browser that has no cookie and follows no redirect."""
        client = TestClient(self.app, base_url=base_url, headers=headers, follow_redirects=False)
        # One event loop for all, as in a server.
        client.portal = self.running.portal
        return client

    @property
    def records(self) -> Records:
        """What the site keeps."""
        kept: Records = self.app._records
        return kept

    def member(self, name: str = "alice") -> TestClient:
        """Return a browser that has logged in."""
        client = self.visitor()
        assert client.post("/connexion", data={**LOGIN, "nom": name}).status_code == 303
        return client


Opener = Callable[..., Site]


@pytest.fixture
def opened(built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opener]:
    """Return what opens a site; passwords cost little."""
    monkeypatch.setattr(passwords, "_COST", 2**4)
    accounts._decoy.cache_clear()

    def open_site(*names: str, **settings: Any) -> Site:
        held = Accounts(tmp_path / "donnees")
        for name in names:
            held.add(name, PASSWORD)
        chosen = Settings(abstention=0.0, data_dir=str(tmp_path / "donnees"), **settings)
        assistant = Assistant.open(built.folder, chosen, encoder=built.encoder)
        app = create_app(assistant, corpus=built.corpus, index=built.folder, settings=chosen)
        return Site(app, held, tmp_path / "donnees", running.enter_context(TestClient(app)))

    with ExitStack() as running:
        yield open_site


# --- every route ----------------------------------------------------------------------------------


def _routes(app: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the method and path of every route of *app*, those of routers and mounts included."""
    while not hasattr(app, "routes"):
        # A layer of ours around it.
        app = app._app
    for route in app.routes:
        path = prefix + getattr(route, "path", "")
        inner = getattr(route, "original_router", None) or getattr(route, "app", None)
        if hasattr(inner, "routes") or hasattr(inner, "_app"):
            yield from _routes(inner, path + getattr(getattr(route, "include_context", None), "prefix", ""))
        elif getattr(route, "methods", None):
            yield from ((method, path) for method in sorted(route.methods))
        else:
            yield "GET", f"{path}/quelque-chose"


def _concrete(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "x", path)


def _refused(status: int, location: str) -> bool:
    return status == 401 or (status == 303 and location.startswith("/connexion"))


def test_every_route_asks_for_a_login(opened: Opener) -> None:
    """All of ours and all of Gradio's, one by one; none but the login page's own answers."""
    site = opened("alice")
    visitor = site.visitor()
    found = sorted(set(_routes(site.app)))
    paths = {path for _, path in found}
    # The walk itself is checked: these are the routes that must not have been missed.
    assert {
        "/api/ask", "/api/search", "/v1/chat/completions", "/v1/models", "/config", "/gradio_api/queue/join",
        "/gradio_api/queue/data", "/gradio_api/upload", "/gradio_api/file={path_or_url:path}", "/dossier",
        "/fichier/{slug}", "/emporter/{token}/{name}", "/api/dossier/fichier", "/healthz",
        "/api/reconstruire", "/gradio_api/deep_link", "/api/openapi.json", "/openapi.json",
        "/login", "/deconnexion",
    } <= paths  # fmt: skip
    assert len(found) > 70
    open_without_login = []
    for method, path in found:
        for accept in ("text/html", "application/json"):
            answer = visitor.request(method, _concrete(path), headers={"accept": accept})
            if not _refused(answer.status_code, answer.headers.get("location", "")):
                open_without_login.append((method, path, answer.status_code))
    assert {path for _, path, _ in open_without_login} == {"/connexion"}


# fmt: off
DISGUISED = (
    "/nulle-part", "/api/nulle-part", "/gradio_api/nulle-part", "/connexion/", "/connexion/api/ask",
    "/ui/inconnu.js", "/ui/ui.js", "/ui/ui.css/x", "/ui/../config", "/ui/..%2fconfig", "/ui/%2e%2e/config",
    "/connexion/../config", "/connexion;/config", "/connexion%2f..%2fconfig", "//config", "/./config",
    "/static/fonts/SourceSansPro/../../img/clear.svg", "/static/fonts/x.woff2", "/assets/index.js",
    "/gradio_api/file=/etc/passwd", "/gradio_api/heartbeat/x", "/.well-known/security.txt", "/robots.txt",
    "/%63onfig", "/config%00", "/document/nordix-boreal", "/fichier/rapport", "/comparer.csv", "/theme.css",
    "/Connexion",
)
ELSEWHERE = (
    "//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/connexion", "x",
    "/gradio_api/file=https://evil.example", "/document/a\r\nSet-Cookie: a=b", "/document/\u202ea", "/login",
    "/document//evil.example", "/document/../x", "",
)
# fmt: on


def test_unknown_and_disguised_paths_ask_for_a_login(opened: Opener) -> None:
    """A visitor cannot even tell which addresses exist."""
    visitor = opened("alice").visitor()
    for path in DISGUISED:
        for method in ("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"):
            answer = visitor.request(method, path)
            assert _refused(answer.status_code, answer.headers.get("location", "")), (method, path)


def test_what_is_public_draws_the_login_page_and_says_nothing_else(opened: Opener) -> None:
    """The page's own addresses are all public, and nothing public comes from the dossier."""
    visitor = opened("alice").visitor()
    page = visitor.get("/connexion")
    assert page.status_code == 200
    used = {address.split("?")[0] for address in re.findall(r'(?:href|src)="(/[^"#]*)"', page.text)} - {"/"}
    style = visitor.get("/ui/ui.css").text
    used |= set(re.findall(r'url\("(/[^"]*)"\)', style))
    assert used | {"/connexion"} == PUBLIC
    for path in PUBLIC:
        answer = visitor.get(path)
        assert answer.status_code == 200
        assert b"Nordix" not in answer.content
        assert b"documents" not in answer.content
    assert "<script" not in page.text
    assert "form-action 'self'" in page.headers["content-security-policy"]
    # With « no-referrer » a browser would say that the form comes from « null », and be refused.
    assert page.headers["referrer-policy"] == "same-origin"


def test_a_page_leads_to_the_login_and_back(opened: Opener) -> None:
    """With its address; an API tells a program what to send, each in its client's shape."""
    visitor = opened("alice").visitor()
    answer = visitor.get("/document/nordix-boreal?a=b", headers={"accept": "text/html"})
    assert answer.headers["location"] == "/connexion?vers=%2Fdocument%2Fnordix-boreal%3Fa%3Db"
    assert visitor.get(answer.headers["location"]).text.count('value="/document/nordix-boreal?a=b"') == 1
    answer = visitor.post("/v1/chat/completions", json={})
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["error"]["type"] == "authentication_error"
    assert "Bearer" in visitor.post("/api/ask", json={}).json()["erreur"]


def test_a_login_leads_nowhere_else(opened: Opener) -> None:
    """Only to a page of this server."""
    assert safe_target("/document/nordix-boreal?a=b") == "/document/nordix-boreal?a=b"
    for target in ELSEWHERE:
        assert safe_target(target) == "/", target
    answer = opened("alice").visitor().post("/connexion", data={**LOGIN, "vers": "//evil.example"})
    assert answer.headers["location"] == "/"


# --- sessions -------------------------------------------------------------------------------------


def test_a_session_opens_everything_and_its_end_closes_it(opened: Opener) -> None:
    """The cookie is hidden from scripts, kept to this site, and useless once one has logged out."""
    site = opened("alice")
    client = site.visitor()
    answer = client.post("/connexion", data=LOGIN)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie
    assert "max-age" not in cookie
    assert client.post("/api/ask", json={"question": QUESTION}).status_code == 200
    assert client.get("/config").status_code == 200
    page = client.get("/")
    assert "Se déconnecter" in page.text
    kept = client.cookies["dossier"]
    assert client.post("/deconnexion").headers["location"] == "/connexion"
    client.cookies.set("dossier", kept)
    assert client.get("/config").status_code == 401


def test_under_tls_the_cookie_is_kept_to_encrypted_requests(opened: Opener) -> None:
    """And to this very host, by its name; browsers are told to come back encrypted."""
    client = opened("alice").visitor("https://127.0.0.1")
    answer = client.post("/connexion", data=LOGIN)
    assert answer.headers["set-cookie"].startswith("__Host-dossier=")
    assert "secure" in answer.headers["set-cookie"].lower()
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert client.get("/config").status_code == 200


def test_a_session_that_the_server_did_not_give_opens_nothing(opened: Opener) -> None:
    """Nor does one carry over: each login has a new one."""
    site = opened("alice")
    client = site.visitor()
    for value in ("", "x", "alice", "a" * 5000):
        client.cookies.set("dossier", value)
        assert client.get("/config").status_code == 401
    client = site.member()
    first = client.cookies["dossier"]
    client.post("/connexion", data=LOGIN)
    assert client.cookies["dossier"] != first
    before = site.visitor()
    before.cookies.set("dossier", first)
    assert before.get("/config").status_code == 401


def test_a_changed_password_and_a_removed_account_end_its_sessions(opened: Opener) -> None:
    """At once, without a restart."""
    site = opened("alice", "bob")
    alice, bob = site.member("alice"), site.member("bob")
    site.accounts.set_password("alice", PASSWORD + " et demi")
    assert alice.get("/config").status_code == 401
    site.accounts.remove("bob")
    assert bob.get("/config").status_code == 401


def test_a_server_whose_last_account_goes_opens_to_nobody(opened: Opener) -> None:
    """Removing accounts must never publish the dossier."""
    site = opened("alice")
    member = site.member()
    site.accounts.remove("alice")
    assert member.get("/config").status_code == 401
    assert site.visitor().get("/config").status_code == 401


def test_the_first_account_closes_a_server_that_runs(opened: Opener) -> None:
    """Without a restart."""
    site = opened()
    visitor = site.visitor()
    assert visitor.get("/config").status_code == 200
    assert visitor.get("/connexion").headers["location"] == "/"
    site.accounts.add("alice", PASSWORD)
    assert visitor.get("/config").status_code == 401


def test_accounts_that_cannot_be_read_open_nothing(opened: Opener) -> None:
    """A damaged file is a failure, not an empty list; the refusal does not tell where the file is."""
    site = opened("alice")
    site.accounts.path.write_bytes(b"abime")
    answer = site.visitor(authorization="Bearer x").get("/config")
    assert answer.status_code == 500
    assert "sqlite" not in answer.text


def test_programs_bear_a_token(opened: Opener) -> None:
    """As OpenAI's clients do; a wrong one, another scheme, or a revoked one is refused."""
    site = opened("alice")
    token = site.accounts.add_token("alice")
    program = site.visitor(authorization=f"Bearer {token}")
    assert program.get("/v1/models").status_code == 200
    assert program.post("/api/ask", json={"question": QUESTION}).status_code == 200
    assert site.visitor(authorization=f"Basic {token}").get("/v1/models").status_code == 401
    assert site.visitor(authorization=f"Bearer {token}x").get("/v1/models").status_code == 401
    assert site.visitor(authorization=f"Bearer {PASSWORD}").get("/v1/models").status_code == 401
    site.accounts.revoke_tokens("alice")
    assert program.get("/v1/models").status_code == 401


def test_another_page_cannot_log_someone_in_or_out(opened: Opener) -> None:
    """A foreign origin is refused before the form is read."""
    site = opened("alice")
    assert site.visitor(origin="https://evil.example").post("/connexion", data=LOGIN).status_code == 403
    member = site.member()
    assert member.post("/deconnexion", headers={"origin": "https://evil.example"}).status_code == 403
    assert member.get("/config").status_code == 200


# --- guessing and flooding ------------------------------------------------------------------------


def test_guesses_are_slowed_down(opened: Opener) -> None:
    """After five failures an address waits, even with the right password; the page says how long."""
    client = opened("alice").visitor()
    for _ in range(5):
        answer = client.post("/connexion", data={**LOGIN, "motdepasse": "mauvais"})
        assert answer.status_code == 401
        assert "ne vont pas ensemble" in answer.text
    answer = client.post("/connexion", data=LOGIN)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    assert "réessayez dans" in answer.text


def test_a_refusal_does_not_tell_who_has_an_account(opened: Opener) -> None:
    """The same page, word for word."""
    client = opened("alice").visitor()
    pages = [
        client.post("/connexion", data={"nom": name, "motdepasse": "mauvais"}).text
        for name in ("alice", "personne")
    ]
    assert pages[0] == pages[1]


def test_a_broken_form_logs_nobody_in(opened: Opener) -> None:
    """It is a wrong password like another."""
    headers = {"content-type": "application/x-www-form-urlencoded"}
    visitor = opened("alice").visitor()
    for body in (b"", b"nom=alice", b"%ff%fe=1&nom", b"nom=alice&motdepasse=" + b"x" * 20_000, b"a&" * 40):
        assert visitor.post("/connexion", content=body, headers=headers).status_code == 401


def test_each_account_has_its_share_of_questions(opened: Opener) -> None:
    """Past it, 429 and how long to wait; the others are not concerned."""
    site = opened("alice", "bob", server=ServerSettings(questions_per_minute=2))
    alice, bob = site.member("alice"), site.member("bob")
    for _ in range(2):
        assert alice.post("/api/search", json={"query": "Cloud"}).status_code == 200
    refused = alice.post("/api/search", json={"query": "Cloud"})
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) >= 1
    assert alice.get("/dossier").status_code == 200
    assert bob.post("/api/search", json={"query": "Cloud"}).status_code == 200


def test_a_visitor_has_their_share_of_requests(opened: Opener) -> None:
    """The login page included: each request costs a look at the accounts."""
    visitor = opened("alice", server=ServerSettings(requests_per_minute=3)).visitor()
    assert [visitor.get("/connexion").status_code for _ in range(4)] == [200, 200, 200, 429]


# --- what belongs to one -------------------------------------------------------------------------


def _queue(client: TestClient, event: str, data: list[Any], session: str) -> dict[str, Any]:
    """Run an event of the page through Gradio's queue; return its last message."""
    config = client.get("/config").json()
    targets = {d["id"]: d["targets"] for d in config["dependencies"]}
    names = {c["id"]: c["props"].get("elem_id") for c in config["components"]}
    wanted = next(
        i
        for i, found in targets.items()
        if any((names.get(t), e) == tuple(event.split(".")) for t, e in found)
    )
    order = {"data": data, "fn_index": wanted, "session_hash": session}
    assert client.post("/gradio_api/queue/join", json=order).status_code == 200
    stream = client.get(f"/gradio_api/queue/data?session_hash={session}").text
    messages = [json.loads(x.removeprefix("data:")) for x in stream.splitlines() if x.startswith("data:")]
    found: dict[str, Any] = next(m for m in reversed(messages) if m["msg"] == "process_completed")
    return found


def test_a_conversation_opens_to_its_owner_only(opened: Opener) -> None:
    """Its token, seen over a shoulder, gives another account nothing; logging out forgets it."""
    site = opened("alice", "bob")
    alice, bob = site.member("alice"), site.member("bob")
    done = _queue(alice, "question.submit", [QUESTION, None], "sessiondalice")
    assert done["success"]
    (token,) = set(re.findall(r"/emporter/([\w-]+)/", json.dumps(done)))
    address = f"/emporter/{token}/conversation.md"
    assert QUESTION in alice.get(address).text
    assert bob.get(address).status_code == 404
    alice.post("/deconnexion")
    again = site.member("alice")
    assert again.get(address).status_code == 404


def test_clearing_forgets_the_conversation_on_the_server(opened: Opener) -> None:
    """« Effacer la conversation » leaves nothing that its address could bring back."""
    client = opened().visitor()
    done = _queue(client, "question.submit", [QUESTION, None], "unesession")
    (token,) = set(re.findall(r"/emporter/([\w-]+)/", json.dumps(done)))
    assert client.get(f"/emporter/{token}/conversation.md").status_code == 200
    assert _queue(client, "effacer.click", [None], "unesession")["success"]
    assert client.get(f"/emporter/{token}/conversation.md").status_code == 404


def test_an_idle_conversation_is_forgotten_although_nobody_asks(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server looks by itself: the memory of a night is empty."""
    held: list[Conversations] = []
    create = Conversations.__init__

    def remembering(self: Conversations, **options: Any) -> None:
        create(self, **options)
        held.append(self)

    monkeypatch.setattr(Conversations, "__init__", remembering)
    monkeypatch.setattr(forgetting, "EVERY_S", 0.01)
    opened()
    conversation = held[0].open("")
    assert len(held[0]) == 1
    conversation.touched -= IDLE_S + 1
    for _ in range(3_000):
        if not len(held[0]):
            break
        time.sleep(0.01)
    assert len(held[0]) == 0


# --- what is kept --------------------------------------------------------------------------------


def test_what_is_kept_names_who_asked(opened: Opener) -> None:
    """By every way of asking, once each."""
    site = opened("alice", records=RecordSettings(history=True))
    token = site.accounts.add_token("alice")
    program = site.visitor(authorization=f"Bearer {token}")
    program.post("/api/ask", json={"question": QUESTION})
    program.post("/v1/chat/completions", json={"messages": [{"role": "user", "content": QUESTION}]})
    assert _queue(program, "question.submit", [QUESTION, None], "s1")["success"]
    page = program.get("/dossier").text.replace("\u00a0", " ").replace("\u202f", " ")
    kept = list(site.records.export("alice"))
    assert [row["via"] for row in kept] == ["api", "openai", "page"]
    assert {row["question"] for row in kept} == {QUESTION}
    assert "conservées 30 jours sur ce serveur" in page


def test_opinions_exist_only_where_they_are_kept(opened: Opener) -> None:
    """Neither the links nor the address, unless the administrator keeps opinions."""
    client = opened().visitor()
    done = json.dumps(_queue(client, "question.submit", [QUESTION, None], "s1"))
    assert "/api/avis/" not in done
    (token,) = set(re.findall(r"/emporter/([\w-]+)/", done))
    assert client.post(f"/api/avis/{token}/1/utile").status_code == 404


def test_an_opinion_is_kept_with_its_question(opened: Opener) -> None:
    """And the link says for how long; an answer that is forgotten takes none."""
    site = opened(records=RecordSettings(feedback=True, days=12))
    client = site.visitor()
    done = json.dumps(_queue(client, "question.submit", [QUESTION, None], "s1"))
    assert "12\\u202fjours" in done or "12 jours" in done or "12\\u00a0jours" in done
    address = next(a for a in re.findall(r"/api/avis/[\w/-]+", done) if a.endswith("/inutile"))
    assert client.post(address).json() == {"garde_jours": 12}
    assert client.post(re.sub(r"avis/[\w-]+", "avis/devine", address)).status_code == 404
    assert client.post(address.replace("inutile", "autre")).status_code == 422
    (kept,) = site.records.export("local")
    assert (kept["kind"], kept["useful"], kept["question"]) == ("avis", False, QUESTION)


def test_the_access_log_tells_who_and_which_route_never_what(opened: Opener) -> None:
    """Neither questions, nor addresses that hold words, nor what was typed in the wrong field."""
    site = opened("alice", records=RecordSettings(access_log=True))
    client = site.visitor()
    client.get("/document/mot-revelateur")
    client.post("/connexion", data={**LOGIN, "motdepasse": "mauvais"})
    client.post("/connexion", data={"nom": "motdepasse-dans-le-mauvais-champ", "motdepasse": ""})
    client.post("/connexion", data=LOGIN)
    client.post("/api/ask?question=mot-revelateur", json={"question": QUESTION})
    client.get("/document/nordix-boreal")
    client.get("/ui/ui.css")
    found = [(row["name"], row["method"], row["route"], row["status"]) for row in site.records.accesses()]
    assert found == [
        ("", "GET", "/document/…", 401),
        ("alice", "POST", "/connexion", 401),
        ("", "POST", "/connexion", 401),
        ("alice", "POST", "/connexion", 303),
        ("alice", "POST", "/api/ask", 200),
        ("alice", "GET", "/document/…", 200),
    ]
    data = (site.data / "acces.sqlite").read_bytes()
    for words in (b"mot-revelateur", b"Combien de temps", b"mauvais-champ"):
        assert words not in data
