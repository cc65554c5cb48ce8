"""The protocol, against a server that is not ours: ``transformers serve`` with a tiny random model."""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.domain import Answer, Citation, Statement
from assistant.generation import Client, write
from assistant.settings import LlmSettings
from samples import FakeEncoder

MISSING = [
    m for m in ("fastapi", "uvicorn", "openai", "pydantic", "rich") if importlib.util.find_spec(m) is None
]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"transformers serve needs {', '.join(MISSING)}")

STARTS_WITHIN_S = 180


def _write_model(folder: Path) -> Path:
    """Write a causal model of some thousand random weights, with a tokenizer and a chat template."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from tokenizers.decoders import ByteLevel
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    torch.manual_seed(0)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=300, special_tokens=["<s>", "</s>"], initial_alphabet=alphabet)
    tokenizer.train_from_iterator(["Les conversations sont conservées 30 jours."], trainer)
    ends = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "</s>"}
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, **ends)
    fast.chat_template = "{% for m in messages %}{{ m['content'] }}\n{% endfor %}"
    fast.save_pretrained(folder)
    config = LlamaConfig(
        # A few thousand weights.
        vocab_size=len(fast), hidden_size=16, intermediate_size=32, num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2, max_position_embeddings=2048,
        bos_token_id=0, eos_token_id=1, pad_token_id=1,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Return the base address of the server and the name of its model."""
    root = tmp_path_factory.mktemp("llm")
    model = _write_model(root / "tiny")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        str(Path(sys.executable).with_name("transformers")),
        "serve",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--device",
        "cpu",
    ]
    offline = {
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "HF_HOME": str(root / "home"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    log = (root / "log").open("wb")
    process = subprocess.Popen(command, env={**os.environ, **offline}, stdout=log, stderr=subprocess.STDOUT)  # noqa: S603 - ours
    try:
        _wait(f"http://127.0.0.1:{port}/health", process, root / "log")
        yield f"http://127.0.0.1:{port}/v1", str(model)
    finally:
        process.terminate()
        process.wait(timeout=20)
        log.close()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < until:
        if process.poll() is not None:
            pytest.fail(f"transformers serve ended:\n{log.read_text(errors='replace')[-2000:]}")
        try:
            with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 - loopback
                if response.status == 200:
                    return
        except OSError:
            time.sleep(0.3)
    pytest.fail("transformers serve did not start in time")


def _client(served: tuple[str, str], **settings: object) -> Client:
    url, model = served
    return Client(LlmSettings(url, model, **{"timeout_s": 60.0, "max_tokens": 24} | settings))  # type: ignore[arg-type]


def test_its_stream_is_read_to_the_end(served: tuple[str, str]) -> None:
    """Random weights write nonsense until they are cut: text comes, then the cut is told."""
    from assistant.generation import GenerationError

    pieces: list[str] = []
    try:
        with _client(served).stream([{"role": "user", "content": "Bonjour"}]) as reply:
            pieces.extend(reply)
    except GenerationError as error:
        assert error.kind == "truncated", error.reason  # noqa: PT017 - either end is right
    assert "".join(pieces)


def test_nonsense_ends_in_the_quoted_answer(served: tuple[str, str]) -> None:
    """Whatever random weights say, nothing of it is shown."""
    quote = "Les conversations sont conservées 30 jours."
    citation = Citation(1, "d", "D", "fiche", "d.md", None, None, quote, quote, 0, len(quote))
    answer = Answer(
        "?",
        "fait",
        abstained=False,
        answer=f"{quote}\u00a0[1]",
        statements=(Statement(quote, (1,)),),
        citations=(citation,),
    )
    written = write(answer, "Combien de temps ?", FakeEncoder(), _client(served))
    assert answer == written.answer
    assert written.failure


def test_a_model_that_it_does_not_have_ends_in_the_quoted_answer(served: tuple[str, str]) -> None:
    """An HTTP error of a real server."""
    from assistant.generation import GenerationError

    url, _ = served
    client = Client(LlmSettings(url, "absent/modele", timeout_s=60.0))
    with pytest.raises(GenerationError), client.stream([{"role": "user", "content": "Bonjour"}]) as reply:
        list(reply)
