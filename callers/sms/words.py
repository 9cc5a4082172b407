"""The words of a text: the sender first, the link last, in as few parts as they fit."""

from __future__ import annotations

import unicodedata

from callers import catalogue

#: 3GPP TS 23.038, default alphabet, without the extension table (two septets each).
GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
#: Of one text; a longer one is cut in parts, which may arrive apart or out of order.
SEGMENT = 160
#: Of a text in other letters (UCS-2), where a link leaves no room in one part of 70: two of 67.
WIDE = 134
#: Right-to-left mark: the text's direction is its language's, whatever letters come first.
RLM = "\N{RIGHT-TO-LEFT MARK}"
FSI, PDI = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"


def invitation(*, centre: str, link: str, language: str = catalogue.SOURCE) -> str:
    """The text that asks a caller to open a link.

    Where the language can be written in GSM-7, so is the whole text: a centre's name with
    other letters is simplified, for one such letter would halve the text's room. A name that
    makes the text too long is cut.
    """
    said = catalogue.sentences(language)
    sentence = said["text"].replace("{link}", link)
    bare = sentence.replace("{centre}", "")
    if set(bare) <= GSM7:
        name = plain(centre) or said["textSender"]
        fitting = _cut(name, SEGMENT - len(bare), mark=".")
    else:
        rtl = catalogue.direction(language) == "rtl"
        before, after = (RLM + FSI, PDI) if rtl else ("", "")
        room = WIDE - len(before + bare + after)
        fitting = _cut(" ".join(centre.split()) or said["textSender"], room, mark="…")
        fitting = fitting and before + fitting + after
    if not fitting:
        return said["textShort"].replace("{link}", link)
    return sentence.replace("{centre}", fitting)


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


def _cut(name: str, room: int, *, mark: str) -> str:
    """The name in that many characters; nothing where not even a letter and the mark fit."""
    if len(name) <= room:
        return name
    return name[: room - 1].rstrip() + mark if room > 1 else ""
