"""Who may use the server: accounts, their passwords, the tokens of their programs."""

from assistant.access.accounts import LOCAL, Account, Accounts, token_digest
from assistant.access.passwords import MIN_CHARS, check_password

__all__ = ["LOCAL", "MIN_CHARS", "Account", "Accounts", "check_password", "token_digest"]
