"""Pallets and counts by hand over the API: once each, only on the caller's lines, and refused in words."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mes.journal.models import JournalEntry
from mes.people.models import Person, Role
from mes.tracking.models import MachineCursor
from mes.witness.models import Kind, Scan, Tally, Witness, WitnessHour
from mes.witness.tasks import weigh_all
from tests.api.conftest import Caller, caller
from tests.production.small_plant import SIX, SmallPlant, counted


def pallet(number: str = "00340123450000000018", **more: Any) -> dict[str, Any]:
    return {"work_center": "PACK", "pallet": number, "pieces": 80, "at": SIX.isoformat()} | more


def by_hand(**more: Any) -> dict[str, Any]:
    ends = SIX + timedelta(minutes=10)
    said = {"starts_at": SIX.isoformat(), "ends_at": ends.isoformat(), "pieces": 213, "key": str(uuid4())}
    return {"work_center": "PACK"} | said | more


def test_a_pallet_scanned_twice_counts_once_and_is_journalled_once(api: Caller) -> None:
    assert api.post("pallet-scans/", pallet()).status_code == 201
    again = api.post("pallet-scans/", pallet())
    assert (again.status_code, again.json()["pieces"]) == (200, 80)
    assert Scan.objects.count() == 1
    assert JournalEntry.objects.filter(action="scan_take").count() == 1
    other = api.post("pallet-scans/", pallet(pieces=79))
    assert other.status_code == 409
    assert "with 80 pieces" in other.json()["message"]


def test_a_scan_without_a_number_takes_what_the_witness_says_or_is_refused(api: Caller, plant: SmallPlant) -> None:
    refused = api.post("pallet-scans/", pallet(pieces=None))
    assert refused.status_code == 422
    assert "pieces per pallet" in refused.json()["message"]
    Witness.objects.create(work_center=plant.packer, kind=Kind.SCAN, pieces_per_pallet=96, valid_from=SIX)
    assert api.post("pallet-scans/", pallet(pieces=None)).json()["pieces"] == 96


def test_a_scanners_key_reaches_only_its_lines_and_needs_the_scope(plant: SmallPlant, admin: Person) -> None:
    scanner = caller(admin, "observations", lines=(plant.line_2,))
    assert scanner.post("pallet-scans/", pallet()).status_code == 404
    assert caller(admin, "read").post("pallet-scans/", pallet()).status_code == 403
    owner = plant.person(Role.FINANCE)
    assert caller(owner, "observations").post("pallet-scans/", pallet()).status_code == 201  # the key is enough
    # a scanner is a machine; a count by hand is the word of a person whose role must allow it
    assert caller(owner, "observations", lines=(plant.line_1,)).post("tallies/", by_hand()).status_code == 403


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"at": "2026-03-02 06:00"}, 400),
        ({"at": "soon"}, 400),
        ({"at": (datetime.now(UTC) + timedelta(days=1)).isoformat()}, 422),
        ({"pallet": "P\x001"}, 400),
        ({"pallet": "P\t1"}, 422),
        ({"pallet": "P" * 61}, 400),
        ({"pieces": 0}, 400),
        ({"pieces": 10**12}, 400),
        ({"work_center": "NOPE"}, 404),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(api: Caller, wrong: dict[str, Any], status: int) -> None:
    answer = api.post("pallet-scans/", pallet(**wrong))
    assert (answer.status_code, Scan.objects.count()) == (status, 0)
    assert answer.json()["message"]


def test_a_count_by_hand_is_stored_once_with_what_the_counter_says(api: Caller, plant: SmallPlant) -> None:
    for minute in range(10):
        counted(
            plant.packer, SIX + timedelta(minutes=minute), good=21 if minute else 24, order=plant.order(f"W{minute}")
        )
    said = by_hand()
    first, again = api.post("tallies/", said), api.post("tallies/", said)
    assert (first.status_code, again.status_code, Tally.objects.count()) == (201, 201, 1)
    assert (first.json()["counted_low"], first.json()["counted_high"]) == ("213.000", "213.000")
    other = api.post("tallies/", said | {"pieces": 200})
    assert other.status_code == 422
    assert "sent before" in other.json()["message"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"ends_at": (SIX + timedelta(seconds=59)).isoformat()},
        {"ends_at": (SIX + timedelta(hours=5)).isoformat()},
        {"ends_at": (SIX - timedelta(hours=1)).isoformat()},
    ],
)
def test_a_count_by_hand_of_an_impossible_stretch_is_refused(api: Caller, wrong: dict[str, Any]) -> None:
    answer = api.post("tallies/", by_hand(**wrong))
    assert (answer.status_code, Tally.objects.count()) == (422, 0)


def test_balances_and_kpi_tell_who_vouches_for_a_count(api: Caller, plant: SmallPlant) -> None:
    Witness.objects.create(
        work_center=plant.filler, kind=Kind.NEIGHBOUR, neighbour=plant.packer, valid_from=SIX - timedelta(days=1)
    )
    counted(plant.filler, SIX, good=1000)
    counted(plant.packer, SIX, good=500)
    for place in (plant.filler, plant.packer):
        MachineCursor.objects.create(work_center=place, heard_at=SIX + timedelta(hours=2))
    weigh_all(now=SIX + timedelta(hours=2))
    hours = {"from": SIX.isoformat(), "to": (SIX + timedelta(hours=1)).isoformat()}
    [row] = api.get("balances/", **hours).json()["results"]
    assert (row["work_center"], row["neighbour"], row["counted"], row["said"]) == ("FILL", "PACK", 1000, "500.000")
    answer = api.get("kpi/", work_center="PACK", **hours).json()
    assert answer["witness"]["status"] == "contradicted"
    assert answer["witness"]["evidence"] == [
        "FILL counted 1,000, PACK 500: 500 too many (100.0%), where 4 could be explained."
    ]
    assert api.get("kpi/", site="SITE", **hours).json()["witness"]["machines"] == {
        "witnessed": 0,
        "unwitnessed": 1,
        "contradicted": 2,
    }


def test_lists_cost_three_queries_however_long_they_are(api: Caller, plant: SmallPlant) -> None:
    own = {"work_center": plant.packer, "kind": Kind.SCAN, "pieces_per_pallet": 80}
    witness = Witness.objects.create(**own, valid_from=SIX - timedelta(days=1))
    for n in range(4):
        at = SIX + n * timedelta(hours=1)
        WitnessHour.objects.create(witness=witness, hour=at, counted=n, said=n)
        Scan.objects.create(work_center=plant.packer, pallet=f"P{n}", pieces=80, at=at, actor="x")
        ends = at + timedelta(minutes=10)
        Tally.objects.create(
            work_center=plant.packer, starts_at=at, ends_at=ends, pieces=5, actor="x", at=ends, key=uuid4()
        )
    for resource in ("pallet-scans", "tallies", "balances"):
        with CaptureQueriesContext(connection) as asked:
            assert len(api.get(f"{resource}/").json()["results"]) == 4
        assert len(asked) == 3, resource  # the key, its lines, the rows
