"""Policies as stored (R45): the same words are one version, and a policy is in force from a full hour on."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mes.journal.models import JournalEntry
from mes.oee.elements import Elements
from mes.oee.facts import window_facts
from mes.oee.figures import figures
from mes.oee.formulas import kpi_of_parts
from mes.oee.models import PolicyInForce, PolicyVersion
from mes.oee.places import line_place, machine_place
from mes.oee.policies import BEGINNING, PolicyRefused, pieces_of, policies_in_force, policy_of, policy_store
from mes.oee.policy import DEFAULT, DEFAULT_PRECEDENCE, ISO, SMRP, Claim, Policy
from mes.oee.policy_change import full_hour, policies_follow, policy_adopt
from mes.plant.changes import ShiftLocked
from mes.plant.models import ChangedStretch, Shift, WorkCenter
from mes.production.models import Run
from mes.tracking.models import StateInterval
from tests.production.small_plant import SIX, SmallPlant, counted, small_plant

HOUR, MIN = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def plant(db: None) -> SmallPlant:
    return small_plant()


@pytest.fixture
def adopt(plant: SmallPlant) -> Callable[..., PolicyVersion]:
    def adopted(
        policy: Policy, *, at: object = SIX, valid_from: object = None, why: str = "Tried", **more: object
    ) -> PolicyVersion:
        return policy_adopt(
            place=("line", "LINE-1"),
            work_centers=[plant.filler, plant.packer],
            policy=policy,
            valid_from=valid_from,  # type: ignore[arg-type]
            actor="mara",
            at=at,  # type: ignore[arg-type]
            why=why,
            **more,  # type: ignore[arg-type]
        )[0]

    return adopted


def labels(machine: WorkCenter, start: object, end: object) -> list[tuple[object, str]]:
    begun = policies_in_force([machine], start, end)[machine.pk]  # type: ignore[arg-type]
    return [(since, policy.label) for since, policy in begun]


def test_r45_the_same_words_are_one_version_and_other_words_the_next(db: None) -> None:
    first = policy_store(DEFAULT, at=SIX)
    again = policy_store(replace(DEFAULT, version=7, coverage_floor=Decimal("0.90")), at=SIX + HOUR)
    other = policy_store(replace(DEFAULT, micro_threshold_ms=60_000), at=SIX)
    iso = policy_store(ISO, at=SIX)
    assert again.pk == first.pk
    assert [(row.name, row.number) for row in (first, other, iso)] == [
        ("six-losses", 1),
        ("six-losses", 2),
        ("iso-22400", 1),
    ]


def test_r45_a_stored_policy_comes_back_with_every_field(db: None) -> None:
    precedence = (Claim.PLANNED_STOP, *[claim for claim in DEFAULT_PRECEDENCE if claim is not Claim.PLANNED_STOP])
    draft = Policy(
        "own",
        micro_threshold_ms=30_000,
        micro_class="iso",
        min_run_ms=5_000,
        changeover_loss="nee",
        no_order_in_pbt=False,
        denominator="scheduled",
        coverage_floor=Decimal("0.75"),
        cap_performance=True,
        failure_divisor="failures+1",
        precedence=precedence,
    )
    assert policy_of(policy_store(draft, at=SIX)) == draft


def test_a_machine_nobody_noted_yet_has_the_default_with_its_own_threshold(plant: SmallPlant) -> None:
    WorkCenter.objects.filter(pk=plant.press.pk).update(micro_stop_s=45)
    machines = list(WorkCenter.objects.order_by("code"))
    found = policies_in_force(machines, SIX, SIX + HOUR)
    assert found[plant.press.pk] == [(SIX, replace(DEFAULT, micro_threshold_ms=45_000))]
    assert found[plant.filler.pk] == [(SIX, DEFAULT)]


def test_policies_of_any_number_of_machines_take_one_query(plant: SmallPlant) -> None:
    policies_follow(at=SIX)
    machines = list(WorkCenter.objects.all())
    with CaptureQueriesContext(
        connection,
    ) as asked:
        policies_in_force(machines, SIX, SIX + HOUR)
    assert len(asked) == 1


def test_a_changed_micro_stop_threshold_is_in_force_from_the_next_full_hour_and_history_stays(
    plant: SmallPlant,
) -> None:
    assert policies_follow(at=SIX) == 3
    assert policies_follow(at=SIX + MIN) == 0
    WorkCenter.objects.filter(pk=plant.packer.pk).update(micro_stop_s=60)  # by whatever door
    assert policies_follow(at=SIX + 20 * MIN) == 1
    assert policies_follow(at=SIX + 21 * MIN) == 0
    assert labels(plant.packer, SIX, SIX + 2 * HOUR) == [
        (SIX, "six-losses v1, stops under 120 s are lost speed"),
        (SIX + HOUR, "six-losses v2, stops under 60 s are lost speed"),
    ]
    assert labels(plant.filler, SIX, SIX + 2 * HOUR) == [(SIX, "six-losses v1, stops under 120 s are lost speed")]
    entry = JournalEntry.objects.get(action="policy_follow")
    assert (entry.kind, entry.code, entry.actor) == ("work-center", "PACK", "system")
    assert not ChangedStretch.objects.exists()


def test_a_threshold_changed_twice_within_an_hour_ends_as_the_last_word(plant: SmallPlant) -> None:
    policies_follow(at=SIX)
    for seconds, minute in ((60, 10), (90, 20)):
        WorkCenter.objects.filter(pk=plant.packer.pk).update(micro_stop_s=seconds)
        policies_follow(at=SIX + minute * MIN)
    assert [label for _, label in labels(plant.packer, SIX, SIX + 2 * HOUR)] == [
        "six-losses v1, stops under 120 s are lost speed",
        "six-losses v3, stops under 90 s are lost speed",
    ]


def test_an_adopted_policy_begins_with_the_next_full_hour(
    plant: SmallPlant, adopt: Callable[..., PolicyVersion]
) -> None:
    adopt(ISO, at=SIX + 5 * MIN, why="Group reports by ISO")
    assert labels(plant.packer, SIX, SIX + 2 * HOUR) == [
        (SIX, "six-losses v1, stops under 120 s are lost speed"),
        (SIX + HOUR, "iso-22400 v1, stops under 120 s are stops"),
    ]
    assert labels(plant.press, SIX, SIX + 2 * HOUR) == [(SIX, "six-losses v1, stops under 120 s are lost speed")]
    entry = JournalEntry.objects.get(action="policy_adopt")
    assert (entry.kind, entry.code, entry.actor) == ("line", "LINE-1", "mara")
    assert entry.data["why"] == "Group reports by ISO"
    assert entry.data["after"] == dict.fromkeys(("FILL", "PACK"), "iso-22400 v1, stops under 120 s are stops")
    assert not ChangedStretch.objects.exists()


def test_machines_may_keep_their_own_thresholds(plant: SmallPlant, adopt: Callable[..., PolicyVersion]) -> None:
    WorkCenter.objects.filter(pk=plant.packer.pk).update(micro_stop_s=45)
    adopt(ISO, own_thresholds=True)
    assert labels(plant.filler, SIX, SIX + HOUR)[0][1] == "iso-22400 v1, stops under 120 s are stops"
    assert labels(plant.packer, SIX, SIX + HOUR)[0][1] == "iso-22400 v2, stops under 45 s are stops"


def test_adopted_twice_it_happens_once(plant: SmallPlant, adopt: Callable[..., PolicyVersion]) -> None:
    first = adopt(SMRP)
    assert adopt(SMRP).pk == first.pk
    assert JournalEntry.objects.filter(action="policy_adopt").count() == 1
    assert PolicyInForce.objects.filter(policy=first).count() == 2


def test_the_machines_own_threshold_follows_an_adopted_policy_when_it_comes_into_force(
    plant: SmallPlant, adopt: Callable[..., PolicyVersion]
) -> None:
    adopt(replace(ISO, micro_threshold_ms=30_000), valid_from=SIX + 5 * HOUR)
    policies_follow(at=SIX + HOUR)
    assert WorkCenter.objects.get(code="PACK").micro_stop_s == 120
    policies_follow(at=SIX + 5 * HOUR)
    assert WorkCenter.objects.get(code="PACK").micro_stop_s == 30
    assert policies_follow(at=SIX + 6 * HOUR) == 0
    assert JournalEntry.objects.filter(action="policy_follow").count() == 0


def test_a_restate_reads_the_past_anew_and_queues_it(plant: SmallPlant, adopt: Callable[..., PolicyVersion]) -> None:
    policies_follow(at=SIX)
    WorkCenter.objects.filter(pk=plant.packer.pk).update(micro_stop_s=60)
    policies_follow(at=SIX + 20 * MIN)
    adopt(ISO, at=SIX + 6 * HOUR, valid_from=SIX - 24 * HOUR, why="The group restates the month")
    begun = labels(plant.packer, SIX - 48 * HOUR, SIX + 8 * HOUR)
    assert begun == [
        (SIX - 48 * HOUR, "six-losses v1, stops under 120 s are lost speed"),
        (SIX - 24 * HOUR, "iso-22400 v1, stops under 120 s are stops"),
    ]
    queued = ChangedStretch.objects.order_by("work_center__code").values_list(
        "work_center__code", "starts_at", "ends_at"
    )
    assert list(queued) == [(code, SIX - 24 * HOUR, SIX + 6 * HOUR) for code in ("FILL", "PACK")]
    assert WorkCenter.objects.get(code="PACK").micro_stop_s == 120
    assert policies_follow(at=SIX + 7 * HOUR) == 0


def test_r44_a_locked_shift_refuses_a_restate_and_nothing_is_changed(
    plant: SmallPlant, adopt: Callable[..., PolicyVersion]
) -> None:
    Shift.objects.update(locked_at=SIX + 9 * HOUR)
    with pytest.raises(ShiftLocked):
        adopt(ISO, at=SIX + 30 * HOUR, valid_from=SIX)
    assert not ChangedStretch.objects.exists()
    assert not PolicyInForce.objects.filter(policy__name="iso-22400").exists()


@pytest.mark.parametrize("why", ["", "  ", "x" * 201, "a\0b"])
def test_a_change_needs_a_reason_that_can_be_kept(adopt: Callable[..., PolicyVersion], why: str) -> None:
    with pytest.raises(PolicyRefused):
        adopt(ISO, why=why)


def test_full_hours() -> None:
    assert full_hour(SIX) == SIX
    assert full_hour(SIX + timedelta(microseconds=1)) == SIX + HOUR


def test_a_window_is_cut_where_a_policy_begins() -> None:
    begun = [(BEGINNING, DEFAULT), (SIX + HOUR, ISO)]
    assert pieces_of(begun, SIX, SIX + 2 * HOUR) == [(SIX, SIX + HOUR, DEFAULT), (SIX + HOUR, SIX + 2 * HOUR, ISO)]
    assert pieces_of(begun, SIX + HOUR, SIX + 2 * HOUR) == [(SIX + HOUR, SIX + 2 * HOUR, ISO)]
    assert pieces_of(begun, SIX, SIX) == [(SIX, SIX, DEFAULT)]


def test_r45_a_window_over_two_policies_is_computed_piecewise(plant: SmallPlant) -> None:
    """Two hours, each with a standstill of 90 s: a micro-stop under 120 s, an unplanned stop once 60 s is the limit."""
    policies_follow(at=SIX - HOUR)
    WorkCenter.objects.filter(pk=plant.packer.pk).update(micro_stop_s=60)
    policies_follow(at=SIX + 30 * MIN)  # in force from 07:00
    order = plant.order("WO-1")
    Run.objects.create(
        work_center=plant.packer, order=order, item=plant.cola, starts_at=SIX, ends_at=SIX + 2 * HOUR, started_by="otto"
    )
    stood = timedelta(seconds=90)
    edges = [0 * MIN, 10 * MIN, 10 * MIN + stood, 70 * MIN, 70 * MIN + stood, 120 * MIN]
    for (since, until), kind in zip(pairwise(edges), ["run", "down", "run", "down", "run"], strict=True):
        StateInterval.objects.create(
            work_center=plant.packer, starts_at=SIX + since, ends_at=SIX + until, state=kind, kind=kind
        )
    counted(plant.packer, SIX + 5 * MIN, good=3000, order=order, shift=plant.shift)
    counted(plant.packer, SIX + 65 * MIN, good=4500, order=order, shift=plant.shift)
    window = (SIX, SIX + 2 * HOUR)
    fact = window_facts([plant.packer], *window, now=SIX + 9 * HOUR)["PACK"]
    assert [(e.micro_ms, e.unplanned_ms, p.version) for e, p in fact.parts] == [(90_000, 0, 1), (0, 90_000, 2)]
    assert (fact.elements.micro_ms, fact.elements.unplanned_ms) == (90_000, 90_000)
    assert fact.elements.scheduled_ms == 7_200_000
    assert fact.kpi.availability == pytest.approx((7200 - 90) / 7200)
    assert fact.kpi.oee == pytest.approx(7500 * 0.8 / 7200)
    [note] = [note for note in fact.kpi.notes if note.code == "policy-changed"]
    assert "120 s are lost speed" in note.text
    assert "60 s are lost speed" in note.text
    for place in (machine_place(plant.packer), line_place(plant.line_1)):
        [figure] = figures(place, [window], now=SIX + 9 * HOUR)
        assert [policy.version for _, policy in figure.parts] == [1, 2]
        assert figure.kpi.oee == pytest.approx(7500 * 0.8 / 7200)
        assert figure.elements is not None
        assert figure.elements.unplanned_ms == 90_000


def test_r45_parts_that_divide_differently_are_each_divided_their_way() -> None:
    """60 min of 50 run, 10 planned stop each: busy time 50 under ISO, 60 under SMRP: availability 100 of 110."""
    hour = Elements(calendar_ms=3_600_000, scheduled_ms=3_600_000, run_ms=3_000_000, planned_stop_ms=600_000)
    said = kpi_of_parts([(hour, ISO), (hour, SMRP)], where="PACK", in_turn=True)
    assert said.availability == pytest.approx(100 / 110)
    assert said.pbt_ms == 110 * 60_000
    assert [note.code for note in said.notes if note.code == "policy-changed"] == ["policy-changed"]


def test_machines_of_a_line_with_thresholds_of_their_own_need_no_note() -> None:
    hour = Elements(calendar_ms=3_600_000, scheduled_ms=3_600_000, run_ms=3_600_000)
    said = kpi_of_parts([(hour, DEFAULT), (hour, replace(DEFAULT, micro_threshold_ms=60_000))])
    assert "policy-changed" not in [note.code for note in said.notes]
