"""Setup as the first phase of a run: it begins with the run, unless the machine just made the same thing."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from mes.journal.write import record
from mes.plant.models import WorkCenter
from mes.production.models import Run, SetupPhase
from mes.production.refusals import OrderRefused


def setups_begin(runs: Sequence[Run]) -> None:
    """New runs begin with setup where the machine's run before was of another order or operation, or there was none."""
    phases = []
    for run in runs:
        before = Run.objects.filter(work_center=run.work_center_id, starts_at__lt=run.starts_at).order_by("-starts_at")
        last = before.values_list("order", "operation").first()
        if last != (run.order_id, run.operation_id):
            phases.append(SetupPhase(run=run, starts_at=run.starts_at))
    SetupPhase.objects.bulk_create(phases)


def setup_end(*, work_center: WorkCenter, order_number: str, actor: str, at: datetime) -> bool:
    """Production starts: the setup of the machine's open run ends at `at`. True if this call did it.

    `order_number` is the order the page showed. Raises OrderRefused where another one runs or `at` is before the run.
    """
    with transaction.atomic():
        WorkCenter.objects.select_for_update(no_key=True).get(pk=work_center.pk)
        run = Run.objects.filter(work_center=work_center, ends_at=None).select_related("order").first()
        if run is None or run.order.number != order_number:
            now = run.order.number if run else _("no order")
            said = _("Meanwhile %(now)s runs on %(machine)s: open the page again.")
            raise OrderRefused(said % {"now": now, "machine": work_center.code})
        if at < run.starts_at:
            started = run.starts_at.isoformat(timespec="seconds")
            raise OrderRefused(_("The run began at %(started)s: give a later time.") % {"started": started})
        done = SetupPhase.objects.filter(run=run, ends_at=None).update(ends_at=at, ended_by=actor)
        if done:
            data = {"work_centers": [work_center.code], "from": run.starts_at, "to": at}
            record(actor=actor, at=at, action="setup_end", kind="work-order", code=order_number, data=data)
        return bool(done)
