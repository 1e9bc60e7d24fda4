"""One message is sent, outside of any transaction, and what became of it is put into words. Nothing is stored here."""

import logging
import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from erp_sync.connector import ErpConnector, exchange_of
from erp_sync.errors import (
    AuthError,
    ConflictError,
    ErpError,
    MappingMissing,
    RejectedError,
    TransientError,
    WarningError,
)
from erp_sync.messages import Capability, ExternalRef, OperationsResponse, PushResult, RequestState
from erp_sync.models import OutboxMessage
from erp_sync.wire import response_from

log = logging.getLogger(__name__)
Fault = OutboxMessage.Fault
_CLOSED = (RequestState.CANCELLED, RequestState.CLOSED, RequestState.PLANNED)
_MOST = 20_000  # characters of an exchange that are kept


@dataclass(slots=True)
class Sent:
    """A try and its outcome: `result`, or the fault with the error."""

    message: OutboxMessage
    at: datetime
    duration_ms: int = 0
    result: PushResult | None = None
    fault: str = ""
    error: ErpError | None = None
    sent: str = ""
    received: str = ""


def message_push(erp: ErpConnector, message: OutboxMessage, at: datetime) -> Sent:
    """Sends a leased message. Raises nothing that an ERP may cause; a planner reads the outcome."""
    began = time.monotonic()
    outcome = Sent(message, at)
    try:
        outcome.result = _push(erp, message)
    except ErpError as error:
        outcome.fault, outcome.error = fault_of(error), error
    except Exception as error:
        log.exception("Message %s of %s could not be sent", message.sequence, message.link)
        said = _("A mistake of Millwright (%(kind)s): report it with the time; the log has the rest.")
        outcome.fault, outcome.error = Fault.INTERNAL, ErpError(said % {"kind": type(error).__name__})
    outcome.duration_ms = round((time.monotonic() - began) * 1000)
    exchange = exchange_of(erp)
    outcome.sent, outcome.received = _text(exchange.sent), _text(exchange.received)
    return outcome


def response_of(message: OutboxMessage, version: str) -> OperationsResponse:
    """The stored message with the ERP's version of the order, as it is known now."""
    payload: dict[str, Any] = message.payload
    order = ExternalRef(**(payload["order"] | {"version": version}))
    return replace(response_from(payload), order=order, accept_warning=message.accept_warning)


def fault_of(error: ErpError) -> str:
    """The kind of fault; what is nothing else may pass by itself."""
    kinds: tuple[tuple[type[ErpError], str], ...] = (
        (TransientError, Fault.TRANSIENT),
        (AuthError, Fault.AUTH),
        (WarningError, Fault.WARNING),
        (RejectedError, Fault.REJECTED),
        (ConflictError, Fault.CONFLICT),
        (MappingMissing, Fault.MAPPING),
    )
    return next((fault for kind, fault in kinds if isinstance(error, kind)), Fault.TRANSIENT)


def _push(erp: ErpConnector, message: OutboxMessage) -> PushResult:
    """Once; where the order was changed meanwhile, the order is read anew and the message sent once more."""
    try:
        return erp.push_response(response_of(message, message.link.version))
    except ConflictError as error:
        if Capability.GET_ORDER not in erp.capabilities():
            raise
        there = erp.get_order(message.link.key)
        if there is None:
            said = _("The ERP has no such order any more: nothing was booked.")
            raise ConflictError(said, said=error.said) from error
        if there.state in _CLOSED:
            said = _("The order stands as %(state)s in the ERP: nothing was booked.")
            raise ConflictError(said % {"state": there.erp_state or there.state}, said=error.said) from error
        return erp.push_response(response_of(message, there.ref.version))


def _text(said: str) -> str:
    return said.replace("\0", "")[:_MOST]
