"""The planner's pages: the board, the strips, both sides of orders, differences and the log; narrowed by lines."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client

from erp_sync.models import Difference, ErpConnection, SyncRun
from mes.people.models import Role
from mes.plant.models import Area, Line, Site
from mes.production.models import WorkOrder
from tests.erp_sync.erp_rows import connection, dead, difference, link, message
from tests.production.small_plant import SmallPlant, counted, small_plant

PAGES = ["/planning/", *(f"/planning/erp/{page}" for page in ("", "orders/", "differences/", "totals/", "log/"))]


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
def erp(plant: SmallPlant, now: datetime) -> ErpConnection:
    return connection(plant.line_1.area.site, now)


def text(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer
    return answer.content.decode()


def test_every_page_stands_before_any_erp_is_connected(pia: Client) -> None:
    for path in PAGES:
        text(pia, path)
    assert "No ERP is connected" in text(pia, "/planning/erp/")


def test_the_board_needs_no_erp_and_says_in_words_how_late_an_order_is(
    plant: SmallPlant, pia: Client, now: datetime
) -> None:
    order = plant.order("WO-1")
    WorkOrder.objects.filter(pk=order.pk).update(due_at=now - timedelta(hours=3, minutes=5, seconds=30))
    shown = text(pia, "/planning/")
    assert "3 h 5 min late already and not started" in shown
    assert "1 order is late" in shown


def test_pages_say_as_of_when_the_erp_was_heard_once_it_is_silent(
    plant: SmallPlant, pia: Client, now: datetime, erp: ErpConnection
) -> None:
    assert "as of" not in text(pia, "/planning/")
    ErpConnection.objects.update(last_pull_at=datetime(2026, 3, 2, 8, 42, tzinfo=UTC), problem="No answer in 30 s.")
    shown = text(pia, "/planning/")
    assert "ERP data of ERP system as of <b>09:42</b>" in shown  # Berlin, UTC+1 in March
    assert "Out of reach" in text(pia, "/planning/erp/")


def test_a_strip_says_how_the_connection_is_and_what_its_label_may_claim(
    plant: SmallPlant, pia: Client, now: datetime, erp: ErpConnection
) -> None:
    one = link(erp, "7", now, plant.order("WO-1"))
    message(one, now - timedelta(minutes=4))
    dead(one, now)
    ErpConnection.objects.update(clock_skew_s=-45.0)
    shown = text(pia, "/planning/erp/")
    for words in ("Degraded", "simulated: no real ERP", "the oldest for 4 min", "45 s behind ours", "1 thing needs a"):
        assert words in shown
    strip = pia.get("/planning/erp/").context["strips"][0]
    assert (strip.backlog, strip.dead, strip.pull_level, strip.push_level) == (1, 1, "running", "waiting")


def test_a_stopped_connection_says_why(pia: Client, erp: ErpConnection) -> None:
    ErpConnection.objects.update(state="stopped", stopped_because="Tryton refused name or password.")
    shown = text(pia, "/planning/erp/")
    assert "Stopped" in shown
    assert "Tryton refused name or password." in shown


def test_both_sides_of_an_order_stand_in_the_erps_unit(
    plant: SmallPlant, pia: Client, now: datetime, erp: ErpConnection
) -> None:
    """9600 ordered; 240 good are 10 packs of 24, of which the ERP has acknowledged 8."""
    order = plant.order("WO-1", quantity="9600")
    counted(plant.packer, now, good=240, scrap=12, order=order)
    link(erp, "7", now, order, confirmed={"good": {"value": "8"}, "scrap": {"value": "0.5"}}, badge="sending")
    [row] = pia.get("/planning/erp/orders/").context["rows"]
    assert (row.ordered, row.good, row.posted_good) == (400, 10, 8)
    assert (row.scrap, row.posted_scrap) == (Decimal("0.5"), Decimal("0.5"))
    assert row.unposted


def test_orders_that_need_somebody_stand_first_and_badges_filter(
    plant: SmallPlant, pia: Client, now: datetime, erp: ErpConnection
) -> None:
    link(erp, "1", now, plant.order("WO-1"))
    link(erp, "2", now, badge="waiting", said="Not mapped yet: item COLA-ERP.")
    link(erp, "3", now, plant.order("WO-3"), badge="conflict")
    keys = [row.link.key for row in pia.get("/planning/erp/orders/").context["rows"]]
    assert keys == ["3", "2", "1"]
    assert [row.link.key for row in pia.get("/planning/erp/orders/?badge=waiting").context["rows"]] == ["2"]
    assert [row.link.key for row in pia.get("/planning/erp/orders/?q=MO-3").context["rows"]] == ["3"]
    assert "Not mapped yet" in text(pia, "/planning/erp/orders/?q=%00MO-2")
    assert pia.get("/planning/erp/orders/?badge=odd").status_code == 404


def test_differences_add_up_without_hiding_each_other_and_leave_out_what_is_on_its_way(
    plant: SmallPlant, pia: Client, now: datetime, erp: ErpConnection
) -> None:
    first, second = link(erp, "1", now, plant.order("WO-1")), link(erp, "2", now, plant.order("WO-2"))
    assert "0: both sides are explained" in text(pia, "/planning/erp/differences/")
    difference(first, now)
    difference(second, now, amount=Decimal(2), kind="erp-ahead")
    difference(second, now, "scrap", amount=Decimal(-50), kind="in-flight")
    difference(second, now, "consumed:SUGAR", amount=Decimal("-1.5"))
    found = pia.get("/planning/erp/differences/").context["unexplained"]
    assert found == [("SUGAR", Decimal("1.5")), ("pk24", Decimal(4))]


def test_what_waits_with_a_known_reason_is_listed_and_explained(
    plant: SmallPlant, pia: Client, now: datetime, erp: ErpConnection
) -> None:
    one = link(erp, "1", now, plant.order("WO-1"))
    difference(one, now, why="Message 3 waits for a decision: over tolerance.")
    difference(one, now, "scrap", kind="in-flight")
    shown = text(pia, "/planning/erp/differences/")
    assert "Message 3 waits for a decision" in shown
    assert "0: both sides are explained" in shown
    assert pia.get("/planning/erp/differences/?state=unexplained").context["rows"] == []
    difference(one, now, "consumed:SUGAR")
    [row] = pia.get("/planning/erp/differences/?state=unexplained").context["rows"]
    assert row.one.field == "consumed:SUGAR"


def booked(erp: str | None, mes: str, scrap: str = "0") -> dict[str, dict[str, str | None]]:
    """Good and scrap as both sides had them at the last comparison."""
    return {"good": {"erp": erp, "mes": mes}, "scrap": {"erp": scrap, "mes": "0"}}


def test_totals_of_both_sides_per_order_line_and_day_on_the_page_and_as_csv(
    plant: SmallPlant, pia: Client, now: datetime, erp: ErpConnection
) -> None:
    """By hand: 10 and 12 of line 1 are 22 there and 20 here, one posted on the 2nd, one on the 3rd; line 2 equal."""
    seen = {"compared_at": now}
    first = link(erp, "1", now, plant.order("WO-1"), booked=booked("10", "10"), **seen)
    second = link(erp, "2", now, plant.order("WO-2"), booked=booked("12", "10", "0.5"), **seen)
    third = link(erp, "3", now, plant.order("WO-3", line=plant.line_2), booked=booked("7", "7"), **seen)
    early = link(erp, "4", now, plant.order("WO-4"), booked=booked("1", "1"), **seen)
    days = ((first, "2026-03-02"), (second, "2026-03-03"), (third, "2026-03-03"), (early, "2026-02-01"))
    for one, day in days:
        message(one, now, status="sent", payload={"posting_date": day})
    difference(second, now, erp_value="12", mes_value="10", amount=Decimal(2), kind="erp-ahead")
    path = "/planning/erp/totals/?from=2026-03-01&to=2026-03-31"
    rows = {one.row.link.key: one for one in pia.get(path).context["rows"]}
    assert {key: (one.row.good_open, one.row.scrap_open, one.word) for key, one in rows.items()} == {
        "1": (0, 0, "Equal"),
        "2": (2, Decimal("0.5"), "The ERP has more"),
        "3": (0, 0, "Equal"),
    }
    assert [(one.name, one.good_erp, one.good_mes) for one in pia.get(f"{path}&by=line").context["sums"]] == [
        ("LINE-1", 22, 20),
        ("LINE-2", 7, 7),
    ]
    assert [(one.name, one.good_open) for one in pia.get(f"{path}&by=day").context["sums"]] == [
        ("2026-03-02", 0),
        ("2026-03-03", 2),
    ]
    per_order, per_line = (
        pia.get(f"{path}&by={by}&as=csv").content.decode("utf-8-sig").splitlines() for by in ("order", "line")
    )
    assert [line.split(",")[:10] for line in per_order[1:]] == [
        ["MO-1", "1", "LINE-1", "2026-03-02", "pk24", "10", "10", "0", "0", "equal"],
        ["MO-2", "2", "LINE-1", "2026-03-03", "pk24", "12", "10", "0.5", "0", "erp-ahead"],
        ["MO-3", "3", "LINE-2", "2026-03-03", "pk24", "7", "7", "0", "0", "equal"],
    ]
    assert per_line[1:] == ["LINE-1,pk24,2,0,22,20,2,0.5,0,0.5", "LINE-2,pk24,1,0,7,7,0,0,0,0"]
    assert "1 difference of this connection is not explained" in text(pia, path)
    Difference.objects.update(resolved_at=now, resolution="mes")  # told again; the next comparison will see
    assert [one.word for one in pia.get(path).context["rows"]] == ["Equal", "Differs; compared again soon", "Equal"]
    Difference.objects.update(resolution="discarded", why="two of samples")
    assert [one.why for one in pia.get(path).context["rows"]] == ["", "two of samples", ""]
    assert len(pia.get(f"{path}&line=LINE-2").context["rows"]) == 1
    for odd in ("?from=x&to=9999-12-31", "?from=0001-01-01&to=0001-01-02", "?by=odd", "?from=2026-03-31&to=2026-03-01"):
        text(pia, f"/planning/erp/totals/{odd}")
    assert pia.get("/planning/erp/totals/?connection=ODD").status_code == 404


def test_differences_as_csv_are_whole_and_no_formula_runs(
    plant: SmallPlant, pia: Client, now: datetime, erp: ErpConnection
) -> None:
    one = link(erp, "1", now, plant.order("WO-1"), number="=1+1")
    difference(one, now)
    difference(one, now, "state", amount=None, resolved_at=now, resolved_by="pia", why="@cmd")
    lines = pia.get("/planning/erp/differences/?state=all&as=csv").content.decode("utf-8-sig").splitlines()
    assert len(lines) == 3
    assert lines[1].startswith("ERP,'=1+1,LINE-1,good,8,10,-2.000000,pk24,mes-ahead,")
    assert lines[2].endswith(",pia,,'@cmd")


def test_the_log_tells_runs_and_a_message_its_tries(
    plant: SmallPlant, pia: Client, now: datetime, erp: ErpConnection
) -> None:
    done = {"started_at": now - timedelta(seconds=5), "finished_at": now - timedelta(seconds=3)}
    SyncRun.objects.create(connection=erp, kind="orders", read=12, new=3, failed=1, error="", **done)
    SyncRun.objects.create(connection=erp, kind="keys", error="No answer.", **done)
    shown = text(pia, "/planning/erp/log/")
    for words in ("Partly", "No answer.", "2.0 s"):
        assert words in shown
    assert len(pia.get("/planning/erp/log/?kind=orders").context["rows"]) == 1
    one = dead(link(erp, "a/7", now, plant.order("WO-1")), now)
    assert "Quantity 500 exceeds" in text(pia, f"/planning/erp/messages/{one.event_id}/")
    assert "Authorization: ***" in text(pia, f"/planning/erp/messages/{one.event_id}/")
    assert "The ERP refused the quantity." in text(pia, "/planning/erp/ERP/orders/a/7/")


@pytest.mark.parametrize(
    ("kind", "options", "left_out"),
    [
        ("simulated", {}, []),
        ("tryton", {}, ["People&#x27;s time", "Stood: JAM · FILL-1"]),
        ("tryton", {"work_time": "labor"}, ["Machines ran", "Machines were set up", "Stood: JAM · FILL-1"]),
        ("odoo", {}, ["People&#x27;s time", "Machines ran", "Machines were set up", "Stood: JAM · FILL-1"]),
    ],
)
def test_what_an_erp_has_no_place_for_is_said_to_be_not_posted(
    plant: SmallPlant, pia: Client, now: datetime, kind: str, options: dict[str, str], left_out: list[str]
) -> None:
    """An hour of people, two hours of running, five minutes of setup, ten of standing; never a word of the address."""
    erp = connection(plant.line_1.area.site, now, kind=kind, options=options, address="http://erp.example")
    downtime = [{"reason": "JAM", "seconds": 600, "work_center": "FILL-1"}]
    times = {"labor_s": 3600, "run_s": 7200, "setup_s": 300, "downtime": downtime}
    one = message(link(erp, "1", now, plant.order("WO-1")), now, payload={"cumulative": times})
    shown = text(pia, f"/planning/erp/messages/{one.event_id}/")
    figures = dict(part.split("</dt><dd>") for part in shown.split("<div><dt>")[1:])
    assert [name for name, value in figures.items() if "not posted" in value] == left_out
    assert figures["Machines ran"].startswith("2 h")
    assert figures["Stood: JAM · FILL-1"].startswith("10 min")
    assert ("Not posted:" in text(pia, "/planning/erp/")) == bool(left_out)


def test_who_sees_one_line_sees_its_orders_only_and_nothing_of_other_sites(
    plant: SmallPlant, client: Client, now: datetime, erp: ErpConnection
) -> None:
    client.force_login(plant.person(Role.PLANNER, plant.line_1))
    away = Site.objects.create(code="FAR", name="Far", time_zone="UTC")
    far = Line.objects.create(code="FAR-1", name="Far", area=Area.objects.create(code="FAR", name="Far", site=away))
    connection(away, now, "OTHER")
    own, other = link(erp, "1", now, plant.order("WO-1")), link(erp, "2", now, plant.order("WO-2", line=plant.line_2))
    waits = link(erp, "3", now, badge="waiting")
    theirs = [dead(one, now) for one in (other, waits, link(erp, "4", now, plant.order("WO-4", line=far)))]
    difference(other, now)
    assert [row.link for row in client.get("/planning/erp/orders/").context["rows"]] == [own]
    assert [strip.connection.code for strip in client.get("/planning/erp/").context["strips"]] == ["ERP"]
    assert client.get("/planning/erp/differences/").context["rows"] == []
    assert [board.board.line.code for board in client.get("/planning/").context["boards"]] == ["LINE-1"]
    for path in ("/planning/?line=LINE-2", "/planning/erp/OTHER/orders/1/", "/planning/erp/ERP/orders/3/"):
        assert client.get(path).status_code == 404, path
    assert [client.get(f"/planning/erp/messages/{one.event_id}/").status_code for one in theirs] == [404] * 3


def test_who_may_not_see_the_erp_is_told_so(plant: SmallPlant, client: Client) -> None:
    client.force_login(plant.person(Role.OPERATOR))
    assert {client.get(path).status_code for path in PAGES} == {403}
