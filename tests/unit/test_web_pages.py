"""The whole application but the browser: API, pages, files, rebuild."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from io import BytesIO

import pytest
from starlette.testclient import TestClient

from assistant.answering import Assistant
from assistant.settings import Settings
from assistant.web import create_app
from assistant.web.cards import sentence_anchor
from samples import Built

QUESTION = "Combien de temps Boréal garde-t-il une conversation supprimée ?"
SENTENCE = "Nordix efface une conversation supprimée de Boréal au bout de 12 jours."


@pytest.fixture
def client(built: Built) -> Iterator[TestClient]:
    """Return a client of the application over the five documents."""
    settings = Settings(abstention=0.0)
    assistant = Assistant.open(built.folder, settings, encoder=built.encoder)
    app = create_app(assistant, corpus=built.corpus, index=built.folder, settings=settings)
    with TestClient(app, base_url="http://127.0.0.1") as opened:
        yield opened


def test_ask_returns_the_answer_object(client: TestClient) -> None:
    """Every quote is a slice of its passage, and the identifier is given back."""
    found = client.post("/api/ask", json={"question": QUESTION, "id": "q1"}).json()
    assert found["id"] == "q1"
    assert not found["abstained"]
    for c in found["citations"]:
        assert c["passage"][c["start"] : c["end"]] == c["quote"]
    assert found["citations"][0]["quote"] == SENTENCE


def test_ask_understands_a_follow_up(client: TestClient) -> None:
    """From the questions before it."""
    found = client.post(
        "/api/ask", json={"question": "et Zéphyr ?", "history": ["Où sont stockées les données de Boréal ?"]}
    )
    assert "Zéphyr" in found.json()["interpreted"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/ask", {"question": "  "}), ("/api/ask", {"question": "a" * 20_000}), ("/api/ask", {}),
        ("/api/ask", {"question": 3}), ("/api/search", {"query": "x", "limit": 0}),
        ("/v1/chat/completions", {"messages": []}),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": ""}]}),
    ],
)  # fmt: skip
def test_a_bad_request_gets_one_french_sentence(
    client: TestClient, path: str, body: dict[str, object]
) -> None:
    """In the shape that the client of each API expects."""
    answer = client.post(path, json=body)
    assert answer.status_code == 422
    found = answer.json()
    sentence = found["error"]["message"] if path.startswith("/v1") else found["erreur"]
    assert sentence.startswith(("La question", "La demande"))


def test_search_and_documents(client: TestClient) -> None:
    """Search ranks passages; the list names every document and the build."""
    assert client.post("/api/search", json={"query": "conversation supprimée", "limit": 3}).json()["passages"]
    found = client.get("/api/documents").json()
    assert len(found["documents"]) == 5
    assert found["index"]["build"]


def test_health_and_readiness(client: TestClient) -> None:
    """Both answer while an index is in service."""
    assert client.get("/healthz").json() == {"statut": "ok"}
    assert client.get("/readyz").json()["documents"] == 5


def test_the_description_is_french_and_lists_the_api_alone(client: TestClient) -> None:
    """Pages and Gradio's routes are no part of it."""
    found = client.get("/api/openapi.json").json()
    assert "/api/ask" in found["paths"]
    assert not [p for p in found["paths"] if p.startswith(("/dossier", "/gradio", "/ui"))]
    assert found["paths"]["/api/ask"]["post"]["summary"] == "Poser une question"


def test_openai_completion(client: TestClient) -> None:
    """Content bears the references; an extra field, the citations."""
    messages = [
        {"role": "system", "content": "Sois bref."},
        {"role": "user", "content": [{"type": "text", "text": QUESTION}, {"type": "image_url"}]},
    ]  # fmt: skip
    found = client.post("/v1/chat/completions", json={"model": "x", "messages": messages}).json()
    assert SENTENCE in found["choices"][0]["message"]["content"]
    assert "**Sources**" in found["choices"][0]["message"]["content"]
    assert found["citations"][0]["quote"] == SENTENCE
    assert client.get("/v1/models").json()["data"][0]["id"] == found["model"]
    assert client.get("/v1/models/autre").status_code == 404


def test_openai_streaming(client: TestClient) -> None:
    """The pieces joined are the completion; the stream ends as OpenAI's does."""
    body = {
        "messages": [{"role": "user", "content": QUESTION}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    lines = [
        x.removeprefix("data: ")
        for x in client.post("/v1/chat/completions", json=body).text.split("\n\n")
        if x
    ]
    assert lines[-1] == "[DONE]"
    chunks = [json.loads(x) for x in lines[:-1]]
    text = "".join(c["choices"][0]["delta"].get("content", "") for c in chunks if c["choices"])
    assert SENTENCE in text
    assert chunks[-1]["usage"]["total_tokens"] > 0
    assert chunks[-2]["choices"][0]["finish_reason"] == "stop"


def test_the_chat_page_is_french_and_loads_nothing_from_outside(client: TestClient) -> None:
    """Whatever Gradio's own page says."""
    html = client.get("/").text
    assert '<html\n\tlang="fr"' in html
    assert "og:image" not in html
    assert "huggingface" not in html.split("window.gradio_config")[0]
    assert "Index du" in html


@pytest.mark.parametrize("path", ["/dossier", "/comparer", "/document/nordix-boreal", "/document/rapport"])
def test_every_page_is_whole(client: TestClient, path: str) -> None:
    """One title, one main part, the state of the index."""
    html = client.get(path).text
    assert html.count("<main") == 1
    assert html.count("<h1") == 1
    assert "5\u00a0documents" in html


def test_a_document_addresses_each_sentence(client: TestClient) -> None:
    """A card's link leads to the sentence, whose sources are listed below."""
    html = client.get("/document/nordix-boreal").text
    assert f'id="{sentence_anchor(SENTENCE)}"' in html
    assert "https://nordix.example/confidentialite" in html


def test_a_pdf_is_served_and_nothing_else(client: TestClient) -> None:
    """Only an indexed PDF of the corpus, whatever the name asked for."""
    assert client.get("/fichier/rapport").content.startswith(b"%PDF")
    for name in ("nordix-boreal", "absent", "..%2F..%2Fetc%2Fpasswd"):
        assert client.get(f"/fichier/{name}").status_code == 404


def test_the_comparison_filters(client: TestClient) -> None:
    """By provider, attribute and plan; a cell opens its sources."""
    html = client.get("/comparer", params={"fiche": "nordix-boreal", "offre": "pro"}).text
    head = html.split("<thead>")[1].split("</thead>")[0]
    assert "Boréal" in head
    assert "Zéphyr" not in head
    assert 'scope="row">Entraînement par défaut (grand public)' not in html
    cell = client.get("/comparer/cellule", params={"fiche": "nordix-boreal", "attribut": "Siège"}).text
    assert "Mentions légales, Nordix" in cell
    assert client.get("/comparer/cellule", params={"fiche": "x", "attribut": "Siège"}).status_code == 404


def test_the_comparison_is_taken_away(client: TestClient) -> None:
    """As CSV that a French spreadsheet opens, and as ODS."""
    from odf.opendocument import load
    from odf.teletype import extractText

    text = client.get("/comparer.csv").content.decode("utf-8-sig")
    assert "Siège;" in text
    assert "Lille (France)" in text
    assert "Lille (France)" in extractText(load(BytesIO(client.get("/comparer.ods").content)).spreadsheet)


def test_a_rebuild_is_followed_without_restart(client: TestClient, built: Built) -> None:
    """The page's button; the next question uses the new index, the dossier page says what changed."""
    fiche = built.corpus / "fiches" / "nordix-boreal.md"
    assert client.get("/dossier").text.count("Modifié") == 0
    fiche.write_text(fiche.read_text(encoding="utf-8").replace("12 jours", "15 jours"), encoding="utf-8")
    assert "Modifié" in client.get("/dossier").text
    assert client.post("/api/reconstruire").status_code == 202
    for _ in range(200):
        state = client.get("/api/etat").json()["reconstruction"]
        if not state["en_cours"]:
            break
        time.sleep(0.05)
    assert state["erreur"] is None
    assert "1\u00a0modifié" in state["bilan"]
    assert "15 jours" in client.post("/api/ask", json={"question": QUESTION}).json()["answer"]
    assert "fiches/nordix-boreal.md" in client.get("/dossier").text.split('id="rapport"')[1]


def test_what_is_no_longer_held_is_told(client: TestClient) -> None:
    """An old address of an answer is no error page of the server."""
    answer = client.get("/emporter/jeton/1.odt")
    assert answer.status_code == 404
    assert "reposez la question" in answer.text


def test_style_and_scripts_are_fetched_once_and_anew_after_an_upgrade(client: TestClient) -> None:
    """Their address bears a digest of their content; another version's address is none."""
    page = client.get("/dossier").text
    address = next(part for part in page.split('"') if part.endswith("/ui.js"))
    assert f"{address.removesuffix('ui.js')}views.js" in page
    answer = client.get(address)
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/javascript")
    stale = client.get("/ui/0123456789ab/ui.js")
    assert stale.status_code == 404
    assert "immutable" not in stale.headers["cache-control"]
    assert client.get("/ui/inconnu.js").status_code == 404
