"""Other programs that ask the same server: OpenAI's own client and Gradio's."""

from __future__ import annotations

import openai
import pytest

from browsing import FACT, FACT_SENTENCE, Server

PRIMARY = "https://nordix.example/confidentialite"


def test_the_openai_client_gets_a_cited_answer(server: Server) -> None:
    """Whole: the sentence, its marker, its reference as Markdown, the citations in a field of their own."""
    with openai.OpenAI(base_url=f"{server.address}/v1", api_key="aucune") as client:
        (model,) = [m.id for m in client.models.list()]
        whole = client.chat.completions.create(
            model=model, messages=[{"role": "user", "content": FACT}], temperature=0.2
        )
    content = whole.choices[0].message.content or ""
    assert FACT_SENTENCE in content
    assert "**Sources**" in content
    assert PRIMARY in content
    assert (whole.model_extra or {})["citations"][0]["source"]["url"] == PRIMARY
    assert whole.usage is not None


def test_the_openai_client_gets_it_streamed(server: Server) -> None:
    """Piece after piece, the same text; the last piece bears the citations."""
    with openai.OpenAI(base_url=f"{server.address}/v1", api_key="aucune") as client:
        asked = {"model": "assistant-du-dossier", "messages": [{"role": "user", "content": FACT}]}
        whole = client.chat.completions.create(**asked)
        stream = client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True})
        chunks = list(stream)
    pieces = [c.choices[0].delta.content or "" for c in chunks if c.choices]
    assert sum(bool(p) for p in pieces) > 1
    assert "".join(pieces) == whole.choices[0].message.content
    (last,) = [c for c in chunks if c.choices and c.choices[0].finish_reason == "stop"]
    assert (last.model_extra or {})["citations"][0]["quote"] == FACT_SENTENCE
    assert chunks[-1].usage is not None


def test_the_openai_client_is_told_what_is_wrong(server: Server) -> None:
    """In French, as an error of its own kind."""
    with (
        openai.OpenAI(base_url=f"{server.address}/v1", api_key="aucune") as client,
        pytest.raises(openai.UnprocessableEntityError, match="mal formée"),
    ):
        client.chat.completions.create(model="assistant-du-dossier", messages=[])


@pytest.mark.filterwarnings("ignore")
def test_a_gradio_client_gets_a_cited_answer(server: Server) -> None:
    """By the one endpoint that is named."""
    from gradio_client import Client

    client = Client(server.address, verbose=False, analytics_enabled=False)
    found = client.predict(FACT, api_name="/demander")
    assert found["citations"][0]["quote"] == FACT_SENTENCE
    client.close()
