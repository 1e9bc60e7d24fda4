"""The one shape of everything on the thread: facts, links up and down, what is missing, what happened."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

UP, DOWN = "up", "down"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is known of a node; `name` is for programs, `label` and `value` are words for people."""

    name: str
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Link:
    """A neighbour on the thread: `way` is up (what it belongs to) or down (what belongs to it)."""

    way: str
    kind: str
    code: str
    title: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Debt:
    """A broken link: `name` for programs, a sentence for people, and how many times."""

    name: str
    text: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; `code` is empty where nothing more can be opened. Equal times are ordered by `key`."""

    at: datetime
    kind: str
    what: str
    code: str = ""
    detail: str = ""
    who: str = ""
    until: datetime | None = None
    row: int = 0

    @property
    def key(self) -> tuple[datetime, str, int]:
        """Its place in the story: two events never share one."""
        return (self.at, self.kind, self.row)


@dataclass(frozen=True, slots=True)
class Sampled:
    """One reading of a tag; `tag` is "" where no binding is known for its time."""

    at: datetime
    tag: str
    role: str
    value: str
    quality: str


@dataclass(slots=True)
class Node:
    """A thing on the thread. `following` is the mark at which the next page of events or samples begins, or ""."""

    kind: str
    code: str
    title: str
    zone: str
    state: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    page: str = ""  # address of the page where one works with it
    facts: list[Fact] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    debts: list[Debt] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    samples: list[Sampled] = field(default_factory=list)
    following: str = ""

    @property
    def complete(self) -> bool:
        """Whether nothing is known to be missing."""
        return not self.debts

    def plain(self) -> dict[str, Any]:
        """As JSON says it: texts, numbers and ISO 8601 times in UTC only."""
        return {
            "kind": self.kind,
            "code": self.code,
            "title": self.title,
            "state": self.state,
            "from": _iso(self.starts_at),
            "to": _iso(self.ends_at),
            "complete": self.complete,
            "facts": [{"name": one.name, "label": one.label, "value": one.value} for one in self.facts],
            "links": [
                {"way": one.way, "kind": one.kind, "code": one.code, "title": one.title, "note": one.note}
                for one in self.links
            ],
            "missing": [{"name": one.name, "text": one.text, "count": one.count} for one in self.debts],
            "events": [plain_event(one) for one in self.events],
            "samples": [
                {"at": _iso(one.at), "tag": one.tag, "role": one.role, "value": one.value, "quality": one.quality}
                for one in self.samples
            ],
            "next": self.following or None,
        }


def plain_event(event: Event) -> dict[str, Any]:
    """An event as JSON says it."""
    return {
        "at": _iso(event.at),
        "until": _iso(event.until),
        "kind": event.kind,
        "code": event.code,
        "what": event.what,
        "detail": event.detail,
        "who": event.who,
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None
