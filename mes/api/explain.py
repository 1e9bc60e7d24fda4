"""GET /kpi/explain/: everything behind one number; the page /explain/ shows the same."""

from datetime import UTC, datetime
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mes.api.kpi import KINDS, KpiNote, KpiView
from mes.api.kpi_answer import answer_of
from mes.oee.explain import Counted, Explanation, Interval, Part, explain
from mes.oee.explain_formulas import KPIS, Formula, Term
from mes.oee.places import POLICIES

Answer = dict[str, Any]


class ExplainShape(serializers.Serializer[Any]):
    """The answer. Times in seconds; lists that would be too long are empty and `days` stand for them."""

    formula = serializers.DictField(help_text="In words, symbols and with the values put in.")
    policies = serializers.ListField(child=serializers.DictField())
    elements = serializers.DictField(child=serializers.FloatField())
    explained_s = serializers.FloatField(help_text="Sum over all owners of the time; equals scheduled_s.")
    intervals = serializers.ListField(child=serializers.DictField())
    intervals_left_off = serializers.IntegerField()
    counts = serializers.ListField(child=serializers.DictField())
    unknown = serializers.ListField(child=serializers.DictField())
    below = serializers.ListField(child=serializers.DictField(), help_text="A line's machines, an area's lines.")
    days = serializers.ListField(child=serializers.DictField(), help_text="Parts of more than 48 hours.")
    edits = serializers.ListField(child=serializers.DictField())
    coverage = serializers.FloatField(allow_null=True)
    notes = KpiNote(many=True)


def _text(name: str, said: str, **more: Any) -> OpenApiParameter:
    return OpenApiParameter(name, description=said, **more)


class ExplainView(KpiView):
    """Why a number is what it is."""

    @extend_schema(
        responses=ExplainShape,
        parameters=[
            *[_text(kind, f"Code of one {kind.replace('_', ' ')}; exactly one of the four.") for kind in KINDS],
            _text("from", "Begin, ISO 8601 with offset."),
            _text("to", "End, ISO 8601 with offset; later than now means until now."),
            _text("kpi", "The number to explain, default oee.", enum=list(KPIS)),
            _text("policy", "Another reading of the same time.", enum=sorted(POLICIES)),
            _text("as_of", "The number as it was reported then, ISO 8601 with offset."),
        ],
    )
    def get(self, request: Request) -> Response:
        """Formula, policy, elements, owned intervals, counts, unknown time and edits behind one number."""
        now = datetime.now(UTC)
        window = self._window(request)
        place = self._place(request)
        kpi = self._one_of(request, "kpi", list(KPIS)) or "oee"
        policy = self._one_of(request, "policy", sorted(POLICIES))
        read = POLICIES[policy] if policy else None
        as_of = self._as_of(request, now)
        found = explain(place, window, now=now, kpi=kpi, policy=read, as_of=as_of)
        return Response({place.kind: place.code, "as_of": as_of, "now": now} | explained_answer(found))


def explained_answer(found: Explanation) -> Answer:
    """An explanation as JSON holds it."""
    whole = answer_of(found.figure)
    return {
        "from": found.figure.start,
        "to": found.figure.end,
        "formula": _formula(found.formula) if found.formula else None,
        "policies": [
            {"label": part.label, "words": part.words, "in_force_from": part.since, "by": part.by, "why": part.why}
            for part in found.policies
        ],
        "elements": whole["elements"],
        "counts_total": whole["counts"],
        "explained_s": found.explained_ms / 1000,
        "intervals": [_interval(piece) for piece in found.intervals],
        "intervals_left_off": found.left_off,
        "counts": [_counted(row) for row in found.counts],
        "unknown": [_interval(piece) for piece in found.unknown],
        "below": [_part(part) for part in found.below],
        "days": [_part(part) for part in found.days],
        "edits": [
            {
                "at": edit.at,
                "actor": edit.actor,
                "action": edit.action,
                "work_center": edit.work_center,
                "from": edit.start,
                "to": edit.end,
                "before": edit.before,
                "after": edit.after,
                "why": edit.why,
            }
            for edit in found.edits
        ],
        "coverage": whole["coverage"],
        "notes": whole["notes"],
    }


def _formula(formula: Formula) -> Answer:
    return {
        "kpi": formula.kpi,
        "title": formula.title,
        "source": formula.source,
        "value": formula.value,
        "shown": formula.shown,
        "words": formula.words,
        "symbols": formula.symbols,
        "filled": formula.filled,
        "over": [_term(term) for term in formula.over],
        "under": [_term(term) for term in formula.under],
    }


def _term(term: Term) -> Answer:
    made_of = [{"sign": sign, "word": word, "amount": _amount(term, part)} for sign, word, part in term.made_of]
    return {
        "symbol": term.symbol,
        "word": term.word,
        "kind": term.kind,
        "amount": _amount(term, term.amount),
        "text": term.text,
        "made_of": made_of,
    }


def _amount(term: Term, amount: Any) -> float:
    """Seconds of a time, else pieces or a number."""
    return float(amount) / 1000 if term.kind == "time" else float(amount)


def _interval(piece: Interval) -> Answer:
    return {
        "from": piece.start,
        "to": piece.end,
        "seconds": piece.ms / 1000,
        "owner": piece.owner,
        "state": piece.state,
        "reason": piece.reason,
        "order": piece.order,
        "item": piece.item,
        "why": piece.why,
    }


def _counted(row: Counted) -> Answer:
    return {
        "from": row.start,
        "to": row.end,
        "item": row.item,
        "order": row.order,
        "good": row.good,
        "scrap": row.scrap,
        "rework": row.rework,
        "ideal_cycle_s": None if row.ideal_ms is None else float(row.ideal_ms) / 1000,
        "gap": row.gap,
        "excluded": row.excluded,
    }


def _part(part: Part) -> Answer:
    elements = part.elements
    return {
        "kind": part.kind,
        "code": part.code,
        "from": part.start,
        "to": part.end,
        "value": part.value,
        "scheduled_s": elements.scheduled_ms / 1000 if elements else None,
        "unknown_s": elements.unknown_ms / 1000 if elements else None,
    }
