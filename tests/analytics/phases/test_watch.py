"""A line that falls silent falls back within the day, and is measured again when it comes back."""

from collections.abc import Callable
from datetime import datetime, timedelta

from analytics.models import HistoryHour, HistoryImport, ReadinessReport
from analytics.phases.watch import lines_out_of_step
from analytics.readiness.inputs import inputs_of
from analytics.readiness.report import readiness_measure
from analytics.tasks import watch_lines
from tests.analytics.conftest import at
from tests.production.small_plant import SIX, SmallPlant

Made = Callable[..., object]


def out_of_step(moment: datetime) -> list[str]:
    return [line.code for line, _ in lines_out_of_step(moment)]


def test_silence_and_return_are_each_measured_once(plant: SmallPlant, state: Made) -> None:
    assert out_of_step(at(120)) == []  # never measured: the nightly run does that
    for place in (plant.filler, plant.packer):
        state(place, 0, 240)
    readiness_measure(line=plant.line_1, actor="system", at=at(240))
    assert out_of_step(at(350)) == []  # 240 of 320 planned minutes (lunch is none) are known: .75
    assert out_of_step(at(360)) == ["LINE-1"]  # 240 of 330: .727
    first, again = lines_out_of_step(at(360)), lines_out_of_step(at(361))
    assert first == again
    for _ in range(2):
        readiness_measure(line=plant.line_1, actor="system", at=at(360), key=first[0][1])
    assert ReadinessReport.objects.count() == 2
    report = ReadinessReport.objects.latest("computed_at")
    check = next(one for one in report.gates[0]["checks"] if one["key"] == "fresh")
    assert (round(check["value"], 4), check["needs"], check["open"]) == (0.7273, 0.75, False)
    assert out_of_step(at(370)) == []
    for place in (plant.filler, plant.packer):
        state(place, 240, 480)
    assert out_of_step(at(480)) == ["LINE-1"]


def test_the_task_measures_nobody_while_nothing_is_planned(plant: SmallPlant) -> None:
    watch_lines()
    assert not ReadinessReport.objects.exists()


def test_imported_weeks_count_and_stay_marked(plant: SmallPlant, state: Made) -> None:
    for place in (plant.filler, plant.packer):
        state(place, 0, 480)
    source = HistoryImport.objects.create(
        line=plant.line_1, file_name="old.csv", digest="0" * 64, rows=200, by="otto", at=at(480)
    )
    now = at(480)
    # every hour of the three weeks before, two of three seen well; the hour of the shift itself is the machines'
    HistoryHour.objects.bulk_create(
        HistoryHour(source=source, line=plant.line_1, starts_at=SIX - timedelta(hours=n), planned_min=60, good=100,
                    cov=1.0 if n % 3 else 0.0)
        for n in range(0, 3 * 168 - 7)
    )  # fmt: skip
    found = inputs_of(plant.line_1, now)
    # three weeks back to SIX - 496 h, and to now 504 h: 3.0 weeks; the machines alone lived 8 of 168 hours
    assert (round(found.usable_weeks, 3), round(found.imported_weeks, 3)) == (3.0, round(3 - 8 / 168, 3))
