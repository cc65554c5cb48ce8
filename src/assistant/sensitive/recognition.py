"""Put the recognisers together: one reading of each place, and the text with places masked."""

from __future__ import annotations

from assistant.sensitive.findings import Finding, Kind, typed

LABELS: dict[Kind, str] = {
    "nir": "numéro de sécurité sociale",
    "iban": "IBAN",
    "carte": "numéro de carte bancaire",
    "telephone": "numéro de téléphone",
    "courriel": "adresse électronique",
    "adresse": "adresse postale",
    "sante": "identifiant de santé",
    "banque": "identifiant bancaire",
}
"""What each kind is called, in French."""


def find(text: str) -> tuple[Finding, ...]:
    """Return the personal data of *text*, in order, none overlapping another.

    Where two readings meet, the one with a key wins over the one that a word announces, and that
    one over an address.
    """
    # Imported at the first question: the tables of numbering plans take a tenth of a second.
    from assistant.sensitive.addresses import emails, postal
    from assistant.sensitive.announced import identifiers
    from assistant.sensitive.keyed import accounts, cards, social_security, telephones

    prepared = typed(text)
    chosen: list[Finding] = []
    for recognise in (accounts, social_security, cards, identifiers, telephones, emails, postal):
        for found in recognise(prepared):
            if all(found.end <= other.start or found.start >= other.end for other in chosen):
                chosen.append(found)
    return tuple(sorted(chosen, key=lambda f: f.start))


def mask(text: str) -> str:
    """Return *text* with « [numéro de téléphone masqué] » and the like in place of what was found."""
    parts, at = [], 0
    for found in find(text):
        label = LABELS[found.kind]
        masked = "masquée" if label.startswith("adresse") else "masqué"
        parts += [text[at : found.start], f"[{label} {masked}]"]
        at = found.end
    return "".join([*parts, text[at:]])
