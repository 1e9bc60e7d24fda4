"""Who may open a live socket, and which lines they may hear."""

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qs

from django.conf import settings

from mes.people.access import lines_for
from mes.people.keys import key_owner, lines_for_key
from mes.people.models import ApiKey, Person
from mes.plant.models import WorkCenter


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a socket may hear: lines to the machines wanted of each (None: all), and the topics refused."""

    lines: dict[str, frozenset[str] | None]
    refused: tuple[str, ...]


def origin_allowed(headers: dict[bytes, bytes]) -> bool:
    """A browser must come from an exact configured origin; a program without an Origin needs a key instead."""
    origin = headers.get(b"origin")
    return b"authorization" in headers if origin is None else origin.decode("latin-1") in settings.ORIGINS


def key_of(headers: dict[bytes, bytes]) -> ApiKey | None:
    """The live API key of `Authorization: Token KEY` with the scope `read`, or None."""
    scheme, _, raw = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    key = key_owner(raw.strip(), datetime.now(UTC)) if scheme.lower() == "token" and raw else None
    return key if key is not None and "read" in key.scopes else None


def topics_in(query: bytes) -> list[str]:
    """The topics of `?topics=line:A,work-center:B`; empty means everything the person may see."""
    text = parse_qs(query.decode("latin-1")).get("topics", [""])[0]
    return [topic.strip() for topic in text.split(",") if topic.strip()][:200]


def wanted(person: Person | None, key: ApiKey | None, topics: list[str]) -> Wanted:
    """Resolves topics against what the person or key may see now; unknown and forbidden ones are refused alike."""
    lines = lines_for_key(key) if key is not None else lines_for(person)
    allowed = set(lines.values_list("code", flat=True))
    if not topics:
        return Wanted(dict.fromkeys(sorted(allowed)), ())
    machines = dict(WorkCenter.objects.filter(line__in=lines, archived=False).values_list("code", "line__code"))
    chosen: dict[str, frozenset[str] | None] = {}
    refused = []
    for topic in topics:
        kind, _, code = topic.partition(":")
        if kind == "line" and code in allowed:
            chosen[code] = None
        elif kind == "work-center" and code in machines:
            line = machines[code]
            before = chosen.get(line, frozenset())
            chosen[line] = None if before is None else before | {code}
        else:
            refused.append(topic)
    return Wanted(chosen, tuple(refused))
