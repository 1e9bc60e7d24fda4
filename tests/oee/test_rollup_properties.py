"""What holds for any stream of facts (hypothesis): rolled as they come and mended when they change, or all at once."""

import itertools
import random
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mes.downtime.models import Stop
from mes.oee.elements import add_up, elements_by, elements_from
from mes.oee.fact_models import DayFact, HourFact, RollMark
from mes.oee.figures import figures
from mes.oee.places import line_place, machine_place
from mes.oee.policy import Policy
from mes.oee.rollup import line_roll
from mes.oee.stored import COLUMNS, from_columns, to_columns
from mes.oee.timeline import OrderSpan, StateSpan, StopSpan, owners
from mes.plant.changes import changed
from mes.plant.models import WorkCenter
from mes.production.models import Run
from mes.tracking.models import CountFlag, StateInterval
from tests.oee.rolled_plant import HOUR, MIN
from tests.oee.test_timeline_properties import END, POLICIES, calm, counts, orders, states, stops
from tests.production.small_plant import SIX, SmallPlant, counted, small_plant

MS = timedelta(milliseconds=1)


@calm
@given(
    st.lists(states, max_size=6),
    st.lists(stops, max_size=4),
    st.lists(orders, max_size=3),
    st.lists(counts, max_size=5),
    POLICIES,
    st.lists(st.integers(1, END - 1), max_size=3),
)
def test_r37_what_is_shared_out_by_order_and_item_adds_up_exactly(
    states: list[StateSpan],
    stops: list[StopSpan],
    orders: list[OrderSpan],
    counts: list,
    policy: Policy,
    cuts: list[int],
) -> None:
    scheduled = [(0, END // 3), (END // 2, END)]
    owned = owners((0, END), scheduled=scheduled, states=states, stops=stops, orders=orders, policy=policy, now_ms=END)
    whole = elements_from(owned, counts, window=(0, END), stops=stops)
    edges = sorted({0, END, *cuts})
    parts = [
        part
        for since, until in itertools.pairwise(edges)
        for part in elements_by(
            [piece.cut(since, until) for piece in owned if piece.start_ms < until and piece.end_ms > since],
            counts,
            by=lambda said: (said.order, said.item),
            rest=(None, None),
            window=(since, until),
            stops=stops,
        ).values()
    ]
    assert add_up(parts) == whole
    assert from_columns(to_columns(whole), whole.no_ideal_items) == whole


class Story:
    """Ten hours of two machines, thrown from a seed: some facts come in time, some are told or changed later."""

    def __init__(self, plant: SmallPlant, seed: int) -> None:
        self.dice, self.plant = random.Random(seed), plant
        self.machines = [plant.filler, plant.packer]
        orders = [plant.order("WO-1"), plant.order("WO-2", item=plant.water)]
        turn = SIX + self.dice.randrange(36_000) * timedelta(seconds=1)
        self.orders = orders
        for wc in self.machines:
            Run.objects.create(
                work_center=wc, order=orders[0], item=plant.cola, starts_at=SIX, ends_at=turn, started_by="x"
            )
            Run.objects.create(work_center=wc, order=orders[1], item=plant.water, starts_at=turn, started_by="x")

    def hour(self, number: int) -> None:
        """States, stops and counts of one hour."""
        begin = SIX + number * HOUR
        for wc in self.machines:
            at = begin
            while at < begin + HOUR:
                until = min(at + self.dice.choice((20_000, 119_999, 130_000, 900_000, 3_000_000)) * MS, begin + HOUR)
                kind = self.dice.choice(("run", "run", "run", "down", "waiting", "idle", "setup", ""))
                if kind:
                    StateInterval.objects.create(work_center=wc, starts_at=at, ends_at=until, state=kind, kind=kind)
                if kind == "down":
                    Stop.objects.create(work_center=wc, starts_at=at, ends_at=until, state=kind, reason=self._reason())
                at = until
            order = self.dice.choice((None, *self.orders))
            shift = self.plant.shift if number < 8 else None
            minute = begin + self.dice.randrange(60) * MIN
            counted(wc, minute, good=self.dice.randrange(90), scrap=self.dice.randrange(9), order=order, shift=shift)

    def late(self, number: int) -> None:
        """Something of an earlier hour is told or changed now, and said so."""
        wc = self.dice.choice(self.machines)
        begin = SIX + self.dice.randrange(number + 1) * HOUR
        end = begin + self.dice.randrange(1, 5_000_000) * MS
        if self.dice.random() < 0.4:
            CountFlag.objects.create(
                work_center=wc,
                kind="gap",
                role="good",
                quantity=self.dice.randrange(1, 30),
                from_at=begin,
                to_at=end,
                item=self.plant.cola,
            )
        elif (
            stop := Stop.objects.filter(work_center=wc, starts_at__gte=begin).order_by("starts_at").first()
        ) is not None:
            Stop.objects.filter(pk=stop.pk).update(reason=self._reason())
            begin, end = stop.starts_at, stop.ends_at or stop.starts_at
        state = StateInterval.objects.filter(work_center=wc, starts_at__gte=begin, ends_at__lte=end).first()
        if state is not None:
            StateInterval.objects.filter(pk=state.pk).update(kind=self.dice.choice(("run", "down", "idle")))
        changed([(wc.pk, begin, end)], why="late")

    def _reason(self) -> object:
        return self.dice.choice((None, self.plant.jam, self.plant.motor, self.plant.cleaning))


@pytest.mark.django_db
# A smaller seed is no simpler story, so nothing is shrunk.
@settings(deadline=None, max_examples=6, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32))
def test_r43_r48_rolled_and_mended_as_facts_come_equals_rolled_from_scratch(seed: int) -> None:
    with transaction.atomic():
        plant = small_plant()
        story, end = Story(plant, seed), SIX + 10 * HOUR
        for number in range(10):
            story.hour(number)
            if story.dice.random() < 0.7:
                story.late(number)
            # An hour is rolled a quarter after its end, so what follows it within that quarter is known by then:
            # whether a short stop at its end went on decides whose time it was.
            line_roll(plant.line_1, now=SIX + number * HOUR + 16 * MIN)
        window = (SIX + story.dice.randrange(9_000_000) * MS, end - story.dice.randrange(9_000_000) * MS)
        now = end + HOUR
        line_roll(plant.line_1, now=now)
        asked = (line_place(plant.line_1), *map(machine_place, WorkCenter.objects.filter(line=plant.line_1)))
        mended, told = _rows(), [figures(place, [window], now=now)[0].elements for place in asked]
        HourFact.objects.all().delete()
        DayFact.objects.all().delete()
        RollMark.objects.all().delete()
        assert [figures(place, [window], now=now)[0].elements for place in asked] == told  # all of it from raw rows
        line_roll(plant.line_1, now=now)
        assert _rows() == mended
        transaction.set_rollback(True)


def _rows() -> set[tuple[object, ...]]:
    return set(HourFact.objects.values_list("work_center", "line", "hour", "shift", "order", "item", *COLUMNS))
