"""Champions as they are stored: by rule or by a named person, sent back after worse days, each in the journal."""

from datetime import timedelta

import pytest

from analytics.forecasts.champions import NotPromoted, champion_approve, champion_promote, champions_judge
from analytics.models import Approver, Champion, Forecast, Outcome
from mes.journal.models import JournalEntry
from tests.analytics.forecasts.kit import DAY, HOUR, MONDAY, ready
from tests.production.small_plant import SmallPlant


def told(plant: SmallPlant, method: str, day: int, point: float, *, shown: bool) -> None:
    """A forecast of a day's one shift, from its beginning; the 80 % band is +/- 120."""
    start = MONDAY + day * DAY
    q = [point - 240, point - 120, *[point] * 7, point + 120, point + 240]
    points = [{"starts_at": start.isoformat(), "ends_at": (start + 8 * HOUR).isoformat(), "planned_min": 480,
               "point": point, "q": q}]  # fmt: skip
    Forecast.objects.create(
        line=plant.line_1, grain="shift", method=method, level=3, shown=shown, origin=start, issued_at=start,
        back_issued=False, points=points, skill={}, checks=[], inputs={},
    )  # fmt: skip


def came(plant: SmallPlant, days: range, champion: float, challenger: float) -> None:
    """Each shift made 1000 or 1004; the methods are off by so much."""
    for day in days:
        start, good = MONDAY + day * DAY, 1000 + 4 * (day % 2)
        Outcome.objects.create(
            line=plant.line_1, grain="shift", starts_at=start, ends_at=start + 8 * HOUR, planned_min=480, good=good,
            cov=1, joined_at=start,
        )  # fmt: skip
        told(plant, "mes_rate", day, 1000 + champion, shown=True)
        told(plant, "ens2", day, 1000 + challenger, shown=False)


def judge(plant: SmallPlant, day: int) -> list[str]:
    at = MONDAY + day * DAY
    found = champions_judge(line=plant.line_1, at=at, challengers=["mes_rate", "ens2"], first="mes_rate")
    return [champion.method for champion in found if champion.grain == "shift"]


def now_of(plant: SmallPlant) -> str:
    return Champion.objects.get(line=plant.line_1, grain="shift", until=None).method


def test_a_better_challenger_takes_over_and_a_worse_champion_goes_back(plant: SmallPlant) -> None:
    ready(plant, MONDAY)
    assert judge(plant, 0) == ["mes_rate"]
    came(plant, range(27), champion=100, challenger=40)
    assert judge(plant, 27) == []
    came(plant, range(27, 28), champion=100, challenger=40)
    assert judge(plant, 28) == ["ens2"]
    came(plant, range(28, 41), champion=40, challenger=100)
    assert judge(plant, 41) == []
    came(plant, range(41, 42), champion=40, challenger=100)
    assert judge(plant, 42) == ["mes_rate"]
    entries = JournalEntry.objects.filter(action="champion_promote", data__grain="shift").order_by("pk")
    assert [(entry.data["before"], entry.data["after"], entry.data["why"]) for entry in entries] == [
        (None, "mes_rate", "first"),
        ("mes_rate", "ens2", "promoted"),
        ("ens2", "mes_rate", "rolled_back"),
    ]


def test_where_somebody_approves_the_rule_waits_for_them_and_they_for_the_rule(plant: SmallPlant) -> None:
    ready(plant, MONDAY)
    Approver.objects.create(line=plant.line_1, person="anna", name="Anna", since=MONDAY, by="otto")
    judge(plant, 0)
    came(plant, range(20), champion=100, challenger=40)
    with pytest.raises(NotPromoted, match="too_few_days"):
        champion_approve(line=plant.line_1, grain="shift", method="ens2", actor="anna", at=MONDAY + 20 * DAY)
    came(plant, range(20, 28), champion=100, challenger=40)
    assert judge(plant, 28) == []
    champion_approve(line=plant.line_1, grain="shift", method="ens2", actor="anna", at=MONDAY + 28 * DAY)
    assert now_of(plant) == "ens2"
    assert Champion.objects.get(method="ens2").by == "anna"


def test_promoted_twice_it_is_champion_once(plant: SmallPlant) -> None:
    for minute in range(2):
        champion_promote(
            line=plant.line_1, grain="day", method="ens2", actor="otto", at=MONDAY + timedelta(minutes=minute), why="x"
        )
    assert Champion.objects.count() == 1
    assert JournalEntry.objects.filter(action="champion_promote").count() == 1
