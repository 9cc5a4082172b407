"""The words of a text: one GSM-7 segment, the link last."""

from __future__ import annotations

import unicodedata

#: 3GPP TS 23.038, default alphabet, without the extension table (two septets each).
GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
#: Of one text; a longer one is cut in parts, which may arrive apart or out of order.
SEGMENT = 160


def invitation(*, centre: str, link: str) -> str:
    """The text that asks a caller to open a link.

    A centre's name that GSM-7 cannot write, or that makes the text too long, is simplified
    and cut; one such character would halve the text's room (UCS-2, 70 characters).
    """
    rest = f": show us what you see. Open this link: {link}"
    room = SEGMENT - len(rest)
    name = plain(centre) or "Emergency services"
    if len(name) > room:
        name = name[: max(room - 1, 0)].rstrip() + "." if room > 1 else ""
    return f"{name}{rest}" if name else f"Show us what you see: {link}"


def plain(text: str) -> str:
    """Text in GSM-7: accents it lacks are dropped, and what then remains foreign as well."""
    kept = []
    for character in unicodedata.normalize("NFC", text):
        if character in GSM7 and character not in "\r\n":
            kept.append(character)
        else:
            folded = unicodedata.normalize("NFKD", character)
            kept.extend(part for part in folded if part in GSM7)
    return " ".join("".join(kept).split())
