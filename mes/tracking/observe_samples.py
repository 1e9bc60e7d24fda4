"""What a source pushed, as samples: written whole, found again, and turned into readings, one per instant."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db import connection

from mes.production.models import Item, WorkOrder
from mes.tracking.reading import Reading, Value
from mes.tracking.store import samples_copy

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
COUNTERS = ("good", "scrap", "total", "rework")
SIGNALS = (*COUNTERS, "reason")
MADE = {"good": "inc_good", "scrap": "inc_scrap", "rework": "inc_rework"}
ROLES = (*SIGNALS, *MADE.values(), "state", "kind", "mode", "order", "item", "alive")
CHUNK = 500
Identity = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Observation:
    """What a source says about its machine at an instant. `state` is (name, kind); `made` are increments by role."""

    at: datetime
    state: tuple[str, str] | None = None
    quality: str = "good"
    reason_code: int | None = None
    counters: dict[str, int] = field(default_factory=dict)
    made: dict[str, int] = field(default_factory=dict)
    key: str = ""
    order: WorkOrder | None = None
    item: Item | None = None
    mode: str = ""
    seq: int | None = None  # as stored; samples do not carry everything the digest is made of

    @property
    def identity(self) -> Identity:
        """(fence, seq): the instant in microseconds and a digest of what is said. The same again is a repeat."""
        if self.seq is not None:
            return micros(self.at), self.seq
        order, item = self.order.number if self.order else None, self.item.code if self.item else None
        said = [self.state, self.quality, self.reason_code, sorted(self.counters.items()), sorted(self.made.items())]
        return micros(self.at), digest([*said, self.key, order, item, self.mode])

    def rows(self) -> Iterator[tuple[str, Value]]:
        """Role and value of every sample."""
        for role, raw in self.counters.items():
            yield role, Value(raw, None, self.quality)
        for role, raw in self.made.items():
            yield MADE[role], Value(raw, None, self.quality)
        if self.reason_code is not None:
            yield "reason", Value(self.reason_code, None, self.quality)
        texts = {"mode": self.mode, "order": self.order.number if self.order else "", "alive": "-"}
        texts |= {"item": self.item.code if self.item else ""}
        if self.state is not None:
            texts |= {"state": self.state[0], "kind": self.state[1]}
        for role, text in texts.items():
            if text:
                yield role, Value(None, text, self.quality)


def micros(instant: datetime) -> int:
    """Whole microseconds since 1970 UTC."""
    return (instant - EPOCH) // timedelta(microseconds=1)


def digest(said: object) -> int:
    """63 bits of SHA-256 over the JSON of plain values."""
    text = json.dumps(said, separators=(",", ":"))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) >> 1


def samples_add(stream: str, work_center: int, observations: Sequence[Observation]) -> None:
    """Stores every signal of every observation, whether it changed or not: late ones need all neighbours."""
    rows = []
    for said in observations:
        fence, seq = said.identity
        named = Reading(stream, fence, seq, said.at, work_center, {})
        rows += [(named, role, value) for role, value in said.rows()]
    samples_copy(rows)


def known(stream: str, work_center: int, instants: Iterable[datetime]) -> set[Identity]:
    """Identities of the observations that are stored at these instants."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT fence, seq FROM tracking_sample WHERE work_center_id = %s AND role = 'alive' AND stream = %s"
            " AND at = ANY(%s)",
            [work_center, stream, list(instants)],
        )
        return set(cursor.fetchall())


def first_kept(stream: str, work_center: int) -> datetime | None:
    """The instant of the oldest observation whose samples are kept."""
    return _alive(stream, work_center, "min(at)", "at IS NOT NULL", None)


def last_before(stream: str, work_center: int, at: datetime) -> datetime | None:
    """The instant of the newest observation before `at`."""
    return _alive(stream, work_center, "max(at)", "at < %s", at)


def _alive(stream: str, work_center: int, what: str, where: str, at: datetime | None) -> datetime | None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {what} FROM tracking_sample"  # noqa: S608  (both parts are ours)
            f" WHERE work_center_id = %s AND role = 'alive' AND stream = %s AND {where}",
            [work_center, stream, *([at] if at is not None else [])],
        )
        found: datetime | None = cursor.fetchone()[0]
        return found


def readings_from(stream: str, work_center: int, since: datetime) -> Iterator[tuple[datetime, list[Observation]]]:
    """Stored observations from an instant on, by instant, a chunk of instants at a time."""
    after = EPOCH
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT DISTINCT at FROM tracking_sample WHERE work_center_id = %s AND role = 'alive'"
                " AND stream = %s AND at >= %s AND at > %s ORDER BY at LIMIT %s",
                [work_center, stream, since, after, CHUNK],
            )
            instants = [row[0] for row in cursor.fetchall()]
            if not instants:
                return
            cursor.execute(
                "SELECT at, fence, seq, role, raw, text, quality FROM tracking_sample WHERE work_center_id = %s"
                " AND stream = %s AND at >= %s AND at <= %s ORDER BY at, fence, seq",
                [work_center, stream, instants[0], instants[-1]],
            )
            rows = cursor.fetchall()
        grouped: dict[datetime, dict[int, dict[str, tuple]]] = {}
        for at, _, seq, role, raw, text, quality in rows:
            grouped.setdefault(at, {}).setdefault(seq, {})[role] = (raw, text, quality)
        named = _Named.of(rows)
        for at in instants:
            yield at, [_observation(at, seq, parts, named) for seq, parts in sorted(grouped[at].items())]
        after = instants[-1]


@dataclass(frozen=True, slots=True)
class _Named:
    """The orders and items that samples name."""

    orders: dict[str, WorkOrder]
    items: dict[str, Item]

    @classmethod
    def of(cls, rows: Iterable[tuple]) -> "_Named":
        texts: dict[str, set[str]] = {"order": set(), "item": set()}
        for row in rows:
            if row[3] in texts:
                texts[row[3]].add(row[5])
        orders = WorkOrder.objects.select_related("item").filter(number__in=texts["order"]) if texts["order"] else ()
        items = Item.objects.filter(code__in=texts["item"]) if texts["item"] else ()
        return cls({order.number: order for order in orders}, {item.code: item for item in items})


def _observation(at: datetime, seq: int, parts: dict[str, tuple], named: _Named) -> Observation:
    texts = {role: text for role, (_, text, _) in parts.items()}
    return Observation(
        at=at,
        state=(texts["state"], texts["kind"]) if "state" in parts else None,
        quality=parts["alive"][2],
        reason_code=parts["reason"][0] if "reason" in parts else None,
        counters={role: parts[role][0] for role in COUNTERS if role in parts},
        made={role: parts[stored][0] for role, stored in MADE.items() if stored in parts},
        order=named.orders.get(texts.get("order", "")),
        item=named.items.get(texts.get("item", "")),
        seq=seq,
    )


def merged(stream: str, work_center: int, observations: Sequence[Observation]) -> Reading:
    """One reading of everything that was said of an instant: good beats bad, later digests win, increments add."""
    ordered = sorted(observations, key=lambda said: (said.quality != "bad", said.identity))
    values: dict[str, Value] = {}
    made: dict[str, int] = {}
    state, order, item = None, None, None
    for said in ordered:
        signals = said.counters | ({} if said.reason_code is None else {"reason": said.reason_code})
        values |= {role: Value(raw, None, said.quality) for role, raw in signals.items()}
        if said.quality == "bad":
            continue
        state = said.state or state
        for role, pieces in said.made.items():
            made[role] = made.get(role, 0) + pieces
        if said.order is not None or said.item is not None:
            order, item = said.order, said.item or (said.order.item if said.order else None)
    bad = all(said.quality == "bad" for said in ordered)
    fence, seq = max(said.identity for said in observations)
    return Reading(
        *(stream, fence, seq, ordered[0].at, work_center, values, state),
        state_quality="bad" if bad else "good",
        said=not bad,
        made=tuple(sorted(made.items())),
        order=order.pk if order else None,
        item=item.pk if item else None,
    )


def pieces_of(counts: dict[str, int]) -> dict[str, int]:
    """Increments by role; good is total - scrap where only the total is said (R28)."""
    made = {role: pieces for role, pieces in counts.items() if role in MADE}
    if "good" not in counts and "total" in counts:
        made["good"] = counts["total"] - counts.get("scrap", 0)
    return made
