"""Figures for Plotly (pure): plain dicts of traces and layout, so no charting library is loaded on the server.

Colours are names of the palette ("@down"); the browser puts the light or dark value in their place. Every chart stands
beside a table with the same numbers, so a chart may leave out what a table says better.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Number = float | int | None
Chart = dict[str, Any]

INK, SOFT, GRID, ACCENT, GREY = "@ink", "@soft", "@line", "@accent", "@no_data"


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar: its name, its length, the colour of its state, and where a click leads ("" for nowhere)."""

    name: str
    value: float
    colour: str = "@down"
    href: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a line; `low`/`high` are its bounds where known, `faint` where it is to be taken with care (R40)."""

    name: str
    value: Number
    text: str = ""
    low: Number = None
    high: Number = None
    faint: bool = False


@dataclass(frozen=True, slots=True)
class WaterfallBar:
    """A level (a whole bar from zero) or a loss that hangs from the level before it; a negative loss is a gain."""

    name: str
    value: float
    level: bool
    text: str = ""


def pareto_chart(bars: Sequence[Bar], cumulative: Sequence[Number], *, unit: str, share_word: str) -> Chart:
    """Bars from the largest down with the running share (0..1) as a line on a second axis."""
    shares = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": [bar.name for bar in bars],
        "y": [None if share is None else share * 100 for share in cumulative],
        "yaxis": "y2",
        "name": share_word,
        "line": {"color": INK, "width": 2},
        "hovertemplate": "%{y:.0f} %<extra></extra>",
    }
    second = {
        "overlaying": "y",
        "side": "right",
        "range": [0, 105],
        "tickmode": "array",
        "tickvals": [0, 20, 40, 60, 80, 100],
    }
    return _chart(
        [_bars(bars, unit), shares],
        yaxis=_axis(unit),
        yaxis2=second | {"ticksuffix": " %", "showgrid": False, "automargin": True},
    )


def bar_chart(bars: Sequence[Bar], *, unit: str) -> Chart:
    """Bars in the order given."""
    return _chart([_bars(bars, unit)], yaxis=_axis(unit))


def trend_chart(
    points: Sequence[Point], *, name: str, unit: str, target: Sequence[Number] | None = None, target_word: str = ""
) -> Chart:
    """A line over time. Gaps are never bridged; faint points are grey, bounds whiskers, a target is dashed."""
    above = [None if p.high is None or p.value is None else max(p.high - p.value, 0.0) for p in points]
    below = [None if p.low is None or p.value is None else max(p.value - p.low, 0.0) for p in points]
    bounds = {"type": "data", "symmetric": False, "array": above, "arrayminus": below, "color": SOFT, "thickness": 1}
    line = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": [p.name for p in points],
        "y": [p.value for p in points],
        "name": name,
        "connectgaps": False,
        "line": {"color": ACCENT, "width": 2},
        "marker": {
            "size": 8,
            "color": [GREY if p.faint else ACCENT for p in points],
            "symbol": ["circle-open" if p.faint else "circle" for p in points],
        },
        "text": [p.text for p in points],
        "hovertemplate": "%{x}: %{text}<extra></extra>",
        **({"error_y": bounds} if any(above) or any(below) else {}),
    }
    traces = [line]
    if target and any(value is not None for value in target):
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": [p.name for p in points],
                "y": list(target),
                "name": target_word,
                "line": {"color": SOFT, "width": 2, "dash": "dash", "shape": "hv"},
                "hovertemplate": f"{target_word} %{{y:.0f}} {unit}<extra></extra>",
            }
        )
    return _chart(traces, yaxis=_axis(unit), xaxis=_axis("") | {"type": "category", "showgrid": False})


def waterfall_chart(bars: Sequence[WaterfallBar], *, unit: str) -> Chart:
    """Levels as whole bars and losses hanging between them, drawn as bars on a base (the basic bundle has no other)."""
    base, length, colours, top = [], [], [], 0.0
    for bar in bars:
        if bar.level:
            top = bar.value
            base.append(0.0)
            length.append(bar.value)
            colours.append("@running")
        else:
            base.append(min(top, top - bar.value))
            length.append(abs(bar.value))
            colours.append("@down" if bar.value >= 0 else "@setup")
            top -= bar.value
    trace = {
        "type": "bar",
        "x": [bar.name for bar in bars],
        "y": length,
        "base": base,
        "marker": {"color": colours},
        "text": [bar.text for bar in bars],
        "textposition": "none",
        "hovertemplate": "%{x}: %{text}<extra></extra>",
    }
    return _chart([trace], yaxis=_axis(unit))


def _bars(bars: Sequence[Bar], unit: str) -> dict[str, Any]:
    return {
        "type": "bar",
        "x": [bar.name for bar in bars],
        "y": [bar.value for bar in bars],
        "name": unit,
        "marker": {"color": [bar.colour for bar in bars]},
        "text": [bar.text for bar in bars],
        "textposition": "none",
        "customdata": [bar.href for bar in bars],
        "hovertemplate": "%{x}: %{text}<extra></extra>",
    }


def _axis(title: str) -> dict[str, Any]:
    return {
        "title": {"text": title},
        "gridcolor": GRID,
        "zerolinecolor": GRID,
        "automargin": True,
        "rangemode": "tozero",
    }


def _chart(traces: list[dict[str, Any]], **axes: Mapping[str, Any]) -> Chart:
    """Traces with the layout all charts share: no drawn-in title (the page has a heading), nothing to drag or zoom."""
    layout: dict[str, Any] = {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": INK, "size": 13},
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "showlegend": False,
        "dragmode": False,
        "hovermode": "closest",
        "xaxis": _axis("") | {"type": "category", "fixedrange": True, "tickangle": "auto", "showgrid": False},
    }
    for name, axis in axes.items():
        layout[name] = layout.get(name, {}) | dict(axis) | {"fixedrange": True}
    return {"data": traces, "layout": layout}
