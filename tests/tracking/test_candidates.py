"""Unbound tags: which are chosen from a tag list, how their values are stored, and that bound samples never pay."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection

from mes.plc.commission import browse_ask, rows_of
from mes.plc.drivers import Quality, TagInfo, TagValue
from mes.plc.engine import CommState, ExtraRead, Poll
from mes.plc.models import BrowseRequest, Controller, TagBinding
from mes.plc.spool import Spool
from mes.tracking.bindings import controller_plans
from mes.tracking.candidates import CandidateBook, candidates_ask, candidates_of
from mes.tracking.models import CandidateSample, CandidateStretch, CountHour
from mes.tracking.news import News
from mes.tracking.record import Recorder
from mes.tracking.retention import CANDIDATES, partitions_turn
from mes.tracking.writer import Writer
from tests.production.small_plant import SIX, SmallPlant


def info(name: str, kind: str = "DINT", dims: tuple[int, ...] = (), program: str | None = None) -> TagInfo:
    return TagInfo(name, kind, dims, program, "Read/Write")


def struct(name: str, kind: str, *members: TagInfo, dims: tuple[int, ...] = ()) -> TagInfo:
    return TagInfo(name, kind, dims, None, "Read/Write", members)


@pytest.fixture
def plc(plant: SmallPlant) -> Controller:
    return Controller.objects.create(code="PLC-1", name="PLC", site=plant.line_1.area.site, address="127.0.0.1:1")


def listed(controller: Controller, *tags: TagInfo) -> None:
    request = browse_ask(controller=controller, tags=[], actor="eva", at=SIX)
    BrowseRequest.objects.filter(pk=request.pk).update(state="done", listing=rows_of(tags))


def at(second: float) -> datetime:
    return SIX + timedelta(seconds=second)


def read(second: float, **values: int | float | bool | None) -> ExtraRead:
    quality = {name: Quality.BAD if value is None else Quality.GOOD for name, value in values.items()}
    return ExtraRead("PLC-1", at(second), {n: TagValue(v, quality[n]) for n, v in values.items()})


def stored(tag: str) -> list[tuple[float, int | float | None]]:
    rows = CandidateSample.objects.filter(tag__tag=tag).order_by("at")
    return [((row.at - SIX).total_seconds(), row.real if row.raw is None else row.raw) for row in rows]


def test_numbers_are_chosen_and_what_cannot_be_a_signal_is_not() -> None:
    tags = [
        info("Count"),
        info("Name", "STRING"),
        info("Long", "DINT", (33,)),
        info("Short", "INT", (3,)),
        info("Local:1:I"),
        info("__hidden"),
        struct("FILL", "MES", info("Good"), info("Text", "STRING"), info("Up", "BOOL")),
        struct("T1", "TIMER", info("ACC")),
        struct("C1", "COUNTER", info("PRE"), info("ACC")),
        struct("Lines", "MES", info("Good"), dims=(2,)),
        struct("Many", "MES", info("Good"), dims=(40,)),
        info("Program:Main.Step", "DINT", (), "Program:Main"),
    ]
    chosen = [(one.tag, one.group) for one in candidates_of(rows_of(tags))]
    assert chosen == [
        ("FILL.Good", "FILL"),
        ("FILL.Up", "FILL"),
        ("C1.ACC", "C1"),
        ("Lines[0].Good", "Lines[0]"),
        ("Lines[1].Good", "Lines[1]"),
        ("Count", ""),
        ("Program:Main.Step", "Program:Main"),
        ("Short[0]", ""),
        ("Short[1]", ""),
        ("Short[2]", ""),
    ]


def test_at_most_two_hundred_tags_are_recorded_members_of_structures_first() -> None:
    tags = [*(info(f"T{n:03}") for n in range(250)), struct("FILL", "MES", info("Good"), info("Scrap"))]
    chosen = candidates_of(rows_of(tags))
    assert len(chosen) == 200
    assert [one.tag for one in chosen[:3]] == ["FILL.Good", "FILL.Scrap", "T000"]


def test_an_unbound_controller_is_polled_for_its_candidates_once_it_was_listed(plc: Controller) -> None:
    book = CandidateBook()
    assert controller_plans(at=SIX, recorded=book.recorded(at=SIX)) == {}
    listed(plc, struct("FILL", "MES", info("Good"), info("Scrap")), info("Count"))
    plan = controller_plans(at=SIX, recorded=book.recorded(at=SIX))["PLC-1"]
    assert plan.spec.tags == ()
    assert plan.spec.extra == (("FILL.Good", "FILL.Scrap", "Count"),)
    assert plan.spec.extra_period_s == 5


def test_a_bound_tag_is_no_candidate_any_more_and_a_switch_ends_it_all(plant: SmallPlant, plc: Controller) -> None:
    listed(plc, info("A"), info("B"))
    TagBinding.objects.create(controller=plc, work_center=plant.filler, role="good", tag="A", valid_from=SIX)
    book = CandidateBook()
    plan = controller_plans(at=SIX, recorded=book.recorded(at=SIX))["PLC-1"]
    assert (plan.spec.tags, plan.spec.extra) == (("A",), (("B",),))
    Controller.objects.update(record_candidates=False)
    plan = controller_plans(at=SIX, recorded=book.recorded(at=SIX))["PLC-1"]
    assert (plan.spec.tags, plan.spec.extra) == (("A",), ())


def test_members_of_one_structure_are_read_together(plc: Controller) -> None:
    members = [info(f"M{n}") for n in range(30)]
    listed(plc, *(struct(name, "MES", *members) for name in ("A", "B", "C")))
    groups = CandidateBook().recorded(at=SIX)["PLC-1"].groups
    assert [{tag[0] for tag in group} for group in groups] == [{"A"}, {"B"}, {"C"}]


def test_a_controller_never_listed_is_asked_once_in_ten_minutes(plc: Controller) -> None:
    assert [request.asked_by for request in candidates_ask(at=SIX)] == ["system"]
    assert candidates_ask(at=at(599)) == []
    assert len(candidates_ask(at=at(601))) == 1
    Controller.objects.update(kind="pycomm3-slc")
    assert candidates_ask(at=at(3000)) == []


def test_values_are_stored_when_they_change_and_a_pause_begins_a_new_stretch(plc: Controller) -> None:
    listed(plc, info("N"), info("R", "REAL"), info("B", "BOOL"))
    recorded = CandidateBook().recorded(at=SIX)
    recorder = Recorder()
    recorder.store([read(0, N=5, R=100.0, B=True), read(5, N=5, R=100.5, B=True)], recorded)
    recorder.store([read(10, N=6, R=101.5, B=False), read(15, N=None, R=0.0, B=False)], recorded)
    assert stored("N") == [(0, 5), (10, 6), (15, None)]
    assert stored("R") == [(0, 100.0), (10, 101.5), (15, 0.0)]
    assert stored("B") == [(0, 1), (10, 0)]
    recorder.store([read(30, N=6, R=0.0, B=False)], recorded)
    recorder.store([read(46, N=6, R=0.0, B=False)], recorded)
    stretches = CandidateStretch.objects.order_by("starts_at").values_list("starts_at", "ends_at")
    assert list(stretches) == [(at(0), at(30)), (at(46), at(46))]


def test_each_day_begins_with_a_value_so_that_dropping_the_days_before_loses_nothing(plc: Controller) -> None:
    listed(plc, info("N"))
    recorded = CandidateBook().recorded(at=SIX)
    recorder = Recorder()
    partitions_turn(today=SIX.date(), keep=timedelta(days=90), table=CANDIDATES)
    day = 86_400
    recorder.store([read(0, N=5), read(day, N=5), read(day + 5, N=5)], recorded)
    assert stored("N") == [(0, 5), (day, 5)]
    partitions_turn(today=SIX.date() + timedelta(days=91), keep=timedelta(days=90), table=CANDIDATES)
    assert stored("N") == [(day, 5)]


def test_a_candidate_that_cannot_be_stored_costs_no_bound_sample(
    plant: SmallPlant, plc: Controller, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    TagBinding.objects.create(controller=plc, work_center=plant.filler, role="good", tag="G", valid_from=SIX)
    listed(plc, info("G"), info("N"))
    recorded = CandidateBook().recorded(at=SIX)
    plans = controller_plans(at=SIX, recorded=recorded)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE tracking_candidatesample RENAME TO elsewhere")
    spool, news = Spool(tmp_path / "s.sqlite3", max_bytes=1_000_000), News()
    writer = Writer(spool=spool, news=news, plans=lambda: plans, recorded=lambda: recorded)
    for seq, good in enumerate((7, 9)):
        values = {"G": TagValue(good, Quality.GOOD)}
        writer._ingest([Poll("PLC-1", 1, seq, at(seq), 0.01, CommState.ONLINE, values, None, False, "RUN")])
        writer.put_extra(read(seq, N=seq))
        writer._store_extra()
    news.stop()
    assert caplog.text.count("cannot be stored; bound tags are not affected") == 1
    assert [row.good_sum for row in CountHour.objects.all()] == [2]
