"""Capability on the page of a chart: indices with their intervals, what speaks against normality, every caution."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from mes.quality.spc.capability import Capability
from mes.quality.spc.chart import Baseline


def capability_context(said: Capability | None, baseline: Baseline, signals: int) -> dict[str, Any]:
    """For the section "Capability"; without a specification to compare with there is none."""
    if said is None:
        return {"capability": None}
    shown = [
        ("Cp", said.within.cp, said.within.cp_interval),
        ("Cpk", said.within.cpk, said.within.cpk_interval),
        ("Pp", said.overall.cp, said.overall.cp_interval),
        ("Ppk", said.overall.cpk, said.overall.cpk_interval),
    ]
    normal = said.normality
    normality = ""
    if normal.p is not None and normal.note is None:
        normality = _("Nothing speaks against a normal distribution (Anderson-Darling, p %.2f).") % normal.p
    words = _cautions(said, baseline, signals)
    codes = dict.fromkeys(note.code for note in (*said.notes, *said.within.notes))
    return {
        "capability": said,
        "indices": [
            (name, "–" if value is None else f"{value:.2f}", f"{at[0]:.2f} – {at[1]:.2f}" if at else "–")
            for name, value, at in shown
        ],
        "normality": normality,
        "notes": [words[code]() for code in codes if code in words],
    }


def _cautions(said: Capability, baseline: Baseline, signals: int) -> dict[str, Callable[[], str]]:
    """Each note of the figures in the language of the reader, by its code."""
    n, p = said.n, said.normality.p
    chance = _("p below 0.001") if p is not None and p < 0.001 else f"p {p or 0:.3f}"
    return {
        "provisional": lambda: _("The limits are provisional: they come from %d checks only.") % baseline.samples,
        "no-limits": lambda: _("There are too few checks in a row to estimate a spread: no limits yet."),
        "no-spread": lambda: _("The spread is 0. Is the gauge fine enough, and do the values vary?"),
        "unstable": lambda: _("Signals on the chart: %d. Find their causes first.") % signals,
        "few-values": lambda: _("%d values: the interval says more than the figure.") % n,
        "not-normal": lambda: (
            _("These values do not look normal (%s): the indices say little about the share out of specification.")
            % chance
        ),
        "normality-unknown": lambda: _(
            "Whether the values are normal cannot be judged: 8 that are not all equal are needed."
        ),
        "no-sigma": lambda: _("Too few values to estimate the spread of the process."),
        "one-sided": lambda: _("Only one specification limit: Cp needs two, Cpk is that of the one side."),
    }
