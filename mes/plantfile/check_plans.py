"""The section `check_plans` of a plant file: what is checked on which machine, when, and how it is judged."""

from collections.abc import Mapping as Given
from decimal import Decimal
from typing import Any

from mes.plantfile.document import CheckPlanRow, Plant, Ref
from mes.plantfile.fields import Fields, entries
from mes.plantfile.tree import Mistakes, Node, did_you_mean
from mes.quality.judging import ChartKind, Sort, charts_for
from mes.quality.spc.run_rules import DEFAULT_RULES, RULES
from mes.quality.triggers import NEEDS_EVERY, TriggerKind
from mes.signing.models import Meaning

FIELDS = (
    *("name", "work_center", "item", "kind", "unit", "decimals", "nominal", "lower", "upper", "pieces", "accept"),
    *("chart", "rules", "when", "grace_min", "instruction", "reaction", "signatures", "decisions_signed"),
    "archived",
)
_MEANINGS = ", ".join(Meaning.values)
WHEN = tuple(kind.value for kind in TriggerKind)
KINDS = tuple(sort.value for sort in Sort)
LEAST = Decimal(-(10**11))
MOST_PIECES = 500
MOST_EVERY = 1_000_000


def check_plans_from(node: Node | None, mistakes: Mistakes) -> tuple[CheckPlanRow, ...]:
    """The rows, mistakes noted with their lines."""
    return tuple(
        _row(code, line, Fields(content, f"check plan {code}", mistakes, FIELDS), mistakes)
        for code, line, content in entries(node, "check plan", mistakes)
    )


def _row(code: str, line: int, fields: Fields, mistakes: Mistakes) -> CheckPlanRow:
    kind = Sort(fields.choice("kind", KINDS, Sort.MEASURED) or Sort.MEASURED)
    pieces = fields.whole("pieces", 1, least=1, most=MOST_PIECES) or 1
    fitting = charts_for(kind, pieces)
    chart = fields.choice("chart", [kind.value for kind in ChartKind], fitting[0].value)
    if chart not in fitting:
        fields.wrong("chart", f"has the chart {chart}, which does not fit: choose {' or '.join(fitting)}.")
    lower, upper = _limit(fields, "lower"), _limit(fields, "upper")
    if lower is not None and upper is not None and lower >= upper:
        fields.wrong("upper", f"has an upper limit {upper} that is not above the lower one, {lower}.")
    return CheckPlanRow(
        code=code,
        name=fields.text("name"),
        work_center=fields.ref("work_center") or Ref("", line),
        item=fields.ref("item", required=False),
        kind=kind.value,
        unit=fields.text("unit", "", longest=16),
        decimals=_whole(fields, "decimals", 2, 6),
        nominal=_limit(fields, "nominal"),
        lower=lower,
        upper=upper,
        pieces=pieces,
        accept=_whole(fields, "accept", 0, MOST_PIECES),
        chart=chart,
        rules=_rules(fields),
        when=_when(fields, mistakes),
        grace_min=_whole(fields, "grace_min", 15, 10_000),
        instruction=fields.text("instruction", "", longest=300),
        reaction=fields.text("reaction", "", longest=300),
        signatures=_signatures(fields),
        decisions_signed=fields.yes("decisions_signed", False),
        archived=fields.yes("archived", False),
        line=line,
    )


def _whole(fields: Fields, key: str, default: int, most: int) -> int:
    value = fields.whole(key, default, least=0, most=most)
    return default if value is None else value


def _limit(fields: Fields, key: str) -> Decimal | None:
    return fields.decimal(key, None, least=LEAST, places=6, digits=17)


def _rules(fields: Fields) -> tuple[str, ...]:
    text = fields.text("rules", ", ".join(DEFAULT_RULES))
    codes = tuple(code for code in (part.strip() for part in text.split(",")) if code and code != "none")
    unknown = next((code for code in codes if code not in RULES), None)
    if unknown is not None:
        fields.wrong("rules", f"has the run rule '{unknown}', which does not exist: choose from {', '.join(RULES)}.")
    return codes


def _signatures(fields: Fields) -> tuple[str, ...]:
    said = {part.strip() for part in fields.text("signatures", "").split(",")} - {""}
    unknown = next((one for one in sorted(said) if one not in Meaning.values), None)
    if unknown is not None:
        fields.wrong("signatures", f"has the signature '{unknown}', which does not exist: choose from {_MEANINGS}.")
    return tuple(one for one in Meaning.values if one in said)


def _when(fields: Fields, mistakes: Mistakes) -> tuple[tuple[str, int | None], ...]:
    """Triggers in the order of `TriggerKind`: a number where one is needed, else true."""
    part = fields.part("when")
    if part is None:
        return ()
    inner = Fields(part, f"'when' of {fields.subject}", mistakes, WHEN)
    found: list[tuple[str, int | None]] = []
    for kind in TriggerKind:
        if not inner.has(kind.value):
            continue
        if kind in NEEDS_EVERY:
            found.append((kind.value, inner.whole(kind.value, 1, least=1, most=MOST_EVERY)))
        elif inner.yes(kind.value, True):
            found.append((kind.value, None))
    return tuple(found)


def check_plans_check(plant: Plant, mistakes: Mistakes) -> None:
    """Notes machines and items that the file does not define."""
    places, items = [row.code for row in plant.work_centers], [row.code for row in plant.items]
    for row in plant.check_plans:
        for ref, noun, known in ((row.work_center, "work center", places), (row.item, "item", items)):
            if ref is not None and ref.code and ref.code not in known:
                hint = did_you_mean(ref.code, known) or f" Define it under '{noun.replace(' ', '_')}s'."
                said = f"check plan {row.code} names {noun} '{ref.code}', which this file does not define.{hint}"
                mistakes.add(ref.line, said)


def check_plan_fields(row: CheckPlanRow) -> Given[str, Any]:
    """What a check plan is in a plant file, defaults left out."""
    fitting = charts_for(Sort(row.kind), row.pieces)
    when = {kind: True if every is None else every for kind, every in row.when}
    return {
        "name": row.name,
        "work_center": row.work_center.code,
        "item": row.item.code if row.item else None,
        "kind": None if row.kind == Sort.MEASURED else row.kind,
        "unit": row.unit or None,
        "decimals": None if row.decimals == 2 else row.decimals,
        "nominal": row.nominal,
        "lower": row.lower,
        "upper": row.upper,
        "pieces": None if row.pieces == 1 else row.pieces,
        "accept": row.accept or None,
        "chart": None if row.chart == fitting[0] else row.chart,
        "rules": None if row.rules == DEFAULT_RULES else ", ".join(row.rules) or "none",
        "when": when or None,
        "grace_min": None if row.grace_min == 15 else row.grace_min,
        "instruction": row.instruction or None,
        "reaction": row.reaction or None,
        "signatures": ", ".join(row.signatures) or None,
        "decisions_signed": row.decisions_signed or None,
        "archived": row.archived or None,
    }
