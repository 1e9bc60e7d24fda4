"""Lots and genealogies by the API."""

from decimal import Decimal
from uuid import uuid4

import pytest

from mes.materials.models import Lot
from mes.people.models import Role
from tests.api.conftest import Caller, caller
from tests.materials.conftest import Store, store  # noqa: F401  (a fixture)


@pytest.fixture
def made(store: Store) -> Store:  # noqa: F811
    """SYR-1 into WO-1, which made A; A into C of line 2."""
    syrup = store.raw()
    store.use(syrup, "30")
    first = store.made("A", order=store.order)
    store.use(first, "20", into=store.made("C", order=None, at=store.plant.press))
    return store


def test_a_genealogy_down_and_up(made: Store) -> None:
    api = caller(made.plant.person(Role.ADMIN), "read")

    down = api.get("lots/SYR-1/genealogy/", direction="down", links="true").json()
    up = api.get("lots/C/genealogy/", direction="up").json()

    assert [(lot["number"], lot["distance"]) for lot in down["lots"]] == [("SYR-1", 0), ("A", 1), ("C", 2)]
    assert down["links"][0] == {
        "number": "SYR-1", "item": "SYRUP", "quantity": "30.000", "into": None, "into_item": None, "into_order": "WO-1",
    }  # fmt: skip
    assert (down["hidden"], down["orders"]) == (0, ["WO-1"])
    assert [(lot["number"], lot["distance"]) for lot in up["lots"]] == [("C", 0), ("A", 1), ("SYR-1", 2)]


def test_a_key_of_one_line_sees_its_lots_and_the_count_of_others(made: Store) -> None:
    keyed = caller(made.plant.person(Role.ADMIN), "read", lines=(made.plant.line_1,))

    answer = keyed.get("lots/SYR-1/genealogy/").json()

    assert [lot["number"] for lot in answer["lots"]] == ["SYR-1", "A"]
    assert answer["hidden"] == 1
    assert keyed.get("lots/C/").status_code == 404
    operator: Caller = caller(made.plant.person(Role.OPERATOR, made.plant.line_1), "read")
    assert operator.get("lots/SYR-1/genealogy/").json()["hidden"] is None


def test_lots_are_listed_and_a_number_of_two_items_asks_which(made: Store) -> None:
    api = caller(made.plant.person(Role.ADMIN), "read")
    Lot.objects.create(
        number="A", item=made.plant.water, quantity=Decimal(1), unit="pcs", site=made.plant.line_1.area.site,
        at=made.raw("X").at, actor="x", key=uuid4(),
    )  # fmt: skip

    assert {row["number"] for row in api.get("lots/", item="COLA-05").json()["results"]} == {"A", "C"}
    assert api.get("lots/A/").status_code == 409
    assert api.get("lots/A/", item="WATER-05").json()["quantity"] == "1.000"
    assert api.get("lots/A/genealogy/", item="COLA-05", direction="sideways").status_code == 400
    assert api.get("lots/a%00b/").status_code == 404
