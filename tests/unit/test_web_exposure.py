"""Who may be served, under which names, and how fast."""

from __future__ import annotations

import asyncio
import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from assistant.access import Accounts, passwords
from assistant.errors import SettingsError
from assistant.settings import RecordSettings, ServerSettings, load_settings
from assistant.web.exposure import check_exposure, host_names, in_clear
from assistant.web.limits import FORGET_S, MOST_CLIENTS, Concurrency, Rate, Throttle, client_key

EVERYWHERE = "0.0.0.0"  # noqa: S104 - judged, not bound


@pytest.fixture
def nobody(tmp_path: Path) -> Accounts:
    """Return a folder without accounts."""
    return Accounts(tmp_path / "vide")


@pytest.fixture
def someone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Accounts:
    """Return a folder with an account."""
    monkeypatch.setattr(passwords, "_COST", 2**4)
    held = Accounts(tmp_path / "donnees")
    held.add("alice", "quatre chevaux bleus")
    return held


@pytest.mark.parametrize("host", [EVERYWHERE, "::", "", "192.168.1.4", "dossier.exemple.fr"])
def test_other_machines_need_accounts(host: str, nobody: Accounts, someone: Accounts) -> None:
    """An empty host is every network too; the sentence says how to make an account."""
    named = ServerSettings(allowed_hosts=("dossier.exemple.fr",))
    with pytest.raises(SettingsError, match="assistant user add NOM"):
        check_exposure(host, ServerSettings(), nobody)
    check_exposure(host, named, someone)


@pytest.mark.parametrize(
    "settings", [ServerSettings(allowed_hosts=("a.fr",)), ServerSettings(trusted_proxies=("127.0.0.1",))]
)
def test_a_proxy_in_front_needs_accounts_too(
    settings: ServerSettings, nobody: Accounts, someone: Accounts
) -> None:
    """Listening on loopback does not keep others out when something forwards to it."""
    with pytest.raises(SettingsError, match="assistant user add NOM"):
        check_exposure("127.0.0.1", settings, nobody)
    check_exposure("127.0.0.1", settings, someone)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_this_machine_needs_none(host: str, nobody: Accounts) -> None:
    """As it was."""
    check_exposure(host, ServerSettings(), nobody)


@pytest.mark.parametrize("host", [EVERYWHERE, "::", ""])
def test_every_network_asks_for_names(host: str, someone: Accounts) -> None:
    """Otherwise the check against DNS rebinding would let nobody in, or everybody."""
    with pytest.raises(SettingsError, match="allowed_hosts"):
        check_exposure(host, ServerSettings(), someone)
    assert host not in host_names(host, ServerSettings(allowed_hosts=("A.fr",)))


def test_the_server_answers_under_its_names_only() -> None:
    """Those of the machine, the one it listens at, those of the settings."""
    found = host_names("10.0.0.4", ServerSettings(allowed_hosts=("Dossier.Exemple.fr",)))
    assert set(found) == {"127.0.0.1", "localhost", "::1", "10.0.0.4", "dossier.exemple.fr"}


def test_passwords_in_clear_are_told() -> None:
    """Unless TLS is spoken here or by a named proxy."""
    assert in_clear("10.0.0.4", ServerSettings())
    assert not in_clear("127.0.0.1", ServerSettings())
    assert not in_clear("10.0.0.4", ServerSettings(certfile="c.pem", keyfile="k.pem"))
    assert not in_clear("10.0.0.4", ServerSettings(trusted_proxies=("10.0.0.1",)))


def _certificate(folder: Path, *, passphrase: bytes | None = None) -> tuple[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    (folder / "cert.pem").write_bytes(built.public_bytes(pem))
    (folder / "cle.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, secret))
    return str(folder / "cert.pem"), str(folder / "cle.pem")


def test_tls_files_are_tried_before_serving(tmp_path: Path, someone: Accounts) -> None:
    """Missing, of another key, locked: one sentence, and no question at the terminal."""
    cert, key = _certificate(tmp_path)
    check_exposure("127.0.0.1", ServerSettings(certfile=cert, keyfile=key), someone)
    (other := tmp_path / "autre").mkdir()
    (locked := tmp_path / "ferme").mkdir()
    _, other_key = _certificate(other)
    locked_cert, locked_key = _certificate(locked, passphrase=b"secret")
    for c, k in (
        (cert, other_key), (cert, str(tmp_path / "absent")), (key, cert), (locked_cert, locked_key),
    ):  # fmt: skip
        with pytest.raises(SettingsError, match="ne peuvent pas être employés"):
            check_exposure("127.0.0.1", ServerSettings(certfile=c, keyfile=k), someone)
    with pytest.raises(SettingsError, match="vont ensemble"):
        check_exposure("127.0.0.1", ServerSettings(certfile=cert), someone)


# --- settings -------------------------------------------------------------------------------------


def test_the_tables_are_read(tmp_path: Path) -> None:
    """Each with its own defaults."""
    path = tmp_path / "reglages.toml"
    path.write_text(
        '[server]\nallowed_hosts = ["dossier.exemple.fr"]\ntrusted_proxies = ["10.0.0.1", "fd00::/8"]\n'
        "[records]\nhistory = true\ndays = 7\n",
        encoding="utf-8",
    )
    found = load_settings(path)
    assert found.server == ServerSettings(("dossier.exemple.fr",), ("10.0.0.1", "fd00::/8"))
    assert found.records == RecordSettings(history=True, days=7)
    assert not any((found.records.feedback, found.records.access_log))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('[server]\ntrusted_proxies = ["*"]', "server.trusted_proxies"),
        ('[server]\ntrusted_proxies = ["0.0.0.0/0"]', "server.trusted_proxies"),
        ('[server]\nallowed_hosts = ["*"]', "server.allowed_hosts"),
        ('[server]\nallowed_hosts = ["a/b"]', "server.allowed_hosts"),
        ("[server]\nsession_hours = 0", "server.session_hours"),
        ("[server]\nhosts = []", "allowed_hosts"),
        ('[server]\ncertfile = "c.pem"', "keyfile"),
        ("[records]\ndays = 0", "records.days"),
        ("[records]\nhistory = 1", "records.history"),
        ("records = 3", r"\[records\]"),
    ],
)
def test_a_setting_that_would_open_too_much_is_refused(text: str, named: str, tmp_path: Path) -> None:
    """The sentence names it."""
    path = tmp_path / "reglages.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=named):
        load_settings(path)


# --- proxies --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("peer", "address", "scheme"),
    [("10.0.0.1", "203.0.113.9", "https"), ("10.0.0.2", "10.0.0.2", "http")],
)
def test_forwarding_headers_are_believed_of_named_proxies_only(peer: str, address: str, scheme: str) -> None:
    """Anyone may write them; the last address that is not a proxy's is the client's."""
    from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

    seen: dict[str, Any] = {}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.update(address=scope["client"][0], scheme=scope["scheme"])

    headers = [(b"x-forwarded-for", b"198.51.100.7, 203.0.113.9"), (b"x-forwarded-proto", b"https")]
    scope = {"type": "http", "client": (peer, 1), "scheme": "http", "headers": headers}
    wrapped: Any = ProxyHeadersMiddleware(app, trusted_hosts=["10.0.0.1"])
    asyncio.run(wrapped(scope, None, None))
    assert seen == {"address": address, "scheme": scheme}


# --- limits ---------------------------------------------------------------------------------------


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        """Start somewhere."""
        self.now = 1_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def test_each_failure_doubles_the_wait() -> None:
    """After the free ones; up to the most; for that key only; forgotten after a success or an hour."""
    clock = Clock()
    throttle = Throttle(free=2, most_s=8, clock=clock)
    waits = []
    for _ in range(7):
        throttle.failed("a")
        waits.append(throttle.wait_s("a"))
    assert waits == [0, 1, 2, 4, 8, 8, 8]
    assert throttle.wait_s("b") == 0
    clock.now += 5
    assert throttle.wait_s("a") == 3
    clock.now += 3
    assert throttle.wait_s("a") == 0
    throttle.failed("a")
    throttle.succeeded("a")
    assert throttle.wait_s("a") == 0
    for _ in range(2_000):
        throttle.failed("a")
    assert throttle.wait_s("a") == 8
    clock.now += FORGET_S + 1
    throttle.failed("a")
    assert throttle.wait_s("a") == 0


def test_a_rate_refills_over_its_minute() -> None:
    """So many at once, then one each sixtieth; the wait that is told is the one that suffices."""
    clock = Clock()
    rate = Rate(60, clock=clock)
    assert [rate.take("a") for _ in range(60)] == [0] * 60
    wait = rate.take("a")
    assert wait == 1
    assert rate.take("b") == 0
    clock.now += wait
    assert rate.take("a") == 0
    assert rate.take("a") > 0
    clock.now += 3_600
    assert [rate.take("a") for _ in range(61)].count(0) == 60


def test_what_is_remembered_of_clients_is_bounded() -> None:
    """An attacker with many addresses cannot fill the memory."""
    rate = Rate(1)
    for number in range(MOST_CLIENTS + 50):
        rate.take(str(number))
    assert len(rate._left._held) == MOST_CLIENTS


def test_requests_under_way_are_counted_by_client() -> None:
    """And no longer once they end, well or badly."""
    under_way = Concurrency(2)
    with under_way.counting("a"), under_way.counting("a"):
        assert under_way.full("a")
        assert not under_way.full("b")
    assert not under_way.full("a")
    with pytest.raises(RuntimeError), under_way.counting("a"):
        raise RuntimeError
    assert under_way._under_way == {}


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("une-prise", "une-prise"),
    ],
)
def test_an_ipv6_client_is_its_network(address: str, key: str) -> None:
    """Whoever has one address there has the others."""
    assert client_key(address) == key
