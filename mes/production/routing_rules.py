"""Which routings make sense, which operation counts for the order, and which one waits for which. Pure."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

MANUAL, UPSTREAM = "manual", "upstream"


class Stepped(Protocol):
    """What the rules look at."""

    @property
    def sequence(self) -> int:
        """Smaller comes first."""
        ...

    @property
    def count_source(self) -> str:
        """plc, manual or upstream."""
        ...


One = TypeVar("One", bound=Stepped)


def driving(steps: Sequence[One]) -> One | None:
    """The operation whose count is the order's quantity: the last one, or, where that one relies on the operation
    before it (`upstream`), the nearest earlier one that counts for itself. None for an order without operations."""
    ordered = sorted(steps, key=lambda step: step.sequence)
    for step in reversed(ordered):
        if step.count_source != UPSTREAM:
            return step
    return None


def mistakes(steps: Sequence[tuple[int, str, frozenset[str]]], line_machines: frozenset[str]) -> list[str]:
    """What is wrong with a routing, as sentences. A step is (sequence, count source, machines it may run on).

    Nothing wrong: an empty list. Machines are codes; those of one operation must not serve another one of the same
    routing, or a counted piece could belong to either.
    """
    found: list[str] = []
    ordered = sorted(steps)
    if not ordered:
        return ["A routing has no steps: give it one at least."]
    taken: dict[str, int] = {}
    sequences = [sequence for sequence, _, _ in ordered]
    found += [f"Step {n} is there twice: number the steps 10, 20, 30." for n in _twice(sequences)]
    if ordered[0][1] == UPSTREAM:
        found.append(f"Step {ordered[0][0]} is the first one, so nobody upstream counts for it: choose plc or manual.")
    for sequence, _source, machines in ordered:
        if not machines:
            found.append(f"Step {sequence} has no machine: name a machine, or a pool that has some.")
        strange = sorted(machines - line_machines)
        if strange:
            found.append(f"Step {sequence}: {', '.join(strange)} is not on this line: use machines of the line.")
        for machine in sorted(machines):
            if taken.setdefault(machine, sequence) != sequence:
                found.append(f"{machine} serves steps {taken[machine]} and {sequence}: use it in one of them only.")
    return found


def waits_for(step: One, steps: Sequence[One], done: frozenset[int]) -> One | None:
    """The nearest earlier operation that is not done (`done`: sequences), or None."""
    earlier = [other for other in steps if other.sequence < step.sequence and other.sequence not in done]
    return max(earlier, key=lambda other: other.sequence, default=None)


def _twice(numbers: Sequence[int]) -> list[int]:
    return sorted({number for number in numbers if numbers.count(number) > 1})
