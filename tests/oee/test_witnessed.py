"""Bounds of KPIs whose count is contradicted (R25, R38): the number stays, what it may really be is told beside it."""

from decimal import Decimal

from mes.oee.formulas import Elements, kpi
from mes.oee.places import line_place, machine_place
from mes.oee.policy import DEFAULT
from mes.oee.witnessed import bounded, heard_from, heard_of
from mes.witness.judge import Comparison, Status, judge
from mes.witness.tasks import weigh_all
from tests.witness.conftest import NOW, SIX, Chain, chain  # noqa: F401  (a fixture)

# 100 min planned, 80 run; 500 good pieces of 4.8 s = 40 min of ideal time: OEE 0.40
MIN = 60_000
HALF = Elements(
    calendar_ms=100 * MIN, scheduled_ms=100 * MIN, run_ms=80 * MIN, unplanned_ms=20 * MIN, good=500, total=500,
    ideal_good_ms=Decimal(40 * MIN), ideal_total_ms=Decimal(40 * MIN), ideal_total_known_ms=Decimal(40 * MIN),
)  # fmt: skip


def by_hand(counted: int, said: int) -> Comparison:
    pieces = Decimal(counted)
    return Comparison("M-1", "tally", pieces, pieces, Decimal(said), Decimal(2), Decimal("0.005"))


def test_a_contradicted_count_widens_the_bounds_of_oee_and_changes_no_number() -> None:
    heard = heard_from(judge(["M-1"], [by_hand(500, 1000)])["M-1"], "M-1", SIX, NOW)
    plain, said = kpi(HALF, DEFAULT), bounded(kpi(HALF, DEFAULT), heard)
    assert (plain.oee, plain.oee_low, plain.oee_high) == (0.4, 0.4, 0.4)
    assert (said.oee, said.performance, said.oee_low) == (plain.oee, plain.performance, 0.4)
    assert said.oee_high is not None
    assert round(said.oee_high, 4) == 0.8056  # 0.40 x 1007 / 500
    assert said.notes[-1].code == "contradicted"
    assert "M-1 counted 500, a count by hand 1,000: 500 too few (50.0%)" in said.notes[-1].text


def test_unknown_time_and_a_contradiction_widen_the_bounds_together() -> None:
    dark = kpi(HALF + Elements(calendar_ms=100 * MIN, scheduled_ms=100 * MIN, unknown_ms=100 * MIN), DEFAULT)
    assert (dark.oee_low, dark.oee_high) == (0.2, 0.7)  # 40 of 200 min; (40 + 100) of 200 min
    heard = heard_from(judge(["M-1"], [by_hand(500, 400)])["M-1"], "M-1", SIX, NOW)
    said = bounded(dark, heard)
    assert said.oee_low is not None
    assert round(said.oee_low, 6) == round(0.2 * 396 / 500, 6)  # 400 seen, 4 allowed
    assert said.oee_high == 0.7


def test_witnessed_and_unwitnessed_counts_leave_figures_alone() -> None:
    plain = kpi(HALF, DEFAULT)
    for comparisons in ([], [by_hand(500, 500)]):
        heard = heard_from(judge(["M-1"], comparisons)["M-1"], "M-1", SIX, NOW)
        assert bounded(plain, heard) is plain


def test_a_counter_that_stood_at_zero_has_no_upper_bound() -> None:
    heard = heard_from(judge(["M-1"], [by_hand(0, 400)])["M-1"], "M-1", SIX, NOW)
    assert bounded(kpi(HALF, DEFAULT), heard).oee_high is None


def test_a_serial_line_is_as_well_witnessed_as_its_exit_r38(chain: Chain) -> None:  # noqa: F811
    chain.link(3)
    chain.link(4)
    for machine in (3, 4):
        chain.count(machine, [1000] * 8)
    chain.count(5, [500] * 8)
    weigh_all(now=NOW)
    assert heard_of(machine_place(chain.machines[2]), SIX, NOW).status is Status.WITNESSED
    heard = heard_of(line_place(chain.line), SIX, NOW)
    assert (heard.machine, heard.status) == ("M-5", Status.CONTRADICTED)
    assert heard.high_share == (8000 + Decimal(22) + 20) / 4000  # 8000 seen, buffer and borders 22, 0.5 % of 4000


def test_machines_that_add_up_are_counted_by_status(chain: Chain) -> None:  # noqa: F811
    chain.line.flow = "parallel"
    chain.line.save()
    chain.link(1)
    for machine in (1, 2):
        chain.count(machine, [1000] * 8)
    weigh_all(now=NOW)
    heard = heard_of(line_place(chain.line), SIX, NOW)
    assert (heard.status, heard.machines) == (None, {"witnessed": 2, "unwitnessed": 3, "contradicted": 0})
