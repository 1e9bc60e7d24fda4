"""A tile's dict turned into the texts and shapes of the first paint; live.js does the same with every push."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from mes.screens import svg, words
from mes.screens.andon_words import call_text
from mes.screens.said import said

Tile = Mapping[str, Any]

STALE_S = 3
"""Age from which a value is called stale; live.js has the same ladder."""


@dataclass(frozen=True)
class Factor:
    """One of A, P, Q: letter, full name, field of the tile, percent as text, width of its bar out of 100."""

    letter: str
    name: str
    field: str
    text: str
    width: str


@dataclass(frozen=True)
class Face:
    """What one tile shows, ready to print."""

    tile: Tile
    timer: str
    call: str
    order: str
    good: str
    target: str
    ahead: str
    ahead_pcs: str
    ahead_min: str
    efficiency: str
    down_min: str
    late: bool
    oee: str
    note: str
    factors: list[Factor]
    ribbon: list[svg.Shape]
    age: str
    age_class: str
    rank: int


def face(tile: Tile, now: datetime) -> Face:
    """The face of a tile at an instant (aware UTC)."""
    tile = {**tile, **{name: said(tile[name]) for name in ("word", "detail", "oee_note")}}
    since = words.parsed(tile["since"])
    target = target_at(tile, now)
    ahead, ahead_min = ahead_at(tile, now)
    efficiency = tile["good"] / target if target else None
    age, age_class = age_at(tile, now)
    return Face(
        tile=tile,
        timer=words.timer((now - since).total_seconds()) if since else "",
        call=call_text(tile.get("call"), now),
        order=order_text(tile),
        good=words.number(tile["good"]),
        target=words.number(target),
        ahead=ahead_text(ahead, ahead_min),
        ahead_pcs=words.signed(ahead),
        ahead_min=minutes_text(ahead_min),
        efficiency=words.percent(efficiency),
        down_min=words.number(down_s(tile, now) // 60),
        late=words.is_late(ahead_min),
        oee=words.percent(tile["oee"]),
        note=tile["oee_note"] or range_text(tile),
        factors=[
            Factor(letter, name, field, words.percent(tile[field]), svg.bar(tile[field]))
            for letter, name, field in factor_names()
        ],
        ribbon=ribbon_shapes(tile, now),
        age=age,
        age_class=age_class,
        rank=words.rank(tile["state"], ahead_min),
    )


def factor_names() -> list[tuple[str, str, str]]:
    """Letter, name and tile field of the three factors of OEE."""
    return [
        ("A", _("Availability"), "availability"),
        ("P", _("Performance"), "performance"),
        ("Q", _("Quality"), "quality"),
    ]


def target_at(tile: Tile, now: datetime) -> int | None:
    """Whole pieces the plan asks for up to `now`: the target of `kpi_at` grown at its rate; None without a plan."""
    if tile["target"] is None:
        return None
    grown = (tile["target_rate_per_s"] or 0) * max(0.0, (now - _kpi_at(tile)).total_seconds())
    return int(tile["target"] + grown)


def ahead_at(tile: Tile, now: datetime) -> tuple[int | None, float | None]:
    """Pieces and minutes ahead of (+) or behind (-) the target at `now`; minutes stay as told while no target grows."""
    target = target_at(tile, now)
    if target is None or tile["ahead"] is None:
        return tile["ahead"], tile["ahead_min"]
    ahead = tile["ahead"] - (target - int(tile["target"]))
    rate = tile["target_rate_per_s"]
    return ahead, ahead / rate / 60 if rate else tile["ahead_min"]


def ahead_text(ahead: int | None, ahead_min: float | None) -> str:
    """E.g. '−190 pcs · −2.5 min'; a dash without a plan."""
    if ahead is None:
        return words.NONE
    pieces = f"{words.signed(ahead)} {_('pcs')}"
    return pieces if ahead_min is None else f"{pieces} · {minutes_text(ahead_min)}"


def minutes_text(ahead_min: float | None) -> str:
    """Minutes with sign and unit, a decimal only below ten; empty where nobody can tell."""
    if ahead_min is None:
        return ""
    return f"{words.signed(ahead_min, 1 if abs(ahead_min) < 10 else 0)} {_('min')}"


def order_text(tile: Tile) -> str:
    """Order and item in one line, or that there is no order."""
    if not tile["order"]:
        return _("No order")
    return f"{tile['order']} · {tile['item_name'] or tile['item'] or ''}".rstrip(" ·")


def range_text(tile: Tile) -> str:
    """What OEE may really be where part of the time is unknown, e.g. '71–84 % possible'; empty where all is known."""
    low, high = words.percent(tile["oee_low"]), words.percent(tile["oee_high"])
    if tile["oee_low"] is None or tile["oee_high"] is None or low == high:
        return ""
    return _("%(low)s to %(high)s %% possible, part of the time is unknown") % {"low": low, "high": high}


def down_s(tile: Tile, now: datetime) -> float:
    """Seconds down since the shift began, as far as the ribbon reaches back (8 h)."""
    begin = words.parsed(tile["shift_start"])
    from_s = begin.timestamp() if begin else 0.0
    ends = [start for start, _state in tile["ribbon"][1:]] + [now.timestamp()]
    spans = zip(tile["ribbon"], ends, strict=False)
    return sum(max(0.0, end - max(start, from_s)) for (start, state), end in spans if state == "down")


def age_at(tile: Tile, now: datetime) -> tuple[str, str]:
    """Text and class of the age badge: live up to 3 s, then STALE n s; a tile no controller feeds has no age."""
    as_of = words.parsed(tile["as_of"])
    if not tile["source"] or as_of is None:
        return "", "live"
    age_s = (now - as_of).total_seconds()
    if age_s <= STALE_S:
        return _("live"), "live"
    return f"{_('STALE')} {stale_text(age_s)}", "stale" if age_s <= 30 else "old"


def stale_text(age_s: float) -> str:
    """An age short enough for the badge: 7 s, 12 min, 3 h, 2 d."""
    for limit, size, unit in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if age_s < limit:
            return f"{int(age_s // size)} {unit}"
    return f"{int(age_s // 86_400)} d"


def ribbon_shapes(tile: Tile, now: datetime) -> list[svg.Shape]:
    """One path per palette state, empty ones included, so that a push only changes attributes."""
    drawn = dict(svg.ribbon(tile["ribbon"], now.astimezone(UTC).timestamp()))
    return [svg.Shape(known.state, drawn.get(known.state, "")) for known in words.STATES]


def overall_oee(tiles: Iterable[Tile]) -> tuple[float | None, int]:
    """OEE over machines that have one, weighted by their time in the shift so far, and how many have one.

    Sum(ideal x good) / sum(time) over machines, which is not the plain average. Line OEE (at its exit) is another.
    """
    weighted = total_s = 0.0
    known = 0
    for tile in tiles:
        start = words.parsed(tile["shift_start"])
        if tile["oee"] is None or start is None:
            continue
        weight_s = max(0.0, (_kpi_at(tile) - start).total_seconds())
        weighted += tile["oee"] * weight_s
        total_s += weight_s
        known += 1
    return (weighted / total_s if total_s else None), known


def _kpi_at(tile: Tile) -> datetime:
    return datetime.fromisoformat(tile["kpi_at"])
