"""The story's shifts are forecast in the background, from what was known then, once, and told from what was shown."""

from datetime import datetime, timedelta

import pytest

from analytics.models import Forecast, HistoryImport, ReadinessReport, Refit
from mes.demo.imported import FILE_NAME
from mes.demo.past_forecasts import past_forecasts_waiting
from mes.demo.past_forecasts_child import past_forecasts_work
from mes.demo.tasks import forecast_the_past
from mes.oee.fact_models import RollMark
from mes.plant.models import Shift
from tests.analytics.forecasts.kit import DAY, MONDAY, planned, ready, worked
from tests.production.small_plant import SmallPlant, small_plant

END = MONDAY + 30 * DAY


@pytest.fixture
def plant(db: None) -> SmallPlant:
    """A line with thirty days of eight hours, of which the last three are the story."""
    plant = small_plant()
    assert worked(plant, 30, lambda day, hour: 3000 + 10 * (day % 5) + hour, ahead=0) == END
    ready(plant, MONDAY)
    planned(plant, MONDAY)
    line = plant.line_1
    HistoryImport.objects.create(
        line=line, file_name=FILE_NAME.format(line=line.code), digest="d", rows=1, by="demo", at=END - 3 * DAY
    )
    return plant


def rolled(plant: SmallPlant, until: datetime) -> None:
    """The line's hours are rolled so far."""
    told = {"rolled_from": MONDAY, "rolled_until": until}
    RollMark.objects.update_or_create(line=plant.line_1, defaults=told)


def test_nothing_is_issued_before_all_hours_of_the_story_are_rolled(plant: SmallPlant) -> None:
    assert past_forecasts_waiting() is None
    rolled(plant, END - DAY - timedelta(seconds=1))
    assert past_forecasts_waiting() is None
    rolled(plant, END - DAY)
    waiting = past_forecasts_waiting()
    assert waiting is not None
    assert (waiting.line, waiting.origins) == (plant.line_1, (END - 3 * DAY, END - 2 * DAY, END - DAY))


def test_a_plant_that_is_not_the_demo_is_left_alone(plant: SmallPlant) -> None:
    rolled(plant, END)
    HistoryImport.objects.update(by="paula")
    assert past_forecasts_waiting() is None
    forecast_the_past()
    assert not Forecast.objects.exists()


def test_every_shift_of_the_story_is_forecast_marked_as_late_and_then_todays_is_asked_for(plant: SmallPlant) -> None:
    rolled(plant, END)
    assert past_forecasts_work(until_s=60, clock=lambda: END) == 3
    said = Forecast.objects.filter(line=plant.line_1, shown=True)
    assert sorted(said.values_list("origin", "grain")) == sorted(
        (END - n * DAY, grain) for n in (3, 2, 1) for grain in ("hour", "shift", "day")
    )
    assert set(said.values_list("back_issued", "issued_at")) == {(True, END)}
    for one in said:
        assert one.trained_through is None or one.trained_through <= one.origin
    refit = Refit.objects.get()
    assert (refit.line, refit.asked_by, refit.state) == (plant.line_1, "demo", "waiting")
    assert past_forecasts_waiting() is None
    assert past_forecasts_work(until_s=60, clock=lambda: END + DAY) == 0
    assert (said.count(), Refit.objects.count()) == (9, 1)


def test_a_killed_child_is_followed_by_one_that_goes_on_where_it_was(plant: SmallPlant) -> None:
    rolled(plant, END)
    assert past_forecasts_work(until_s=0, clock=lambda: END) == 0
    Forecast.objects.create(
        line=plant.line_1, grain="hour", method="plan", level=1, shown=True, origin=END - 3 * DAY, issued_at=END,
        back_issued=True, points=[], skill={}, checks=[], inputs={},
    )  # fmt: skip
    assert past_forecasts_work(until_s=60, clock=lambda: END) == 3
    assert Forecast.objects.filter(shown=True, origin=END - 3 * DAY).count() == 3


def test_a_line_that_was_never_measured_is_measured_first(plant: SmallPlant) -> None:
    """The demo may be started before two in the night: without readiness every shift would be refused for good."""
    line = plant.line_2
    Shift.objects.create(
        line=line, name="Early", production_date=MONDAY.date(), starts_at=MONDAY, ends_at=MONDAY + DAY / 3
    )
    HistoryImport.objects.create(
        line=line, file_name=FILE_NAME.format(line=line.code), digest="d", rows=1, by="demo", at=MONDAY
    )
    RollMark.objects.create(line=line, rolled_from=MONDAY, rolled_until=END)
    assert past_forecasts_work(until_s=60, clock=lambda: END) == 1
    report = ReadinessReport.objects.get(line=line)
    assert report.asked_by == "demo"
    assert set(Forecast.objects.filter(line=line).values_list("readiness", flat=True)) == {report.pk}
