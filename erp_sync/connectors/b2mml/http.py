"""B2MML over HTTP: the schedule is fetched whole, each confirmation is posted under its event id."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime
from typing import Any

from erp_sync.connector import Exchange, Settings
from erp_sync.connectors.b2mml.read import read_schedule
from erp_sync.connectors.b2mml.write import performance_xml
from erp_sync.connectors.drop.connector import OVER
from erp_sync.connectors.drop.reading import Reading
from erp_sync.errors import ConflictError, RejectedError, TransientError
from erp_sync.messages import (
    Booked,
    Capability,
    Health,
    MasterKind,
    OperationsRequest,
    OperationsResponse,
    Outcome,
    Page,
    PushResult,
    RequestState,
    StockStatement,
    Unreadable,
)
from erp_sync.transport.client import Answer, HttpDoor
from erp_sync.wire import content_hash

_SAID = 500


class B2mmlHttp:
    """Options: `schedule_path` (/schedule) to GET, `performance_path` (/performance) to POST. Secret: `token`.

    The ERP gives all orders that are not over in one message, so what is missing there is deleted. It answers a posted
    event id that it has already with 409 and the word `duplicate`, or takes it without effect: totals are absolute.
    """

    kind = "b2mml"

    def __init__(self, settings: Settings, zone: tzinfo) -> None:
        self._door, self._zone = HttpDoor(settings), zone
        self._schedule = _path(settings, "schedule_path", "/schedule")
        self._performance = _path(settings, "performance_path", "/performance")
        token = settings.secrets.get("token", "")
        self._login = {"Authorization": f"Bearer {token}"} if token else {}

    def check(self, now: datetime) -> Health:
        """Fetches the schedule; the clock is that of the answer's Date."""
        answer = self._fetch()
        said = answer.headers.get("Date")
        self._read(answer)
        try:
            skew_s = None if said is None else (_aware(parsedate_to_datetime(said)) - now).total_seconds()
        except ValueError:
            skew_s = None
        return Health("B2MML", skew_s)

    def capabilities(self) -> frozenset[Capability]:
        """What was booked is not told; what was deleted is."""
        return frozenset(
            {
                Capability.PULL_ORDERS,
                Capability.LIST_KEYS,
                Capability.GET_ORDER,
                Capability.PUSH,
                Capability.PUSH_CUMULATIVE,
                Capability.PARTIAL,
                Capability.CONSUMPTION,
                Capability.LOTS,
                Capability.LABOR,
                Capability.MACHINE_TIME,
                Capability.DOWNTIME,
            }
        )

    def pull_orders(self, cursor: str, *, overlap_s: int = 300, limit: int = 200) -> Page:
        """All orders in one page, whatever the limit: two halves of two schedules would be no schedule."""
        reading = self._read(self._fetch())
        bad = tuple(Unreadable(one.key, one.problem) for one in reading.bad)
        return Page(tuple(self._kept(reading).values()), "", more=False, unreadable=bad)

    def list_open_keys(self) -> Iterator[tuple[str, str]]:
        """As the schedule names them, also those that cannot be read: they are not deleted."""
        reading = self._read(self._fetch())
        for key, request in self._kept(reading).items():
            if request.state not in OVER:
                yield key, request.ref.version
        yield from ((one.key, "") for one in reading.bad if one.key)

    def get_order(self, key: str) -> OperationsRequest | None:
        """From the schedule as it is now."""
        return self._kept(self._read(self._fetch())).get(key)

    def pull_stock(self, items: Sequence[str]) -> Iterator[StockStatement]:
        """Nothing: schedules carry orders."""
        return iter(())

    def pull_master(self, kind: MasterKind) -> Iterator[Mapping[str, Any]]:
        """Nothing: schedules carry orders."""
        return iter(())

    def totals(self, keys: Sequence[str]) -> Mapping[str, Booked]:
        """Nothing: what is booked is not told."""
        return {}

    def push_response(self, message: OperationsResponse) -> PushResult:
        """Posts the totals. The ERP tells by BODID what it has already and by the sequence what is old."""
        order = self.get_order(message.order.key)
        if order is None or order.state == RequestState.CANCELLED:
            raise ConflictError(f"The ERP's schedule has no order {message.order.key} (any more).")
        if message.order.version and message.order.version != order.ref.version:
            raise ConflictError(f"The order {message.order.key} was changed in the ERP.")
        headers = {"Content-Type": "application/xml", "Idempotency-Key": str(message.event_id), **self._login}
        answer = self._door.send("POST", self._performance, performance_xml(message, order), headers)
        said = self._door.mask.text(answer.text()[:_SAID])
        if answer.status == 409 and "duplicate" in said.casefold():
            return PushResult(Outcome.ALREADY_APPLIED, str(message.event_id))
        if answer.status in (409, 412, 423):
            raise ConflictError("The ERP's order stands in a state that does not fit.", said=said)
        if answer.status >= 300:
            raise RejectedError(f"The ERP refused the confirmation ({answer.status}).", said=said)
        return PushResult(Outcome.APPLIED, str(message.event_id), erp_state=order.erp_state)

    def exchange(self) -> Exchange:
        """What went out and came back since this was asked last, masked."""
        return self._door.exchange()

    def close(self) -> None:
        """Gives the line back."""
        self._door.close()

    def _fetch(self) -> Answer:
        answer = self._door.get(self._schedule, None, {"Accept": "application/xml", **self._login})
        if answer.status != 200:
            said = self._door.mask.text(answer.text()[:_SAID])
            raise RejectedError(f"The ERP gives no schedule ({answer.status}): check the path.", said=said)
        return answer

    def _read(self, answer: Answer) -> Reading:
        """The whole schedule. What is no schedule may be cut or a page of something in between: later again."""
        reading = read_schedule(answer.body, self._zone)
        if reading.refused:
            raise TransientError(f"The ERP's schedule cannot be read: {reading.refused}")
        return reading

    def _kept(self, reading: Reading) -> dict[str, OperationsRequest]:
        return {one.ref.key: replace(one, ref=replace(one.ref, version=_version(one))) for one in reading.requests}


def _version(request: OperationsRequest) -> str:
    """What a planner changes: that the order runs or is made the ERP learns from our own confirmations."""
    own = request.state in (RequestState.RELEASED, RequestState.RUNNING, RequestState.COMPLETED)
    planned = replace(request, state=RequestState.RELEASED, erp_state="") if own else request
    return content_hash(planned)[:16]


def _path(settings: Settings, name: str, usual: str) -> str:
    said = str(settings.options.get(name) or usual)
    return said if said.startswith("/") else f"/{said}"


def _aware(found: datetime) -> datetime:
    return found if found.tzinfo else found.replace(tzinfo=UTC)
