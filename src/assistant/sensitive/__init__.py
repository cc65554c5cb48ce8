"""Recognise personal identifiers in a question as typed, and mask them.

What is looked for: social-security number (NIR), IBAN and RIB, payment card, telephone, e-mail and
postal address, identifiers of health (RPPS, ADELI, FINESS, IPP…) and of bank (BIC, account, CVV).
Nothing is kept and nothing is sent: a text goes in, offsets come out.
"""

from assistant.sensitive.findings import Finding, Kind
from assistant.sensitive.recognition import find, mask

__all__ = ["Finding", "Kind", "find", "mask"]
