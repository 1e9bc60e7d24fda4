"""Control charts for Plotly (pure): points with their limits, gaps left open, signals as other shapes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mes.charting.charts import ACCENT, SOFT, Chart, Number, _axis, _chart

OUT, SIGNAL = "@down", "@setup"


@dataclass(frozen=True, slots=True)
class Dot:
    """A point: name on the axis, value (None: a gap), its centre and limits, whether it is out or signals."""

    name: str
    value: Number
    center: Number = None
    low: Number = None
    high: Number = None
    out: bool = False
    signal: bool = False
    text: str = ""


def control_chart(dots: Sequence[Dot], *, unit: str, words: tuple[str, str, str]) -> Chart:
    """Values over their centre and limits, which step; `words` name value, centre and limit in the hover text.

    A signal is a diamond, a value out of specification a cross: shape says it too, not colour alone.
    """
    names = [dot.name for dot in dots]
    value, centre, limit = words
    traces = [
        _line(names, [dot.low for dot in dots], limit, "dash"),
        _line(names, [dot.high for dot in dots], limit, "dash"),
        _line(names, [dot.center for dot in dots], centre, "solid"),
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": names,
            "y": [dot.value for dot in dots],
            "name": value,
            "connectgaps": False,
            "line": {"color": ACCENT, "width": 2},
            "marker": {
                "size": [13 if dot.out or dot.signal else 7 for dot in dots],
                "color": [OUT if dot.out else SIGNAL if dot.signal else ACCENT for dot in dots],
                "symbol": ["x" if dot.out else "diamond" if dot.signal else "circle" for dot in dots],
            },
            "text": [dot.text for dot in dots],
            "hovertemplate": "%{x}: %{text}<extra></extra>",
        },
    ]
    return _chart(traces, yaxis=_axis(unit) | {"rangemode": "normal"}, xaxis={"nticks": 12})


def _line(names: Sequence[str], heights: Sequence[Number], word: str, dash: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": list(names),
        "y": list(heights),
        "name": word,
        "connectgaps": False,
        "line": {"color": SOFT, "width": 1.5, "dash": dash, "shape": "hvh"},
        "hovertemplate": f"{word} %{{y}}<extra></extra>",
    }
