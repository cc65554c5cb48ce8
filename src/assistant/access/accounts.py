"""Accounts and tokens, in one SQLite file that only the owner of the server can read."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import sqlite3
import unicodedata
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from assistant.access.passwords import MAX_CHARS, check_password, hash_password, verify_password
from assistant.errors import AccountError

FILE = "comptes.sqlite"
LOCAL = "local"
"""Who asks where no account exists: whoever sits at this machine."""
TOKEN_PREFIX = "dossier_"  # noqa: S105 - what tells such a token apart, in a leak scanner too
_NAME = re.compile(r"[\w.@+-]{1,64}")
_SCHEMA = """
CREATE TABLE IF NOT EXISTS account (
    name TEXT PRIMARY KEY, password TEXT NOT NULL, stamp TEXT NOT NULL, created TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS token (
    digest BLOB PRIMARY KEY, name TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE,
    created TEXT NOT NULL
);
"""


@dataclass(frozen=True, slots=True)
class Account:
    """Someone who may use the server.

    Attributes:
        name: In lower case.
        stamp: Changes with the password, so that sessions opened before end.
        created: ISO 8601 date and time, UTC.
        tokens: How many tokens its programs have.
    """

    name: str
    stamp: str
    created: str
    tokens: int = 0


@cache
def _decoy() -> str:
    """Return a hash that no password gives, so that an unknown name takes as long as a known one."""
    return hash_password(secrets.token_urlsafe(32))


def account_name(text: str) -> str:
    """Return *text* as accounts are named: NFKC, lower case.

    Raises:
        AccountError: It cannot name an account.
    """
    name = unicodedata.normalize("NFKC", text).strip().casefold()
    if not _NAME.fullmatch(name) or name == LOCAL:
        message = (
            f"Le nom « {text[:80]} » ne peut pas nommer un compte : employez de 1 à 64 lettres, chiffres, "
            f"points, tirets, « _ », « + » ou « @ », et un autre nom que « {LOCAL} »."
        )
        raise AccountError(message)
    return name


class Accounts:
    """The accounts of a folder. Threads and processes may share it."""

    def __init__(self, folder: Path) -> None:
        """Keep the accounts in *folder*; nothing is written before the first account."""
        self.path = folder / FILE

    def exist(self) -> bool:
        """Tell whether there is an account.

        Raises:
            AccountError: The file cannot be read.
        """
        return self.path.exists() and bool(self._rows("SELECT 1 FROM account LIMIT 1"))

    def everyone(self) -> list[Account]:
        """Return the accounts, by name.

        Raises:
            AccountError: The file cannot be read.
        """
        query = (
            "SELECT a.name, a.stamp, a.created, COUNT(t.digest) FROM account a "
            "LEFT JOIN token t ON t.name = a.name GROUP BY a.name ORDER BY a.name"
        )
        return [Account(*row) for row in self._rows(query)] if self.path.exists() else []

    def find(self, name: str) -> Account | None:
        """Return the account *name*.

        Raises:
            AccountError: The file cannot be read.
        """
        if not self.path.exists():
            return None
        rows = self._rows("SELECT name, stamp, created FROM account WHERE name = ?", name)
        return Account(*rows[0]) if rows else None

    def add(self, text: str, password: str) -> Account:
        """Make the account named *text*.

        Raises:
            AccountError: The name or the password will not do, or the name is taken.
        """
        name = account_name(text)
        check_password(password, name=name)
        made = Account(name, secrets.token_hex(8), _now())
        row = (name, hash_password(password), made.stamp, made.created)
        with self._writing() as database:
            try:
                database.execute("INSERT INTO account VALUES (?, ?, ?, ?)", row)
            except sqlite3.IntegrityError as error:
                message = (
                    f"Le compte « {name} » existe déjà : choisissez un autre nom, ou changez son mot de "
                    f"passe par « assistant user password {name} »."
                )
                raise AccountError(message) from error
        return made

    def set_password(self, text: str, password: str) -> None:
        """Change a password; sessions opened with the old one end.

        Raises:
            AccountError: There is no such account, or the password will not do.
        """
        name = self._known(text)
        check_password(password, name=name)
        row = (hash_password(password), secrets.token_hex(8), name)
        with self._writing() as database:
            database.execute("UPDATE account SET password = ?, stamp = ? WHERE name = ?", row)

    def remove(self, text: str) -> str:
        """Remove an account and its tokens; return its name.

        Raises:
            AccountError: There is no such account.
        """
        name = self._known(text)
        with self._writing() as database:
            database.execute("DELETE FROM account WHERE name = ?", (name,))
        return name

    def authenticate(self, text: str, password: str) -> Account | None:
        """Return the account that *password* opens.

        A name that does not exist costs the same hash as one that does.

        Raises:
            AccountError: The file cannot be read.
        """
        name = unicodedata.normalize("NFKC", text).strip().casefold()
        query = "SELECT password, stamp, created FROM account WHERE name = ?"
        rows = self._rows(query, name) if self.path.exists() else []
        hashed = rows[0][0] if rows else _decoy()
        right = verify_password(password, hashed)
        return Account(name, *rows[0][1:]) if rows and right and len(password) <= MAX_CHARS else None

    def add_token(self, text: str) -> str:
        """Return a new token for the programs of an account; it cannot be shown again.

        Raises:
            AccountError: There is no such account.
        """
        name = self._known(text)
        token = TOKEN_PREFIX + secrets.token_urlsafe(32)
        with self._writing() as database:
            database.execute("INSERT INTO token VALUES (?, ?, ?)", (token_digest(token), name, _now()))
        return token

    def revoke_tokens(self, text: str) -> int:
        """End every token of an account; return how many.

        Raises:
            AccountError: There is no such account.
        """
        name = self._known(text)
        with self._writing() as database:
            return database.execute("DELETE FROM token WHERE name = ?", (name,)).rowcount

    def bearer(self, token: str) -> Account | None:
        """Return the account whose program bears *token*.

        Tokens hold 256 random bits, so a plain digest keeps them, and looking the digest up tells
        a guesser nothing of the token.

        Raises:
            AccountError: The file cannot be read.
        """
        query = (
            "SELECT a.name, a.stamp, a.created FROM token t JOIN account a ON a.name = t.name "
            "WHERE t.digest = ?"
        )
        rows = self._rows(query, token_digest(token)) if self.path.exists() else []
        return Account(*rows[0]) if rows else None

    def _known(self, text: str) -> str:
        name = account_name(text)
        if self.find(name) is None:
            message = f"Le compte « {name} » n’existe pas : « assistant user list » donne les comptes."
            raise AccountError(message)
        return name

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        try:
            with closing(sqlite3.connect(self.path, timeout=10)) as database:
                return database.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise self._unusable() from error

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Made with its rights: SQLite would let the whole machine read it.
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            with closing(sqlite3.connect(self.path, timeout=10)) as database, database:
                database.execute("PRAGMA foreign_keys = ON")
                database.execute("PRAGMA secure_delete = ON")
                database.executescript(_SCHEMA)
                yield database
        except (sqlite3.Error, OSError) as error:
            raise self._unusable() from error

    def _unusable(self) -> AccountError:
        message = (
            f"Le fichier des comptes « {self.path} » ne peut pas être lu ou écrit : vérifiez ses droits, "
            "ou restaurez-le d’une sauvegarde."
        )
        return AccountError(message, path=self.path)


def token_digest(token: str) -> bytes:
    """Return what is kept of a token instead of the token itself."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
