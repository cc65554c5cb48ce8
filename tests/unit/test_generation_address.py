"""Which addresses a model's server may have."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import SettingsError
from assistant.generation import Client
from assistant.generation.address import checked, endpoint
from assistant.generation.failure import GenerationError
from assistant.settings import LlmSettings

PUBLIC = "93.184.216.34"


def _resolving(monkeypatch: pytest.MonkeyPatch, *found: str) -> None:
    """Make every name resolve to *found*."""

    def getaddrinfo(host: str, port: int, *_: Any, **__: Any) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:11434/v1", "http://localhost:8080/v1", "http://[::1]:8000/v1", "http://127.9.8.7/v1"],
)
def test_this_machine_needs_no_listing(url: str) -> None:
    """Loopback, by name or number."""
    found = endpoint(url, ())
    assert found.local
    assert "cette machine" in found.place


@pytest.mark.parametrize("host", ["10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.4", "[fd00::12]"])
@pytest.mark.parametrize("listed", [False, True])
def test_a_private_address_must_be_listed(host: str, listed: bool) -> None:
    """RFC 1918 and RFC 4193."""
    url = f"http://{host}:8000/v1"
    if listed:
        found = endpoint(url, (host,))
        assert not found.local
        assert host.strip("[]") in found.place
    else:
        with pytest.raises(SettingsError, match="allowed_hosts"):
            endpoint(url, ("10.9.9.9", "n'importe quoi"))


def test_a_network_may_be_listed() -> None:
    """As CIDR; what lies outside stays refused."""
    assert endpoint("http://10.20.3.4/v1", ("10.20.0.0/16",)).host == "10.20.3.4"
    with pytest.raises(SettingsError, match="privée"):
        endpoint("http://10.21.3.4/v1", ("10.20.0.0/16",))


@pytest.mark.parametrize(
    "host",
    [
        PUBLIC, "8.8.8.8", "[2001:4860:4860::8888]", "172.32.0.1", "192.169.0.1", "11.0.0.1",
        "169.254.169.254", "100.64.0.1", "0", "[::]", "224.0.0.1", "255.255.255.255",
        "[::ffff:8.8.8.8]", "[::ffff:169.254.169.254]", "[64:ff9b::808:808]", "[2002:808:808::1]",
        "[fe80::1]",
    ],
)  # fmt: skip
def test_nothing_else_is_called_listed_or_not(host: str) -> None:
    """Public, link-local (where cloud machines keep their secrets), shared, mapped, translated."""
    with pytest.raises(SettingsError, match="réseau interne"):
        endpoint(f"http://{host}/v1", (host, host.strip("[]"), "0.0.0.0/0", "::/0"))


@pytest.mark.parametrize("found", [(PUBLIC,), ("127.0.0.1", PUBLIC), ("10.0.0.1", PUBLIC)])
def test_a_name_that_resolves_to_a_public_address_is_refused(
    found: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One public address among several is enough; listing the name changes nothing."""
    _resolving(monkeypatch, *found)
    with pytest.raises(SettingsError, match=PUBLIC.replace(".", r"\.")):
        endpoint(
            "http://ia.exemple.fr/v1",
            ("ia.exemple.fr",) if len(found) == 1 else ("ia.exemple.fr", "10.0.0.0/8"),
        )


def test_a_listed_name_may_resolve_to_a_private_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """The usual way of an organisation."""
    _resolving(monkeypatch, "10.4.5.6")
    assert not endpoint("https://ia.interne/v1", ("ia.interne",)).local
    with pytest.raises(SettingsError, match=r"ia\.interne \(10\.4\.5\.6\)"):
        endpoint("https://ia.interne/v1", ())


def test_a_name_that_cannot_be_resolved_now_is_judged_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page starts without its model's server; each connection looks again."""

    def fails(*_: Any, **__: Any) -> None:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", fails)
    found = endpoint("http://ia.interne/v1", ())
    assert not found.local
    with pytest.raises(GenerationError, match="aucune machine"):
        checked(found, [])
    with pytest.raises(GenerationError, match=PUBLIC.replace(".", r"\.")):
        checked(found, ["127.0.0.1", PUBLIC])
    assert checked(found, ["127.0.0.1", "127.0.0.1"]) == ["127.0.0.1"]


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/v1", "http://", "http:///v1", "http://moi:secret@127.0.0.1/v1", "http://127.0.0.1/v1?x=1",
        "http://127.0.0.1/v1#a", "http://127.0.0.1:99999/v1", "127.0.0.1:8000", "http://[::1/v1",
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_server_is_refused(url: str) -> None:
    """Credentials in an address would end in logs."""
    with pytest.raises(SettingsError, match="base_url"):
        endpoint(url, ())


def test_the_key_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its name is in the settings, it is not."""
    settings = LlmSettings("http://127.0.0.1:1/v1", "m", api_key_env="CLE_DU_MODELE")
    monkeypatch.delenv("CLE_DU_MODELE", raising=False)
    with pytest.raises(SettingsError, match="CLE_DU_MODELE"):
        Client(settings)
    monkeypatch.setenv("CLE_DU_MODELE", "s3cr3t")
    assert "s3cr3t" not in repr(Client(settings).settings)


def test_instructions_that_cannot_be_read_are_told_at_start(tmp_path: Path) -> None:
    """Not at the first question."""
    with pytest.raises(SettingsError, match=r"llm\.prompt"):
        Client(LlmSettings("http://127.0.0.1:1/v1", "m", prompt=str(tmp_path / "absent.md")))
    (tmp_path / "vide.md").write_text(" \n", encoding="utf-8")
    with pytest.raises(SettingsError, match="caractères"):
        Client(LlmSettings("http://127.0.0.1:1/v1", "m", prompt=str(tmp_path / "vide.md")))
