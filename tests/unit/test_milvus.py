"""Which Milvus may be called, and BM25 as an inner product; no server is needed here."""

from __future__ import annotations

import socket
from math import log
from pathlib import Path

import pytest

from assistant.errors import SettingsError, StoreError
from assistant.milvus import FieldStatistics, MilvusSettings, query_weights, row_weights
from assistant.milvus.connection import target
from assistant.milvus.sparse import dimension, rounded_length
from assistant.web import guard


def resolves(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Have every name resolve to *addresses*."""
    found = [
        (socket.AF_INET6 if ":" in a else socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, 0))
        for a in addresses
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)


def test_the_judged_address_is_the_one_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is looked up again between the judgement and the connection; TLS still asks for the name."""
    resolves(monkeypatch, "10.1.2.3")
    settings = MilvusSettings("https://milvus.interne", allowed_hosts=("milvus.interne",))
    found = target(settings)
    assert (found.uri, found.secure, found.name) == ("http://10.1.2.3:19530", True, "milvus.interne")


@pytest.mark.parametrize(
    ("addresses", "allowed"),
    [
        (("10.1.2.3",), ()),
        (("10.1.2.3",), ("10.2.0.0/16",)),
        (("93.184.215.14",), ("milvus.interne",)),
        (("10.1.2.3", "93.184.215.14"), ("milvus.interne",)),
        (("169.254.169.254",), ("milvus.interne",)),
        (("::ffff:93.184.215.14",), ("milvus.interne",)),
    ],
)
def test_other_addresses_are_refused(
    addresses: tuple[str, ...], allowed: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Private ones that are not listed, public ones whatever is listed."""
    resolves(monkeypatch, *addresses)
    with pytest.raises(SettingsError, match=r"\[milvus\]"):
        target(MilvusSettings("http://milvus.interne:19530", allowed_hosts=allowed))


def test_a_name_that_designates_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may come back: an error of the store, not of the settings."""
    resolves(monkeypatch)
    with pytest.raises(StoreError, match=r"milvus\.uri"):
        target(MilvusSettings("http://milvus.interne:19530"))


def test_a_file_is_milvus_lite(tmp_path: Path) -> None:
    """Its folder is made; the name must end as pymilvus expects."""
    assert target(MilvusSettings(f"{tmp_path}/neuf/m.db")).uri == f"{tmp_path}/neuf/m.db"
    with pytest.raises(SettingsError, match=r"\.db"):
        target(MilvusSettings(f"{tmp_path}/m.sqlite"))


def test_the_guard_lets_the_server_pass_and_nothing_else() -> None:
    """Its name may be looked up, its port called at an allowed address."""
    place = MilvusSettings("http://milvus.interne:19530", allowed_hosts=("10.0.0.0/8",)).place
    assert place is not None
    places = [place]
    guard._refuse("socket.getaddrinfo", ("milvus.interne", 19530), places)
    guard._refuse("socket.connect", (None, ("10.1.2.3", 19530)), places)
    for event, arguments in (
        ("socket.getaddrinfo", ("autre.interne", 19530)),
        ("socket.connect", (None, ("10.1.2.3", 80))),
        ("socket.connect", (None, ("192.168.1.1", 19530))),
        ("socket.connect", (None, ("93.184.215.14", 19530))),
    ):
        with pytest.raises(PermissionError):
            guard._refuse(event, arguments, places)


def test_lengths_are_rounded_as_the_local_index_keeps_them() -> None:
    """Lucene's table: exact to 40, then steps of 2, 4, 8 and so on."""
    assert [rounded_length(n) for n in (0, 1, 23, 40, 41, 42, 55, 57, 59, 60, 87, 95, 96)] == [
        0, 1, 23, 40, 40, 42, 54, 56, 56, 60, 84, 88, 96,
    ]  # fmt: skip


def test_bm25_is_the_inner_product() -> None:
    """Worked out by hand: two fields, one word in both, one row of mean length."""
    statistics = {"text": FieldStatistics(rows=3, words=12), "context": FieldStatistics(rows=3, words=6)}
    row = row_weights({"text": ["a", "b", "a", "c"], "context": ["a", "d"]}, statistics)
    # Of mean length: tf 2 gives 2.2 × 2 / (2 + 1.2), tf 1 gives 2.2 / 2.2.
    assert row[dimension("text", "a")] == pytest.approx(2.2 * 2 / 3.2)
    assert row[dimension("text", "b")] == row[dimension("context", "a")] == pytest.approx(1.0)
    counts = {("text", "a"): 1, ("context", "a"): 3}
    asked = query_weights(
        ["a", "absent"], {"text": 1.0, "context": 0.4}, statistics, lambda f, t: counts.get((f, t), 0)
    )
    score = sum(weight * row.get(at, 0.0) for at, weight in asked.items())
    assert score == pytest.approx(2.2 * 2 / 3.2 * log(1 + 2.5 / 1.5) + 0.4 * log(1 + 0.5 / 3.5))
    assert dimension("text", "absent") not in asked


def test_a_row_without_words_has_a_vector_that_nothing_matches() -> None:
    """Milvus refuses empty ones."""
    row = row_weights({"text": []}, {"text": FieldStatistics(1, 0)})
    assert row == {0: 1.0}
    assert dimension("text", "mot") > 0
