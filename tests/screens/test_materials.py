"""Pages of lots: what they show to whom, and that every form sent twice does its work once."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from mes.journal.models import JournalEntry
from mes.materials.consume import lot_consume
from mes.materials.holds import lot_hold
from mes.materials.lots import lot_produce, lot_receive
from mes.materials.models import Consumption, Lot, LotHold, LotRule, OrderCustomer, SsccRange
from mes.people.models import Role
from mes.plant.models import Line
from mes.production.models import Item, OrderMaterial, Run, WorkOrder
from mes.screens.materials_station import lot_scanned
from tests.production.small_plant import SmallPlant, small_plant


@dataclass
class Floor:
    """The plant with syrup in the store, of which WO-1 on FILL made COLA-A; and who looks at it."""

    plant: SmallPlant
    order: WorkOrder
    syrup: Lot
    cola: Lot

    def client(self, role: Role, *lines: Line, name: str = "") -> Client:
        """Somebody who is logged in and sees these lines; none: all."""
        client = Client()
        client.force_login(self.plant.person(role, *lines, name=name))
        return client


@pytest.fixture
def floor(db: None) -> Floor:
    """100 kg of syrup, 30 of them taken; 50 pieces of cola."""
    plant, now = small_plant(), datetime.now(UTC)
    item = Item.objects.create(code="SYRUP", name="Syrup", unit="kg")
    order = plant.order("WO-1")
    begun = now - timedelta(hours=1)
    Run.objects.create(work_center=plant.filler, order=order, item=plant.cola, starts_at=begun, started_by="otto")
    who: dict[str, Any] = {"actor": "stan", "at": now}
    syrup = lot_receive(
        item=item, number="SYR-1", quantity=Decimal(100), site=plant.line_1.area.site, supplier="Sweet AG",
        supplier_lot="S-77", expires_on=None, key=uuid4(), **who,
    )  # fmt: skip
    lot_consume(lot=syrup, quantity=Decimal(30), work_center=plant.filler, key=uuid4(), **who)
    cola = lot_produce(
        item=plant.cola, number="COLA-A", quantity=Decimal(50), work_center=plant.filler, order=order, key=uuid4(),
        **who,
    )  # fmt: skip
    return Floor(plant, order, syrup, cola)


def test_a_lot_tells_what_it_was_made_of_and_where_it_went(floor: Floor) -> None:
    client = floor.client(Role.SUPERVISOR)

    syrup = client.get("/materials/lots/SYR-1/?item=SYRUP").content.decode()
    cola = client.get("/materials/lots/COLA-A/").content.decode()

    assert "COLA-A" in syrup
    assert "by way of order WO-1" in syrup
    assert "Sweet AG" in syrup
    assert "SYR-1" in cola
    assert "COLA-A" in client.get("/materials/?q=cola").content.decode()


def test_an_operator_of_another_line_finds_neither_the_lot_nor_its_traces(floor: Floor) -> None:
    """The syrup lies in the store, which serves every line; what line 1 made of it is not told."""
    client = floor.client(Role.OPERATOR, floor.plant.line_2)

    assert client.get("/materials/lots/COLA-A/").status_code == 404
    assert client.get("/materials/lots/COLA-A/label/").status_code == 404
    for path in ("/materials/", "/materials/?state=all", "/materials/lots/SYR-1/"):
        page = client.get(path).content.decode()
        assert "SYR-1" in page
        for word in ("COLA", "WO-1", "LINE-1", "Line one", "FILL", "cannot see"):
            assert word not in page, (path, word)
    assert client.get("/materials/recall/SYR-1/").status_code == 403
    assert client.post("/materials/lots/COLA-A/hold/", {"why": "x"}).status_code == 404


def test_a_supervisor_of_one_line_is_told_how_much_the_recall_leaves_out(floor: Floor) -> None:
    page = floor.client(Role.SUPERVISOR, floor.plant.line_2).get("/materials/recall/SYR-1/").content.decode()

    assert "This is not the whole recall: 1 lot lies on lines you cannot see." in page
    assert "COLA-A" not in page


@pytest.mark.parametrize(
    ("verb", "said", "action"),
    [
        ("hold", {"why": "leaks"}, "lot_hold"),
        ("ship", {"quantity": "5", "customer": "Shop"}, "lot_ship"),
        ("correct", {"quantity": "5", "sign": "less", "why": "counted"}, "lot_correct"),
        ("split", {"quantity": "5", "number": "COLA-B"}, "lot_split"),
        ("move", {"line": "LINE-2"}, "lot_move"),
    ],
)
def test_each_form_of_a_lot_sent_twice_does_its_work_once(
    floor: Floor, verb: str, said: dict[str, str], action: str
) -> None:
    client, key = floor.client(Role.QUALITY), str(uuid4())

    answers = [client.post(f"/materials/lots/COLA-A/{verb}/?item=COLA-05", {**said, "key": key}) for _twice in range(2)]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert JournalEntry.objects.filter(action=action).count() == 1


def test_releasing_and_taking_back_happen_once(floor: Floor) -> None:
    lot_hold(lot=floor.syrup, why="colour", actor="quinn", at=datetime.now(UTC))
    client, used = floor.client(Role.ADMIN), Consumption.objects.get()
    for _twice in range(2):
        client.post("/materials/lots/SYR-1/release/", {"why": "measured", "source": "person"})
        client.post("/materials/lots/SYR-1/undo/", {"why": "wrong", "entry": str(used.pk), "key": str(uuid4())})
        client.post("/materials/lots/COLA-A/ship/", {"quantity": "5", "customer": "Shop", "key": str(uuid4())})
    entry = floor.cola.shipments.order_by("pk").first()
    for _twice in range(2):
        client.post("/materials/lots/COLA-A/ship-undo/", {"why": "back", "entry": str(entry.pk), "key": str(uuid4())})

    syrup, cola = (Lot.objects.get(pk=one.pk) for one in (floor.syrup, floor.cola))
    assert (syrup.status, syrup.on_hand, cola.shipped) == ("free", 100, 5)


def test_a_refusal_says_why_and_keeps_what_was_typed(floor: Floor) -> None:
    client = floor.client(Role.SUPERVISOR)

    many = client.post("/materials/lots/COLA-A/ship/", {"quantity": "51", "customer": "Bar 7", "key": str(uuid4())})
    odd = client.post("/materials/lots/COLA-A/hold/", {"why": "a\0b"})
    long = client.post("/materials/lots/COLA-A/hold/", {"why": "a" * 300})

    assert (many.status_code, odd.status_code, long.status_code) == (422, 422, 422)
    page = many.content.decode()
    assert "has 50 pcs left, not 51" in page
    assert 'value="Bar 7"' in page
    assert client.get("/materials/lots/a%00b/").status_code == 404
    assert client.get("/materials/?q=a%00b").status_code == 200


def test_who_may_not_do_it_is_refused(floor: Floor) -> None:
    operator = floor.client(Role.OPERATOR, floor.plant.line_1)

    codes = {
        verb: operator.post(f"/materials/lots/COLA-A/{verb}/").status_code for verb in ("release", "ship", "split")
    }

    assert set(codes.values()) == {403}
    assert operator.get("/materials/-/receive/").status_code == 403
    assert floor.client(Role.FINANCE).post("/materials/lots/COLA-A/hold/", {"why": "x"}).status_code == 403


def test_a_lot_is_received_once_and_a_wrong_day_is_said(floor: Floor) -> None:
    client = floor.client(Role.PLANNER)
    said = {"item": "SYRUP", "number": "SYR-2", "quantity": "12,5", "supplier": "Sweet", "key": str(uuid4())}

    wrong = client.post("/materials/-/receive/", {**said, "expires_on": "2026-02-30"})
    good = [client.post("/materials/-/receive/", {**said, "expires_on": "2026-12-31"}) for _twice in range(2)]

    assert (wrong.status_code, "is no date" in wrong.content.decode()) == (422, True)
    assert [answer.status_code for answer in good] == [302, 302]
    assert str(Lot.objects.get(number="SYR-2").expires_on) == "2026-12-31"


def test_a_recall_holds_everything_at_once_and_lets_it_go_again(floor: Floor) -> None:
    """SYR-1 and COLA-A; COLA-A is held by quality too and stays so when the recall ends."""
    now = datetime.now(UTC)
    OrderCustomer.objects.create(order=floor.order, customer="Bar", customer_order="B-7")
    lot_hold(lot=floor.cola, why="cap", actor="quinn", at=now)
    client = floor.client(Role.QUALITY)

    page = client.get("/materials/recall/SYR-1/").content.decode()
    assert "B-7" in page
    for _twice in range(2):
        client.post("/materials/recall/SYR-1/hold/", {"why": "glass"})
    assert LotHold.objects.filter(source__startswith="recall:").count() == 2
    assert set(Lot.objects.values_list("status", flat=True)) == {"held"}
    for _twice in range(2):
        client.post("/materials/recall/SYR-1/release/", {"why": "no glass"})

    assert dict(Lot.objects.values_list("number", "status")) == {"SYR-1": "free", "COLA-A": "held"}
    told = JournalEntry.objects.filter(action__startswith="recall").values_list("action", flat=True)
    assert sorted(told) == ["recall_hold", "recall_release"]
    assert client.post("/materials/recall/SYR-1/hold/", {"why": " "}).status_code == 422


def test_the_recall_as_files_has_every_lot(floor: Floor) -> None:
    client = floor.client(Role.QUALITY)

    text = client.get("/materials/recall/SYR-1/?format=csv&table=lots").content.decode()
    book = client.get("/materials/recall/SYR-1/?format=xlsx")

    assert "COLA-A,COLA-05,1,Free,50,0,0,pcs,WO-1" in text
    assert book.content[:2] == b"PK"
    assert client.get("/materials/recall/SYR-1/?format=pdf").status_code == 404


def test_material_is_taken_at_the_station_by_scan_once(floor: Floor) -> None:
    client = floor.client(Role.OPERATOR, floor.plant.line_1)
    OrderMaterial.objects.create(order=floor.order, item=floor.syrup.item, total=80)
    here, key = "/station/FILL/material/", str(uuid4())

    page = client.get(here + "?lot=SYR-1").content.decode()
    answers = [client.post(here, {"lot": "SYR-1", "all": "1", "key": key}) for _twice in range(2)]

    assert "Use all of it: 70 kg" in page
    assert [answer.status_code for answer in answers] == [302, 302]
    assert Lot.objects.get(pk=floor.syrup.pk).status == "consumed"
    used = Consumption.objects.order_by("-pk").first()
    assert used is not None
    assert used.quantity == 70
    for _twice in range(2):
        client.post("/station/FILL/material/undo/", {"entry": str(used.pk), "key": str(uuid4())})
    assert Lot.objects.get(pk=floor.syrup.pk).on_hand == 70
    unknown = client.post(here, {"lot": "NOPE", "quantity": "1", "key": str(uuid4())})
    assert (unknown.status_code, "no such lot" in unknown.content.decode()) == (422, True)


def test_an_expired_lot_asks_quality_at_the_station(floor: Floor) -> None:
    Lot.objects.filter(pk=floor.syrup.pk).update(expires_on="2026-01-01")
    said = {"lot": "SYR-1", "quantity": "1", "key": str(uuid4())}
    operator = floor.client(Role.OPERATOR, floor.plant.line_1)

    assert "Do not use it: it is expired" in operator.get("/station/FILL/material/?lot=SYR-1").content.decode()
    assert operator.post("/station/FILL/material/", said).status_code == 422
    assert operator.post("/station/FILL/material/", {**said, "expired_because": "why not"}).status_code == 403


def test_a_lot_that_was_made_is_entered_once_with_the_next_number(floor: Floor) -> None:
    client, key = floor.client(Role.OPERATOR, floor.plant.line_1), str(uuid4())
    LotRule.objects.create(item=floor.plant.cola, shelf_life_days=10)

    for _twice in range(2):
        answer = client.post("/station/FILL/material/made/", {"quantity": "24", "number": "", "key": key})
        assert answer.status_code == 302

    lot = Lot.objects.get(number="WO-1-001")
    assert lot.expires_on is not None
    assert (lot.expires_on - lot.at.date()).days in (10, 11)  # by the calendar of Berlin
    assert client.post("/station/PACK/material/made/", {"quantity": "24", "key": str(uuid4())}).status_code == 422


def test_a_scan_finds_a_lot_by_number_by_gs1_and_by_its_qr_code(floor: Floor) -> None:
    """(01)04006381333931(10)COLA-A as a scanner sends it; the same number of another item makes it ambiguous."""
    person = floor.plant.person(Role.OPERATOR, floor.plant.line_1)
    LotRule.objects.create(item=floor.plant.cola, gtin="04006381333931")

    assert lot_scanned(person, " COLA-A ") == floor.cola
    assert lot_scanned(person, "]C1010400638133393110COLA-A") == floor.cola
    assert lot_scanned(person, "http://mes/materials/lots/COLA-A/?item=COLA-05") == floor.cola
    assert lot_scanned(person, "COLA\0") is None
    Lot.objects.filter(pk=floor.syrup.pk).update(number="COLA-A")
    assert lot_scanned(person, "COLA-A") is None
    assert lot_scanned(person, "]C1010400638133393110COLA-A") == floor.cola


def test_labels_carry_gs1_codes_and_a_pallet_number_is_given_once(floor: Floor) -> None:
    """SSCC of GS1's example: 1 0614141 123456789 with check digit 7."""
    LotRule.objects.create(item=floor.plant.cola, gtin="04006381333931")
    SsccRange.objects.create(
        site=floor.plant.line_1.area.site, company_prefix="0614141", extension=1, next_serial=123_456_789
    )
    client = floor.client(Role.SUPERVISOR)

    for _twice in range(2):
        client.post("/materials/lots/COLA-A/sscc/")
    page = client.get("/materials/lots/COLA-A/label/?size=a4").content.decode()
    label = client.get("/materials/lots/COLA-A/label/?format=zpl")

    assert "(01)04006381333931(10)COLA-A" in page
    assert "(00)106141411234567897" in page
    assert " style=" not in page
    assert "^FD>;>80104006381333931" in label.content.decode()
    assert label["Content-Disposition"] == 'attachment; filename="label-COLA-A.zpl"'
    assert client.get("/materials/lots/COLA-A/label/?size=a5").status_code == 404
    assert "has no valid GTIN" in client.get("/materials/lots/SYR-1/label/").content.decode()


def test_the_traveller_goes_with_an_order_of_the_persons_lines(floor: Floor) -> None:
    page = floor.client(Role.OPERATOR, floor.plant.line_1).get("/orders/WO-1/traveller/?size=a4").content.decode()

    assert page.count('<svg class="code"') == 2
    assert floor.client(Role.SUPERVISOR, floor.plant.line_2).get("/orders/WO-1/traveller/").status_code == 404
