"""The lowest end of the thread: single readings of tags, as long as they are kept."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext as _

from mes.plc.models import TagBinding
from mes.thread.marks import Mark, mark_text
from mes.thread.node import Debt, Sampled
from mes.tracking.models import Sample

KEPT = timedelta(days=90)
PAGE = 100


def samples_page(place: int, start: datetime, end: datetime, after: Mark | None) -> tuple[list[Sampled], str]:
    """A page of one machine's readings in [start, end), oldest first, and the mark of the next ("" at the end).

    A mark is the time and the number of a row, so a page costs the same wherever it begins. Two queries.
    """
    rows = Sample.objects.filter(work_center=place, at__gte=start, at__lt=end)
    if after is not None:
        rows = rows.filter(Q(at__gt=after[0]) | Q(at=after[0], id__gt=after[2]), at__gte=after[0])
    found = list(rows.order_by("at", "id")[: PAGE + 1])
    tags = _Tags(place, start, end)
    page = [
        Sampled(one.at, tags.of(one.role, one.at), one.role, _value(one), one.quality or "good") for one in found[:PAGE]
    ]
    return page, mark_text((found[PAGE - 1].at, "sample", found[PAGE - 1].id)) if len(found) > PAGE else ""


def samples_missing(places: Sequence[int], start: datetime, end: datetime, now: datetime) -> list[Debt]:
    """What of the readings of [start, end) cannot be shown: too old to be kept, or never stored."""
    debts = []
    oldest = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - KEPT
    if start < oldest:
        text = _("Readings before %(day)s are gone: they are kept for %(days)d days.")
        debts.append(Debt("samples-gone", text % {"day": oldest.date().isoformat(), "days": KEPT.days}))
    from_here = max(start, oldest)
    if from_here < end:
        heard = {
            place for place in places
            if Sample.objects.filter(work_center=place, at__gte=from_here, at__lt=end).exists()
        }  # fmt: skip
        silent = len(set(places) - heard)
        if silent:
            text = _("Of %d machine(s) no reading of a controller is stored for this time.") % silent
            debts.append(Debt("samples-missing", text, silent))
    return debts


class _Tags:
    """Which tag had which role on a machine at a time."""

    def __init__(self, place: int, start: datetime, end: datetime) -> None:
        self.by_role: dict[str, list[TagBinding]] = defaultdict(list)
        open_then = Q(valid_to=None) | Q(valid_to__gt=start)
        for binding in TagBinding.objects.filter(open_then, work_center=place, valid_from__lt=end):
            self.by_role[binding.role].append(binding)

    def of(self, role: str, at: datetime) -> str:
        """The tag, or "" where none was bound then."""
        for binding in self.by_role[role]:
            if binding.valid_from <= at and (binding.valid_to is None or at < binding.valid_to):
                return binding.tag
        return ""


def _value(sample: Sample) -> str:
    if sample.raw is not None:
        return str(sample.raw)
    return sample.text if sample.text is not None else _("unreadable")
