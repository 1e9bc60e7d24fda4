"""Forecasts of a small line: exact where nothing is planned, steady under lost hours and glitches, always the same."""

from dataclasses import replace

import numpy as np
import pytest

from analytics.forecast.backtest import backtest
from analytics.forecast.engine import by_ensemble, by_rate, forecast, prepared
from analytics.forecast.methods import ens2, mes_rate
from analytics.forecast.series import LEVELS, Cells, Grain, Past, Queue
from tests.analytics.forecast.kit import DAY_MS, cells, past_of, small_line

HORIZON: dict[Grain, int] = {"hour": 48, "shift": 21, "day": 14}
Line = tuple[Past, Cells, list[Queue], np.ndarray]


@pytest.fixture(scope="module")
def line() -> Line:
    return small_line()


def totals(made: np.ndarray, grain: Grain) -> np.ndarray:
    return made.reshape(-1, {"hour": 1, "shift": 8, "day": 24}[grain]).sum(axis=1)[: HORIZON[grain]]


@pytest.mark.parametrize(("grain", "share"), [("hour", 0.5), ("shift", 0.5), ("day", 0.75)])
def test_the_plan_is_followed_nothing_is_made_where_nothing_is_planned_and_quantiles_rise(
    line: Line, grain: Grain, share: float
) -> None:
    past, ahead, queues, came = line
    said = forecast(past, ahead, queues, grain, HORIZON[grain])
    assert said is not None
    assert (len(said.bucket), said.quantiles.shape) == (HORIZON[grain], (HORIZON[grain], len(LEVELS)))
    idle = said.planned_min == 0
    assert idle.any()
    assert (said.quantiles[idle] == 0).all()
    assert (np.diff(said.quantiles, axis=1) >= 0).all()
    truth = totals(came, grain)
    # The plan tells which item runs: three times as fast or not. A day holds both.
    blind = forecast(past, ahead, [], grain, HORIZON[grain])
    assert blind is not None
    assert np.abs(said.point - truth).sum() < share * np.abs(blind.point - truth).sum()
    inside = (said.quantiles[~idle, 0] <= truth[~idle]) & (truth[~idle] <= said.quantiles[~idle, -1])
    assert inside.mean() > 0.75


@pytest.mark.parametrize("grain", ["shift", "day"])
def test_lost_hours_and_glitches_hardly_move_a_forecast_and_zeros_would(line: Line, grain: Grain) -> None:
    """F7: a fifth of the hours lost in blocks moves it by at most 3 %, one count in fifty times ten by at most 2 %."""
    past, ahead, queues, _ = line
    whole = _week(past, ahead, queues, grain)
    lost = (np.arange(len(past.good)) // 9) % 5 == 2
    missing = replace(past, good=np.where(lost, np.nan, past.good), cov=np.where(lost, 0.0, 1.0))
    assert _week(missing, ahead, queues, grain) == pytest.approx(whole, rel=0.03)
    jumps = replace(past, good=np.where(np.arange(len(past.good)) % 50 == 7, past.good * 10, past.good))
    assert _week(jumps, ahead, queues, grain) == pytest.approx(whole, rel=0.02)
    zeros = replace(past, good=np.where(lost, 0.0, past.good))
    assert _week(zeros, ahead, queues, grain) < 0.9 * whole


def _week(past: Past, ahead: Cells, queues: list[Queue], grain: Grain) -> float:
    said = forecast(past, ahead, queues, grain, 7 if grain == "day" else 21)
    assert said is not None
    return float(said.point.sum())


def test_what_is_said_of_a_past_origin_knows_nothing_of_later(line: Line) -> None:
    past, _, queues, _ = line
    origin = int(past.start_ms[-1]) + 3_600_000 - 14 * DAY_MS
    (then,) = backtest(past, queues, "shift", [origin], mes_rate, 21)
    later = past.start_ms >= origin
    changed = replace(past, good=np.where(later, past.good * 0.1, past.good))
    other = [queue if queue.taken_ms <= origin else Queue(queue.taken_ms, ()) for queue in queues]
    (again,) = backtest(changed, other, "shift", [origin], mes_rate, 21)
    assert again.quantiles.tolist() == then.quantiles.tolist()
    truth = past.good[later].reshape(-1, 8).sum(axis=1)[:21]
    assert np.abs(then.point - truth).sum() < 0.2 * truth.sum()


def test_the_same_files_say_the_same_numbers(line: Line) -> None:
    past, ahead, queues, _ = line
    first, second = (prepared(past, ahead, queues, "day", 14) for _ in range(2))
    assert first is not None
    assert second is not None
    a, b = by_ensemble(first, ahead, 14), by_ensemble(second, ahead, 14)
    assert a is not None
    assert b is not None
    assert a.quantiles.tolist() == b.quantiles.tolist()


def test_the_ensemble_moves_the_forecast_and_keeps_its_spread(line: Line) -> None:
    past, ahead, queues, _ = line
    rate, both = mes_rate(past, ahead, queues, "day", 14), ens2(past, ahead, queues, "day", 14)
    assert rate is not None
    assert both is not None
    assert (rate.method, rate.level, both.method, both.level) == ("mes_rate", 3, "ens2", 4)
    worked = rate.planned_min > 0
    assert (both.point[~worked] == 0).all()
    moved = both.point[worked] / rate.point[worked]
    assert moved.max() <= 1.2  # two fifths of at most one half more
    assert moved.min() >= 1 - 0.4 / 3  # two fifths of at most one third less
    assert (moved != 1).any()
    spread = both.quantiles[worked] / both.point[worked][:, None]
    assert spread == pytest.approx(rate.quantiles[worked] / rate.point[worked][:, None])


def test_a_line_that_never_varies_is_forecast_as_it_always_was() -> None:
    base = cells(40 * 24, 60.0)
    past, ahead = (
        past_of(base, np.full(960, 80.0), np.full(960, 100.0)),
        cells(72, 60.0, int(base.start_ms[-1]) + 3_600_000),
    )
    ready = prepared(past, ahead, [], "shift", 9)
    assert ready is not None
    for said in (by_rate(ready, ahead, 9), by_ensemble(ready, ahead, 9)):
        assert said is not None
        assert said.quantiles == pytest.approx(np.full((9, 11), 640.0))


def test_where_nothing_was_seen_or_nothing_lies_ahead_nothing_is_said(line: Line) -> None:
    past, ahead, queues, _ = line
    blind = replace(past, good=np.full(len(past.good), np.nan))
    assert forecast(blind, ahead, queues, "shift", 21) is None
    nothing = cells(0)
    assert forecast(past, nothing, queues, "shift", 21) is None
    young = Past(**{name: getattr(past, name)[:48] for name in Past.__dataclass_fields__})
    assert forecast(young, ahead, [], "shift", 21) is None
