"""Links as QR codes, for a phone that can see the screen they are on."""

from __future__ import annotations

import segno


def svg(link: str) -> str:
    """A QR code as inline SVG: paths and attributes only, nothing a style policy minds."""
    drawn: str = segno.make(link, error="m", micro=False).svg_inline(
        border=2, omitsize=True, dark="#000", light="#fff"
    )
    return drawn
