"""Other programs that ask the same server: OpenAI's own client and Gradio's."""

from __future__ import annotations

import pytest

from browsing import FACT, FACT_SENTENCE, Server


def test_the_openai_client_gets_a_cited_answer(server: Server) -> None:
    """Whole and streamed, references included."""
    openai = pytest.importorskip("openai")
    with openai.OpenAI(base_url=f"{server.address}/v1", api_key="aucune") as client:
        (model,) = [m.id for m in client.models.list()]
        messages = [{"role": "user", "content": FACT}]
        whole = client.chat.completions.create(model=model, messages=messages)
        assert FACT_SENTENCE in whole.choices[0].message.content
        assert whole.citations[0]["source"]["url"] == "https://nordix.example/confidentialite"
        stream = client.chat.completions.create(model=model, messages=messages, stream=True)
        assert FACT_SENTENCE in "".join(c.choices[0].delta.content or "" for c in stream)


@pytest.mark.filterwarnings("ignore")
def test_a_gradio_client_gets_a_cited_answer(server: Server) -> None:
    """By the one endpoint that is named."""
    from gradio_client import Client

    client = Client(server.address, verbose=False, analytics_enabled=False)
    found = client.predict(FACT, api_name="/demander")
    assert found["citations"][0]["quote"] == FACT_SENTENCE
    client.close()
