"""The connector to an ERP that speaks B2MML over HTTP keeps the contract, over a line that can be broken."""

from collections.abc import Iterator

import pytest

from erp_sync.connector import ErpConnector
from erp_sync.connectors.simulated.faults import LOSE_RESPONSE
from erp_sync.errors import TransientError
from erp_sync.messages import Outcome
from tests.erp_sync.contract.rig_b2mml_http import B2mmlHttpRig
from tests.erp_sync.contract.suite import Contract, books, lines, order, said

_NOT_TOLD = "a schedule does not tell what was booked"


@pytest.fixture(scope="module")
def rig() -> Iterator[B2mmlHttpRig]:
    """One ERP for all rows: each of them makes its own orders."""
    rig = B2mmlHttpRig()
    yield rig
    rig.close()


class TestB2mmlHttp(Contract):
    """Every row but those for which B2MML has no message."""

    cannot = {
        "test_totals_arrive_and_the_comparison_says_what_the_erps_own_books_say": _NOT_TOLD,
        "test_the_final_message_ends_the_order_and_may_be_repeated": f"{_NOT_TOLD}; the final one is tried below",
        "test_a_question_of_the_erp_waits_for_a_person_and_then_is_booked": (
            "a performance is taken or refused: B2MML has no message that asks back"
        ),
    }

    def test_the_last_message_whose_answer_was_lost_is_known_when_it_is_said_again(
        self, rig: B2mmlHttpRig, erp: ErpConnector
    ) -> None:
        """Our own confirmations move the order's state in the ERP: that is no change by a planner."""
        key = rig.make()
        seen = order(erp, key)
        assert erp.push_response(said(rig, seen, 1, 40, 0, 40)).outcome == Outcome.APPLIED
        last = said(rig, seen, 2, 96, 4, 100, final=True)
        lines(rig).next(LOSE_RESPONSE, writes_only=True)
        with pytest.raises(TransientError):
            erp.push_response(last)
        assert rig.books(key).over
        assert erp.push_response(last).outcome == Outcome.ALREADY_APPLIED
        assert books(rig, key) == (96, 4, 100)
