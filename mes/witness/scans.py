"""Pallets that a scanner saw behind a machine: an independent count of what left it."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from mes.journal.write import record
from mes.plant.models import WorkCenter
from mes.witness.models import Kind, Scan, Witness

KIND = "work-center"


class ScanRefused(Exception):
    """Nothing was stored; the text says why and what to do."""


class ScanKnown(ScanRefused):
    """The pallet was scanned before with something else on it; `scan` is what is stored."""

    def __init__(self, message: str, scan: Scan) -> None:
        super().__init__(message)
        self.scan = scan


def scan_take(
    *, work_center: WorkCenter, pallet: str, pieces: int | None, actor: str, at: datetime, now: datetime
) -> tuple[Scan, bool]:
    """Stores a scanned pallet; returns it and whether it is new. The same pallet again changes nothing.

    Without `pieces` it has as many as the machine's witness says. Raises ScanRefused where nobody can say how many, and
    ScanKnown where the pallet was scanned before with another number of pieces.
    """
    if pieces is None:
        pieces = _usual(work_center, at)
    with transaction.atomic():
        scan, new = Scan.objects.get_or_create(
            work_center=work_center, pallet=pallet, defaults={"pieces": pieces, "at": at, "actor": actor}
        )
        if new:
            data: dict[str, Any] = {
                "before": None,
                "after": {"pallet": pallet, "pieces": pieces, "at": at},
                "why": "scan",
            }
            record(actor=actor, at=now, action="scan_take", kind=KIND, code=work_center.code, data=data)
        elif scan.pieces != pieces:
            raise ScanKnown(
                f"Pallet {pallet} was scanned at {scan.at.isoformat()} with {scan.pieces} pieces: it counts once.",
                scan,
            )
        return scan, new


def _usual(work_center: WorkCenter, at: datetime) -> int:
    valid = Q(valid_from__lte=at) & (Q(valid_to=None) | Q(valid_to__gt=at))
    found = (
        Witness.objects.filter(valid, work_center=work_center, kind=Kind.SCAN).exclude(pieces_per_pallet=None).first()
    )
    if found is None or found.pieces_per_pallet is None:
        raise ScanRefused(
            f"The scan does not say how many pieces are on the pallet, and nobody said it for {work_center.code}:"
            " send 'pieces', or set pieces per pallet at the machine's witness (plant file or admin)."
        )
    return found.pieces_per_pallet
