"""Control charts as figures: gaps stay open, limits step, and a shape tells what colour tells."""

from mes.charting.control import Dot, control_chart


def test_gaps_stay_open_and_shapes_tell_what_is_out_and_what_signals() -> None:
    dots = [
        Dot("1", 10.2, 10.0, 9.0, 11.0),
        Dot("2", None),
        Dot("3", 11.5, 10.0, 9.5, 10.5, signal=True),
        Dot("4", 12.0, 10.0, 9.5, 10.5, out=True, signal=True),
    ]
    low, high, centre, values = control_chart(dots, unit="g", words=("value", "centre", "limit"))["data"]
    assert values["marker"]["symbol"] == ["circle", "circle", "diamond", "x"]
    assert [trace["y"] for trace in (low, high, centre, values)] == [
        [9.0, None, 9.5, 9.5], [11.0, None, 10.5, 10.5], [10.0, None, 10.0, 10.0], [10.2, None, 11.5, 12.0],
    ]  # fmt: skip
    assert not any(trace["connectgaps"] for trace in (low, high, centre, values))


def test_without_points_the_figure_is_empty() -> None:
    assert all(trace["x"] == [] for trace in control_chart([], unit="", words=("v", "c", "l"))["data"])
