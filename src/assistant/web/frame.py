"""The frame that every page shares, and the chat's page made from Gradio's."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from assistant.presentation import french_date
from assistant.web import french
from assistant.web.cards import TYPES, document_link
from assistant.web.markup import visible, web_address

# The page's scripts follow the browser's language; Gradio has no setting for it.
_FRENCH = (
    '<script nonce="{nonce}">for(const [k,v] of [["language","fr-FR"],["languages",["fr-FR","fr"]]])'
    "Object.defineProperty(navigator,k,{{get:()=>v}});"
    'try{{const t=localStorage.getItem("theme");if(t)document.documentElement.dataset.theme=t}}catch{{}}'
    "</script>"
)
_OUTSIDE_META = re.compile(r'<meta\s+(?:property="og:|name="twitter:)[^>]*>\s*', re.DOTALL)
_CONTENT = re.compile(r"(<body[^>]*>)(.*?)(</body>)", re.DOTALL)


@lru_cache(maxsize=1)
def templates() -> Environment:
    """Return the page templates: every value is escaped, an unknown name is an error."""
    environment = Environment(
        loader=PackageLoader("assistant.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        day=french_date,
        moment=french.moment,
        count=french.count,
        visible=visible,
        spaced=french.spaced,
        web=web_address,
    )
    scripts = [n for n in asset_names() if n.endswith(".js")]
    environment.globals.update(
        types=TYPES, document_link=document_link, version=asset_version(), scripts=scripts
    )
    return environment


def asset_version() -> str:
    """Return a digest of the style and the scripts, so that a new version is fetched at once."""
    import hashlib

    digest = hashlib.blake2b(digest_size=6)
    for name in asset_names():
        digest.update(asset(name))
    return digest.hexdigest()


@lru_cache(maxsize=1)
def asset_names() -> tuple[str, ...]:
    """Return the names of the style, the scripts and the icon."""
    return tuple(
        sorted(f.name for f in (resources.files("assistant.web") / "static").iterdir() if f.is_file())
    )


def asset(name: str) -> bytes:
    """Return one of them; *name* must be one of ``asset_names()``."""
    return (resources.files("assistant.web") / "static" / name).read_bytes()


def render(template: str, /, **values: Any) -> str:
    """Return the template filled in."""
    return templates().get_template(template).render(**values)


def chat_page(frame: Callable[[], dict[str, Any]]) -> Callable[[str, str], str]:
    """Return what turns Gradio's page into ours: French, framed, with nonces.

    Args:
        frame: Gives what every page says around its content.
    """

    def rewrite(html: str, nonce: str) -> str:
        html = _OUTSIDE_META.sub("", html).replace('lang="en"', 'lang="fr"', 1)
        html = re.sub(r"<script(?![^>]*\bnonce=)", f'<script nonce="{nonce}"', html)
        head = render("head.html", title="Assistant du dossier") + _FRENCH.format(nonce=nonce)
        html = re.sub(r'(<meta charset="utf-8" ?/?>)', lambda m: m[1] + head, html, count=1)
        around = frame()
        before = render("header.html", view="conversation", **around)
        after = render("footer.html", **around)
        return _CONTENT.sub(
            lambda m: (
                f'{m[1]}{before}<div id="principal" tabindex="-1">{m[2]}</div>'
                f'<div id="vue" role="main" tabindex="-1" hidden></div>{after}{m[3]}'
            ),
            html,
            count=1,
        )

    return rewrite
