"""Check statements before they are shown: quotes must be exact, other wordings must be supported."""

from assistant.verification.exact import is_exact, verified

__all__ = ["is_exact", "verified"]
