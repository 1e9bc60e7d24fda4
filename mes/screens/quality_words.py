"""What the quality pages say: why a check is due, what it found, how often rules cry wolf."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mes.quality.judging import ChartKind
from mes.quality.models import Characteristic, Check
from mes.quality.spc.false_alarms import cusum_arl, ewma_arl, rules_arl
from mes.quality.spc.time_weighted import CUSUM_H, CUSUM_K, EWMA_WEIGHT, EWMA_WIDTH
from mes.quality.triggers import Due, TriggerKind
from mes.signing.models import Meaning


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
    """What a check found: its values with the unit, bad pieces, or defects."""
    char = check.characteristic
    if check.verdict == Check.Verdict.MISSED:
        return _("not made: %s") % check.note
    if char.kind == Characteristic.Kind.YES_NO:
        return _("%(bad)d of %(all)d bad") % {"bad": check.found or 0, "all": check.size}
    if char.kind == Characteristic.Kind.DEFECTS:
        return _("%(found)d defects in %(all)d") % {"found": check.found or 0, "all": check.size}
    return f"{', '.join(f'{value:.{char.decimals}f}' for value in check.values)} {char.unit}".rstrip()


def rule_text(code: str) -> str:
    """What a run rule looks for."""
    known = {
        "N1": _("One point beyond 3 sigma"),
        "N2": _("Nine points in a row on one side of the centre"),
        "N3": _("Six points in a row, each higher, or each lower, than the one before"),
        "N4": _("Fourteen points in a row, up and down in turn"),
        "N5": _("Two of three points in a row beyond 2 sigma on one side"),
        "N6": _("Four of five points in a row beyond 1 sigma on one side"),
        "N7": _("Fifteen points in a row within 1 sigma"),
        "N8": _("Eight points in a row beyond 1 sigma, on either side"),
        "W1": _("One point beyond 3 sigma"),
        "W2": _("Two of three points in a row beyond 2 sigma on one side"),
        "W3": _("Four of five points in a row beyond 1 sigma on one side"),
        "W4": _("Eight points in a row on one side of the centre"),
    }
    return known[code]


def rule_words(codes: Sequence[str], kind: ChartKind | None = None) -> list[str]:
    """What each run rule has seen; on a chart with memory there is only its limit to be beyond."""
    if kind is ChartKind.EWMA:
        return [_("The weighted mean is beyond its limits")] if codes else []
    if kind is ChartKind.CUSUM:
        return [_("The sum is beyond its limit")] if codes else []
    return [f"{code}: {rule_text(code)}" for code in codes]


def signal_words(check: Check) -> list[str]:
    """What signalled when the check was made."""
    return rule_words(check.signals, ChartKind(check.characteristic.chart))


def chart_words(kind: ChartKind) -> str:
    """A chart as people choose it."""
    return {
        ChartKind.INDIVIDUALS: _("Individuals and moving ranges (I-MR)"),
        ChartKind.MEANS_RANGES: _("Means and ranges (X-bar R)"),
        ChartKind.MEANS_DEVIATIONS: _("Means and standard deviations (X-bar S)"),
        ChartKind.P: _("Share of bad pieces (p)"),
        ChartKind.NP: _("Number of bad pieces (np)"),
        ChartKind.C: _("Number of defects (c)"),
        ChartKind.U: _("Defects per piece (u)"),
        ChartKind.EWMA: _("Weighted mean of all checks (EWMA)"),
        ChartKind.CUSUM: _("Sums of what is above and below (CUSUM)"),
    }[kind]


def chart_short(kind: ChartKind) -> str:
    """The name technicians know a chart by, the same in every language."""
    known = {
        ChartKind.INDIVIDUALS: "I-MR",
        ChartKind.MEANS_RANGES: "X-bar R",
        ChartKind.MEANS_DEVIATIONS: "X-bar S",
        ChartKind.EWMA: "EWMA",
        ChartKind.CUSUM: "CUSUM",
    }
    return known.get(kind, kind.value)


def chart_headings(kind: ChartKind) -> tuple[str, str]:
    """What the chart shows, and what the one below it shows; empty: there is none."""
    return {
        ChartKind.INDIVIDUALS: (_("Values"), _("Moving ranges")),
        ChartKind.MEANS_RANGES: (_("Means"), _("Ranges")),
        ChartKind.MEANS_DEVIATIONS: (_("Means"), _("Standard deviations")),
        ChartKind.P: (_("Share of bad pieces"), ""),
        ChartKind.NP: (_("Bad pieces"), ""),
        ChartKind.C: (_("Defects"), ""),
        ChartKind.U: (_("Defects per piece"), ""),
        ChartKind.EWMA: (_("Weighted means"), ""),
        ChartKind.CUSUM: (_("Sum of what lies above the centre"), _("Sum of what lies below the centre")),
    }[kind]


def alarm_words(kind: ChartKind, codes: Sequence[str]) -> str:
    """How often this chart signals although nothing happened; empty without a rule."""
    arl = rules_arl(codes)
    if kind is ChartKind.EWMA:
        arl = ewma_arl(EWMA_WEIGHT, EWMA_WIDTH)
    elif kind is ChartKind.CUSUM:
        arl = cusum_arl(CUSUM_K, CUSUM_H)
    return "" if arl is None else _("about one false alarm in %d checks") % round(arl)


def meaning_words(meanings: Sequence[str]) -> list[str]:
    """Meanings of signatures, as people say them."""
    return [str(Meaning(one).label) for one in meanings]


def limit_words(check: Check) -> str:
    """The specification limits a check was judged by; empty without any."""
    char = check.characteristic
    low, high = (None if one is None else f"{one:.{char.decimals}f}" for one in (check.lsl, check.usl))
    if low is None and high is None:
        return ""
    return _("Allowed: %(low)s to %(high)s.") % {"low": low or "…", "high": high or "…"}


def verdict_words(check: Check) -> str:
    """What is said right after the entry; the limits are told only now, so that they lead nobody's hand."""
    char = check.characteristic
    said = [f"{char.name}: {found_words(check)}."]
    if check.verdict == Check.Verdict.MISSED:
        return said[0]
    if check.verdict == Check.Verdict.OUT:
        said += [_("Out of limits."), char.reaction]
    elif check.verdict == Check.Verdict.SIGNAL:
        rules = "; ".join(signal_words(check))
        said += [_("Within limits, but look at the process: %s.") % rules, char.reaction]
    else:
        said.append(_("Within limits."))
    return " ".join(one for one in (*said, limit_words(check)) if one)
