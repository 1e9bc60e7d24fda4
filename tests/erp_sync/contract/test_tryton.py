"""The connector to Tryton keeps the contract, against running servers of both series."""

from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar

import pytest

from tests.erp_sync.contract.rig_tryton import TrytonRig
from tests.erp_sync.contract.suite import Contract
from tests.erp_sync.tryton import RunningTryton


@pytest.fixture(scope="module")
def rig_of(tryton_of: Callable[[str], RunningTryton]) -> Iterator[Callable[[str], TrytonRig]]:
    """The rig of a series, on a fresh server: one for all rows, each of which makes its own orders."""
    made: dict[str, TrytonRig] = {}

    def of(series: str) -> TrytonRig:
        if series not in made:
            erp = tryton_of(series)
            erp.reset()
            made[series] = TrytonRig(erp)
        return made[series]

    yield of
    for rig in made.values():
        rig.close()


class TestTryton(Contract):
    """Every row, with the newest series."""

    @pytest.fixture
    def rig(self, rig_of: Callable[[str], TrytonRig]) -> TrytonRig:
        return rig_of("8.2")


SAME_LINE = "tried with series 8.2: the way of a message over HTTP does not depend on the series"
LINE = (
    "test_a_login_that_is_refused_all_the_time_stops_the_connector",
    "test_a_lost_request_or_answer_is_tried_again_and_booked_once",
    "test_a_third_of_all_writes_lost_before_or_after_leaves_no_difference",
    "test_a_wrong_secret_is_an_error_of_the_login_and_stands_in_no_word",
    "test_an_answer_that_is_none_is_tried_later",
    "test_an_erp_that_says_nothing_is_not_waited_for",
    "test_no_redirection_leads_to_another_server",
    "test_packed_answers_are_read",
    "test_the_difference_of_the_clocks_is_seen",
    "test_too_many_requests_are_tried_later_as_the_erp_wishes",
)
NO_TOLERANCE = "bills of 7.0 have no tolerance, so it never asks back when another quantity is booked"


class TestTrytonLongTerm(Contract):
    """Series 7.0."""

    cannot: ClassVar[Mapping[str, str]] = dict.fromkeys(LINE, SAME_LINE) | {
        "test_a_question_of_the_erp_waits_for_a_person_and_then_is_booked": NO_TOLERANCE
    }

    @pytest.fixture
    def rig(self, rig_of: Callable[[str], TrytonRig]) -> TrytonRig:
        return rig_of("7.0")
