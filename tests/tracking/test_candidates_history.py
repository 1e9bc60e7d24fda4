"""History from recorded values: counts equal the ledger from the first recorded value on, and nothing is doubled."""

from datetime import datetime

import pytest

from mes.downtime.models import Stop
from mes.journal.models import JournalEntry
from mes.plant.models import ChangedStretch
from mes.plc.models import Controller, StateMap, StateMapEntry, TagBinding
from mes.production.models import IdealCycle
from mes.tracking.confirm import BindingRefused, Confirmed, bindings_confirm
from mes.tracking.models import CandidateSample, CountFlag, CountHour, Sample, StateInterval
from tests.production.small_plant import SmallPlant
from tests.tracking.recorded import KIND, Recording, at

ROLES = {"good": "M1.Good", "scrap": "M1.Scrap", "state": "M1.State", "reason": "M1.ReasonCode"}


@pytest.fixture
def plc(plant: SmallPlant) -> Controller:
    IdealCycle.objects.update(ideal_cycle_s="0.7")
    return Controller.objects.create(code="PLC-1", name="PLC", site=plant.line_1.area.site, address="127.0.0.1:1")


@pytest.fixture
def packml(db: None) -> StateMap:
    found = StateMap.objects.create(code="PACK", name="PackML")
    for code, kind in KIND.items():
        StateMapEntry.objects.create(state_map=found, raw_code=code, state=f"State {code}", kind=kind)
    return found


def confirm(recording: Recording, plant: SmallPlant, packml: StateMap, second: float, **roles: str) -> Confirmed:
    return bindings_confirm(
        controller=recording.controller,
        work_center=plant.filler,
        roles=roles or ROLES,
        state_map=packml,
        actor="eva",
        at=at(second),
    )


def counted(plant: SmallPlant) -> tuple[int, int]:
    """Good and scrap stored: in minutes and as made in a gap. Nothing may be held back."""
    hours = list(CountHour.objects.filter(work_center=plant.filler))
    flags = list(CountFlag.objects.filter(work_center=plant.filler))
    assert {flag.kind for flag in flags} <= {"gap"}
    by_role = {"good": sum(h.good_sum for h in hours), "scrap": sum(h.scrap_sum for h in hours)}
    for flag in flags:
        by_role[flag.role] += int(flag.quantity)
    return by_role["good"], by_role["scrap"]


def seconds_by_kind(plant: SmallPlant, end: datetime) -> dict[str, float]:
    found: dict[str, float] = {}
    for span in StateInterval.objects.filter(work_center=plant.filler):
        found[span.kind] = found.get(span.kind, 0) + ((span.ends_at or end) - span.starts_at).total_seconds()
    return found


@pytest.mark.parametrize("seed", [13, 61])
def test_counts_equal_the_ledger_from_the_first_recorded_value_on(
    plant: SmallPlant, plc: Controller, packml: StateMap, seed: int
) -> None:
    recording = Recording(plc, seed)
    recording.record(120, 3000)
    done = confirm(recording, plant, packml, 3003)
    assert (done.bound, done.valid_from, done.told.first_at, done.told.last_at) == (4, at(120), at(120), at(3000))
    good, scrap = recording.made(120, 3000)
    assert good > 1000
    assert scrap > 20
    assert counted(plant) == (good, scrap)
    assert set(TagBinding.objects.values_list("valid_from", flat=True)) == {at(120)}
    mark = ChangedStretch.objects.get(why="bindings_confirm")  # R43
    assert (mark.starts_at, mark.ends_at) == (at(120), at(3000))


def test_state_seconds_lie_within_one_round_per_transition_and_stops_carry_their_code(
    plant: SmallPlant, plc: Controller, packml: StateMap
) -> None:
    recording = Recording(plc, 31)
    recording.record(0, 3600)
    confirm(recording, plant, packml, 3601)
    stored = seconds_by_kind(plant, at(3600))
    truth, transitions = recording.kind_s(0, 3600)
    assert sum(stored.values()) == pytest.approx(3600, abs=0.01)
    for kind, seconds in truth.items():
        assert stored.get(kind, 0) == pytest.approx(seconds, abs=5 * transitions)
    codes = set(Stop.objects.filter(work_center=plant.filler).values_list("plc_code", flat=True))
    assert {201, 102, 401} <= codes


def test_live_readings_go_on_from_the_last_recorded_value(plant: SmallPlant, plc: Controller, packml: StateMap) -> None:
    recording = Recording(plc, 17)
    recording.record(0, 1200)
    confirm(recording, plant, packml, 1203)
    recording.poll(1207, 1800)
    assert counted(plant) == recording.made(0, 1800)
    spans = StateInterval.objects.filter(work_center=plant.filler).order_by("starts_at")
    assert spans.filter(ends_at=None).count() == 1
    unknown = [(s.starts_at, s.ends_at) for s in spans if s.kind == "unknown"]
    assert unknown == [(at(1200), at(1207))]


def test_said_twice_it_happens_once(plant: SmallPlant, plc: Controller, packml: StateMap) -> None:
    recording = Recording(plc, 17)
    recording.record(0, 900)
    confirm(recording, plant, packml, 903)
    before = (counted(plant), StateInterval.objects.count(), Sample.objects.count())
    assert confirm(recording, plant, packml, 1000).bound == 0
    assert (counted(plant), StateInterval.objects.count(), Sample.objects.count()) == before
    entries = JournalEntry.objects.filter(action="bindings_confirm")
    assert [entry.data["roles"] for entry in entries] == [ROLES]


def test_a_pause_in_the_recording_is_unknown_time_and_its_pieces_are_not_lost(
    plant: SmallPlant, plc: Controller, packml: StateMap
) -> None:
    recording = Recording(plc, 61)
    recording.record(0, 600)
    recording.record(1500, 2100)
    confirm(recording, plant, packml, 2101)
    assert counted(plant) == recording.made(0, 2100)
    gap = StateInterval.objects.get(work_center=plant.filler, kind="unknown")
    assert (gap.starts_at, gap.ends_at) == (at(600), at(1500))


def test_a_machine_that_has_facts_gets_history_only_from_before_them(
    plant: SmallPlant, plc: Controller, packml: StateMap
) -> None:
    recording = Recording(plc, 13)
    recording.record(0, 600)
    TagBinding.objects.create(controller=plc, work_center=plant.filler, role="good", tag="M1.Good", valid_from=at(602))
    recording.poll(605, 900)
    recording.record(905, 1000)
    live = recording.made(605, 900)[0]
    assert counted(plant) == (live, 0)
    confirm(recording, plant, packml, 1001, scrap="M1.Scrap", state="M1.State")
    # scrap and state of the first ten minutes; what was counted live stays as it is
    assert counted(plant) == (live, recording.made(0, 600)[1])
    assert {s.kind for s in StateInterval.objects.filter(starts_at__lt=at(590))} >= {"run"}


def test_a_role_that_is_bound_already_is_refused_in_words(plant: SmallPlant, plc: Controller, packml: StateMap) -> None:
    recording = Recording(plc, 13)
    recording.record(0, 60)
    TagBinding.objects.create(controller=plc, work_center=plant.filler, role="good", tag="Other", valid_from=at(-500))
    with pytest.raises(BindingRefused, match="Good count of FILL is bound to Other of PLC-1 in that time"):
        confirm(recording, plant, packml, 61)
    assert TagBinding.objects.count() == 1
    assert not StateInterval.objects.exists()


@pytest.mark.parametrize(
    ("roles", "words"),
    [
        ({"good": "M1.Good", "total": "M1.Good"}, "chosen twice"),
        ({"good": "Nobody"}, "never recorded"),
        ({"shape": "M1.Good"}, "no meaning 'shape'"),
    ],
)
def test_what_cannot_be_bound_is_refused(
    plant: SmallPlant, plc: Controller, packml: StateMap, roles: dict[str, str], words: str
) -> None:
    recording = Recording(plc, 13)
    recording.record(0, 60)
    with pytest.raises(BindingRefused, match=words):
        confirm(recording, plant, packml, 61, **roles)


def test_a_state_needs_a_map(plant: SmallPlant, plc: Controller) -> None:
    recording = Recording(plc, 13)
    recording.record(0, 10)
    with pytest.raises(BindingRefused, match=r"what the codes of M1\.State mean"):
        confirm(recording, plant, None, 11)  # type: ignore[arg-type]
    assert CandidateSample.objects.exists()
