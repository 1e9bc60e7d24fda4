"""Which unbound tags of a controller are recorded: chosen from its tag list, grouped as the controller groups them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from mes.plc.commission import browse_ask
from mes.plc.models import BrowseRequest, Controller, TagBinding
from mes.tracking.models import CandidateTag

PERIOD_S = 5.0
AT_MOST = 200  # tags of a controller
TOGETHER = 50  # tags in one read, so that a read stays short
LONGEST_ARRAY = 32
ASK_AGAIN = timedelta(minutes=10)
ASK_AT_ONCE = 5  # controllers, so that a large plant is not asked all at the same moment
NUMBERS = frozenset({"SINT", "INT", "DINT", "LINT", "USINT", "UINT", "UDINT", "REAL", "LREAL", "BOOL"})
# Structures of the controller's own instructions: they move, but tell nothing about parts. A counter's ACC does.
INSTRUCTIONS = ("TIMER", "CONTROL", "PID", "MESSAGE", "AXIS_", "ALARM_", "MOTION_", "COORDINATE_")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A tag worth recording: its name, its type, and the structure or program it belongs to."""

    tag: str
    data_type: str
    group: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is read beside the bound tags of a controller: tag to row, and the groups that are read together."""

    controller: int
    rows: dict[str, int]
    groups: tuple[tuple[str, ...], ...]


def candidates_of(listing: Sequence[Sequence[Any]]) -> list[Candidate]:
    """The numbers among the rows of a tag list, members of structures first, at most 200.

    Module tags (`Local:1:I`), hidden tags and the insides of instructions are left out; of a one-dimensional array of
    at most 32, every element is taken, of a longer one none.
    """
    lengths: dict[str, int] = {}  # "Lines[0]" -> 8
    kinds: dict[str, str] = {}
    found: list[Candidate] = []
    for name, data_type, dimensions, program, _access, readable in listing:
        kinds[name] = data_type
        if dimensions:
            lengths[name] = int(dimensions) if dimensions.isdigit() else 0
        if not readable or data_type.upper() not in NUMBERS or not _worth(name, kinds):
            continue
        found += [Candidate(each, data_type, group_of(each, program)) for each in _elements(name, lengths)]
    found.sort(
        key=lambda one: (one.group == "" or (one.group.startswith("Program:") and "." not in one.group), "[" in one.tag)
    )
    return found[:AT_MOST]


def group_of(tag: str, program: str) -> str:
    """What a tag belongs to: the structure it is a member of, else its program, else nothing."""
    scope = f"{program}." if program and tag.startswith(f"{program}.") else ""
    parent = tag[len(scope) :].rpartition(".")[0]
    return scope + parent if parent else program


def _worth(name: str, kinds: dict[str, str]) -> bool:
    plain = name.removeprefix("Program:")
    if ":" in plain or "__" in plain:
        return False
    parent, _, member = name.rpartition(".")
    kind = kinds.get(parent, "").upper()
    if kind == "COUNTER":
        return member.upper() == "ACC"
    return not kind.startswith(INSTRUCTIONS)


def _elements(name: str, lengths: dict[str, int]) -> list[str]:
    """The tag for every element of the arrays it lies in; the list names only the first."""
    names = [name]
    for first, length in lengths.items():
        if name == first or name.startswith(f"{first}."):
            if not 0 < length <= LONGEST_ARRAY:
                return []
            names = [f"{one[: len(first) - 3]}[{n}]{one[len(first) :]}" for one in names for n in range(length)]
            if len(names) > AT_MOST or name.count("[") > 1:
                return []
    return names


def candidates_choose(*, controller: Controller, listing: Sequence[Sequence[Any]]) -> int:
    """Notes which tags of a list are recorded from now on; returns how many. The same list again changes nothing."""
    chosen = candidates_of(listing)
    with transaction.atomic():
        CandidateTag.objects.filter(controller=controller, listed=True).exclude(
            tag__in=[one.tag for one in chosen]
        ).update(listed=False)
        CandidateTag.objects.bulk_create(
            [
                CandidateTag(controller=controller, tag=one.tag, data_type=one.data_type, group=one.group)
                for one in chosen
            ],
            update_conflicts=True,
            unique_fields=["controller", "tag"],
            update_fields=["data_type", "group", "listed"],
        )
    return len(chosen)


def candidates_ask(*, at: datetime) -> list[BrowseRequest]:
    """Asks for the tag list of controllers that were never listed, a few at a time; Logix only, an SLC has no list."""
    lists = BrowseRequest.objects.filter(tags=[])
    known = lists.filter(Q(state=BrowseRequest.State.DONE) | Q(asked_at__gt=at - ASK_AGAIN)).values("controller")
    new = Controller.objects.filter(enabled=True, record_candidates=True).exclude(kind=Controller.Kind.SLC)
    few = new.exclude(pk__in=known).order_by("code")[:ASK_AT_ONCE]
    return [browse_ask(controller=controller, tags=[], actor="system", at=at) for controller in few]


class CandidateBook:
    """Which tags are recorded, per controller code. One per poller host; looks at a tag list once."""

    def __init__(self) -> None:
        self._chosen_from: dict[int, int] = {}

    def recorded(self, *, at: datetime) -> dict[str, Recorded]:
        """Controller code to what is recorded of it now: chosen tags without those bound at that instant."""
        controllers = {one.pk: one for one in Controller.objects.filter(enabled=True, record_candidates=True)}
        self._choose(controllers)
        valid = Q(valid_from__lte=at) & (Q(valid_to=None) | Q(valid_to__gt=at))
        bound = set(TagBinding.objects.filter(valid).values_list("controller_id", "tag"))
        tags: dict[int, list[CandidateTag]] = {}
        for row in CandidateTag.objects.filter(controller__in=controllers, listed=True).order_by("pk"):
            if (row.controller_id, row.tag) not in bound:
                tags.setdefault(row.controller_id, []).append(row)
        return {controllers[pk].code: _recorded(pk, rows) for pk, rows in tags.items()}

    def _choose(self, controllers: dict[int, Controller]) -> None:
        lists = BrowseRequest.objects.filter(controller__in=controllers, state=BrowseRequest.State.DONE, tags=[])
        latest = lists.order_by("controller_id", "-asked_at", "-pk").distinct("controller_id")
        for request, controller in latest.values_list("pk", "controller_id"):
            if self._chosen_from.get(controller) != request:
                listing = BrowseRequest.objects.values_list("listing", flat=True).get(pk=request)
                candidates_choose(controller=controllers[controller], listing=listing)
                self._chosen_from[controller] = request


def _recorded(controller: int, rows: Iterable[CandidateTag]) -> Recorded:
    """Tags of one structure are read together: only then do they tell of the same instant."""
    by_group: dict[str, list[str]] = {}
    numbers: dict[str, int] = {}
    for row in rows:
        by_group.setdefault(row.group, []).append(row.tag)
        numbers[row.tag] = row.pk
    groups: list[tuple[str, ...]] = []
    for tags in by_group.values():
        if groups and len(groups[-1]) + len(tags) <= TOGETHER:
            groups[-1] += tuple(tags)
        else:
            groups += [tuple(tags[n : n + TOGETHER]) for n in range(0, len(tags), TOGETHER)]
    return Recorded(controller, numbers, tuple(groups))
