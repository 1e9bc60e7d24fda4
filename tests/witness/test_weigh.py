"""The hourly mass balance on stored counts: what is compared, what is left out, and that it is done once."""

from datetime import timedelta
from decimal import Decimal

from django.db import connection
from django.test.utils import CaptureQueriesContext

from mes.plc.models import Controller, TagBinding
from mes.production.models import Item
from mes.tracking.models import CountFlag, CountHour, MachineCursor, StateInterval
from mes.witness.models import CounterState, Kind, Scan, Witness, WitnessHour
from mes.witness.queries import consistency, verdicts
from mes.witness.states import states_judge
from mes.witness.tasks import weigh_all
from mes.witness.weigh import changes_weigh, hours_weigh
from tests.witness.conftest import HOUR, NOW, SIX, Chain


def figures() -> list[tuple[int, int, Decimal, Decimal, bool]]:
    rows = WitnessHour.objects.order_by("witness__work_center__code", "hour")
    return [((row.hour - SIX) // HOUR, row.counted, row.said, row.loose, row.blind) for row in rows]


def status(chain: Chain) -> str:
    """One letter a machine."""
    return "".join(judged.verdict.status[0] for judged in verdicts(chain.machines, SIX, NOW).values())


def test_pieces_out_are_compared_with_good_and_scrap_of_the_next_machine(chain: Chain) -> None:
    chain.link(1)
    chain.count(1, [1000, 1010])
    chain.count(2, [990, 1000], scrap=6)
    hours_weigh(SIX, NOW, now=NOW)
    assert figures()[:2] == [(0, 1000, Decimal(996), 0, False), (1, 1010, Decimal(1006), 0, False)]
    assert WitnessHour.objects.get(hour=SIX).scrapped == 6
    assert status(chain) == "wwuuu"


def test_a_counter_bound_to_the_wrong_tag_that_counts_every_second_piece_is_found(chain: Chain) -> None:
    for first in (1, 2, 3, 4):
        chain.link(first)
    for machine in (1, 2, 4, 5):
        chain.count(machine, [3600] * 8)
    chain.count(3, [1800] * 8)
    weigh_all(now=NOW)
    assert status(chain) == "wwcww"
    found = verdicts(chain.machines, SIX, NOW)["M-3"].verdict
    assert found.worst is not None
    assert abs(found.worst.difference) == 8 * 1800
    # 28,800 went past, 22 pieces of buffer and borders and 0.5 % = 144 allowed: at most 28,966 of 14,400
    assert found.high_share == Decimal(28_966) / 14_400
    stored = CounterState.objects.get(work_center__code="M-3")
    assert (stored.status, stored.since) == ("contradicted", SIX)


def test_a_pack_factor_makes_pieces_of_both_machines_comparable(chain: Chain) -> None:
    chain.link(1, numerator=6, denominator=1)  # six bottles a pack
    chain.count(1, [6006] * 7)
    chain.count(2, [1001] * 7)
    hours_weigh(SIX, NOW, now=NOW)
    assert {row.said for row in WitnessHour.objects.filter(hour__lt=SIX + 7 * HOUR)} == {Decimal(6006)}
    assert status(chain) == "wwuuu"


def test_an_item_with_a_factor_of_its_own_is_not_counted_in_the_general_one(chain: Chain) -> None:
    twelve = Item.objects.create(code="TWELVE", name="Twelve")
    general, own = chain.link(1, numerator=6), chain.link(1, numerator=12, item=twelve)
    chain.count(1, [600])
    chain.count(2, [100])
    chain.count(1, [1200], item=twelve)
    chain.count(2, [100], item=twelve)
    hours_weigh(SIX, SIX + HOUR, now=NOW)
    said = {row.witness_id: (row.counted, row.said) for row in WitnessHour.objects.all()}
    assert said == {general.pk: (600, Decimal(600)), own.pk: (1200, Decimal(1200))}


def test_only_hours_that_are_settled_are_weighed_and_a_second_time_changes_nothing(chain: Chain) -> None:
    chain.link(1)
    chain.count(1, [100] * 9)
    chain.count(2, [100] * 9)
    assert hours_weigh(SIX, NOW, now=NOW) == 8  # the ninth hour is still running
    assert hours_weigh(SIX, NOW, now=NOW) == 0
    CountHour.objects.filter(work_center=chain.machines[0], hour=SIX).update(good_sum=70)
    assert hours_weigh(SIX, NOW, now=NOW) == 1
    assert figures()[0][1] == 70


def test_an_hour_in_which_nobody_heard_a_machine_is_blind_and_contradicts_nobody(chain: Chain) -> None:
    chain.link(1)
    chain.count(1, [1000] * 8)
    chain.count(2, [1000, 400, *[1000] * 6])
    StateInterval.objects.create(
        work_center=chain.machines[1], starts_at=SIX + HOUR, ends_at=SIX + 1.6 * HOUR, state="?", kind="unknown"
    )
    hours_weigh(SIX, NOW, now=NOW)
    assert [row[0] for row in figures() if row[4]] == [1]
    assert status(chain) == "wwuuu"


def test_a_machine_that_was_last_heard_long_ago_is_blind_since_then(chain: Chain) -> None:
    chain.link(1)
    chain.count(1, [1000] * 8)
    chain.count(2, [1000] * 3)
    MachineCursor.objects.filter(work_center=chain.machines[1]).update(heard_at=SIX + 3 * HOUR)
    hours_weigh(SIX, NOW, now=NOW)
    assert [row[0] for row in figures() if row[4]] == [3, 4, 5, 6, 7]
    assert status(chain) == "wwuuu"


def test_pieces_of_a_gap_that_lies_across_hours_may_belong_to_either(chain: Chain) -> None:
    chain.link(1)
    chain.count(1, [1000] * 8)
    chain.count(2, [700, 800, *[1000] * 6])
    StateInterval.objects.create(
        work_center=chain.machines[1], starts_at=SIX + 0.7 * HOUR, ends_at=SIX + 1.2 * HOUR, state="?", kind="unknown"
    )
    CountFlag.objects.create(
        work_center=chain.machines[1], kind="gap", role="good", quantity=500, item=chain.item,
        from_at=SIX + 0.7 * HOUR, to_at=SIX + 1.2 * HOUR,
    )  # fmt: skip
    hours_weigh(SIX, NOW, now=NOW)
    assert figures()[:2] == [(0, 1000, 700, 500, False), (1, 1000, 1300, 500, False)]
    assert status(chain) == "wwuuu"


def test_scanned_pallets_witness_the_exit_within_one_pallet(chain: Chain) -> None:
    palletizer = chain.machines[4]
    Witness.objects.create(
        work_center=palletizer, kind=Kind.SCAN, pieces_per_pallet=80, valid_from=SIX - timedelta(days=1)
    )
    chain.count(5, [1280] * 8)
    Scan.objects.bulk_create(
        Scan(work_center=palletizer, pallet=f"P{n}", pieces=80, at=SIX + timedelta(minutes=3.75 * n), actor="scanner")
        for n in range(16 * 8)
    )
    hours_weigh(SIX, NOW, now=NOW)
    assert status(chain) == "uuuuw"
    Scan.objects.filter(at__gte=SIX + 4 * HOUR).delete()
    hours_weigh(SIX, NOW, now=NOW)
    assert status(chain) == "uuuuc"


def test_after_a_tag_was_bound_anew_the_former_counters_hours_are_no_longer_held_against_it(chain: Chain) -> None:
    chain.link(1)
    chain.count(1, [1000] * 8)
    chain.count(2, [500] * 4 + [1000] * 4)
    weigh_all(now=NOW)
    assert CounterState.objects.get(work_center__code="M-2").status == "contradicted"
    plc = Controller.objects.create(code="PLC", name="PLC", site=chain.line.area.site, address="127.0.0.1:1")
    TagBinding.objects.create(
        controller=plc, work_center=chain.machines[1], role="good", tag="Right.Good", valid_from=SIX + 4 * HOUR
    )
    assert states_judge(now=NOW) == 2
    assert set(CounterState.objects.filter(work_center__code__in=["M-1", "M-2"]).values_list("status", flat=True)) == {
        "witnessed"
    }
    assert states_judge(now=NOW) == 0


def test_consistency_of_a_line_is_none_without_a_witness_and_counts_what_nothing_explains(chain: Chain) -> None:
    chain.count(1, [1000] * 8)
    chain.count(2, [900] * 8)
    share, evidence = consistency(chain.line, SIX, NOW)
    assert (share, evidence.sentences) == (None, ())
    chain.link(1)
    hours_weigh(SIX, NOW, now=NOW)
    share, evidence = consistency(chain.line, SIX, NOW)
    # 8000 counted, 7200 seen, 22 loose + 36 tolerance allowed: 742 unexplained of 7200
    assert share == 1 - 742 / 7200
    assert evidence.sentences == ("M-1 counted 8,000, M-2 7,200: 800 too many (11.1%), where 58 could be explained.",)
    assert evidence.statuses == {"M-1": "contradicted", "M-2": "contradicted"} | dict.fromkeys(
        ["M-3", "M-4", "M-5"], "unwitnessed"
    )


def test_weighing_and_judging_take_a_fixed_number_of_queries(chain: Chain) -> None:
    def asked() -> int:
        WitnessHour.objects.all().delete()
        with CaptureQueriesContext(
            connection,
        ) as seen:
            hours_weigh(SIX, NOW, now=NOW)
            verdicts(chain.machines, SIX, NOW)
        return len(seen)

    chain.link(1)
    for machine in range(1, 6):
        chain.count(machine, [1000] * 2)
    one = asked()
    for first in (2, 3, 4):
        chain.link(first)
    assert asked() == one


def test_an_edit_of_what_is_weeks_old_is_weighed_again_and_nothing_else(chain: Chain) -> None:
    chain.link(1)
    for machine in (1, 2):
        chain.count(machine, [1000] * 3, start=SIX - timedelta(days=21))
    hours_weigh(SIX - timedelta(days=21), SIX - timedelta(days=20), now=NOW)
    at = SIX - timedelta(days=21) + 1.5 * HOUR
    CountHour.objects.filter(work_center=chain.machines[1], hour=at - HOUR / 2).update(good_sum=880)
    touched = [(chain.machines[1].pk, at, at), (chain.machines[4].pk, at, at)]
    assert changes_weigh(touched, now=NOW) == 1
    assert WitnessHour.objects.get(hour=at - HOUR / 2).said == 880
    assert changes_weigh(touched, now=NOW) == 0
