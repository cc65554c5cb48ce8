"""Passwords, kept only as scrypt hashes.

The standard library's scrypt, rather than one dependency more: RFC 7914, with the cost that the
OWASP Password Storage Cheat Sheet gives for 32 MiB of memory (N = 2^15, r = 8, p = 3).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import unicodedata

from assistant.errors import AccountError

MIN_CHARS = 12
"""Well over the 50 bits that the CNIL asks of a password whose attempts are limited, as they are
here (délibération n° 2022-100 du 21 juillet 2022)."""
MAX_CHARS = 1024
"""A longer one would only keep the machine busy."""
_COST, _BLOCK, _LANES = 2**15, 8, 3
_SALT_BYTES, _KEY_BYTES = 16, 32


def check_password(password: str, *, name: str) -> None:
    """Do nothing if *password* may be that of *name*.

    Raises:
        AccountError: It is short, repeats itself, or is the name.
    """
    if not MIN_CHARS <= len(password) <= MAX_CHARS:
        message = (
            f"Le mot de passe doit compter de {MIN_CHARS} à {MAX_CHARS} caractères : choisissez-en un autre."
        )
        raise AccountError(message)
    if len(set(password)) < 5 or name.casefold() in password.casefold():
        message = (
            "Le mot de passe se devine trop facilement (il se répète, ou contient le nom du compte) : "
            "choisissez-en un autre."
        )
        raise AccountError(message)


def _derive(password: str, salt: bytes, *, cost: int, block: int, lanes: int) -> bytes:
    # One form of each accented letter: keyboards differ.
    text = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
    memory = 128 * block * (cost + lanes + 2) + 1024
    return hashlib.scrypt(text, salt=salt, n=cost, r=block, p=lanes, maxmem=memory, dklen=_KEY_BYTES)


def hash_password(password: str) -> str:
    """Return ``scrypt$N$r$p$SALT$KEY``, salt and key in base 64."""
    salt = secrets.token_bytes(_SALT_BYTES)
    key = _derive(password, salt, cost=_COST, block=_BLOCK, lanes=_LANES)
    coded = (base64.b64encode(part).decode("ascii") for part in (salt, key))
    return "$".join(("scrypt", str(_COST), str(_BLOCK), str(_LANES), *coded))


def verify_password(password: str, hashed: str) -> bool:
    """Tell whether *password* gives *hashed*, in a time that tells nothing of either.

    Raises:
        ValueError: *hashed* was not made by :func:`hash_password`.
    """
    kind, cost, block, lanes, salt, key = hashed.split("$")
    if kind != "scrypt":
        message = f"unknown password hash: {kind}"
        raise ValueError(message)
    found = _derive(
        password[:MAX_CHARS], base64.b64decode(salt), cost=int(cost), block=int(block), lanes=int(lanes)
    )
    return hmac.compare_digest(found, base64.b64decode(key))
