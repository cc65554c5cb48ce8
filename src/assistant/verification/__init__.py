"""Check statements before they are shown: quotes must be exact, other wordings must be supported."""

from assistant.verification.exact import is_exact, verified
from assistant.verification.support import Verifier, adds_nothing, support, told_whole
from assistant.verification.verdict import Verdict

__all__ = ["Verdict", "Verifier", "adds_nothing", "is_exact", "support", "told_whole", "verified"]
