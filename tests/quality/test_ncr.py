"""Reports of nonconformances: raised once, decided once, closed when every corrective action worked."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from mes.journal.models import JournalEntry
from mes.materials.consume import lot_consume
from mes.materials.lots import lot_produce, lot_receive
from mes.materials.models import Lot
from mes.materials.refusals import LotRefused
from mes.people.models import Person, Role
from mes.production.models import Item, WorkOrder
from mes.production.orders import order_complete
from mes.production.refusals import OrderRefused
from mes.quality.corrective import action_add, action_done, action_verify
from mes.quality.models import CorrectiveAction, Nonconformance
from mes.quality.ncr import NcrRefused, closing_content, ncr_close, ncr_content, ncr_dispose, ncr_open
from mes.quality.ncr_rules import ActionState, missing_to_close
from mes.signing.confirm import Confirmed
from mes.signing.models import Signature
from mes.signing.sign import signatures_of
from tests.production.small_plant import SIX
from tests.quality.conftest import MIN, Laboratory

SAID = {"disposition": "rework", "decision": "Refill below the mark", "actor": "quinn"}


def raised(laboratory: Laboratory, **more: Any) -> Nonconformance:
    fields: dict[str, Any] = {"line": laboratory.plant.line_1, "finding": "Torn labels", "actor": "otto", "at": SIX}
    return ncr_open(**{"key": uuid4(), **fields, **more})


def syrup(laboratory: Laboratory) -> Lot:
    item = Item.objects.create(code="SYRUP", name="Syrup", unit="kg")
    return lot_receive(
        item=item, number="SYR-1", quantity=Decimal(100), site=laboratory.plant.line_1.area.site, supplier="Sweet AG",
        supplier_lot="S-77", expires_on=None, actor="stan", at=SIX, key=uuid4(),
    )  # fmt: skip


def test_a_form_sent_twice_is_one_report_and_other_words_under_its_key_are_refused(laboratory: Laboratory) -> None:
    key = uuid4()
    first = raised(laboratory, key=key, quantity=Decimal("40"))
    assert raised(laboratory, key=key, quantity=Decimal("40")).pk == first.pk
    with pytest.raises(NcrRefused, match="sent before"):
        raised(laboratory, key=key, finding="Wrong labels")
    assert str(first) == f"NCR-{first.pk}"
    assert JournalEntry.objects.filter(action="ncr_open").count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"finding": "  "},
        {"finding": "x" * 301},
        {"description": "a\0b"},
        {"quantity": Decimal(0)},
        {"quantity": Decimal("NaN")},
        {"blocks": True},
    ],
)
def test_a_report_that_says_nothing_or_cannot_be_is_refused(laboratory: Laboratory, wrong: dict[str, Any]) -> None:
    with pytest.raises(NcrRefused):
        raised(laboratory, **wrong)
    assert not Nonconformance.objects.exists()


def test_a_report_names_only_what_is_on_its_line(laboratory: Laboratory) -> None:
    with pytest.raises(NcrRefused, match="Line one"):
        raised(laboratory, work_center=laboratory.plant.press)


def test_a_decision_releases_the_hold_of_the_check_once(laboratory: Laboratory) -> None:
    hold = laboratory.weigh(40, "10.5").hold
    assert hold is not None
    report = hold.nonconformance
    for words in ({"decision": " "}, {"disposition": "burn"}, {"quantity": Decimal(-1)}):
        with pytest.raises(NcrRefused):
            ncr_dispose(**{"report": report, "at": SIX + 60 * MIN, **SAID, **words})
    assert ncr_dispose(report=report, at=SIX + 60 * MIN, quantity=Decimal(30), **SAID)
    assert not ncr_dispose(report=report, at=SIX + 61 * MIN, **SAID)
    with pytest.raises(NcrRefused, match="quinn decided this before: Rework"):
        ncr_dispose(report=report, disposition="scrap", decision="x", actor="sara", at=SIX + 62 * MIN)
    hold.refresh_from_db()
    assert (hold.released_at, hold.released_by) == (SIX + 60 * MIN, "quinn")
    report.refresh_from_db()
    assert (report.status, report.disposition, report.quantity) == ("dispositioned", "rework", Decimal(30))
    assert JournalEntry.objects.filter(action="ncr_dispose").count() == 1
    assert laboratory.weigh(70, "10.5").hold != hold  # a new finding after the release is a new hold


def test_a_held_order_is_not_completed_and_a_held_lot_not_used_until_the_report_is_decided(
    laboratory: Laboratory,
) -> None:
    lot = syrup(laboratory)
    WorkOrder.objects.filter(pk=laboratory.order.pk).update(status="running")
    report = raised(laboratory, order=laboratory.order, lot=lot, blocks=True)
    with pytest.raises(OrderRefused, match="hold"):
        order_complete(order=laboratory.order, actor="otto", at=SIX + 5 * MIN)
    take: dict[str, Any] = {"quantity": Decimal(1), "order": laboratory.order, "actor": "otto", "at": SIX + 5 * MIN}
    with pytest.raises(LotRefused, match=str(report)):
        lot_consume(lot=lot, key=uuid4(), **take)
    ncr_dispose(report=report, at=SIX + 10 * MIN, **{**SAID, "disposition": "use"})
    lot_consume(lot=lot, key=uuid4(), **take)
    assert order_complete(order=laboratory.order, actor="otto", at=SIX + 20 * MIN)


@pytest.mark.parametrize(("disposition", "after"), [("use", "free"), ("scrap", "blocked")])
def test_a_check_that_is_out_holds_the_lots_made_since_the_last_good_one(
    laboratory: Laboratory, disposition: str, after: str
) -> None:
    def made(number: str, minute: int) -> Lot:
        fields: dict[str, Any] = {"item": laboratory.plant.cola, "quantity": Decimal(24), "actor": "otto"}
        return lot_produce(
            number=number, work_center=laboratory.plant.packer, order=laboratory.order, at=SIX + minute * MIN,
            key=uuid4(), **fields,
        )  # fmt: skip

    early = made("L-1", 10)
    laboratory.weigh(20, "10.2")  # good
    doubted = made("L-2", 30)
    hold = laboratory.weigh(40, "10.5").hold
    assert hold is not None
    late = made("L-3", 45)  # the filler went on; the next bad check extends the hold to it
    laboratory.weigh(50, "10.6")
    statuses = Lot.objects.order_by("number").values_list("number", "status")
    assert dict(statuses) == {early.number: "free", doubted.number: "held", late.number: "held"}
    with pytest.raises(LotRefused, match=str(hold.nonconformance)):
        lot_consume(
            lot=doubted, key=uuid4(), quantity=Decimal(1), order=laboratory.plant.order("WO-2"), actor="otto",
            at=SIX + 51 * MIN,
        )  # fmt: skip
    ncr_dispose(report=hold.nonconformance, at=SIX + 60 * MIN, **{**SAID, "disposition": disposition})
    assert dict(statuses.all()) == {early.number: "free", doubted.number: after, late.number: after}


def test_a_lot_to_be_scrapped_stays_blocked_after_the_decision(laboratory: Laboratory) -> None:
    lot = syrup(laboratory)
    report = raised(laboratory, lot=lot, blocks=True)
    ncr_dispose(report=report, at=SIX + 10 * MIN, **{**SAID, "disposition": "scrap"})
    lot.refresh_from_db()
    assert lot.status == "blocked"
    with pytest.raises(LotRefused):
        lot_consume(lot=lot, key=uuid4(), quantity=Decimal(1), order=laboratory.order, actor="otto", at=SIX + 11 * MIN)


def test_missing_to_close_counts_unverified_actions_and_wants_words_where_there_is_none() -> None:
    done, worked = ActionState(True, False), ActionState(True, True)
    assert missing_to_close([worked, done], "") == (1, False)
    assert missing_to_close([], " ") == (0, True)
    assert missing_to_close([], "a single bottle") == (0, False)
    assert missing_to_close([worked], "") == (0, False)


@pytest.fixture
def decided(laboratory: Laboratory) -> Nonconformance:
    """A report that waits for its corrective actions."""
    report = raised(laboratory)
    ncr_dispose(report=report, at=SIX + 5 * MIN, **SAID)
    return Nonconformance.objects.get(pk=report.pk)


def act(laboratory: Laboratory, report: Nonconformance) -> CorrectiveAction:
    owner = Person.objects.filter(username="mia").first() or laboratory.plant.person(Role.MAINTENANCE, name="mia")
    return action_add(
        report=report,
        text="Clean the nozzle weekly",
        owner=owner,
        due=date(2026, 3, 16),
        key=KEY,
        actor="quinn",
        at=SIX,
    )


KEY = uuid4()


def test_a_report_closes_only_when_its_action_is_done_and_somebody_else_saw_it_work(
    laboratory: Laboratory, decided: Nonconformance
) -> None:
    action = act(laboratory, decided)
    assert act(laboratory, decided).pk == action.pk
    closes: dict[str, Any] = {"report": decided, "closing": "", "actor": "quinn", "at": SIX + 90 * MIN}
    with pytest.raises(NcrRefused, match="1 corrective actions"):
        ncr_close(**closes)
    with pytest.raises(NcrRefused, match="nothing to verify"):
        action_verify(action=action, worked=True, actor="quinn", at=SIX)
    for expected in (True, False):
        assert action_done(action=action, result="Cleaned", actor="mia", at=SIX + 60 * MIN) is expected
    with pytest.raises(NcrRefused, match="mia reported"):
        action_done(action=action, result="Done", actor="otto", at=SIX + 61 * MIN)
    with pytest.raises(NcrRefused, match="yourself"):
        action_verify(action=action, worked=True, actor="mia", at=SIX + 70 * MIN)
    for expected in (True, False):
        assert action_verify(action=action, worked=True, actor="quinn", at=SIX + 80 * MIN) is expected
    assert [ncr_close(**closes) for _ in range(2)] == [True, False]
    with pytest.raises(NcrRefused, match="is closed"):
        action_add(
            report=decided,
            text="Late idea",
            owner=action.owner,
            due=date(2026, 3, 17),
            key=uuid4(),
            actor="quinn",
            at=SIX,
        )
    verbs = list(JournalEntry.objects.filter(kind="ncr").order_by("pk").values_list("action", flat=True))
    assert verbs == ["ncr_open", "ncr_dispose", "action_add", "action_done", "action_verify", "ncr_close"]


def test_what_did_not_work_is_to_be_done_again(laboratory: Laboratory, decided: Nonconformance) -> None:
    action = act(laboratory, decided)
    action_done(action=action, result="Cleaned", actor="mia", at=SIX)
    assert [action_verify(action=action, worked=False, actor="quinn", at=SIX) for _ in range(2)] == [True, False]
    action.refresh_from_db()
    assert (action.done_at, action.result) == (None, "")
    assert action_done(action=action, result="Replaced", actor="mia", at=SIX)


def test_without_an_action_the_last_words_say_why_none_is_needed(
    laboratory: Laboratory, decided: Nonconformance
) -> None:
    with pytest.raises(NcrRefused, match="why no corrective action"):
        ncr_close(report=decided, closing=" ", actor="quinn", at=SIX + 9 * MIN)
    with pytest.raises(NcrRefused, match="not decided yet"):
        ncr_close(report=raised(laboratory), closing="x", actor="quinn", at=SIX + 9 * MIN)
    assert ncr_close(report=decided, closing="A single bottle", actor="quinn", at=SIX + 9 * MIN)


def test_where_the_plan_says_so_a_second_person_signs_decision_and_closing(laboratory: Laboratory) -> None:
    laboratory.weight.release_signed = True
    laboratory.weight.save()
    hold = laboratory.weigh(40, "10.5").hold  # made, and so raised, by quinn
    assert hold is not None
    report, at = hold.nonconformance, SIX + 60 * MIN
    with pytest.raises(NcrRefused, match="needs a signature"):
        ncr_dispose(report=report, at=at, **SAID)
    people = {name: laboratory.plant.person(Role.QUALITY, name=name) for name in ("quinn", "sara")}
    proofs = {name: Confirmed(person, Signature.Proof.PASSWORD, at) for name, person in people.items()}
    with pytest.raises(Exception, match="second person"):
        ncr_dispose(report=report, at=at, confirmed=proofs["quinn"], **SAID)
    assert Nonconformance.objects.get().status == "open"
    ncr_dispose(report=report, at=at, confirmed=proofs["sara"], **{**SAID, "actor": "sara"})
    ncr_close(report=report, closing="A single bottle", actor="sara", at=at, confirmed=proofs["sara"])
    stored = Nonconformance.objects.get()
    assert [one.holds for one in signatures_of("ncr", str(report), ncr_content(stored))] == [True]
    assert [one.holds for one in signatures_of("ncr-closing", str(report), closing_content(stored))] == [True]
    stored.decision = "Something else"
    assert [one.changed for one in signatures_of("ncr", str(report), ncr_content(stored))] == [("decision",)]
