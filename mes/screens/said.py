"""What a tile says, in the language of who reads it: tiles travel in English, once for all browsers."""

import re
from typing import Any

from django.utils.translation import gettext

TEXTS = (
    *("Running", "Running slow", "Stopped", "Waiting", "Changeover", "Planned stop", "No order", "No data"),
    *("Not scheduled", "not scheduled", "less than 5 min of data", "without an order", "needs a reason"),
    *("nothing was ever read from this machine", "nothing heard from its controller"),
)
"""Everything `live/ribbon.py` and `live/tiles.py` say in words of their own; names of reasons and breaks are data."""

SPEED = "%(percent)d %% of ideal speed"
_SPEED = re.compile(r"([0-9]+) % of ideal speed")


def said(text: str) -> str:
    """A word or line of detail of a tile in the reader's language; what is data stays as it is."""
    speed = _SPEED.fullmatch(text)
    if speed:
        return gettext(SPEED) % {"percent": int(speed[1])}
    return gettext(text) if text in TEXTS else text


def said_words() -> dict[str, Any]:
    """The same for live.js: each text with its translation, and the line about speed."""
    return {"said": {text: gettext(text) for text in TEXTS}, "speed": gettext(SPEED)}
