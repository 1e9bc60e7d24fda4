"""How far up the ladder a line goes: by its gates, and by its record. Expected rungs follow the written rule."""

from dataclasses import replace

import pytest

from analytics.forecasts.ladder import Standing, choose

READY = Standing("shift", 1.0, 4, True, 26.0, True, True, 0.0, "")


@pytest.mark.parametrize(
    ("standing", "losses", "level", "key"),
    [
        (READY, {1: 100, 2: 60, 3: 50, 4: 45}, 4, None),
        (READY, {1: 100, 2: 60, 3: 50, 4: 49.5}, 3, "record"),  # 1 % better is not 2 %
        (READY, {1: 100, 2: 60, 3: 70, 4: 65}, 2, "record"),  # beats the rung below, but not the one that is shown
        (READY, {1: 100, 2: 60, 3: 60, 4: 50}, 4, "record"),
        (READY, {}, 1, "record"),
        (replace(READY, calendar_share=0.5), {1: 100, 2: 60, 3: 50}, 0, "calendar"),
        (replace(READY, phase=1), {1: 100, 2: 60, 3: 50}, 0, "phase"),
        (replace(READY, has_ideal=False), {1: 100, 2: 60, 3: 50}, 0, "ideal"),
        (replace(READY, phase=2), {1: 100, 2: 60, 3: 50}, 1, "phase"),
        (replace(READY, phase=3), {1: 100, 2: 60, 3: 50}, 2, "phase"),
        (replace(READY, weeks=3.5), {1: 100, 2: 60, 3: 50}, 2, "weeks"),
        (replace(READY, grain="day", weeks=5.0), {1: 100, 2: 60, 3: 50}, 2, "weeks"),
        (replace(READY, phase=2, erp=False, queue=False), {1: 100, 2: 60, 3: 50}, 3, "queue"),
        (replace(READY, queue=False), {1: 100, 2: 60, 3: 50, 4: 40}, 3, "queue"),
    ],
)
def test_a_rung_is_shown_only_where_gates_and_record_carry_it(
    standing: Standing, losses: dict[int, float], level: int, key: str | None
) -> None:
    choice = choose(standing, losses)
    assert choice.level == level
    assert (key in [check.key for check in choice.checks]) if key else choice.checks == ()


def test_a_gap_freezes_and_a_drift_is_a_badge_but_neither_refuses() -> None:
    losses = {1: 100.0, 2: 60.0, 3: 50.0, 4: 45.0}
    gap = choose(replace(READY, gap=0.26), losses)
    assert (gap.level, gap.frozen, [check.key for check in gap.checks]) == (4, True, ["gap"])
    assert not choose(replace(READY, gap=0.25), losses).frozen
    assert choose(replace(READY, drift="Early 2026-03-02"), losses).drift == "Early 2026-03-02"
    assert choose(replace(READY, drift="Early 2026-03-02"), {}).drift == ""  # arithmetic of the plan cannot drift


def test_a_plan_has_no_band_and_the_wide_one_needs_twelve_weeks() -> None:
    losses = {1: 100.0, 2: 60.0}
    assert [choose(replace(READY, weeks=11.9), losses).band_95, choose(READY, losses).band_95] == [False, True]
    assert not choose(READY, {}).band_80
