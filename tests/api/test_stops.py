"""Stops by the API: divided and put together again, what needs a reason, figures; supervisors only, each call once."""

from datetime import timedelta

import pytest

from mes.downtime.models import Stop
from mes.journal.models import JournalEntry
from mes.people.models import Role
from tests.api.conftest import Caller
from tests.production.small_plant import SIX, SmallPlant

MIN = timedelta(minutes=1)
REF = "FILL@2026-03-02T06:00:00.000000Z"


@pytest.fixture
def stop(plant: SmallPlant) -> Stop:
    """The filler stands for the first hour of the shift."""
    return Stop.objects.create(work_center=plant.filler, starts_at=SIX, ends_at=SIX + 60 * MIN, state="Held")


def test_a_stop_is_divided_and_undone_and_each_call_again_changes_nothing(api: Caller, stop: Stop) -> None:
    cut = {"at": "2026-03-02T06:20:00Z", "version": 1}
    for _ in range(2):
        told = api.post(f"stops/{REF}/split/", cut).json()
        assert [part["starts_at"] for part in told["parts"]] == ["2026-03-02T06:00:00Z", "2026-03-02T06:20:00Z"]
    second = told["parts"][1]
    assert (second["whole"], second["whole_version"], second["source"]) == (REF, 2, "part")
    assert api.post(f"stops/{second['ref']}/explain/", {"reason": "JAM", "version": 2}).json()["reason"] == "JAM"
    late = api.post(f"stops/{REF}/merge/", {"at": "2026-03-02T06:20:00Z", "version": 2})
    assert (late.status_code, late.json()["fields"]) == (409, {"version": "3"})
    trim = {"ends_at": "2026-03-02T06:50:00Z", "version": 3}
    for _ in range(2):
        told = api.post(f"stops/{second['ref']}/trim/", trim).json()
        assert [(part["reason"], part["trimmed"]) for part in told["parts"]] == [
            (None, False),
            ("JAM", False),
            ("JAM", True),
        ]
    assert len(api.get("stops/").json()["results"]) == 2
    for _ in range(3):
        entry = api.get(f"stops/{REF}/parts/").json()["undo"]
        for _ in range(2):
            told = api.post(f"stops/{REF}/undo/", {"entry": entry}).json()
    assert (told["undo"], len(told["parts"]), Stop.every.count()) == (None, 1, 1)
    assert JournalEntry.objects.filter(action="stop_undo").count() == 3
    assert api.post(f"stops/{REF}/split/", {"at": "2026-03-02T07:20:00Z", "version": 99}).status_code == 422


def test_dividing_is_for_supervisors(plant: SmallPlant, stop: Stop, api: Caller) -> None:
    otto = plant.person(Role.OPERATOR, plant.line_1, name="otto")
    api.client.force_login(otto)
    for verb in ("split", "merge", "trim", "undo"):
        answer = api.client.post(f"/api/v1/stops/{REF}/{verb}/", {}, content_type="application/json")
        assert answer.status_code == 403
    assert not JournalEntry.objects.filter(kind="stop").exists()


def test_the_figures_tell_shares_and_how_late_reasons_come(api: Caller, plant: SmallPlant, stop: Stop) -> None:
    """60 min unexplained, 30 min of jam told 10 min later, 10 min of "other" told 40 min later."""
    plant.motor.name = "Other"
    plant.motor.save()
    for begin, length, reason, late in ((120, 30, plant.jam, 40), (180, 10, plant.motor, 50)):
        Stop.objects.create(
            work_center=plant.filler, starts_at=SIX + begin * MIN, ends_at=SIX + (begin + length) * MIN, state="Held",
            reason=reason, explained_by="otto", explained_at=SIX + (begin + late) * MIN,
        )  # fmt: skip
    found = api.get("stops/figures/", **{"from": "2026-03-02T06:00:00Z", "to": "2026-03-02T14:00:00Z"}).json()
    assert found == {
        "stops": 3,
        "need_reason": 1,
        "explained_share": 0.4,
        "vague_share": 0.25,
        "from_begin": {"median_min": 40, "p90_min": 50},
        "from_end": {"median_min": 10, "p90_min": 40},
    }
    assert [row["ref"] for row in api.get("stops/", need="reason").json()["results"]] == [REF]
    assert len(api.get("stops/", least_min="30").json()["results"]) == 2
    assert api.get("stops/", least_min="x").status_code == 400
    assert api.get("stops/figures/", **{"from": "2025-03-02T06:00:00Z"}).status_code == 400
    nothing = api.get("stops/figures/", **{"from": "2026-03-03T06:00:00Z", "to": "2026-03-04T06:00:00Z"}).json()
    assert (nothing["stops"], nothing["explained_share"], nothing["from_end"]) == (0, None, None)
