"""Reading the fields of one entry of a plant file: each reader notes a mistake and goes on with a stand-in."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, time
from decimal import Decimal, InvalidOperation

from mes.plant.models import CODE
from mes.plantfile.document import Ref
from mes.plantfile.tree import Listing, Mistakes, Node, Scalar, did_you_mean
from mes.plantfile.tree import Mapping as MappingNode

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")


class Fields:
    """The fields of one entry, e.g. of 'work center FILL-1'; unknown keys are mistakes from the start."""

    def __init__(self, node: Node, subject: str, mistakes: Mistakes, known: Sequence[str]) -> None:
        self.subject, self.mistakes, self.line = subject, mistakes, node.line
        self.items: Mapping[str, Node] = {}
        if isinstance(node, MappingNode):
            self.items = node.items
            for key, line in node.key_lines.items():
                if key not in known:
                    hint = did_you_mean(key, known) or f" Known are {', '.join(known)}."
                    mistakes.add(line, f"{subject} has an unknown field '{key}'.{hint}")
        elif not (isinstance(node, Scalar) and node.empty):
            mistakes.add(node.line, f"{subject} needs fields like {{{known[0]}: ...}}, not a single value or a list.")

    def has(self, key: str) -> bool:
        """Whether the field is there with a value."""
        node = self.items.get(key)
        return node is not None and not (isinstance(node, Scalar) and node.empty)

    def line_of(self, key: str) -> int:
        """The line of a field's value, or of the entry where the field is missing."""
        node = self.items.get(key)
        return node.line if node is not None else self.line

    def wrong(self, key: str, text: str) -> None:
        """Notes a mistake of this entry on the line of one of its fields."""
        self.mistakes.add(self.line_of(key), f"{self.subject} {text}")

    def _scalar(self, key: str, *, required: bool) -> str | None:
        node = self.items.get(key)
        if node is None or (isinstance(node, Scalar) and node.empty):
            if required:
                self.mistakes.add(self.line, f"{self.subject} has no '{key}': add one.")
            return None
        if not isinstance(node, Scalar):
            self.wrong(key, f"needs a single value for '{key}'.")
            return None
        return node.value.strip()

    def text(self, key: str, default: str | None = None, *, longest: int = 120) -> str:
        """A text; without a default it must be there."""
        value = self._scalar(key, required=default is None)
        if value is None:
            return default or ""
        if len(value) > longest:
            self.wrong(key, f"has a '{key}' of {len(value)} characters: use at most {longest}.")
        if not value.isprintable():
            self.wrong(key, f"has a '{key}' with characters that cannot be printed: type it anew.")
        return value

    def choice(self, key: str, choices: Sequence[str], default: str | None = None) -> str:
        """One of a few words."""
        value = self._scalar(key, required=default is None)
        if value is None:
            return default or choices[0]
        if value not in choices:
            hint = did_you_mean(value, choices) or f" Choose one of {', '.join(choices)}."
            self.wrong(key, f"has the {key} '{value}', which does not exist.{hint}")
            return choices[0]
        return value

    def yes(self, key: str, default: bool) -> bool:
        """true or false."""
        value = self._scalar(key, required=False)
        if value is None:
            return default
        if value.lower() not in ("true", "false", "yes", "no"):
            self.wrong(key, f"has '{value}' for '{key}': write true or false.")
        return value.lower() in ("true", "yes")

    def whole(self, key: str, default: int | None, *, least: int, most: int) -> int | None:
        """A whole number from `least` to `most`, or the default."""
        value = self._scalar(key, required=False)
        if value is None:
            return default
        plain = value.replace("_", "")
        if not re.fullmatch(r"-?[0-9]{1,19}", plain) or not least <= int(plain) <= most:
            self.wrong(key, f"has '{value}' for '{key}': write a whole number from {least} to {most}.")
            return default
        return int(plain)

    def decimal(self, key: str, default: Decimal | None, *, least: Decimal, places: int, digits: int) -> Decimal | None:
        """A decimal number of at least `least` with so many places and digits, or the default."""
        value = self._scalar(key, required=False)
        return default if value is None else self.decimal_from(key, value, least=least, places=places, digits=digits)

    def decimal_from(self, key: str, value: str, *, least: Decimal, places: int, digits: int) -> Decimal:
        """The same for a text that is already at hand."""
        try:
            number = Decimal(value)
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or number < least or number >= Decimal(10) ** (digits - places):
            self.wrong(key, f"has '{value}' for '{key}': write a number of at least {least}, e.g. {max(least, 1)}.")
            return least
        if number != number.quantize(Decimal(1).scaleb(-places)):
            self.wrong(key, f"has '{value}' for '{key}': use at most {places} decimals.")
        return number

    def clock(self, key: str) -> time:
        """A wall time like 06:00."""
        value = self._scalar(key, required=True)
        found = _TIME.fullmatch(value or "")
        if value is not None and not found:
            self.wrong(key, f"has '{value}' for '{key}': write a time from 00:00 to 23:59.")
        return time(int(found[1]), int(found[2])) if found else time()

    def days(self, key: str) -> tuple[int, ...]:
        """Weekdays, 0 = Monday: 'mon-fri', 'sat, sun', a list of them, or 'all'."""
        node = self.items.get(key)
        if isinstance(node, Listing):
            words = [item.value if isinstance(item, Scalar) else "" for item in node.items]
        else:
            words = (self._scalar(key, required=True) or "").split(",")
        days: set[int] = set()
        for word in (raw.strip().lower() for raw in words):
            if word == "all":
                days.update(range(7))
                continue
            first, _, last = word.partition("-")
            if first not in DAYS or (last or first) not in DAYS:
                if self.has(key):
                    self.wrong(key, f"has the day '{word}': write mon, tue, wed, thu, fri, sat, sun, mon-fri or all.")
                continue
            start, end = DAYS.index(first), DAYS.index(last or first)
            days.update(day % 7 for day in range(start, end + 1 if end >= start else end + 8))
        return tuple(sorted(days))

    def ref(self, key: str, *, required: bool = True) -> Ref | None:
        """The code of another entry."""
        value = self._scalar(key, required=required)
        return Ref(value, self.line_of(key)) if value is not None else None

    def refs(self, key: str) -> tuple[Ref, ...]:
        """Codes of other entries: a list or one code."""
        node = self.items.get(key)
        if isinstance(node, Listing):
            return tuple(Ref(item.value.strip(), item.line) for item in node.items if isinstance(item, Scalar))
        one = self.ref(key, required=False)
        return (one,) if one else ()

    def part(self, key: str) -> Node | None:
        """The field as it stands, for entries inside entries; None when missing or empty."""
        return self.items.get(key) if self.has(key) else None


def entries(node: Node | None, noun: str, mistakes: Mistakes, *, longest: int = 40) -> Iterator[tuple[str, int, Node]]:
    """Code, line and content of each entry of a section; a code that is no code is a mistake."""
    if node is None or (isinstance(node, Scalar) and node.empty):
        return
    if not isinstance(node, MappingNode):
        mistakes.add(node.line, f"Write each {noun} as 'CODE: {{...}}'.")
        return
    for code, content in node.items.items():
        line = node.key_lines[code]
        if not CODE.regex.match(code) or len(code) > longest:  # type: ignore[union-attr]
            mistakes.add(
                line,
                f"{noun} '{code}' needs another code: use at most {longest} letters, digits, '-', '_' and '.',"
                " starting with a letter or digit.",
            )
        yield code, line, content


def day_from(text: str) -> date | None:
    """A date like 2026-12-25, or None."""
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None
