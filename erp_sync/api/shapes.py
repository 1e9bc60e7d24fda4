"""An order as an ERP puts it, in JSON: what each field means, what is refused, and how it becomes our message."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from erp_sync.messages import (
    ExternalRef,
    MaterialRequirement,
    MaterialUse,
    OperationsRequest,
    Quantity,
    RequestState,
    SegmentRequirement,
)

STATES = [(state.value, state.value) for state in RequestState]


class QuantityShape(serializers.Serializer[Any]):
    """So much in the ERP's unit. The value is text, so that no digit is lost."""

    value = serializers.DecimalField(max_digits=18, decimal_places=6, min_value=Decimal(0))
    unit = serializers.CharField(max_length=40)


class MaterialShape(serializers.Serializer[Any]):
    """A material the order needs, for the whole order."""

    item = serializers.CharField(max_length=120)
    quantity = QuantityShape(required=False, allow_null=True, default=None)
    lot = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")
    line_key = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")
    backflush = serializers.BooleanField(required=False, allow_null=True, default=None)


class SegmentShape(serializers.Serializer[Any]):
    """An operation of the order."""

    sequence = serializers.IntegerField(min_value=1, max_value=9999)
    code = serializers.CharField(max_length=60)
    name = serializers.CharField(max_length=120)
    work_center = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")
    setup_s = serializers.IntegerField(min_value=0, required=False, allow_null=True, default=None)
    cycle_s = serializers.DecimalField(
        max_digits=12, decimal_places=6, min_value=Decimal(0), required=False, allow_null=True, default=None
    )


class OrderShape(serializers.Serializer[Any]):
    """An order as the ERP has it now; put whole each time it changes. Codes and units are the ERP's own.

    `modified_at` is by the ERP's clock: an older one than what is stored is refused (409), so that late messages do no
    harm.
    """

    number = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    version = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    state = serializers.ChoiceField(choices=STATES, default="released")
    erp_state = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")
    item = serializers.CharField(max_length=120)
    quantity = QuantityShape()
    work_center = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    priority = serializers.IntegerField(min_value=0, max_value=999, required=False, allow_null=True, default=None)
    starts_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    due_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    customer = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    materials = MaterialShape(many=True, required=False, default=list)
    segments = SegmentShape(many=True, required=False, default=list)
    modified_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class KeyedOrderShape(OrderShape):
    """An order in a bulk, with how the ERP knows it."""

    key = serializers.CharField(max_length=120)


class ReportShape(serializers.Serializer[Any]):
    """What became of an order: `new`, `changed`, `unchanged`, `waiting` (kept, a mapping is missing) or `refused`."""

    key = serializers.CharField()
    outcome = serializers.CharField()
    status = serializers.IntegerField(help_text="As if it had been put alone: 201, 200, 202, 409 or 422.")
    order = serializers.CharField(allow_null=True, help_text="Number of the work order; null while it waits.")
    badge = serializers.CharField(allow_blank=True)
    message = serializers.CharField(allow_blank=True)
    wrong = serializers.DictField(child=serializers.CharField(), help_text="Field: what is wrong with it.")


def request_of(key: str, said: dict[str, Any]) -> OperationsRequest:
    """The message of a valid shape."""
    modified = said["modified_at"]
    return OperationsRequest(
        ref=ExternalRef("order", key, said["number"] or key, said["version"]),
        state=RequestState(said["state"]),
        erp_state=said["erp_state"] or said["state"],
        item=said["item"],
        quantity=Quantity(**said["quantity"]),
        work_center=said["work_center"],
        priority=said["priority"],
        starts_at=said["starts_at"],
        due_at=said["due_at"],
        customer=said["customer"],
        segments=tuple(SegmentRequirement(**row) for row in said["segments"]),
        materials=tuple(
            MaterialRequirement(MaterialUse.CONSUMED, **(row | {"quantity": _quantity(row["quantity"])}))
            for row in said["materials"]
        ),
        modified_at=modified.isoformat() if modified else "",
    )


def _quantity(said: dict[str, Any] | None) -> Quantity | None:
    return Quantity(**said) if said else None
