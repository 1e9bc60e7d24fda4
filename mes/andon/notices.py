"""Notices of calls: made once when a rule is due, sent once, tried again with pauses, given up with a sentence."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from mes.andon import escalation
from mes.andon.models import Call, EscalationRule, Notice
from mes.journal.write import record
from mes.people.access import lines_for
from mes.people.models import Person
from mes.plant.shift_of import shift_now

SYSTEM = "system"
Target = tuple[str, str, str]  # channel, target, language


def calls_escalate(*, at: datetime) -> int:
    """Makes the notices that are due now and raises the calls' levels; how many notices. Safe to run twice at once."""
    stored = {
        rule.code: rule
        for rule in EscalationRule.objects.filter(archived=False).select_related("webhook").prefetch_related("people")
    }
    if not stored:
        return 0
    rules = [_pure(rule) for rule in stored.values()]
    calls = Call.objects.filter(closed_at=None).select_related("work_center__line", "category")
    shifts = shift_now({call.work_center for call in calls}, at)
    told = set(Notice.objects.filter(call__closed_at=None).values_list("call", "rule", "level"))
    made = 0
    for call in calls:
        shift = shifts.get(call.work_center_id)
        waiting = escalation.Waiting(
            raised_at=call.raised_at,
            category=call.category_id,
            line=call.work_center.line_id,
            shift=shift.name if shift else "",
            taken=call.taken_at is not None,
        )
        for rule in escalation.due(waiting, rules, at):
            if (call.pk, rule.code, rule.level) not in told:
                made += _escalate(call, stored[rule.code], at)
    return made


def targets_of(rule: EscalationRule, call: Call) -> set[Target]:
    """Whom a rule tells of a call: active people with an address who may see the line, the address, the webhook.

    Named people who may not see the line are left out: a call tells them about a line they know nothing of.
    """
    found: set[Target] = {(Notice.Channel.MAIL, rule.address, "")} if rule.address else set()
    if rule.webhook and not rule.webhook.archived:
        found.add((Notice.Channel.WEBHOOK, rule.webhook.code, ""))
    wanted = Q(pk__in=[person.pk for person in rule.people.all()])
    if rule.role:
        wanted |= Q(role=rule.role)
    for person in Person.objects.filter(wanted, is_active=True).exclude(email=""):
        if lines_for(person).filter(pk=call.work_center.line_id).exists():
            found.add((Notice.Channel.MAIL, person.email, person.language))
    return found


def _escalate(call: Call, rule: EscalationRule, at: datetime) -> int:
    """One rule speaks: its notices, the level and one journal entry, unless another worker did it a moment ago."""
    targets = targets_of(rule, call)
    with transaction.atomic():
        still = Call.objects.select_for_update(of=("self",)).filter(pk=call.pk, closed_at=None).first()
        if still is None or Notice.objects.filter(call=call, rule=rule.code, level=rule.level).exists():
            return 0
        rows = [_notice(call, rule, target, at) for target in sorted(targets)] or [_nobody(call, rule, at)]
        # Two rules of a level may name the same address: it hears once.
        Notice.objects.bulk_create(rows, ignore_conflicts=True)
        raised = Call.objects.filter(pk=call.pk, level__lt=rule.level).update(level=rule.level)
        if raised:
            before, after = {"level": still.level}, {"level": rule.level, "told": sorted(t[1] for t in targets)}
            data = {"before": before, "after": after, "why": rule.code, "work_center": call.work_center.code}
            record(actor=SYSTEM, at=at, action="call_escalate", kind="call", code=str(call.pk), data=data)
        return len(targets)


def _notice(call: Call, rule: EscalationRule, target: Target, at: datetime) -> Notice:
    channel, name, language = target
    return Notice(
        call=call,
        rule=rule.code,
        level=rule.level,
        channel=channel,
        target=name,
        language=language,
        made_at=at,
        next_at=at,
    )


def _nobody(call: Call, rule: EscalationRule, at: datetime) -> Notice:
    """A rule that reaches nobody is seen on the call's page: silence would look like everybody had been told."""
    row = _notice(call, rule, (Notice.Channel.MAIL, f"({rule.code})", ""), at)
    row.state = Notice.State.DEAD
    row.error = f"Rule {rule.code} reaches nobody: nobody of it has an e-mail address and may see the line."
    return row


def _pure(rule: EscalationRule) -> escalation.Rule:
    return escalation.Rule(
        code=rule.code,
        level=rule.level,
        after_s=rule.after_s,
        category=rule.category_id or 0,
        line=rule.line_id or 0,
        shifts=frozenset(rule.shift_names),
        until_closed=rule.until == EscalationRule.Until.CLOSED,
    )


def notices_of(calls: Iterable[int]) -> dict[int, list[Notice]]:
    """Call (id) to its notices, in order of time."""
    found: dict[int, list[Notice]] = {}
    for notice in Notice.objects.filter(call__in=calls):
        found.setdefault(notice.call_id, []).append(notice)
    return found
