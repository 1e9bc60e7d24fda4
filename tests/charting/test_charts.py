"""Figures for Plotly, and the bundle that draws them is the one that was looked at."""

import hashlib
import json
from pathlib import Path
from typing import Any

from mes.charting.charts import Bar, Point, WaterfallBar, bar_chart, pareto_chart, trend_chart, waterfall_chart

VENDOR = Path(__file__).parents[2] / "static" / "vendor"


def test_vendored_files_are_those_that_were_looked_at() -> None:
    listed = {
        name: sha for one in json.loads((VENDOR / "vendor.json").read_text()) for name, sha in one["files"].items()
    }
    present = {str(path.relative_to(VENDOR)): path for path in VENDOR.glob("*/*") if path.suffix != ".md"}
    assert set(listed) == set(present)
    for name, path in present.items():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == listed[name], name


def test_a_waterfall_hangs_its_losses_from_the_level_before_and_gains_stand_on_it() -> None:
    bars = [
        WaterfallBar("planned", 100, True),
        WaterfallBar("stops", 30, False),
        WaterfallBar("running", 70, True),
        WaterfallBar("speed", -5, False),
        WaterfallBar("net", 75, True),
    ]
    [trace] = waterfall_chart(bars, unit="min")["data"]
    assert list(zip(trace["base"], trace["y"], strict=True)) == [(0, 100), (70, 30), (0, 70), (70, 5), (0, 75)]


def test_a_trend_bridges_no_gap_and_marks_what_is_hardly_known_r40() -> None:
    points = [Point("a", 60.0, low=55.0, high=70.0), Point("b", None), Point("c", 80.0, faint=True)]
    line, goal = trend_chart(points, name="OEE", unit="%", target=[85, 85, 90], target_word="Target")["data"]
    assert line["y"] == [60.0, None, 80.0]
    assert line["connectgaps"] is False
    assert line["marker"]["symbol"] == ["circle", "circle", "circle-open"]
    assert (line["error_y"]["array"][0], line["error_y"]["arrayminus"][0]) == (10, 5)
    assert goal["y"] == [85, 85, 90]


def test_a_trend_without_bounds_or_target_draws_neither() -> None:
    [line] = trend_chart([Point("a", 1.0)], name="x", unit="min", target=[None])["data"]
    assert "error_y" not in line


def test_bars_carry_where_they_lead_and_shares_run_to_a_hundred() -> None:
    bars = [Bar("jam", 30.0, href="/x"), Bar("motor", 10.0)]
    drawn, shares = pareto_chart(bars, [0.75, 1.0], unit="min", share_word="share")["data"]
    assert drawn["customdata"] == ["/x", ""]
    assert shares["y"] == [75, 100]
    assert bar_chart([], unit="min")["data"][0]["x"] == []


def test_every_figure_is_plain_json_without_a_colour_of_its_own() -> None:
    """Colours are names of the palette, so that light and dark are decided where the page is shown."""
    charts: list[Any] = [
        pareto_chart([Bar("a", 1.0)], [1.0], unit="min", share_word="share"),
        trend_chart([Point("a", 1.0)], name="x", unit="%"),
        waterfall_chart([WaterfallBar("a", 1.0, True)], unit="min"),
    ]
    text = json.dumps(charts)
    assert "#" not in text
    assert '"@down"' in text
