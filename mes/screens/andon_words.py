"""Calls in words: what a tile, the wall and the lists say of an open call. live.js says the same with every push."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from mes.andon.models import Call
from mes.screens import words


def call_text(call: Mapping[str, Any] | None, now: datetime) -> str:
    """E.g. 'Call: Maintenance · 03:12 · level 2 · mo comes · 1 more'; "" without an open call."""
    if not call:
        return ""
    said = call_words()
    since = words.parsed(call["since"])
    parts = [said["call"] % call, words.timer((now - since).total_seconds()) if since else ""]
    parts += [said["callLevel"] % call] if call["level"] else []
    parts += [said["callTaken"] % call] if call["by"] else []
    parts += [said["callMore"] % call] if call["more"] else []
    return " · ".join(part for part in parts if part)


def call_words() -> dict[str, str]:
    """The patterns, for this module and for live.js."""
    return {
        "call": _("Call: %(name)s"),
        "callLevel": _("level %(level)s"),
        "callTaken": _("%(by)s comes"),
        "callMore": _("%(more)s more"),
    }


def waited_s(call: Call, now: datetime) -> float:
    """Seconds from raising until now, or until it was closed."""
    return ((call.closed_at or now) - call.raised_at).total_seconds()
