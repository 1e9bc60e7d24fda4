"""Commissioning: what a controller says about itself, its tags and their values right now. Runs where the poller runs.

The web process never speaks to a controller: it stores a request, the poller host answers it into the same row.
"""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from mes.journal.write import record
from mes.plc.addresses import refusal
from mes.plc.drivers import PlcConfigError, PlcDriver, PlcError, TagInfo, TagValue, make_driver
from mes.plc.models import BrowseRequest, Controller

KEPT = 8  # requests per controller
FIRST_READ = 100
MAX_ROWS = 20_000
MAX_DEPTH = 6
DEADLINE_S = 20.0
WAIT_AT_MOST = timedelta(seconds=30)
State = BrowseRequest.State
Listing = list[list[Any]]


@dataclass(frozen=True, slots=True)
class _Spec:
    """What a driver must be told."""

    kind: str
    address: str
    timeout_s: float


def browse_ask(*, controller: Controller, tags: Sequence[str], actor: str, at: datetime) -> BrowseRequest:
    """Stores a request (no tags: list them all) and forgets the oldest answers. One that still waits is returned."""
    with transaction.atomic():
        Controller.objects.select_for_update(no_key=True).get(pk=controller.pk)
        waiting = controller.browse_requests.filter(
            state__in=(State.WAITING, State.WORKING), tags=list(tags), asked_at__gt=at - WAIT_AT_MOST
        ).first()
        if waiting:
            return waiting
        request = BrowseRequest.objects.create(controller=controller, tags=list(tags), asked_by=actor, asked_at=at)
        kept = list(controller.browse_requests.values_list("pk", flat=True)[:KEPT])
        listing = controller.browse_requests.filter(state=State.DONE, tags=[]).first()
        controller.browse_requests.exclude(pk__in=[*kept, listing.pk if listing else 0]).delete()
        data = {"tags": len(tags)}
        record(actor=actor, at=at, action="browse_ask", kind="controller", code=controller.code, data=data)
        return request


def browse_fail(*, request_id: int, error: str, at: datetime) -> None:
    """Notes why an unanswered request cannot be answered."""
    open_ones = BrowseRequest.objects.filter(pk=request_id, state__in=(State.WAITING, State.WORKING))
    open_ones.update(state=State.FAILED, error=error, answered_at=at)


def browse_answer(*, request_id: int, at: datetime, loopback_only: bool) -> None:
    """Answers a request unless somebody did or is at it. A worker that died at it is overtaken after 30 s."""
    mine = Q(state=State.WAITING) | Q(state=State.WORKING, begun_at__lt=at - WAIT_AT_MOST)
    if not BrowseRequest.objects.filter(mine, pk=request_id).update(state=State.WORKING, begun_at=at):
        return
    request = BrowseRequest.objects.select_related("controller").get(pk=request_id)
    problem = refusal(request.controller.address, loopback_only=loopback_only)
    if problem:
        return browse_fail(request_id=request_id, error=problem, at=at)
    try:
        answer = look(request.controller, request.tags)
    except PlcError as error:
        return browse_fail(request_id=request_id, error=str(error), at=at)
    answered = BrowseRequest.objects.filter(pk=request_id, state=State.WORKING, begun_at=at)
    answered.update(state=State.DONE, answered_at=at, error="", **answer)


def look(controller: Controller, tags: Sequence[str]) -> dict[str, Any]:
    """Identity, tag list (without `tags`) and values, over a connection of its own. Raises PlcError."""
    driver = make_driver(_Spec(controller.kind, controller.address, float(controller.timeout_s)))
    killer = threading.Timer(DEADLINE_S, driver.kill)  # a thread pool has no time limit of its own
    killer.daemon = True
    killer.start()
    try:
        driver.open()
        return _asked(driver, tags)
    finally:
        killer.cancel()
        driver.close()


def _asked(driver: PlcDriver, tags: Sequence[str]) -> dict[str, Any]:
    identity = asdict(driver.identity())
    if tags:
        return {"identity": identity, "readings": _readings(driver.read(tags))}
    try:
        listing = rows_of(driver.browse())
    except PlcConfigError as error:  # an SLC has no tag list; its addresses are typed
        return {"identity": identity, "listing": [], "readings": {}, "error": str(error)}
    first = [row[0] for row in listing if row[5]][:FIRST_READ]
    return {"identity": identity, "listing": listing, "readings": _readings(driver.read(first)) if first else {}}


def _readings(values: dict[str, TagValue]) -> dict[str, list[str | None]]:
    return {
        tag: [None if value.value is None else str(value.value), str(value.quality), value.error]
        for tag, value in values.items()
    }


def rows_of(tags: Iterable[TagInfo]) -> Listing:
    """Tags and members as flat rows: name, type, dimensions, program, access, whether a single value can be read.

    Of an array the first element stands for all. At most 20,000 rows; nested at most six deep.
    """
    rows: Listing = []
    for tag in tags:
        _add(rows, tag, tag.name, 0)
    return rows[:MAX_ROWS]


def _add(rows: Listing, tag: TagInfo, name: str, depth: int) -> None:
    if len(rows) >= MAX_ROWS:
        return
    dimensions = ",".join(map(str, tag.dimensions))
    one = name + ("[" + ",".join("0" for _ in tag.dimensions) + "]" if tag.dimensions else "")
    readable = not tag.members and tag.data_type != "unreadable" and tag.external_access.lower() != "none"
    rows.append([one, tag.data_type, dimensions, tag.program or "", tag.external_access, readable])
    if depth < MAX_DEPTH:
        for member in tag.members:
            _add(rows, member, f"{one}.{member.name}", depth + 1)
