"""`/improve/trends/`: a KPI over days, shifts or hours, what was made in them, and how reliable the machines are."""

from collections.abc import Sequence

from django.http import HttpRequest
from django.utils.translation import gettext as _

from mes.charting.charts import Point, trend_chart
from mes.oee.figures import Figure
from mes.screens import words
from mes.screens.improve.asked import Asked
from mes.screens.improve.kpis import BY_FIELD, MEASURES, RELIABILITY, Measure, faint, scaled
from mes.screens.improve.page import Content, Drawn, losses_page
from mes.screens.improve.series import GROUPS, Part, group_for, whole_and_parts, why
from mes.screens.improve.tables import Column, Row, Table, pieces
from mes.screens.improve.target_words import place_targets, share_of


@losses_page("trends", keep=["kpi", "group"])
def trends(asked: Asked, request: HttpRequest) -> Content:
    """The page."""
    group = group_for(asked)
    measure = BY_FIELD.get(asked.more.get("kpi", ""), BY_FIELD["oee"])
    figure, parts = whole_and_parts(asked, group)
    table = trend_table(asked, parts, measure)
    chart = trend_of(asked, parts, measure)
    more = {
        "measures": [(one.field, one.name, one is measure) for one in MEASURES],
        "measure": measure,
        "group": group,
        "groups": [(word, asked.query(group=key), key == group) for key, word in GROUPS.items()],
        "convention": figure.policy.mtbf_convention,
        "why": why(asked, figure, measure.field),
    }
    return Content([table, reliability_table(figure)], [chart], sentence(asked, figure, measure), figure, more)


def trend_of(asked: Asked, parts: Sequence[Part], measure: Measure) -> Drawn:
    """The KPI as a line: parts of which too little is known in grey (R40), with bounds and target."""
    bounded = measure.field == "oee"
    points = [
        Point(
            part.name,
            measure.value(part.figure),
            f"{words.number(measure.value(part.figure), measure.digits)} {measure.unit}",
            scaled(part.figure.kpi.oee_low, 100) if bounded else None,
            scaled(part.figure.kpi.oee_high, 100) if bounded else None,
            faint(part.figure),
        )
        for part in parts
    ]
    goals = place_targets(asked) if bounded else []
    target = [scaled(share_of(goals, part.figure.start), 100) for part in parts]
    chart = trend_chart(points, name=str(measure.name), unit=measure.unit, target=target, target_word=_("Target"))
    return Drawn("trend", chart, _("%(kpi)s over time; the table has the same numbers") % {"kpi": measure.name})


def trend_table(asked: Asked, parts: Sequence[Part], measure: Measure) -> Table:
    """One row per part: the KPI with its bounds, how much is known, the target, and what was made."""
    columns = [
        Column("part", _("Time")),
        measure.column,
        Column("low", _("OEE at least"), "%", 1),
        Column("high", _("OEE at most"), "%", 1),
        Column("target", _("Target OEE"), "%", 1),
        Column("known", _("Time with data"), "%", 0),
        Column("good", _("Good"), "", 0),
        Column("scrap", _("Scrap"), "", 0),
        Column("rework", _("Rework"), "", 0),
    ]
    rows, goals = [], place_targets(asked)
    for part in parts:
        figure, made = part.figure, part.figure.elements
        counts = [None if made is None else pieces(getattr(made, name)) for name in ("good", "scrap", "rework")]
        numbers = [measure.value(figure), scaled(figure.kpi.oee_low, 100), scaled(figure.kpi.oee_high, 100)]
        numbers += [scaled(share_of(goals, figure.start), 100), scaled(figure.kpi.coverage, 100)]
        rows.append(Row([part.name, *numbers, *counts], why=why(asked, figure, measure.field), faint=faint(figure)))
    return Table("trend", measure.name, columns, rows, _("There is no part of this kind in this time."))


def reliability_table(figure: Figure) -> Table:
    """MTBF, MTTF, MTTR and mean down time of the whole time, with the number of failures and what was divided."""
    made = figure.elements
    rows = [
        Row([str(one.name), one.value(figure), str(note)]) for one, note in zip(RELIABILITY, _by(figure), strict=True)
    ]
    rows.append(Row([_("Failures"), made.failures if made else None, _("stops with a reason of the class failure")]))
    columns = [Column("kpi", _("Number")), Column("value", _("Value"), "min", 1), Column("how", _("How"))]
    return Table("reliability", _("Reliability"), columns, rows)


def _by(figure: Figure) -> list[str]:
    convention = figure.policy.mtbf_convention
    repair = _("from acknowledgement to resolution, where both are known")
    return [convention, convention, repair, _("length of failures / failures")]


def sentence(asked: Asked, figure: Figure, measure: Measure) -> str:
    """The KPI of the whole time in words; why it is unknown where it is."""
    value = measure.value(figure)
    if value is None:
        reasons = [note.text for note in figure.kpi.notes if note.kpi in (measure.field, "")] or [_("it is not known")]
        return _("%(kpi)s %(when)s: %(why)s") % {"kpi": measure.name, "when": asked.said, "why": reasons[0]}
    number = f"{words.number(value, measure.digits)} {measure.unit}"
    return _("%(kpi)s %(when)s: %(number)s.") % {"kpi": measure.name, "when": asked.said, "number": number}
