"""What a planner decides on the pages: each button once, with who and why in the journal."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client

from erp_sync.models import BomPolicy, Difference, ErpConnection, ErpLink, OutboxMessage
from mes.journal.models import JournalEntry
from mes.people.models import Role
from mes.production.models import Item, OrderMaterial, WorkOrder
from tests.erp_sync.erp_rows import connection, dead, difference, link, message
from tests.production.small_plant import SmallPlant, small_plant

PAGE = "/planning/erp/attention/"


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def plant(db: None) -> SmallPlant:
    return small_plant()


@pytest.fixture
def pia(plant: SmallPlant, client: Client) -> Client:
    client.force_login(plant.person(Role.PLANNER, name="pia"))
    return client


@pytest.fixture
def told(plant: SmallPlant, now: datetime) -> ErpLink:
    erp: ErpConnection = connection(plant.line_1.area.site, now)
    return link(erp, "7", now, plant.order("WO-7"), confirmed={"good": {"value": "8"}, "scrap": {"value": "0"}})


def act(client: Client, path: str, **form: str) -> str:
    """The page after pressing a button twice, as a nervous hand does."""
    first = client.post(path, form, follow=True).content.decode()
    client.post(path, form)
    return first


def entries(action: str) -> list[JournalEntry]:
    return list(JournalEntry.objects.filter(action=action))


def test_a_dead_letter_says_what_happened_what_is_at_stake_and_what_can_be_done(
    plant: SmallPlant, pia: Client, now: datetime, told: ErpLink
) -> None:
    dead(told, now, good="10.5", scrap="1", attempts=3)
    message(told, now)
    shown = pia.get(PAGE).content.decode()
    for words in (
        "The ERP refused the quantity.",
        "Quantity 500 exceeds MO-7 by 100",
        "Not in the ERP: 2.500 pk24 good, 1 pk24 scrap.",
        "Tried 3 times.",
        "1 later message waits behind it.",
        "Retry now",
        "Discard",
    ):
        assert words in shown, words
    assert "Fix mapping" not in shown


def test_retry_sends_it_again_once(pia: Client, now: datetime, told: ErpLink) -> None:
    one = dead(told, now)
    assert "is sent again" in act(pia, f"/planning/erp/messages/{one.event_id}/retry/")
    one.refresh_from_db()
    assert (one.status, one.decided_by) == ("pending", "pia")
    assert len(entries("message_retry")) == 1


def test_discarding_needs_a_reason_and_keeps_it(pia: Client, now: datetime, told: ErpLink) -> None:
    one = dead(told, now)
    path = f"/planning/erp/messages/{one.event_id}/discard/"
    assert "why" in act(pia, path, why=" ")
    assert "why" in act(pia, path, why="a\0b")
    assert OutboxMessage.objects.get().status == "dead"
    assert "is discarded" in act(pia, path, why="booked by hand")
    one.refresh_from_db()
    assert (one.status, one.decided_by, one.decided_why) == ("discarded", "pia", "booked by hand")
    assert len(entries("message_discard")) == 1


def test_a_warning_of_the_erp_is_accepted(pia: Client, now: datetime, told: ErpLink) -> None:
    one = dead(told, now, fault="warning")
    assert "Accept the ERP&#x27;s warning" in pia.get(PAGE).content.decode().replace("'", "&#x27;")
    act(pia, f"/planning/erp/messages/{one.event_id}/accept/")
    one.refresh_from_db()
    assert (one.status, one.accept_warning) == ("pending", True)
    assert len(entries("warning_accept")) == 1


def test_a_conflict_is_kept_and_resent(pia: Client, now: datetime, told: ErpLink) -> None:
    one = dead(told, now, fault="conflict")
    act(pia, f"/planning/erp/messages/{one.event_id}/keep/", why="counted twice")
    one.refresh_from_db()
    assert one.status == "pending"
    assert len(entries("mes_value_keep")) == 1


def test_a_message_that_lacks_a_mapping_leads_to_the_mapping(pia: Client, now: datetime, told: ErpLink) -> None:
    dead(told, now, fault="mapping", last_error="Reason JAM has no code in the ERP.")
    assert "/planning/erp/ERP/setup/#h-map" in pia.get(PAGE).content.decode()


def test_after_an_outage_everything_is_sent_with_one_press(pia: Client, now: datetime, told: ErpLink) -> None:
    later = now + timedelta(minutes=30)
    message(told, now, fault="transient", attempts=4, due_at=later, last_error="No answer in 30 s.")
    dead(told, now)
    assert "The ERP is back: send 1 message now" in pia.get(PAGE).content.decode()
    assert "1 message is sent again." in act(pia, PAGE + "retry/")
    assert OutboxMessage.objects.get(attempts=0).due_at <= datetime.now(UTC)
    assert OutboxMessage.objects.filter(status="dead").count() == 1


def changed(told: ErpLink, now: datetime) -> Difference:
    """The ERP wants 500 packs of the order that was made for 400."""
    told.request = told.applied = {"quantity": {"value": "400", "unit": "pk24"}, "state": "released"}
    told.badge, told.said = "conflict", "The ERP changed the quantity: 400 pk24 -> 300 pk24."
    told.save()
    fields = {"erp_value": "300 pk24", "mes_value": "400 pk24", "amount": None, "kind": "change"}
    return difference(told, now, "change:quantity", **fields)


def test_a_change_of_the_erp_is_shown_old_and_new_and_refused_with_a_reason(
    pia: Client, now: datetime, told: ErpLink
) -> None:
    one = changed(told, now)
    shown = pia.get(PAGE).content.decode()
    assert "the ERP says 300 pk24, here it is 400 pk24" in shown
    assert "ordered quantity" in shown
    act(pia, f"/planning/erp/differences/{one.pk}/settle/", erp="300 pk24", why="material is cut already")
    one.refresh_from_db()
    assert (one.resolution, one.resolved_by, one.why) == ("mes", "pia", "material is cut already")
    assert len(entries("erp_difference_resolve")) == 1
    assert "both sides agree" in pia.get(PAGE).content.decode()


def test_who_looks_at_an_old_page_does_not_accept_what_was_not_shown(pia: Client, now: datetime, told: ErpLink) -> None:
    one = changed(told, now)
    shown = act(pia, f"/planning/erp/differences/{one.pk}/accept/", erp="350 pk24")
    assert "The ERP says something else by now" in shown
    one.refresh_from_db()
    assert one.resolved_at is None


def test_totals_that_differ_are_kept_and_told_again(pia: Client, now: datetime, told: ErpLink) -> None:
    one = difference(told, now)
    told.connection.state = "draft"
    told.connection.save()
    path = f"/planning/erp/differences/{one.pk}/keep/"
    assert "not live" in act(pia, path, erp="8", back="differences")
    ErpConnection.objects.update(state="live")
    act(pia, path, erp="8", back="differences")
    one.refresh_from_db()
    assert one.resolution == "mes"


def test_what_the_erp_changed_and_was_followed_is_seen_once(pia: Client, now: datetime, told: ErpLink) -> None:
    ErpLink.objects.update(badge="changed", said="Due 3 March -> 5 March.")
    assert "Due 3 March" in pia.get(PAGE).content.decode()
    act(pia, "/planning/erp/ERP/seen/7/")
    assert ErpLink.objects.get().badge == "in-sync"
    assert len(entries("erp_notice_seen")) == 1


def test_an_order_cancelled_here_is_shown_until_the_erp_ends_it_or_somebody_says_why_not(
    plant: SmallPlant, pia: Client, now: datetime, told: ErpLink
) -> None:
    """No message tells the ERP of it, so a planner must."""
    told.request |= {"state": "released"}
    told.save()
    assert "cancelled here" not in pia.get(PAGE).content.decode()
    WorkOrder.objects.update(status="cancelled")
    shown = pia.get(PAGE).content.decode()
    assert "1 order is cancelled here and open in the ERP" in shown
    assert "The ERP still says “released”" in shown
    assert "1 thing needs a planner" in pia.get("/planning/erp/").content.decode()
    path = "/planning/erp/ERP/cancelled/7/"
    assert "why" in act(pia, path, why=" ")
    assert "the reason is kept" in act(pia, path, why="made by a subcontractor")
    assert [entry.data["why"] for entry in entries("erp_cancelled_settle")] == ["made by a subcontractor"]
    assert "both sides agree" in pia.get(PAGE).content.decode()
    ErpLink.objects.update(erp_state="running")
    assert "The ERP still says “running”" in pia.get(PAGE).content.decode()
    ErpLink.objects.update(request={"state": "cancelled"})
    assert "both sides agree" in pia.get(PAGE).content.decode()


def test_who_takes_a_material_off_stock_is_chosen_on_the_orders_page_and_kept_once(
    plant: SmallPlant, pia: Client, now: datetime, told: ErpLink
) -> None:
    syrup = Item.objects.create(code="SYRUP", name="Syrup", unit="l")
    OrderMaterial.objects.create(order=told.order, item=syrup, per_piece=Decimal("0.125"))
    page, path = "/planning/erp/ERP/orders/7/", "/planning/erp/ERP/materials/7/"
    shown = pia.get(page).content.decode()
    assert "0.125 l a piece" in shown
    assert "the ERP&#x27;s line or the connection" in shown.replace("'", "&#x27;")
    assert [one.how for one, _word in pia.get(page).context["bookings"]] == ["scan"]
    assert "The ERP, by its bill of materials. The ERP is told of it." in act(pia, path, item="SYRUP", how="erp")
    assert [(one.how, one.said_by) for one, _word in pia.get(page).context["bookings"]] == [("erp", "pia")]
    assert len(entries("bom_policy_set")) == 1
    for form in ({"item": "SYRUP", "how": "odd"}, {"item": "COLA-05", "how": "mes"}, {}):
        assert "look at it again" in act(pia, path, **form)
    assert BomPolicy.objects.get().how == "erp"


def test_supervisors_see_what_waits_and_have_no_buttons(
    plant: SmallPlant, client: Client, now: datetime, told: ErpLink
) -> None:
    one, differs = dead(told, now), changed(told, now)
    client.force_login(plant.person(Role.SUPERVISOR))
    shown = client.get(PAGE).content.decode()
    assert "The ERP refused the quantity." in shown
    assert "Retry now" not in shown
    assert "Accept the ERP" not in shown
    paths = [f"messages/{one.event_id}/retry/", f"differences/{differs.pk}/accept/", "attention/retry/"]
    assert [client.post(f"/planning/erp/{path}").status_code for path in paths] == [403] * 3


def test_an_unknown_verb_and_a_message_of_another_line_do_not_exist(
    plant: SmallPlant, client: Client, now: datetime, told: ErpLink
) -> None:
    client.force_login(plant.person(Role.PLANNER, plant.line_2))
    one, differs = dead(told, now), changed(told, now)
    paths = [f"messages/{one.event_id}/retry/", f"differences/{differs.pk}/accept/", "ERP/seen/7/", "ERP/cancelled/7/"]
    assert [client.post(f"/planning/erp/{path}").status_code for path in paths] == [404] * 4
    client.force_login(plant.person(Role.MANAGER))
    assert client.post(f"/planning/erp/messages/{one.event_id}/odd/").status_code == 404
    assert client.post(f"/planning/erp/differences/{differs.pk}/odd/").status_code == 404
    assert client.post("/planning/erp/differences/99999999999999999999/settle/").status_code == 404
    assert WorkOrder.objects.get().status == "released"
