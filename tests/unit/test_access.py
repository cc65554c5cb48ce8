"""Accounts: hashes, tokens, what a name and a password may be, the file that holds them."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest

from assistant.access import Accounts, accounts, passwords
from assistant.errors import AccountError

PASSWORD = "quatre chevaux bleus"  # noqa: S105 - the tests' own


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make hashes cheap: their cost is what one test below is about."""
    monkeypatch.setattr(passwords, "_COST", 2**4)
    accounts._decoy.cache_clear()


@pytest.fixture
def held(tmp_path: Path) -> Accounts:
    """Return the accounts of an empty folder."""
    return Accounts(tmp_path / "donnees")


def test_nothing_is_written_before_the_first_account(held: Accounts) -> None:
    """Asking whether there are accounts makes no file, and there is no default account."""
    assert not held.exist()
    assert held.everyone() == []
    assert held.find("admin") is None
    assert held.bearer("dossier_x") is None
    assert held.authenticate("admin", "admin") is None
    assert not held.path.parent.exists()


def test_a_password_opens_its_account_and_no_other(held: Accounts) -> None:
    """Names do not mind their case; passwords do."""
    made = held.add("Alice", PASSWORD)
    held.add("bob", PASSWORD + " 2")
    assert held.authenticate(" ALICE ", PASSWORD) == made
    assert held.authenticate("alice", PASSWORD + " ") is None
    assert held.authenticate("alice", PASSWORD.upper()) is None
    assert held.authenticate("alice", PASSWORD + " 2") is None
    assert held.authenticate("carole", PASSWORD) is None


def test_accented_letters_have_one_form(held: Accounts) -> None:
    """A keyboard that composes « é » of two characters opens the same account."""
    held.add("alice", "l’été dernier à la mer")
    assert held.authenticate("alice", "l’e\u0301te\u0301 dernier a\u0300 la mer")


def test_the_file_holds_neither_passwords_nor_tokens_and_is_its_owners(held: Accounts) -> None:
    """Its bytes are searched."""
    held.add("alice", PASSWORD)
    token = held.add_token("alice")
    data = held.path.read_bytes()
    assert b"alice" in data
    assert PASSWORD.encode() not in data
    assert token.encode() not in data
    assert token.removeprefix(accounts.TOKEN_PREFIX).encode() not in data
    assert stat.S_IMODE(held.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(held.path.parent.stat().st_mode) == 0o700


def test_the_same_password_gives_two_hashes() -> None:
    """Each has a salt of its own, and its cost with it."""
    first, second = (passwords.hash_password(PASSWORD) for _ in range(2))
    assert first != second
    assert passwords.verify_password(PASSWORD, first)
    assert not passwords.verify_password(PASSWORD + "!", first)
    with pytest.raises(ValueError, match="unknown password hash"):
        passwords.verify_password(PASSWORD, first.replace("scrypt", "md5"))


def test_a_hash_costs_what_owasp_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """32 MiB and three passes: N = 2^15, r = 8, p = 3."""
    monkeypatch.undo()
    assert passwords.hash_password(PASSWORD).startswith("scrypt$32768$8$3$")


def test_an_unknown_name_costs_the_same_hash(held: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the time of a refusal would tell who has an account."""
    held.add("alice", PASSWORD)
    held.authenticate("inconnue", PASSWORD)
    costs: list[tuple[int, int, int]] = []
    derive = passwords._derive

    def counting(password: str, salt: bytes, *, cost: int, block: int, lanes: int) -> bytes:
        costs.append((cost, block, lanes))
        return derive(password, salt, cost=cost, block=block, lanes=lanes)

    monkeypatch.setattr(passwords, "_derive", counting)
    held.authenticate("alice", "mauvais")
    held.authenticate("inconnue", "mauvais")
    assert len(costs) == 2
    assert costs[0] == costs[1]


@pytest.mark.parametrize("password", ["court", "a" * 40, "ababababababab", "alice-et-son-chien", "x" * 1025])
def test_a_password_that_is_guessed_is_refused(held: Accounts, password: str) -> None:
    """Short, repeated, too long, or built on the name."""
    with pytest.raises(AccountError, match="mot de passe"):
        held.add("alice", password)
    assert not held.exist()


@pytest.mark.parametrize("name", ["", "a b", "local", "x" * 65, "../comptes", "a;b", "a\u202eb", "a\x00b"])
def test_a_name_that_could_mislead_is_refused(held: Accounts, name: str) -> None:
    """« local » is whoever sits at the machine; the others could break a line or a path."""
    with pytest.raises(AccountError, match="ne peut pas nommer un compte"):
        held.add(name, PASSWORD)


def test_a_name_is_taken_once(held: Accounts) -> None:
    """In any case, and the sentence says what to do."""
    held.add("alice", PASSWORD)
    with pytest.raises(AccountError, match="existe déjà"):
        held.add("ALICE", PASSWORD)


def test_a_changed_password_ends_sessions_and_the_old_password(held: Accounts) -> None:
    """The stamp that sessions hold is no longer the account's."""
    before = held.add("alice", PASSWORD)
    held.set_password("alice", PASSWORD + " rouges")
    assert held.authenticate("alice", PASSWORD) is None
    after = held.authenticate("alice", PASSWORD + " rouges")
    assert after is not None
    assert after.stamp != before.stamp


def test_tokens_belong_to_an_account_and_end_with_it(held: Accounts) -> None:
    """Revoked by hand, or removed with the account."""
    held.add("alice", PASSWORD)
    held.add("bob", PASSWORD)
    first, second = held.add_token("alice"), held.add_token("bob")
    assert first.startswith("dossier_")
    found = held.bearer(first)
    assert found is not None
    assert found.name == "alice"
    assert held.bearer(first[:-1]) is None
    assert held.bearer("") is None
    assert held.revoke_tokens("alice") == 1
    assert held.bearer(first) is None
    held.remove("bob")
    assert held.bearer(second) is None
    assert [a.name for a in held.everyone()] == ["alice"]


def test_an_account_that_does_not_exist_is_told(held: Accounts) -> None:
    """By every action on one."""
    for act in (held.remove, held.add_token, held.revoke_tokens):
        with pytest.raises(AccountError, match="n’existe pas"):
            act("personne")
    with pytest.raises(AccountError, match="n’existe pas"):
        held.set_password("personne", PASSWORD)


@pytest.mark.parametrize("content", [b"ceci n'est pas une base", b""])
def test_a_damaged_file_opens_nothing(held: Accounts, content: bytes) -> None:
    """A file that cannot be read is an error, never an empty list: the server must not open."""
    held.path.parent.mkdir()
    held.path.write_bytes(content)
    with pytest.raises(AccountError, match=r"comptes\.sqlite"):
        held.exist()
    with pytest.raises(AccountError):
        held.authenticate("alice", PASSWORD)


def test_removed_hashes_are_overwritten(held: Accounts) -> None:
    """Not merely marked free."""
    held.add("alice", PASSWORD)
    with sqlite3.connect(held.path) as database:
        (hashed,) = database.execute("SELECT password FROM account").fetchone()
    database.close()
    assert hashed.encode() in held.path.read_bytes()
    held.remove("alice")
    assert hashed.encode() not in held.path.read_bytes()
