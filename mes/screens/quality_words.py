"""What the quality pages say: why a check is due, what it found, how often rules cry wolf."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mes.quality.models import Characteristic, Check
from mes.quality.spc.false_alarms import rules_arl
from mes.quality.spc.run_rules import RULES
from mes.quality.triggers import Due, TriggerKind


def due_words(due: Due) -> str:
    """Why a check is due."""
    every = due.every or 0
    if due.kind is TriggerKind.PIECES:
        return ngettext("every piece", "every %(n)d pieces", every) % {"n": every}
    if due.kind is TriggerKind.MINUTES:
        return ngettext("every minute", "every %(n)d minutes", every) % {"n": every}
    if due.kind is TriggerKind.STOP:
        return ngettext("after a stop of %(n)d minute", "after a stop of %(n)d minutes or more", every) % {"n": every}
    return {
        TriggerKind.START: _("after the start of the order"),
        TriggerKind.CHANGEOVER: _("after the change of item"),
        TriggerKind.FIRST_PIECE: _("first piece of the order"),
        TriggerKind.LAST_PIECE: _("last piece of the order"),
    }[due.kind]


def found_words(check: Check) -> str:
    """What a check found: its values with the unit, or bad pieces."""
    char = check.characteristic
    if check.verdict == Check.Verdict.MISSED:
        return _("not made: %s") % check.note
    if char.kind == Characteristic.Kind.YES_NO:
        return _("%(bad)d of %(all)d bad") % {"bad": check.found or 0, "all": check.size}
    return f"{', '.join(f'{value:.{char.decimals}f}' for value in check.values)} {char.unit}".rstrip()


def rule_words(codes: Sequence[str]) -> list[str]:
    """What each run rule has seen."""
    return [f"{code}: {RULES[code].text}" for code in codes]


def alarm_words(codes: Sequence[str]) -> str:
    """How often these rules signal although nothing happened; empty without a rule."""
    arl = rules_arl(codes)
    return "" if arl is None else _("about one false alarm in %d checks") % round(arl)


def verdict_words(check: Check) -> str:
    """What is said right after the entry; the limits are told only now, so that they lead nobody's hand."""
    char = check.characteristic
    low, high = (None if one is None else f"{one:.{char.decimals}f}" for one in (check.lsl, check.usl))
    limits = ""
    if low is not None or high is not None:
        limits = " " + _("Allowed: %(low)s to %(high)s.") % {"low": low or "…", "high": high or "…"}
    said = f"{char.name}: {found_words(check)}."
    if check.verdict == Check.Verdict.OUT:
        return " ".join([said, _("Out of limits."), char.reaction]).rstrip() + limits
    if check.verdict == Check.Verdict.SIGNAL:
        rules = "; ".join(RULES[code].text for code in check.signals)
        return (
            " ".join([said, _("Within limits, but look at the process: %s.") % rules, char.reaction]).rstrip() + limits
        )
    if check.verdict == Check.Verdict.MISSED:
        return said
    return f"{said} {_('Within limits.')}{limits}"
