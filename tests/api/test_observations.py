"""POST /observations/: what is taken, what is a repeat, what is held back, and what is refused whole."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mes.downtime.models import Stop
from mes.people.models import Person, Role
from mes.plc.models import Controller, StateMap, StateMapEntry, TagBinding
from mes.production.models import Run
from mes.tracking.models import CountFlag, CountHour, Sample, StateInterval
from tests.api.conftest import Caller, caller
from tests.production.small_plant import SIX, SmallPlant


def at(second: float) -> str:
    """An instant as the API takes it."""
    return (SIX + timedelta(seconds=second)).isoformat()


def good() -> int:
    """All good pieces."""
    return sum(CountHour.objects.values_list("good_sum", flat=True))


def send(api: Caller, *rows: dict[str, Any], machine: str = "FILL") -> Any:
    """One call."""
    return api.post("observations/", {"work_center": machine, "observations": list(rows)})


def test_states_counters_and_codes_become_counts_intervals_and_stops(api: Caller, plant: SmallPlant) -> None:
    answer = send(
        api,
        {"at": at(0), "state": "Execute", "counters": {"good": 10, "reject": 1}},
        {"at": at(60), "state": "held", "reason_code": 17, "mode": "Production"},
        {"at": at(120), "state": "EXECUTE", "counters": {"good": 60, "reject": 3}, "quality": "good"},
    )
    assert answer.status_code == 200
    body = answer.json()
    assert (body["work_center"], body["accepted"], body["duplicate"], body["quarantined"]) == ("FILL", 3, 0, 0)
    assert [(row["index"], row["status"]) for row in body["results"]] == [(n, "accepted") for n in range(3)]
    row = CountHour.objects.get()
    assert (row.good[2], row.scrap[2], row.shift) == (50, 2, plant.shift)
    [stop] = Stop.objects.all()
    assert (stop.starts_at, stop.ends_at, stop.plc_code) == (
        SIX + timedelta(seconds=60),
        SIX + timedelta(seconds=120),
        17,
    )
    assert list(StateInterval.objects.order_by("starts_at").values_list("kind", flat=True)) == ["run", "down", "run"]


def test_a_repeat_is_a_duplicate_and_changes_nothing(api: Caller, plant: SmallPlant) -> None:
    rows = [{"at": at(s), "state": "Execute", "counters": {"good": s}} for s in range(0, 50, 10)]
    send(api, *rows)
    samples = Sample.objects.count()
    body = send(api, *rows, rows[0]).json()
    assert (body["accepted"], body["duplicate"]) == (0, 6)
    assert "Stored before" in body["results"][0]["why"]
    assert (good(), Sample.objects.count()) == (40, samples)


def test_increments_count_once_per_key(api: Caller, plant: SmallPlant) -> None:
    send(api, {"at": at(0), "counts": {"good": 5, "scrap": 1, "key": "box-1"}})
    again = send(api, {"at": at(7), "counts": {"good": 5, "scrap": 1}, "key": "box-1"}).json()
    other = send(api, {"at": at(8), "counts": {"good": 6, "key": "box-1"}}).json()
    late = send(api, {"at": at(-30), "counts": {"total": 9, "scrap": 2, "key": "box-0"}}).json()
    assert [b["results"][0]["status"] for b in (again, other, late)] == ["duplicate", "quarantined", "accepted"]
    assert "other counts" in other["results"][0]["why"]
    assert good() == 5 + 7


def test_a_jump_is_quarantined_and_said(api: Caller, plant: SmallPlant) -> None:
    send(api, {"at": at(0), "counters": {"good": 0}})
    body = send(api, {"at": at(10), "counters": {"good": 9000}}).json()
    assert body["quarantined"] == 1
    assert "from 0 to 9000" in body["results"][0]["why"]
    assert (good(), CountFlag.objects.get().kind) == (0, "quarantine")


def test_a_late_observation_splits_a_run_moves_counts_and_keeps_the_reason(api: Caller, plant: SmallPlant) -> None:
    send(
        api,
        {"at": at(0), "state": "Held", "counters": {"good": 0}},
        {"at": at(600), "state": "Execute", "counters": {"good": 90}},
    )
    Stop.objects.update(reason=plant.jam, note="cap", explained_by="op")
    send(
        api,
        {"at": at(200), "state": "Execute", "counters": {"good": 30}},
        {"at": at(400), "state": "Held", "counters": {"good": 50}},
    )
    found = [
        ((s.starts_at - SIX).seconds, (s.ends_at - SIX).seconds, s.reason.code) for s in Stop.objects.order_by("id")
    ]
    assert sorted(found) == [(0, 200, "JAM"), (400, 600, "JAM")]
    minutes = CountHour.objects.get().good
    assert (minutes[3], minutes[6], minutes[10], sum(minutes)) == (30, 20, 40, 90)


def test_named_orders_and_items_own_their_pieces(api: Caller, plant: SmallPlant) -> None:
    running, named = plant.order("WO-1"), plant.order("WO-2", item=plant.water)
    Run.objects.create(work_center=plant.filler, order=running, item=plant.cola, starts_at=SIX, started_by="op")
    send(
        api,
        {"at": at(0), "counters": {"good": 0}},
        {"at": at(10), "counters": {"good": 4}},
        {"at": at(20), "counters": {"good": 9}, "order": "WO-2"},
    )
    rows = {(row.order, row.item): row.good_sum for row in CountHour.objects.all()}
    assert rows == {(running, plant.cola): 4, (named, plant.water): 5}


def test_a_state_of_a_state_map_is_known_by_its_name(api: Caller, plant: SmallPlant) -> None:
    mapped = StateMap.objects.create(code="M", name="M")
    StateMapEntry.objects.create(state_map=mapped, raw_code=1, state="Tool change", kind="setup")
    assert send(api, {"at": at(0), "state": "tool change"}).status_code == 200
    assert StateInterval.objects.get().kind == "setup"


def test_bad_quality_is_unknown_time_and_counts_nothing(api: Caller, plant: SmallPlant) -> None:
    send(
        api,
        {"at": at(0), "state": "Execute", "counters": {"good": 5}},
        {"at": at(60), "state": "Execute", "counters": {"good": 0}, "quality": "bad"},
        {"at": at(120), "state": "Execute", "counters": {"good": 25}},
    )
    assert list(StateInterval.objects.order_by("starts_at").values_list("kind", flat=True)) == ["run", "unknown", "run"]
    assert (good(), CountFlag.objects.count()) == (20, 0)


WRONG: list[tuple[Any, str, str]] = [
    ({"state": "Execute"}, "observations[0].at", "must be a time"),
    ({"at": "2026-03-02T06:00:00"}, "observations[0].at", "no offset"),
    ({"at": "2026-02-30T06:00:00Z"}, "observations[0].at", "must be a time"),
    ({"at": 5}, "observations[0].at", "must be a time"),
    ({"at": "1970-01-01T00:00:00Z"}, "observations[0].at", "before the year 2000"),
    ({"at": at(0), "state": "Dancing"}, "observations[0].state", "neither a PackML state"),
    ({"at": at(0), "state": 4}, "observations[0].state", "must be a text"),
    ({"at": at(0), "counters": {"good": -1}}, "observations[0].counters.good", "whole number"),
    ({"at": at(0), "counters": {"good": 1.5}}, "observations[0].counters.good", "whole number"),
    ({"at": at(0), "counters": {"good": True}}, "observations[0].counters.good", "whole number"),
    ({"at": at(0), "counters": {"goood": 1}}, "observations[0].counters.goood", "not known"),
    ({"at": at(0), "counters": {}}, "observations[0].counters", "must be an object"),
    ({"at": at(0), "counts": {"good": 1}}, "observations[0].key", "need a key"),
    ({"at": at(0), "key": "a"}, "observations[0].key", "there are none"),
    ({"at": at(0), "counts": {"total": 1, "scrap": 2, "key": "a"}}, "observations[0].counts", "cannot be"),
    (
        {"at": at(0), "counts": {"good": 1, "key": "a"}, "counters": {"good": 1}},
        "observations[0].counts",
        "said twice",
    ),
    ({"at": at(0), "order": "WO-9"}, "observations[0].order", "no work order 'WO-9'"),
    ({"at": at(0), "item": "X"}, "observations[0].item", "no item 'X'"),
    ({"at": at(0), "order": "WO-1", "item": "WATER-05"}, "observations[0].item", "not for WATER-05"),
    ({"at": at(0), "quality": "fine"}, "observations[0].quality", "must be one of"),
    ({"at": at(0), "reason_code": "17"}, "observations[0].reason_code", "whole number"),
    ({"at": at(0), "stat": "Execute"}, "observations[0].stat", "not known"),
    ("2026", "observations[0]", "must be an object"),
]


@pytest.mark.parametrize(("row", "field", "words"), WRONG)
def test_a_mistake_refuses_the_whole_call_and_is_named(
    api: Caller, plant: SmallPlant, row: Any, field: str, words: str
) -> None:
    plant.order("WO-1")
    answer = send(api, row, {"at": at(1), "state": "Execute"})
    body = answer.json()
    assert answer.status_code == 422, body
    assert words in body["fields"][field], body
    assert body["message"].startswith("Nothing was stored.")
    assert (StateInterval.objects.count(), Sample.objects.filter(work_center=plant.filler).count()) == (0, 0)


def test_an_instant_in_the_future_is_refused(api: Caller, plant: SmallPlant) -> None:
    ahead = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert "in the future" in send(api, {"at": ahead}).json()["fields"]["observations[0].at"]


@pytest.mark.parametrize(
    "body", [[], {"work_center": "FILL"}, {"work_center": "FILL", "observations": []}, {"observations": [{}]}]
)
def test_a_body_of_another_form_is_422(api: Caller, plant: SmallPlant, body: Any) -> None:
    assert api.post("observations/", body).status_code == 422


def test_more_than_a_thousand_at_once_are_refused(api: Caller, plant: SmallPlant) -> None:
    answer = send(api, *[{"at": at(s)} for s in range(1001)])
    assert (answer.status_code, "1,000" in answer.json()["message"]) == (422, True)
    assert send(api, *[{"at": at(s), "counters": {"good": s}} for s in range(1000)]).json()["accepted"] == 1000
    assert good() == 999


def test_a_machine_that_is_polled_takes_no_observations(api: Caller, plant: SmallPlant) -> None:
    controller = Controller.objects.create(code="PLC-1", name="One", site=plant.line_1.area.site, address="127.0.0.1")
    TagBinding.objects.create(controller=controller, work_center=plant.filler, role="good", tag="T", valid_from=SIX)
    answer = send(api, {"at": at(0), "state": "Execute"})
    assert (answer.status_code, "PLC-1" in answer.json()["message"]) == (409, True)
    assert send(api, {"at": at(0), "state": "Execute"}, machine="PACK").status_code == 200


def test_what_is_older_than_the_kept_samples_is_held_back_and_said(api: Caller, plant: SmallPlant) -> None:
    StateInterval.objects.create(
        work_center=plant.filler,
        starts_at=SIX - timedelta(days=100),
        ends_at=SIX - timedelta(days=99),
        state="Execute",
        kind="run",
    )
    send(api, {"at": at(0), "state": "Execute"})
    body = send(api, {"at": at(-86400), "state": "Held"}).json()
    assert (body["quarantined"], "kept only since" in body["results"][0]["why"]) == (1, True)
    assert StateInterval.objects.count() == 2


def test_a_person_needs_the_role_and_a_key_the_scope(admin: Person, plant: SmallPlant) -> None:
    reader = caller(admin, "read")
    assert send(reader, {"at": at(0)}).status_code == 403
    machine = caller(plant.person(Role.OPERATOR, plant.line_1, name="m"), "observations")
    assert send(machine, {"at": at(0)}).status_code == 200
