"""The demo's calls: what people call for, who hears of it, calls of the last days, a checklist and an instruction."""

import struct
import zlib
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from mes.andon.calls import call_acknowledge, call_raise, call_resolve
from mes.andon.models import CallCategory, EscalationRule
from mes.guidance.instructions import file_store
from mes.guidance.models import Checklist, Instruction
from mes.people.models import Person
from mes.plant.models import WorkCenter

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SUPERVISOR, ADDRESS = "samira", "samira@plant.example"  # no such domain is ever delivered to

CATEGORIES = (
    ("MAINTENANCE", "Maintenance"),
    ("MATERIAL", "Material"),
    ("QUALITY", "Quality"),
    ("LEADER", "Shift leader"),
)
# machine, category, who called, who came, hours ago, minutes until somebody came, minutes until resolved, note, outcome
PAST = (
    ("FILL-1", "MAINTENANCE", "olga", "marta", 52, 4, 21, "Valve 7 drips", "Seal of valve 7 changed"),
    ("SHRINK-1", "MATERIAL", "olga", "samira", 47, 2, 9, "Film runs out", "New roll of film brought"),
    ("CRATE-2", "MAINTENANCE", "otto", "marta", 29, 11, 38, "Gripper loses crates", "Vacuum cup changed"),
    ("FILL-2", "QUALITY", "otto", "quentin", 26, 6, 17, "Foam over the limit", "Temperature of the product lowered"),
    ("PALLET-3", "LEADER", "otto", "samira", 6, 3, 8, "Who takes the late order?", "Moved to the next shift"),
)
POINTS = ("Guards closed and locked", "Labels of the right item loaded", "First bottle checked: fill level and cap")


def calls_write(*, now: datetime) -> None:
    """Writes categories, rules and calls up to `now`, in a transaction of the caller; nothing of it may be there."""
    for position, (code, name) in enumerate(CATEGORIES):
        CallCategory.objects.create(code=code, name=name, position=position)
    CallCategory.objects.create(code="CONTROLLER", name="Controller lost", position=9, automatic=True)
    Person.objects.filter(username=SUPERVISOR, email="").update(email=ADDRESS)
    for level, after_s in ((1, 120), (2, 600)):
        rule = EscalationRule.objects.create(code=f"LEADER-{level}", level=level, after_s=after_s)
        rule.people.set(Person.objects.filter(username=SUPERVISOR))
    for row in PAST:
        _past(row, now)
    place = WorkCenter.objects.get(code="FILL-1")
    Checklist.objects.create(
        code="FILL-1-START", name="Start of an order", kind="startup", work_center=place, points=list(POINTS)
    )
    Instruction.objects.create(
        code="FILL-LEVEL",
        title="Fill level: between the two lines",
        work_center=place,
        valid_from=now - timedelta(days=28),
        file=file_store(picture()),
    )


def _past(row: tuple[str, str, str, str, int, int, int, str, str], now: datetime) -> None:
    machine, category, caller, helper, ago, came, done, note, outcome = row
    at = now - ago * HOUR
    call, _new = call_raise(
        work_center=WorkCenter.objects.get(code=machine),
        category=CallCategory.objects.get(code=category),
        actor=caller,
        at=at,
        key=uuid5(NAMESPACE_URL, f"demo:call:{machine}:{ago}"),
        note=note,
    )
    call_acknowledge(call=call, actor=helper, at=at + came * MINUTE)
    call_resolve(call=call, actor=helper, at=at + done * MINUTE, what=outcome)


def picture(width: int = 240, height: int = 320) -> bytes:
    """A PNG (RFC 2083) drawn by hand: a bottle, filled, and the two lines between which the level must lie."""
    rows = b"".join(b"\0" + b"".join(_pixel(x, y, width) for x in range(width)) for y in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def _pixel(x: int, y: int, width: int) -> bytes:
    from_middle = abs(x - width // 2)
    half = 22 if y < 70 else min(62, 22 + (y - 70))
    if y in (88, 89, 118, 119) and from_middle < 100:
        return b"\xc0\x20\x20"  # the limits
    if 20 <= y < 310 and half - 4 <= from_middle < half:
        return b"\x20\x30\x40"  # glass
    if 103 <= y < 306 and from_middle < half - 4:
        return b"\x60\xa0\xe0"  # what is in it
    return b"\xff\xff\xff"


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
