"""`/improve/waterfall/`: from scheduled or calendar time down to good time, and the six big losses."""

from decimal import Decimal

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mes.charting.charts import WaterfallBar, waterfall_chart
from mes.oee.figures import Figure
from mes.oee.losses import Step, Waterfall
from mes.screens import words
from mes.screens.improve.asked import Asked
from mes.screens.improve.falls import WORDS, fall_of, six_of
from mes.screens.improve.page import Content, Drawn, losses_page
from mes.screens.improve.series import whole, why
from mes.screens.improve.tables import Column, Row, Table

MIN_MS = 60_000
BASES = {"scheduled": gettext_lazy("From scheduled time"), "calendar": gettext_lazy("From calendar time")}


@losses_page("waterfall", keep=["base"])
def waterfall(asked: Asked, request: HttpRequest) -> Content:
    """The page."""
    figure = whole(asked)
    base = asked.more.get("base", "scheduled")
    base = base if base in BASES else "scheduled"
    fall = fall_of(figure.parts)
    bars = bars_of(fall, base)
    chart = Drawn(
        "waterfall", waterfall_chart(bars, unit="min"), _("The time from the top down to good time, in minutes")
    )
    more = {
        "bases": [(word, asked.query(base=key), key == base) for key, word in BASES.items()],
        "incomplete": not fall.complete,
        "proof": proof(fall, base),
        "why": why(asked, figure),
    }
    return Content([steps_table(fall, base), six_table(asked, figure)], [chart], sentence(asked, figure), figure, more)


def bars_of(fall: Waterfall, base: str) -> list[WaterfallBar]:
    """The steps from `base` down as bars in minutes; losses of nothing are left out."""
    steps = steps_from(fall, base)
    minutes = ((step, float(step.ms / MIN_MS)) for step in steps if step.kind == "level" or step.ms)
    return [
        WaterfallBar(str(WORDS[step.key]), value, step.kind == "level", f"{words.number(value, 1)} min")
        for step, value in minutes
    ]


def steps_from(fall: Waterfall, base: str) -> list[Step]:
    """The steps from the level `base` on."""
    start = next((n for n, step in enumerate(fall.steps) if step.kind == "level" and step.key == base), 0)
    return list(fall.steps[start:])


def steps_table(fall: Waterfall, base: str) -> Table:
    """Every step in minutes and as a share of the level it starts from."""
    steps = steps_from(fall, base)
    top = steps[0].ms if steps else Decimal(0)
    rows = [
        Row(
            [
                str(WORDS[step.key]),
                _("level") if step.kind == "level" else _("loss") if step.ms >= 0 else _("gain"),
                float(step.ms / MIN_MS),
                float(step.ms / top * 100) if top else None,
            ],
            strong=step.kind == "level",
            calm=step.kind == "level" or step.ms < 0,
            share=float(abs(step.ms) / top) if top else None,
        )
        for step in steps
    ]
    columns = [
        Column("step", _("Step")),
        Column("kind", _("Kind")),
        Column("minutes", _("Time"), "min", 1),
        Column("share", _("Share"), "%", 1),
    ]
    return Table("steps", _("Where the time went"), columns, rows)


def six_table(asked: Asked, figure: Figure) -> Table:
    """The six big losses, the largest first. A machine's waiting is its own loss only where it is alone (R19)."""
    alone = asked.place.kind != "work_center" or asked.place.work_centers[0].line.flow == "parallel"
    losses = six_of(figure.parts, bottleneck=alone) or {}
    pbt = figure.kpi.pbt_ms
    ranked = sorted(losses.items(), key=lambda loss: (-loss[1], loss[0]))
    top = max((float(ms) for _key, ms in ranked), default=0.0)
    rows = [
        Row(
            [str(WORDS[key]), float(ms / MIN_MS), float(ms / pbt * 100) if pbt else None],
            share=max(0.0, float(ms) / top) if top > 0 else None,
        )
        for key, ms in ranked
    ]
    columns = [
        Column("loss", _("Loss")),
        Column("minutes", _("Time"), "min", 1),
        Column("share", _("Of planned busy time"), "%", 1),
    ]
    empty = _("An ideal cycle is missing, so speed and quality losses are not known: enter it with the item.")
    return Table("six", _("Six big losses"), columns, rows, empty)


def sentence(asked: Asked, figure: Figure) -> str:
    """The largest of the six losses in words; "" where nothing is known or lost."""
    alone = asked.place.kind != "work_center" or asked.place.work_centers[0].line.flow == "parallel"
    losses = six_of(figure.parts, bottleneck=alone) or {}
    key, ms = max(losses.items(), key=lambda loss: loss[1], default=("", Decimal(0)))
    if ms <= 0:
        return ""
    said = _("Largest of the six big losses %(when)s: %(loss)s, %(minutes)s min.")
    return said % {"when": asked.said, "loss": WORDS[key], "minutes": words.number(float(ms / MIN_MS))}


def proof(fall: Waterfall, base: str) -> str:
    """The sum of losses and the last level against the first one: they are equal, to the millisecond."""
    steps = steps_from(fall, base)
    if not steps:
        return ""
    lost = sum((step.ms for step in steps if step.kind == "loss"), Decimal(0))
    last = [step for step in steps if step.kind == "level"][-1]
    numbers = [words.number(float(ms / MIN_MS), 1) for ms in (lost + last.ms, steps[0].ms)]
    return _("%(found)s of %(whole)s min accounted for.") % {"found": numbers[0], "whole": numbers[1]}
