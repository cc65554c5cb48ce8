"""Are the licences of all dependencies compatible with this project's own, Apache-2.0?

They are installed beside it, unmodified, each under its own licence; the bundle passes their wheels on
as they were published. Permissive licences allow that. So do those that protect their own files only
(MPL-2.0) or ask that the library can be exchanged (LGPL), which a Python package always can.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from license_expression import ExpressionError, LicenseExpression, get_spdx_licensing

from dependencies import Dependency

_SPDX = get_spdx_licensing()
PERMISSIVE = frozenset(
    {
        "0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "Artistic-2.0", "BSD-2-Clause",
        "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "CNRI-Python", "HPND", "ISC", "MIT", "MIT-0", "MIT-CMU",
        "PSF-2.0", "Python-2.0", "Unlicense", "Zlib",
    }
)  # fmt: skip
EXCHANGEABLE = frozenset({"MPL-2.0", "LGPL-2.1-only", "LGPL-2.1-or-later", "LGPL-3.0-or-later"})
TOOLS_ONLY = frozenset({"Artistic-1.0"})
"""Also good for what only tests and builds, and is passed on to nobody."""

_NAMES = {
    "apache 2.0 license": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "artistic license": "Artistic-1.0",
    # The classifier does not say which; the two clauses and the three are both permissive.
    "bsd license": "BSD-3-Clause",
    "bsd": "BSD-3-Clause",
    "3-clause bsd license": "BSD-3-Clause",
    "gnu general public license (gpl)": "GPL-2.0-or-later",
    "gnu general public license v2 or later (gplv2+)": "GPL-2.0-or-later",
    "gnu lesser general public license v2 or later (lgplv2+)": "LGPL-2.1-or-later",
    "gnu lesser general public license v2 (lgplv2)": "LGPL-2.1-or-later",
    "gnu library or lesser general public license (lgpl)": "LGPL-2.1-or-later",
    "lgpl-2.1+": "LGPL-2.1-or-later",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
    "the unlicense (unlicense)": "Unlicense",
}
"""What packages write where an SPDX expression should stand."""

REVIEWED = {
    # Nothing in its metadata; the file LICENSE that it installs is the MIT licence.
    "axe-playwright-python": "MIT",
    # "BSD-3-Clause, Apache-2.0, dependency licenses": PDFium's own are permissive, listed in its folder
    # licenses/ (FreeType, libjpeg, libpng, ICU, zlib…).
    "pypdfium2": "BSD-3-Clause AND Apache-2.0",
}
"""Read by a person, because the metadata does not say it in a form that a program can judge."""


def expression(dependency: Dependency) -> str:
    """Return the licence as an SPDX expression, as far as it can be told."""
    if dependency.name in REVIEWED:
        return REVIEWED[dependency.name]
    parts = re.split(r"(\s+(?:OR|AND)\s+)", dependency.licence)
    return "".join(_NAMES.get(part.strip().lower(), part) for part in parts)


def compatible(dependency: Dependency) -> bool:
    """Tell whether the licence lets the dependency be used, and passed on unless it is a mere tool.

    Of alternatives (OR) one is enough, of conditions (AND) all must be.
    """
    accepted = PERMISSIVE | EXCHANGEABLE | (TOOLS_ONLY if dependency.dev else frozenset())
    try:
        parsed = _SPDX.parse(expression(dependency))
    except ExpressionError:
        return False
    return parsed is not None and _holds(parsed, accepted)


def _holds(parsed: LicenseExpression, accepted: frozenset[str]) -> bool:
    if isinstance(parsed, _SPDX.OR):
        return any(_holds(part, accepted) for part in parsed.args)
    if isinstance(parsed, _SPDX.AND):
        return all(_holds(part, accepted) for part in parsed.args)
    return str(parsed) in accepted


def table(dependencies: Sequence[Dependency]) -> str:
    """Return the list of licences as a Markdown table, in French."""
    rows = [
        f"| {d.name} | {d.version} | {expression(d) or 'non déclarée'} | "
        f"{'essais et construction' if d.dev else 'exécution'} | {'oui' if compatible(d) else 'NON'} |"
        for d in dependencies
    ]
    head = ["| Paquet | Version | Licence (SPDX) | Sert à | Compatible |", "| --- | --- | --- | --- | --- |"]
    return "\n".join([*head, *rows]) + "\n"
