"""Messages as JSON: what an order's content hash is made of."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from erp_sync.messages import (
    ExternalRef,
    MaterialRequirement,
    MaterialUse,
    OperationsRequest,
    Quantity,
    RequestState,
    SegmentRequirement,
)
from erp_sync.wire import content_hash, plain, request_from

ORDER = OperationsRequest(
    ref=ExternalRef("production", "7", "E-7", "v1"),
    state=RequestState.RELEASED,
    erp_state="open",
    item="COLA",
    quantity=Quantity(Decimal("400.00"), "pk24"),
    work_center="L1",
    due_at=datetime(2026, 3, 2, 12, tzinfo=UTC),
    segments=(SegmentRequirement(10, "FILL", "Fill", cycle_s=Decimal("1.50")),),
    materials=(MaterialRequirement(MaterialUse.CONSUMED, "SYRUP", Quantity(Decimal(0), "l")),),
    modified_at="now",
)


def test_the_content_hash_is_of_sorted_json_so_orders_stored_long_ago_are_still_known() -> None:
    """Written by hand; another text here would make every order that is stored look changed."""
    told = (
        '{"customer": "", "due_at": "2026-03-02T12:00:00+00:00", "erp_state": "open", "item": "COLA", '
        '"materials": [{"backflush": null, "item": "SYRUP", "line_key": "", "lot": "", '
        '"quantity": {"unit": "l", "value": "0"}, "use": "consumed"}], '
        '"priority": null, "quantity": {"unit": "pk24", "value": "400"}, '
        '"ref": {"key": "7", "kind": "production", "number": "E-7"}, "segments": [{"code": "FILL", "cycle_s": "1.5", '
        '"name": "Fill", "sequence": 10, "setup_s": null, "work_center": ""}], "starts_at": null, '
        '"state": "released", "work_center": "L1"}'
    )
    assert content_hash(ORDER) == hashlib.sha256(told.encode()).hexdigest()


def test_versions_and_times_of_change_are_no_content_and_everything_else_is() -> None:
    assert content_hash(replace(ORDER, modified_at="later", ref=replace(ORDER.ref, version="v2"))) == content_hash(
        ORDER
    )
    assert content_hash(replace(ORDER, quantity=Quantity(Decimal(401), "pk24"))) != content_hash(ORDER)


def test_an_order_comes_back_from_json_as_it_was() -> None:
    assert request_from(plain(ORDER)) == ORDER
