"""Where the data goes, as a drawing that stands by itself: provider, parent, storage, law."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from assistant.question import Catalogue
from assistant.text import fold
from assistant.web.comparison import Filters, Matrix, compare
from assistant.web.markup import visible

# Folded labels of the identity tables, in the order of the drawing; {plan} is the plan chosen.
_STEPS = ("maison mere", "lieu de stockage ({plan})", "droit applicable")
_WIDTHS = (150, 240, 300, 300)
_GAP = 34
_MARGIN = 16
_LINE = 17
_PAD = 10
_CHAR = 7.0
"""Mean width of a character at 13 px, measured on Source Sans Pro and Arial; errs on the wide side."""


@dataclass(frozen=True, slots=True)
class _Box:
    lines: tuple[str, ...]
    x: int
    width: int
    silent: bool = False


def draw(catalogue: Catalogue, *, plan: str, providers: tuple[str, ...] = ()) -> str | None:
    """Return the diagram as SVG, or None where the tables lack its attributes."""
    labels = {fold(a): a for a in catalogue.attributes}
    steps = [labels.get(s.format(plan=plan)) for s in _STEPS]
    if None in steps or not catalogue.providers:
        return None
    chosen = [s for s in steps if s is not None]
    matrix = compare(catalogue, Filters(providers=providers, attributes=tuple(chosen)))
    return _svg(matrix, chosen, plan)


def _columns() -> list[int]:
    found, x = [], _MARGIN
    for width in _WIDTHS:
        found.append(x)
        x += width + _GAP
    return found


def _wrap(text: str, width: int) -> tuple[str, ...]:
    limit = int((width - 2 * _PAD) / _CHAR)
    # Spaces that do not break are kept inside a word by textwrap only if they are not spaces to it.
    return tuple(textwrap.wrap(visible(text), limit, break_long_words=True)) or ("",)


def _row(matrix: Matrix, slug: str, name: str, steps: list[str]) -> list[_Box]:
    xs = _columns()
    boxes = [_Box(_wrap(name, _WIDTHS[0]), xs[0], _WIDTHS[0])]
    for x, width, step in zip(xs[1:], _WIDTHS[1:], steps, strict=True):
        value = matrix.values[slug, step]
        boxes.append(_Box(_wrap(value.text, width), x, width, silent=value.code == "silence"))
    return boxes


def _svg(matrix: Matrix, steps: list[str], plan: str) -> str:
    y = 74
    parts = []
    for slug, name in matrix.providers:
        boxes = _row(matrix, slug, name, steps)
        height = max(len(b.lines) for b in boxes) * _LINE + 2 * _PAD
        parts += [_box(b, y, height, first=n == 0) for n, b in enumerate(boxes)]
        parts += [_arrow(a.x + a.width, b.x, y + height // 2) for a, b in pairwise(boxes)]
        y += height + 14
    width = sum(_WIDTHS) + _GAP * 3 + 2 * _MARGIN
    heads = "".join(
        f'<text class="t" x="{x + _PAD}" y="60">{escape(h)}</text>'
        for x, h in zip(
            _columns(), ["Fournisseur", *(re.sub(r"\s*\(.*\)$", "", s) for s in steps)], strict=True
        )
    )
    height = y + 6
    title = f"Où vont les données, offre {'grand public' if plan == 'grand public' else 'professionnelle'}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-labelledby="diagramme-titre">'
        f'<title id="diagramme-titre">{escape(title)}</title>{_STYLE}'
        '<rect class="fond" width="100%" height="100%"/>'
        f'<text class="h" x="{_MARGIN}" y="28">{escape(title)}</text>'
        f"{heads}{''.join(parts)}</svg>"
    )


_STYLE = (
    "<style>text{font:13px 'Source Sans Pro',Arial,sans-serif;fill:#161616}.h{font-weight:700;font-size:17px}"
    ".t,.n{font-weight:700}.fond{fill:#fff}.b{fill:#fff;stroke:#929292}.p{fill:#f5f5fe;stroke:#000091}"
    ".s{fill:#f6f6f6;stroke:#929292;stroke-dasharray:4 3}.a{stroke:#000091;stroke-width:1.5;fill:none}"
    ".f{fill:#000091}</style>"
)


def _box(box: _Box, y: int, height: int, *, first: bool) -> str:
    kind = "p" if first else "s" if box.silent else "b"
    top = y + (height - len(box.lines) * _LINE) / 2 + 13
    style = "n" if first else "v"
    text = "".join(
        f'<text class="{style}" x="{box.x + _PAD}" y="{top + n * _LINE:g}">{escape(line)}</text>'
        for n, line in enumerate(box.lines)
    )
    return f'<rect class="{kind}" x="{box.x}" y="{y}" width="{box.width}" height="{height}"/>{text}'


def _arrow(start: int, end: int, y: int) -> str:
    return f'<path class="a" d="M{start + 3} {y}H{end - 8}"/><path class="f" d="M{end - 3} {y}l-8 -4v8z"/>'
