"""Takes in what a source pushes about its machine: any order, any lateness, repeats harmless (R24)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Max, Min

from mes.plant.models import WorkCenter
from mes.plc.models import StateMapEntry, TagBinding
from mes.production.models import IdealCycle
from mes.tracking import observe_samples as samples
from mes.tracking import store
from mes.tracking.bindings import RATE_MARGIN, UNRATED_MAX_PER_S
from mes.tracking.ingest import MachineContext, ingest
from mes.tracking.late import late_take
from mes.tracking.models import MachineCursor, ObservationKey, StateInterval
from mes.tracking.observe_samples import Observation, digest, merged
from mes.tracking.reading import CountFlagged, MachineRules, SignalRule
from mes.tracking.rules import CounterRule

HOLDS_S = 12 * 3600.0  # what a source last said holds this long until it says something else; then it is unknown
SHOWN_S = 300.0  # so long after its last message a machine is still shown as heard


class NotPushed(Exception):
    """The machine is read from a controller; the text says which and what to do."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an observation: accepted, duplicate or quarantined, and why."""

    status: str
    why: str


def stream_of(work_center: WorkCenter) -> str:
    """The stream of what is pushed about a machine."""
    return f"api:{work_center.code}"


def states_known() -> dict[str, tuple[str, str]]:
    """Names of states in the state maps (lower case) that mean the same in all of them, as (name, kind)."""
    kinds: dict[str, set[tuple[str, str]]] = {}
    for state, kind in StateMapEntry.objects.values_list("state", "kind").distinct():
        kinds.setdefault(state.lower(), set()).add((state, kind))
    return {name: next(iter(found)) for name, found in kinds.items() if len({kind for _, kind in found}) == 1}


def observations_take(*, work_center: WorkCenter, observations: Sequence[Observation], at: datetime) -> list[Outcome]:
    """Stores observations in one transaction and says of each what became of it, in the order given.

    The result is the same as if all of them had come in the order of their instants. Raises NotPushed for a machine
    whose tags are read from a controller at `at`: it would be counted twice.
    """
    _check_not_polled(work_center, at)
    stream, context = stream_of(work_center), MachineContext(pushed_rules(work_center, at), {})
    with transaction.atomic():
        cursor = store.cursors_lock([stream])[stream]
        outcomes = _sorted_out(work_center, stream, cursor, observations)
        fresh = [said for said, outcome in zip(observations, outcomes, strict=True) if outcome.status == "accepted"]
        flags = _store(work_center, stream, cursor, fresh, context, at) if fresh else []
    held = {flag.to_at: flag.detail for flag in flags}
    return [
        Outcome("quarantined", f"Stored, but the count was held back: {held[said.at]}")
        if outcome.status == "accepted" and said.at in held and said.counters
        else outcome
        for said, outcome in zip(observations, outcomes, strict=True)
    ]


def pushed_rules(work_center: WorkCenter, at: datetime) -> MachineRules:
    """How a pushed machine's readings are taken: every counter may come, none wraps, one plausible rate for all."""
    cycles = IdealCycle.objects.filter(work_center=work_center)
    fastest_s = cycles.aggregate(fastest=Min("ideal_cycle_s"))["fastest"]
    rate = RATE_MARGIN / fastest_s if fastest_s else UNRATED_MAX_PER_S
    rule = SignalRule(CounterRule(modulus=None, max_rate_per_s=rate), least_dt_s=1.0)
    return MachineRules(
        counters=dict.fromkeys(samples.COUNTERS, rule), silence_s=HOLDS_S, pushed=True, shown_silence_s=SHOWN_S
    )


def _check_not_polled(work_center: WorkCenter, at: datetime) -> None:
    bound = TagBinding.objects.filter(work_center=work_center, controller__enabled=True, valid_from__lte=at)
    polled = bound.exclude(valid_to__lte=at).select_related("controller").first()
    if polled is not None:
        raise NotPushed(
            f"{work_center.code} is read from controller {polled.controller.code}: its pieces would be counted twice."
            " End its tag bindings first, or send these observations for another work center."
        )


def _sorted_out(
    work_center: WorkCenter, stream: str, cursor: samples.Identity, observations: Sequence[Observation]
) -> list[Outcome]:
    """Which are new, which are repeats, and which cannot be placed any more."""
    stored = samples.known(stream, work_center.pk, {said.at for said in observations})
    keys = _keys(work_center, [said.key for said in observations if said.key])
    late = [said for said in observations if samples.micros(said.at) <= cursor[0]]
    floor = _floor(work_center, stream) if late or cursor[1] < 0 else None
    outcomes = []
    for said in observations:
        carried = digest(sorted(said.made.items()))
        if said.identity in stored:
            outcome = Outcome("duplicate", "Stored before: the same was said of the same instant.")
        elif said.key and said.key in keys:
            same = keys[said.key] == carried
            outcome = (
                Outcome("duplicate", f"Counted before under the key '{said.key}'.")
                if same
                else Outcome("quarantined", f"Not stored: the key '{said.key}' came before with other counts.")
            )
        elif floor is not None and said.at <= floor:
            outcome = Outcome(
                "quarantined", f"Not stored: what was said around then is kept only since {floor:%c} UTC."
            )
        else:
            outcome = Outcome("accepted", "Stored.")
            stored.add(said.identity)
            if said.key:
                keys[said.key] = carried
        outcomes.append(outcome)
    return outcomes


def _keys(work_center: WorkCenter, keys: list[str]) -> dict[str, int]:
    if not keys:
        return {}
    rows = ObservationKey.objects.filter(work_center=work_center, key__in=keys)
    return dict(rows.values_list("key", "digest"))


def _floor(work_center: WorkCenter, stream: str) -> datetime | None:
    """Before and at this instant nothing can be inserted: the machine has a history there whose samples are gone."""
    first = samples.first_kept(stream, work_center.pk)
    older = StateInterval.objects.filter(work_center=work_center)
    if first is not None:
        return first if older.filter(starts_at__lt=first).exists() else None
    heard: datetime | None = MachineCursor.objects.filter(work_center=work_center).aggregate(m=Max("heard_at"))["m"]
    return heard


def _store(
    work_center: WorkCenter,
    stream: str,
    cursor: samples.Identity,
    fresh: list[Observation],
    context: MachineContext,
    now: datetime,
) -> list[CountFlagged]:
    """Takes the observations in, in order or late; returns the counts that were held back."""
    by_instant: dict[datetime, list[Observation]] = {}
    for said in sorted(fresh, key=lambda said: said.identity):
        by_instant.setdefault(said.at, []).append(said)
    if samples.micros(min(by_instant)) > cursor[0] or cursor[1] < 0:
        readings = [merged(stream, work_center.pk, group) for group in by_instant.values()]
        taken = ingest(readings, {work_center.pk: context}, now=now)
        flags = taken.held
    else:
        flags = late_take(stream, work_center.pk, by_instant, context)
    samples.samples_add(stream, work_center.pk, fresh)
    ObservationKey.objects.bulk_create(
        ObservationKey(work_center=work_center, key=said.key, at=said.at, digest=digest(sorted(said.made.items())))
        for said in fresh
        if said.key
    )
    return flags
