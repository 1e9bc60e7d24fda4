"""The contract, row by row. A connector's class says what its ERP cannot be made to do, and why (`cannot`)."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import ClassVar

import pytest

from erp_sync.connector import ErpConnector, exchange_of
from erp_sync.connectors.simulated import faults as fault
from erp_sync.errors import AuthError, ConflictError, RejectedError, TransientError, WarningError
from erp_sync.messages import ExternalRef, OperationsResponse, Outcome, RequestState
from erp_sync.wire import content_hash
from tests.erp_sync.contract.rig import Rig, everything, said

OVER = (RequestState.COMPLETED, RequestState.CLOSED)


class Contract:
    """Rows of the contract. A row of `cannot` is not collected; `test_rows_of_connectors` knows every one of them."""

    cannot: ClassVar[Mapping[str, str]] = {}

    def __init_subclass__(cls) -> None:
        for name, why in cls.cannot.items():
            assert callable(getattr(Contract, name)), f"There is no row {name}."
            assert why
            setattr(cls, name, None)

    @pytest.fixture
    def erp(self, rig: Rig) -> Iterator[ErpConnector]:
        connector = rig.connect()
        yield connector
        if rig.faults is not None:
            rig.faults.clear()
        connector.close()

    # What comes from the ERP

    def test_new_and_changed_orders_come_after_the_cursor_and_others_are_told_apart_by_their_content(
        self, rig: Rig, erp: ErpConnector
    ) -> None:
        one, two = rig.make(100), rig.make(200)
        first, cursor = everything(erp)
        assert (first[one].quantity.value, first[two].quantity.value) == (100, 200)
        assert first[one].state == RequestState.RELEASED
        assert first[one].erp_state
        rig.change(one, 150)
        three = rig.make(300)
        second, _cursor = everything(erp, cursor)
        assert (second[one].quantity.value, second[three].quantity.value) == (150, 300)
        assert content_hash(second[one]) != content_hash(first[one])
        if two in second:  # the overlap may bring it again
            assert content_hash(second[two]) == content_hash(first[two])

    def test_an_order_that_was_committed_late_is_not_lost(self, rig: Rig, erp: ErpConnector) -> None:
        rig.make()
        _found, cursor = everything(erp)
        late = rig.make_late()
        assert late in everything(erp, cursor)[0]

    def test_orders_changed_in_the_same_instant_are_all_read_however_small_the_pages(
        self, rig: Rig, erp: ErpConnector
    ) -> None:
        _found, cursor = everything(erp)
        made = rig.make_at_once(7)
        assert set(made) <= set(everything(erp, cursor, limit=2)[0])
        assert set(made) <= set(everything(erp, "", limit=3)[0])

    def test_pages_that_shift_while_they_are_read_lose_nothing(self, rig: Rig, erp: ErpConnector) -> None:
        _found, cursor = everything(erp)
        made = [rig.make(100 + number) for number in range(6)]
        page = erp.pull_orders(cursor, limit=2)
        seen = {request.ref.key: request.quantity.value for request in page.requests}
        rig.change(made[0], 500)
        rig.change(made[3], 600)
        rest, _cursor = everything(erp, page.cursor, limit=2)
        seen |= {key: request.quantity.value for key, request in rest.items()}
        assert [seen[key] for key in made] == [500, 101, 102, 600, 104, 105]

    def test_a_deleted_order_is_missing_in_the_list_of_open_ones_and_cannot_be_read(
        self, rig: Rig, erp: ErpConnector
    ) -> None:
        gone, stays = rig.make(), rig.make()
        assert {gone, stays} <= {key for key, _version in erp.list_open_keys()}
        rig.delete(gone)
        keys = {key for key, _version in erp.list_open_keys()}
        assert (gone in keys, stays in keys) == (False, True)
        assert erp.get_order(gone) is None

    def test_an_order_cancelled_while_it_runs_is_told_and_takes_nothing_more(self, rig: Rig, erp: ErpConnector) -> None:
        key = rig.make()
        erp.push_response(said(rig, order(erp, key), 1, 30, 2, 32))
        _found, cursor = everything(erp)
        rig.cancel(key)
        found, _cursor = everything(erp, cursor)
        assert found[key].state == RequestState.CANCELLED
        assert key not in {open_key for open_key, _version in erp.list_open_keys()}
        with pytest.raises(ConflictError):
            erp.push_response(said(rig, found[key].ref, 2, 60, 2, 62))

    def test_an_unknown_item_and_unit_come_with_the_erps_own_codes(self, rig: Rig, erp: ErpConnector) -> None:
        item, unit = rig.make_odd("item"), rig.make_odd("unit")
        found, _cursor = everything(erp)
        assert found[item].item
        assert found[unit].quantity.unit
        assert found[unit].quantity.unit != rig.unit

    def test_an_order_that_makes_no_sense_is_told_and_leaves_the_others_alone(
        self, rig: Rig, erp: ErpConnector
    ) -> None:
        _found, cursor = everything(erp)
        odd, good = rig.make_odd("state"), rig.make()
        odd_too = rig.make_odd("quantity")
        page = erp.pull_orders(cursor, limit=200)
        assert {odd, odd_too} <= {row.key for row in page.unreadable}
        assert all(len(row.problem) > 20 for row in page.unreadable)
        assert good in {request.ref.key for request in page.requests}

    def test_the_difference_of_the_clocks_is_seen(self, rig: Rig, erp: ErpConnector) -> None:
        rig.skew(3600)
        try:
            skew_s = erp.check(datetime.now(UTC)).skew_s  # the rig's clock is wrong against this machine's
        finally:
            rig.skew(0)
        assert skew_s is not None
        assert 3500 < skew_s < 3700

    # What goes to the ERP

    def test_totals_arrive_and_the_comparison_says_what_the_erps_own_books_say(
        self, rig: Rig, erp: ErpConnector
    ) -> None:
        key, untouched = rig.make(), rig.make()
        result = erp.push_response(said(rig, order(erp, key), 1, 40, 3, 43))
        assert result.outcome == Outcome.APPLIED
        assert books(rig, key) == (40, 3, used(rig, 43))
        totals = erp.totals([key, untouched, "999999999"])
        assert (totals[key].good, totals[key].scrap) == (40, 3)
        assert (totals[untouched].good or 0, totals[untouched].scrap or 0) == (0, 0)
        assert "999999999" not in totals

    def test_a_message_said_three_times_has_the_effect_of_one(self, rig: Rig, erp: ErpConnector) -> None:
        message = said(rig, order(erp, rig.make()), 1, 40, 3, 43)
        outcomes = [erp.push_response(message).outcome for _try in range(3)]
        assert outcomes == [Outcome.APPLIED, Outcome.ALREADY_APPLIED, Outcome.ALREADY_APPLIED]
        assert books(rig, message.order.key) == (40, 3, used(rig, 43))

    def test_a_correction_downwards_is_booked(self, rig: Rig, erp: ErpConnector) -> None:
        key = rig.make()
        erp.push_response(said(rig, order(erp, key), 1, 40, 3, 43))
        erp.push_response(said(rig, order(erp, key), 2, 35, 6, 41))
        assert books(rig, key) == (35, 6, used(rig, 41))

    def test_the_final_message_ends_the_order_and_may_be_repeated(self, rig: Rig, erp: ErpConnector) -> None:
        key = rig.make()
        erp.push_response(said(rig, order(erp, key), 1, 40, 0, 40))
        last = said(rig, order(erp, key), 2, 96, 4, 100, final=True)
        assert erp.push_response(last).outcome == Outcome.APPLIED
        assert rig.books(key).over
        assert erp.push_response(last).outcome == Outcome.ALREADY_APPLIED
        assert books(rig, key) == (96, 4, used(rig, 100))
        assert erp.totals([key])[key].state in OVER

    def test_an_older_message_that_comes_late_changes_nothing(self, rig: Rig, erp: ErpConnector) -> None:
        key = rig.make()
        older, newer = said(rig, order(erp, key), 1, 40, 3, 43), said(rig, order(erp, key), 2, 60, 5, 65)
        erp.push_response(newer)
        assert erp.push_response(older).outcome == Outcome.ALREADY_APPLIED
        assert books(rig, key) == (60, 5, used(rig, 65))

    def test_an_order_that_was_changed_since_it_was_read_is_a_conflict_until_it_is_read_again(
        self, rig: Rig, erp: ErpConnector
    ) -> None:
        key = rig.make(100)
        seen = order(erp, key)
        rig.change(key, 120)
        with pytest.raises(ConflictError):
            erp.push_response(said(rig, seen, 1, 40, 0, 40))
        assert books(rig, key)[:2] == (0, 0)
        assert erp.push_response(said(rig, order(erp, key), 1, 40, 0, 40)).outcome == Outcome.APPLIED

    def test_a_refusal_comes_with_the_erps_own_words_and_books_nothing(self, rig: Rig, erp: ErpConnector) -> None:
        key = rig.make()
        rig.block(key)
        with pytest.raises(RejectedError) as refusal:
            erp.push_response(said(rig, order(erp, key), 1, 40, 0, 40))
        assert refusal.value.said
        assert books(rig, key)[:2] == (0, 0)

    def test_a_question_of_the_erp_waits_for_a_person_and_then_is_booked(self, rig: Rig, erp: ErpConnector) -> None:
        key = rig.make(100)
        much = said(rig, order(erp, key), 1, 500, 0, 500, final=True)
        with pytest.raises(WarningError) as question:
            erp.push_response(much)
        assert question.value.said
        accepted = said(rig, order(erp, key), 1, 500, 0, 500, final=True, accept_warning=True)
        assert erp.push_response(accepted).outcome == Outcome.APPLIED
        assert books(rig, key)[0] == 500

    def test_an_order_that_is_gone_is_a_conflict(self, rig: Rig, erp: ErpConnector) -> None:
        gone = order(erp, rig.make())
        rig.delete(gone.key)
        with pytest.raises(ConflictError):
            erp.push_response(said(rig, gone, 1, 40, 0, 40))

    # The line

    @pytest.mark.parametrize("kind", [fault.LOSE_REQUEST, fault.LOSE_RESPONSE])
    def test_a_lost_request_or_answer_is_tried_again_and_booked_once(
        self, rig: Rig, erp: ErpConnector, kind: str
    ) -> None:
        message = said(rig, order(erp, rig.make()), 1, 40, 3, 43)
        lines(rig).next(kind, writes_only=True)
        with pytest.raises(TransientError):
            erp.push_response(message)
        erp.push_response(message)
        assert books(rig, message.order.key) == (40, 3, used(rig, 43))

    def test_a_third_of_all_writes_lost_before_or_after_leaves_no_difference(self, rig: Rig, erp: ErpConnector) -> None:
        dice = Random(20261122)
        keys = [rig.make(1000) for _order in range(3)]
        wanted = {key: [0, 0] for key in keys}
        lines(rig).chaos(11, {fault.LOSE_REQUEST: 0.15, fault.LOSE_RESPONSE: 0.2})
        for sequence in range(1, 7):
            for key in keys:
                wanted[key][0] += dice.randint(1, 90)
                wanted[key][1] += dice.randint(0, 4)
                until_it_arrives(erp, said(rig, order(erp, key), sequence, *wanted[key], sum(wanted[key])))
        assert {fault.LOSE_REQUEST, fault.LOSE_RESPONSE} <= set(lines(rig).done)
        lines(rig).clear()
        assert {key: books(rig, key) for key in keys} == {
            key: (good, scrap, used(rig, good + scrap)) for key, (good, scrap) in wanted.items()
        }

    def test_a_wrong_secret_is_an_error_of_the_login_and_stands_in_no_word(self, rig: Rig) -> None:
        connector = rig.connect(wrong_secret=True)
        with pytest.raises(AuthError) as refusal:
            everything(connector)
        words = f"{refusal.value} {refusal.value.said} {exchange_of(connector)}"
        assert WRONG_SECRET not in words
        connector.close()

    def test_a_login_that_is_refused_all_the_time_stops_the_connector(self, rig: Rig, erp: ErpConnector) -> None:
        lines(rig).next(fault.REFUSE, 10)
        with pytest.raises(AuthError):
            everything(erp)

    def test_too_many_requests_are_tried_later_as_the_erp_wishes(self, rig: Rig, erp: ErpConnector) -> None:
        everything(erp)
        lines(rig).next(fault.BUSY, 10)
        with pytest.raises(TransientError) as busy:
            everything(erp)
        assert busy.value.retry_after_s == fault.RETRY_AFTER_S

    @pytest.mark.parametrize("kind", [fault.BROKEN, fault.WRONGLY_PACKED, fault.NO_JSON, fault.TRUNCATED])
    def test_an_answer_that_is_none_is_tried_later(self, rig: Rig, erp: ErpConnector, kind: str) -> None:
        everything(erp)
        lines(rig).next(kind, 10)
        with pytest.raises(TransientError):
            everything(erp)
        lines(rig).clear()
        everything(erp)

    def test_an_erp_that_says_nothing_is_not_waited_for(self, rig: Rig) -> None:
        connector = rig.connect()
        message = said(rig, order(connector, rig.make()), 1, 40, 3, 43)
        connector.close()
        impatient = rig.connect(time_out_s=0.6)
        lines(rig).next(fault.SILENT, 10)
        with pytest.raises(TransientError):
            impatient.push_response(message)
        lines(rig).clear()
        impatient.close()
        connector = rig.connect()
        connector.push_response(message)
        assert books(rig, message.order.key) == (40, 3, used(rig, 43))
        connector.close()

    def test_packed_answers_are_read(self, rig: Rig, erp: ErpConnector) -> None:
        key = rig.make()
        lines(rig).next(fault.PACKED, 50)
        assert key in everything(erp)[0]
        erp.push_response(said(rig, order(erp, key), 1, 40, 3, 43))
        assert books(rig, key) == (40, 3, used(rig, 43))

    def test_no_redirection_leads_to_another_server(self, rig: Rig, erp: ErpConnector) -> None:
        everything(erp)
        lines(rig).next(fault.ELSEWHERE, 10)
        with pytest.raises((AuthError, RejectedError)):
            everything(erp)


WRONG_SECRET = "not-the-right-one-9831"


def order(erp: ErpConnector, key: str) -> ExternalRef:
    """An order as the ERP has it now."""
    found = erp.get_order(key)
    assert found is not None
    return found.ref


def books(rig: Rig, key: str) -> tuple[Decimal, Decimal, Decimal | None]:
    """Good, scrap and consumed component by the ERP's own books."""
    found = rig.books(key)
    return found.good, found.scrap, found.consumed.get(rig.component[0]) if rig.component else None


def used(rig: Rig, quantity: int) -> int | None:
    """What `books` must say of the component."""
    return quantity if rig.component else None


def lines(rig: Rig) -> fault.Faults:
    """The faults of a rig that has a line."""
    assert rig.faults is not None
    return rig.faults


def until_it_arrives(erp: ErpConnector, message: OperationsResponse) -> None:
    """Tries a message again as a worker would, without its pauses."""
    for _try in range(50):
        try:
            erp.push_response(message)
        except TransientError:
            continue
        return
    raise AssertionError("It never arrived.")
