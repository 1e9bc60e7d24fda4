"""Which rows of the contract each connector keeps: a row that is left out stands here, so that none goes unnoticed."""

from pathlib import Path

from tests.erp_sync.contract.drop_folders import CANNOT
from tests.erp_sync.contract.suite import Contract
from tests.erp_sync.contract.test_b2mml import TestB2mml as OverB2mml
from tests.erp_sync.contract.test_b2mml_http import TestB2mmlHttp as OverB2mmlHttp
from tests.erp_sync.contract.test_csv import TestCsv as OverCsv
from tests.erp_sync.contract.test_odoo import TestOdoo as OverOdoo
from tests.erp_sync.contract.test_simulated import TestSimulated as Simulated
from tests.erp_sync.contract.test_tryton import LINE
from tests.erp_sync.contract.test_tryton import TestTryton as OverTryton
from tests.erp_sync.contract.test_tryton import TestTrytonLongTerm as OverTrytonLongTerm

# Name of the rig (and series) -> the class, and the rows its ERP cannot be made to do; the reasons stand in `cannot`.
LEFT_OUT: dict[str, tuple[type[Contract], set[str]]] = {
    "b2mml": (OverB2mml, set(CANNOT)),
    "b2mml_http": (
        OverB2mmlHttp,
        {
            "test_totals_arrive_and_the_comparison_says_what_the_erps_own_books_say",
            "test_the_final_message_ends_the_order_and_may_be_repeated",
            "test_a_question_of_the_erp_waits_for_a_person_and_then_is_booked",
        },
    ),
    "csv": (OverCsv, set(CANNOT)),
    "odoo": (
        OverOdoo,
        {
            "test_an_older_message_that_comes_late_changes_nothing",
            "test_a_question_of_the_erp_waits_for_a_person_and_then_is_booked",
        },
    ),
    "simulated": (Simulated, set()),
    "tryton": (OverTryton, set()),
    "tryton 7.0": (OverTrytonLongTerm, {*LINE, "test_a_question_of_the_erp_waits_for_a_person_and_then_is_booked"}),
}


def rows() -> set[str]:
    """All rows of the contract."""
    return {name for name in vars(Contract) if name.startswith("test_")}


def test_every_connector_leaves_out_exactly_the_rows_that_are_known() -> None:
    for name, (connector, left_out) in LEFT_OUT.items():
        for row, why in connector.cannot.items():
            print(f"{name}: {row}: {why}")
        assert set(connector.cannot) == left_out, name
        assert {row for row in rows() if callable(getattr(connector, row))} == rows() - left_out


def test_every_rig_stands_in_this_table() -> None:
    rigs = {path.stem.removeprefix("rig_") for path in Path(__file__).parent.glob("rig_*.py")}
    assert rigs == {name.partition(" ")[0] for name in LEFT_OUT}  # an ERP may stand here in two series
    assert len(rows()) == 27
