"""How states, numbers and durations read on a page; static/js/live.js writes the same texts in the browser."""

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from django.utils import formats
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MINUS = "−"
NONE = "–"

LATE_MIN = 5
"""Minutes behind plan from which a tile says so loudly. Less is noise of a shift."""


class StateFace(NamedTuple):
    """A palette state: its class name, its word for legends and chips, and how much it needs a person (0 = most)."""

    state: str
    word: "StrOrPromise"
    rank: int


STATES = [
    StateFace("down", _("Down"), 0),
    StateFace("waiting", _("Waiting"), 1),
    StateFace("slow", _("Slow"), 2),
    StateFace("no_data", _("No data"), 3),
    StateFace("setup", _("Setup"), 5),
    StateFace("running", _("Running"), 6),
    StateFace("planned", _("Planned"), 7),
]
BEHIND_RANK = 4
"""A machine that runs but is behind plan comes after the states that need a person and before the calm ones."""

_RANKS = {face.state: face.rank for face in STATES}


def rank(state: str, ahead_min: float | None) -> int:
    """How urgently a machine needs a person; smaller is more urgent. Unknown states rank like no data."""
    known = _RANKS.get(state, _RANKS["no_data"])
    return min(known, BEHIND_RANK) if is_late(ahead_min) else known


def is_late(ahead_min: float | None) -> bool:
    """True where a machine is behind plan by at least LATE_MIN minutes."""
    return ahead_min is not None and ahead_min <= -LATE_MIN


def number(value: float | None, digits: int = 0) -> str:
    """A number with the thousands grouped as the language does; a dash where there is none."""
    if value is None:
        return NONE
    return formats.number_format(round(value, digits) + 0, decimal_pos=digits, force_grouping=True)


def signed(value: float | None, digits: int = 0) -> str:
    """A number that always shows its sign: +12, −190, 0."""
    if value is None:
        return NONE
    rounded = round(value, digits)
    sign = "+" if rounded > 0 else MINUS if rounded < 0 else ""
    return sign + number(abs(rounded), digits)


def percent(ratio: float | None) -> str:
    """A ratio as whole percent without the sign, e.g. 0.803 -> 80; half rounds up, as in the browser."""
    return NONE if ratio is None else str(int(ratio * 100 + 0.5))


def timer(seconds: float) -> str:
    """A running duration: 04:12, 1:04:12, 2 d 4 h. Negative (a clock that disagrees) is 00:00."""
    whole = max(0, int(seconds))
    if whole >= 86_400:
        return gettext("%(days)d d %(hours)d h") % {"days": whole // 86_400, "hours": whole % 86_400 // 3600}
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60:02d}:{rest % 60:02d}"


def minutes(seconds: float | None) -> str:
    """A duration in minutes with one decimal, e.g. 90 s -> 1.5."""
    return NONE if seconds is None else number(seconds / 60, 1)


def parsed(iso: str | None) -> datetime | None:
    """The instant of a tile's ISO text (UTC, with Z or offset); None stays None."""
    return datetime.fromisoformat(iso) if iso else None
