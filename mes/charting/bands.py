"""Charts of forecasts for Plotly (pure): a band with what came, and whether quantiles meant what they said."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mes.charting.charts import ACCENT, GREY, INK, SOFT, Chart, Number, _axis, _chart


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket of time: what was forecast with both bands, what came, what came a week before, what a person said."""

    name: str
    point: Number = None
    band_80: tuple[float, float] | None = None
    band_95: tuple[float, float] | None = None
    actual: Number = None
    naive: Number = None
    said: Number = None


@dataclass(frozen=True, slots=True)
class BandWords:
    """Names of what is drawn."""

    point: str
    band_80: str
    band_95: str
    actual: str
    naive: str
    said: str


def band_chart(buckets: Sequence[Bucket], *, unit: str, words: BandWords) -> Chart:
    """Forecast with its bands behind what came; gaps are never bridged. A person's figures are diamonds.

    Its legend is the page's: beside a drawing as narrow as a phone there is no room for one.
    """
    names = [bucket.name for bucket in buckets]
    traces = [
        *_band(names, [bucket.band_95 for bucket in buckets], words.band_95, GREY),
        *_band(names, [bucket.band_80 for bucket in buckets], words.band_80, ACCENT),
        _line(names, [bucket.naive for bucket in buckets], words.naive, SOFT, dash="dot"),
        _line(names, [bucket.point for bucket in buckets], words.point, ACCENT, dash="solid"),
        _marks(names, [bucket.actual for bucket in buckets], words.actual, INK, "circle"),
        _marks(names, [bucket.said for bucket in buckets], words.said, "@setup", "diamond"),
    ]
    kept = [trace for trace in traces if any(value is not None for value in trace["y"])]
    return _chart(kept, yaxis=_axis(unit), xaxis={"nticks": 6})


def reliability_chart(levels: Sequence[tuple[float, float]], *, words: tuple[str, str, str, str]) -> Chart:
    """Share of buckets below each quantile against what it promised (both 0..1); the diagonal is what was promised.

    `words`: titles of the two axes, and the names of what came and of the promise.
    """
    across, up, came, promised = words
    line = _line([level * 100 for level, _ in levels], [share * 100 for _, share in levels], came, ACCENT, dash="solid")
    ideal = _line([0, 100], [0, 100], promised, SOFT, dash="dash")
    percent = {"range": [0, 100], "ticksuffix": " %"}
    return _chart(
        [ideal, line | {"mode": "lines+markers"}],
        xaxis=_axis(across) | percent | {"type": "linear"},
        yaxis=_axis(up) | percent,
    )


def _band(names: Sequence[str], ends: Sequence[tuple[float, float] | None], word: str, colour: str) -> list[Any]:
    """Two lines without width, the space between them filled with the colour, half seen through."""
    plain = {"type": "scatter", "mode": "lines", "x": list(names), "line": {"color": colour, "width": 0}}
    low = plain | {"y": [end and end[0] for end in ends], "hoverinfo": "skip", "showlegend": False}
    high = plain | {"y": [end and end[1] for end in ends], "name": word, "fill": "tonexty"}
    return [low, high | {"hovertemplate": f"{word}: %{{y:.0f}}<extra></extra>"}]


def _line(across: Sequence[Any], up: Sequence[Number], word: str, colour: str, *, dash: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": list(across),
        "y": list(up),
        "name": word,
        "connectgaps": False,
        "line": {"color": colour, "width": 2, "dash": dash},
        "hovertemplate": f"%{{x}}, {word}: %{{y:.0f}}<extra></extra>",
    }


def _marks(names: Sequence[str], up: Sequence[Number], word: str, colour: str, symbol: str) -> dict[str, Any]:
    marker = {"size": 9, "color": colour, "symbol": symbol}
    return _line(names, up, word, colour, dash="solid") | {"mode": "markers", "marker": marker}
