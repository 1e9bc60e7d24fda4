"""The connector to Odoo keeps the contract against the fake that answers as the recorded 17.0 did."""

from collections.abc import Iterator

import pytest

from tests.erp_sync.contract.rig_odoo import OdooRig
from tests.erp_sync.contract.suite import Contract


@pytest.fixture(scope="module")
def rig() -> Iterator[OdooRig]:
    """One fake for all rows: each of them makes its own orders."""
    rig = OdooRig()
    yield rig
    rig.close()


class TestOdoo(Contract):
    """Every row but those that this ERP cannot be made to do."""

    cannot = {
        "test_an_older_message_that_comes_late_changes_nothing": (
            "Odoo keeps no number of our messages; the outbox sends one of an order after the other"
        ),
        "test_a_question_of_the_erp_waits_for_a_person_and_then_is_booked": (
            "Odoo asks back about components, not about quantities: see odoo/test_odoo_connector.py"
        ),
    }
