"""Corrective actions of a report: somebody does it by a day, somebody else looks whether it worked."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from mes.journal.write import record
from mes.people.models import Person
from mes.quality.models import CorrectiveAction, Nonconformance
from mes.quality.ncr import KIND, MAX_WORDS, NcrRefused, locked
from mes.quality.ncr_rules import Step, steps_of
from mes.quality.words import words_of


def action_add(
    *, report: Nonconformance, text: str, owner: Person, due: date, key: UUID, actor: str, at: datetime
) -> CorrectiveAction:
    """Adds what is to be done, by whom, until when. The same `key` again changes nothing; a closed report refuses."""
    text = words_of(text, MAX_WORDS, _("Say what is to be done so that it does not happen again."), NcrRefused)
    if not owner.is_active:
        raise NcrRefused(_("%s is no longer here: choose somebody else.") % owner.username)
    with transaction.atomic():
        fresh = locked(report)
        known = CorrectiveAction.objects.filter(key=key).first()
        if known is not None:
            if (known.text, known.nonconformance_id) != (text, fresh.pk):
                raise NcrRefused(_("This form was sent before with other words: open the page again."))
            return known
        if Step.ADD_ACTION not in steps_of(fresh.status):
            raise NcrRefused(_("%s is closed: raise a new report for what came up since.") % fresh)
        action = CorrectiveAction.objects.create(
            nonconformance=fresh, text=text, owner=owner, due=due, raised_by=actor, raised_at=at, key=key
        )
        _tell(action, "action_add", None, {"owner": owner.username, "due": due}, actor, at, text)
        return action


def action_done(*, action: CorrectiveAction, result: str, actor: str, at: datetime) -> bool:
    """Says that it was done, and what. True if this call said it; NcrRefused without words, or after somebody else."""
    result = words_of(result, MAX_WORDS, _("Say what was done."), NcrRefused)
    with transaction.atomic():
        fresh = _locked(action)
        if fresh.done_at is not None:
            if (fresh.done_by, fresh.result) != (actor, result):
                raise NcrRefused(_("%s reported this as done before: nothing of yours was saved.") % fresh.done_by)
            return False
        fresh.result, fresh.done_by, fresh.done_at = result, actor, at
        fresh.save(update_fields=["result", "done_by", "done_at"])
        _tell(fresh, "action_done", None, {"result": result}, actor, at, result)
        return True


def action_verify(*, action: CorrectiveAction, worked: bool, actor: str, at: datetime) -> bool:
    """Says whether what was done worked; if not, it is to be done again. True if this call changed something.

    Nobody verifies what they did themselves, and nothing that is not done (NcrRefused).
    """
    with transaction.atomic():
        fresh = _locked(action)
        if fresh.verified_at is not None:
            return False
        if fresh.done_at is None:
            if not worked:
                return False
            raise NcrRefused(_("This is not reported as done yet: there is nothing to verify."))
        if fresh.done_by == actor:
            raise NcrRefused(_("You did this yourself: somebody else verifies whether it worked."))
        before = {"result": fresh.result, "done_by": fresh.done_by}
        if worked:
            fresh.verified_by, fresh.verified_at = actor, at
        else:
            fresh.result, fresh.done_by, fresh.done_at = "", "", None
        fresh.save(update_fields=["result", "done_by", "done_at", "verified_by", "verified_at"])
        _tell(fresh, "action_verify", before, {"worked": worked}, actor, at, "worked" if worked else "did not work")
        return True


def _locked(action: CorrectiveAction) -> CorrectiveAction:
    """The action with its report locked, so that closing and changing it cannot cross."""
    locked(action.nonconformance)
    return CorrectiveAction.objects.select_related("nonconformance").get(pk=action.pk)


def _tell(action: CorrectiveAction, verb: str, before: Any, after: Any, actor: str, at: datetime, why: str) -> None:
    data = {"action": action.pk, "text": action.text, "before": before, "after": after, "why": why}
    record(actor=actor, at=at, action=verb, kind=KIND, code=str(action.nonconformance), data=data)
