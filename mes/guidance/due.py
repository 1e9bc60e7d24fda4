"""Which checklists are due at a machine now. Pure."""

from dataclasses import dataclass

STARTUP, CHANGEOVER, CLEANING = "startup", "changeover", "cleaning"


@dataclass(frozen=True, slots=True)
class Started:
    """The open run of a machine: what it makes, and what it made before (None: nothing was ever made)."""

    item: int
    item_before: int | None


def is_due(kind: str, item: int | None, run: Started | None, *, answered: bool) -> bool:
    """Whether a list of this kind, for this item (None: every item), waits for an answer in the run.

    Start-up lists are due once in every run; changeover lists in a run whose item is another one than before. Cleaning
    lists are never due by themselves: they are answered whenever somebody cleaned.
    """
    if run is None or answered or (item is not None and item != run.item):
        return False
    if kind == STARTUP:
        return True
    return kind == CHANGEOVER and run.item_before is not None and run.item_before != run.item
