"""Genealogies from rows: both ways at any depth, circles end, and nothing of lines a person cannot see."""

from decimal import Decimal
from uuid import uuid4

import pytest

from mes.materials.consume import lot_consume_undo
from mes.materials.family import Family, by_item, customers_of, family_of, lots_visible
from mes.materials.genealogy import Direction, reached
from mes.materials.models import Consumption, Lot, OrderCustomer
from mes.materials.shipping import lot_ship, lot_ship_undo
from mes.plant.models import Line
from tests.materials.conftest import Store
from tests.production.small_plant import SIX

DOWN, UP = Direction.DOWN, Direction.UP


def family(lot: Lot, direction: Direction, *, codes: tuple[str, ...] = (), count: bool = True) -> Family:
    """As somebody sees it who sees these lines; without codes, every line."""
    lines = Line.objects.filter(code__in=codes) if codes else Line.objects.all()
    return family_of(lot, direction, lines, count_hidden=count)


def said(found: Family) -> list[tuple[str, int]]:
    """Numbers and distances."""
    return [(one.number, distance) for one, distance in found.lots]


@pytest.fixture
def chain(store: Store) -> dict[str, Lot]:
    """SYR-1 into order WO-1, whose lots are A and B; A into C, made on line 2; C into D, made on line 1 again."""
    lots = {"SYR-1": store.raw()}
    store.use(lots["SYR-1"], "30")
    lots |= {name: store.made(name, order=store.order) for name in ("A", "B")}
    lots["C"] = store.made("C", order=None, at=store.plant.press)
    lots["D"] = store.made("D", order=None)
    store.use(lots["A"], "20", into=lots["C"])
    store.use(lots["C"], "10", into=lots["D"])
    return lots


def test_down_finds_everything_the_material_may_be_in_and_up_what_it_was_made_of(chain: dict[str, Lot]) -> None:
    assert said(family(chain["SYR-1"], DOWN)) == [("SYR-1", 0), ("A", 1), ("B", 1), ("C", 2), ("D", 3)]
    assert said(family(chain["D"], UP)) == [("D", 0), ("C", 1), ("A", 2), ("SYR-1", 3)]
    assert said(family(chain["B"], UP)) == [("B", 0), ("SYR-1", 1)]


def test_a_consumption_that_was_taken_back_is_no_link(chain: dict[str, Lot]) -> None:
    used = Consumption.objects.get(lot=chain["SYR-1"])

    lot_consume_undo(consumption=used, why="wrong lot", actor="otto", at=SIX, key=uuid4())

    assert said(family(chain["SYR-1"], DOWN)) == [("SYR-1", 0)]


def test_a_circle_in_the_rows_ends_the_walk(store: Store, chain: dict[str, Lot]) -> None:
    """No action makes one; somebody who writes SQL might."""
    Consumption.objects.create(
        lot=chain["D"], into=chain["A"], quantity=Decimal(1), at=SIX, actor="sql", key=uuid4(), line=store.plant.line_1
    )

    assert len(reached(chain["A"].pk, DOWN)) == 3
    assert said(family(chain["A"], DOWN)) == [("A", 0), ("C", 1), ("D", 2)]


def test_who_sees_one_line_sees_its_lots_and_how_many_lie_elsewhere(chain: dict[str, Lot]) -> None:
    """C was made on line 2, and A went into it there; B and D have nothing to do with line 2."""
    other = family(chain["SYR-1"], DOWN, codes=("LINE-2",))

    assert said(other) == [("SYR-1", 0), ("A", 1), ("C", 2)]
    assert other.hidden == 2
    assert not other.orders


def test_an_operator_of_one_line_learns_nothing_of_another(store: Store, chain: dict[str, Lot]) -> None:
    """From A of line 1 the way to E leads over F, which only line 2 has: the operator sees neither count nor E."""
    hidden = store.made("F", order=None, at=store.plant.press)
    beyond = store.made("E", order=None)
    store.use(chain["B"], "1", into=hidden)
    Consumption.objects.create(
        lot=hidden, into=beyond, quantity=Decimal(1), at=SIX, actor="x", key=uuid4(), line=store.plant.line_2
    )

    seen = family(chain["B"], DOWN, codes=("LINE-1",), count=False)
    counted = family(chain["B"], DOWN, codes=("LINE-1",), count=True)

    assert (said(seen), seen.links, seen.hidden) == ([("B", 0)], [], None)
    assert (said(counted), counted.hidden) == ([("B", 0), ("E", 2)], 1)
    assert not lots_visible(Line.objects.filter(code="LINE-1")).filter(number="F").exists()


def test_an_order_that_made_no_lot_yet_is_part_of_a_recall(store: Store) -> None:
    lot = store.raw()
    store.use(lot, "5")

    found = family(lot, DOWN)

    assert (said(found), list(found.orders.values())) == ([("SYR-1", 0)], [store.order])


def test_quantities_by_item_say_where_it_is(store: Store, chain: dict[str, Lot]) -> None:
    """100 kg syrup of which 30 are used; cola: 4 lots of 50, 20 + 10 used, 15 shipped."""
    lot_ship(
        lot=chain["D"], quantity=Decimal(15), customer="Shop", customer_order="PO-1", actor="stan", at=SIX, key=uuid4()
    )

    cola, syrup = by_item(one for one, _distance in family(chain["SYR-1"], DOWN).lots)

    assert (cola.lots, cola.quantity, cola.on_hand, cola.consumed, cola.shipped) == (4, 200, 155, 30, 15)
    assert (syrup.lots, syrup.quantity, syrup.on_hand, syrup.consumed, syrup.shipped) == (1, 100, 70, 30, 0)


def test_customers_are_those_who_got_it_and_those_whose_orders_have_it(store: Store, chain: dict[str, Lot]) -> None:
    """The shipment that was taken back tells nobody."""
    OrderCustomer.objects.create(order=store.order, customer="Bar", customer_order="B-7")
    keys = [uuid4(), uuid4()]
    entries = [
        lot_ship(lot=chain["A"], quantity=Decimal(5), customer=who, customer_order="", actor="stan", at=SIX, key=key)
        for who, key in (("Shop", keys[0]), ("Kiosk", keys[1]), ("Shop", keys[0]))
    ]
    assert [lot_ship_undo(shipment=entries[1], why="lost", actor="stan", at=SIX, key=uuid4()) for _ in "12"] == [
        True, False,
    ]  # fmt: skip

    found = family(chain["SYR-1"], DOWN)
    concerned = customers_of((one for one, _distance in found.lots), found.orders.values())

    assert [(one.customer, one.sent, one.order) for one in concerned] == [("Shop", 5, ""), ("Bar", None, "WO-1")]
    assert Lot.objects.get(number="A").shipped == 5
