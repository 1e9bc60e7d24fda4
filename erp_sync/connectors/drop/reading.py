"""What a reader of files makes of one: orders, orders that make no sense, or a reason why nothing of it can be used."""

from dataclasses import dataclass, field

from erp_sync.messages import OperationsRequest


@dataclass(frozen=True, slots=True)
class BadRow:
    """An order that makes no sense: in which line it begins, its number ("" where there is none), what is wrong."""

    line: int
    key: str
    problem: str


@dataclass(slots=True)
class Reading:
    """`refused` is a sentence about the file as a whole; then there is nothing else. `lines` belong to `requests`."""

    requests: list[OperationsRequest] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)
    refused: str = ""

    def take(self, line: int, request: OperationsRequest) -> None:
        """Adds a good order."""
        self.lines.append(line)
        self.requests.append(request)


def refused(problem: str) -> Reading:
    """A file of which nothing can be used."""
    return Reading(refused=problem)
