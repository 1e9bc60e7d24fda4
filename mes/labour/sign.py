"""Signing people on to an order and off it, and saying how many more work there without a name."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from mes.journal.write import record
from mes.labour.models import Crew, SignOn
from mes.people.models import Person
from mes.plant.models import WorkCenter
from mes.production.models import Run, WorkOrder

MOST = 50
"""People without a name at one machine; more is a typing mistake."""


class LabourRefused(Exception):
    """Nothing was stored; the text says why and what to do."""


def sign_on(
    *, person: Person, work_center: WorkCenter, order: WorkOrder, actor: str, at: datetime, key: UUID
) -> SignOn:
    """The person works on the order at the machine from `at` on; what they worked on before ends there.

    The same `key` again, or the same person on the same order and machine, changes nothing. Raises LabourRefused where
    the order does not run on the machine, and for a time before the last sign-on or sign-off of the person.
    """
    with transaction.atomic():
        Person.objects.select_for_update(no_key=True).get(pk=person.pk)
        again = SignOn.objects.filter(key=key).first()
        if again is not None:
            return again
        open_one = SignOn.objects.filter(person=person, ends_at=None).select_related("order", "work_center").first()
        if open_one and (open_one.order_id, open_one.work_center_id) == (order.pk, work_center.pk):
            return open_one
        if not Run.objects.filter(work_center=work_center, order=order, ends_at=None).exists():
            said = _("%(number)s does not run on %(machine)s any more: open the station again and sign on there.")
            raise LabourRefused(said % {"number": order.number, "machine": work_center.code})
        if open_one is not None:
            _end(open_one, actor, at)
        if SignOn.objects.filter(person=person, ends_at__gt=at).exists():
            raise LabourRefused(_("This person signed off later than that: look at the list again."))
        made = SignOn.objects.create(person=person, order=order, work_center=work_center, starts_at=at, key=key)
        _tell("sign_on", made, actor, at, {"before": None, "after": {"from": at}, "why": ""})
        return made


def sign_off(*, sign_on: SignOn, actor: str, at: datetime, ends_at: datetime | None = None, why: str = "") -> bool:
    """The person's work on the order ends at `ends_at` (else `at`). True if this call did it, False if it had ended.

    Raises LabourRefused for an end in the future or before the beginning.
    """
    with transaction.atomic():
        row = (
            SignOn.objects.select_for_update(of=("self",))
            .select_related("order", "work_center", "person")
            .get(pk=sign_on.pk)
        )
        if row.ends_at is not None:
            return False
        end = ends_at or at
        if end > at or end < row.starts_at:
            raise LabourRefused(_("The end lies before the beginning or in the future: choose another time."))
        _end(row, actor, at, end, why)
        return True


def crew_set(
    *, work_center: WorkCenter, order: WorkOrder, people: int, actor: str, at: datetime, seen: int | None = None
) -> bool:
    """From `at` on so many people without a name work on the order here; 0 ends it. False when it is so already.

    `seen`: the number the page showed. Raises LabourRefused for a number outside 0 to 50, an order that does not run
    here, and where somebody else changed the number meanwhile.
    """
    if not 0 <= people <= MOST:
        raise LabourRefused(_("Enter how many people without a name work here: 0 to %d.") % MOST)
    with transaction.atomic():
        WorkCenter.objects.select_for_update(no_key=True).get(pk=work_center.pk)
        row = Crew.objects.filter(work_center=work_center, ends_at=None).select_related("order").first()
        before = row.people if row is not None and row.order_id == order.pk else 0
        if before == people and (row is None or row.order_id == order.pk):
            return False
        if seen is not None and seen != before:
            said = _("Somebody else changed this to %d meanwhile: look again and enter the number.")
            raise LabourRefused(said % before)
        if people and not Run.objects.filter(work_center=work_center, order=order, ends_at=None).exists():
            said = _("%(number)s does not run on %(machine)s any more: open the station again.")
            raise LabourRefused(said % {"number": order.number, "machine": work_center.code})
        if row is not None:
            Crew.objects.filter(pk=row.pk, starts_at__gte=at).delete()
            Crew.objects.filter(pk=row.pk).update(ends_at=at)
        if people:
            Crew.objects.create(work_center=work_center, order=order, people=people, starts_at=at)
        data = {"before": before, "after": people, "why": "", "work_center": work_center.code}
        record(actor=actor, at=at, action="crew_set", kind="work-order", code=order.number, data=data)
        return True


def _end(row: SignOn, actor: str, at: datetime, ends_at: datetime | None = None, why: str = "") -> None:
    """An open row ends. One that would have no length was a mistake of a second and is taken back."""
    end = ends_at or at
    if end <= row.starts_at:
        row.delete()
    else:
        SignOn.objects.filter(pk=row.pk).update(ends_at=end, ended_by=actor)
    _tell("sign_off", row, actor, at, {"before": {"from": row.starts_at}, "after": {"to": end}, "why": why})


def _tell(action: str, row: SignOn, actor: str, at: datetime, data: dict[str, Any]) -> None:
    data |= {"person": row.person.username, "work_center": row.work_center.code}
    record(actor=actor, at=at, action=action, kind="work-order", code=row.order.number, data=data)
