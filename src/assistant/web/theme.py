"""Gradio's theme, brought in line with ``ui.css``: sober, square, local fonts only."""

from __future__ import annotations

import gradio as gr
from gradio.themes.utils.fonts import Font, LocalFont


def theme() -> gr.themes.Base:
    """Return the theme.

    Of the fonts that Gradio ships, the semi-bold weights are stubs without accents: only 400
    and 700 are used.
    """
    base = gr.themes.Base(
        font=[LocalFont("Source Sans Pro", weights=(400, 700)), Font("Arial"), Font("sans-serif")],
        font_mono=[Font("ui-monospace"), Font("monospace")],
        radius_size=gr.themes.sizes.radius_none,
        text_size=gr.themes.sizes.text_lg,
    )
    return base.set(
        body_background_fill="#ffffff",
        body_background_fill_dark="#161616",
        body_text_color="#161616",
        body_text_color_dark="#ffffff",
        body_text_color_subdued="#666666",
        body_text_color_subdued_dark="#b4b4b4",
        background_fill_primary="#ffffff",
        background_fill_primary_dark="#161616",
        background_fill_secondary="#f6f6f6",
        background_fill_secondary_dark="#1e1e1e",
        border_color_primary="#dddddd",
        border_color_primary_dark="#353535",
        block_border_width="0px",
        block_shadow="none",
        block_padding="0px",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        shadow_drop="none",
        shadow_drop_lg="none",
        link_text_color="#000091",
        link_text_color_dark="#9a9aff",
        color_accent="#000091",
        color_accent_soft="#f5f5fe",
        color_accent_soft_dark="#21213f",
        button_primary_background_fill="#000091",
        button_primary_background_fill_dark="#8585f6",
        button_primary_text_color="#ffffff",
        button_primary_text_color_dark="#000000",
    )
