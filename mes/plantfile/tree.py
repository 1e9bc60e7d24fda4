"""YAML text as a tree of scalars, mappings and lists that remember their line, and the list of mistakes found in it."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import cast

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

MAX_CHARACTERS = 5_000_000


@dataclass(frozen=True, order=True)
class Mistake:
    """One mistake: the line it stands on (from 1) and a sentence that says what is wrong and how to mend it."""

    line: int
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}"


@dataclass
class Mistakes:
    """All mistakes of one file, in any order."""

    found: list[Mistake] = field(default_factory=list)

    def add(self, line: int, text: str) -> None:
        """Notes a mistake; the same sentence on the same line only once."""
        mistake = Mistake(line, text)
        if mistake not in self.found:
            self.found.append(mistake)


@dataclass(frozen=True)
class Scalar:
    """A single value as it is written; `empty` for nothing, `~` and `null`."""

    line: int
    value: str
    empty: bool = False


@dataclass(frozen=True)
class Mapping:
    """Keys with values; a key that came twice has been reported and the first value kept."""

    line: int
    items: dict[str, "Node"]
    key_lines: dict[str, int]


@dataclass(frozen=True)
class Listing:
    """Values in order."""

    line: int
    items: list["Node"]


Node = Scalar | Mapping | Listing


def tree_from(text: str, mistakes: Mistakes) -> Node | None:
    """The tree of a YAML text; None when it cannot be read at all, which is then among the mistakes."""
    if len(text) > MAX_CHARACTERS:
        mistakes.add(1, f"The file is longer than {MAX_CHARACTERS} characters: is this the plant file?")
        return None
    try:
        root = YAML().compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = " ".join(part for part in (error.context, error.problem) if part)
        if error.context_mark and mark and error.context_mark.line != mark.line:
            problem += f" (what is open there began in line {error.context_mark.line + 1})"
        mistakes.add(mark.line + 1 if mark else 1, f"This is not YAML: {problem}. Check indents, ':' and brackets.")
        return None
    except (YAMLError, ValueError) as error:
        mistakes.add(1, f"This is not YAML: {str(error).splitlines()[0]}")
        return None
    if root is None:
        mistakes.add(1, "The file is empty: begin with 'sites:', see docs/plant-file.md.")
        return None
    return _node(root, mistakes, set())


def _node(node: object, mistakes: Mistakes, seen: set[int]) -> Node:
    line = getattr(node, "start_mark").line + 1  # noqa: B009  (ruamel's nodes carry no types)
    if id(node) in seen:
        mistakes.add(line, "Anchors and aliases (& and *) are not used in plant files: write the value out.")
        return Scalar(line, "", empty=True)
    seen.add(id(node))
    if isinstance(node, MappingNode):
        return _mapping(node, line, mistakes, seen)
    if isinstance(node, SequenceNode):
        return Listing(line, [_node(item, mistakes, seen) for item in node.value])
    scalar = cast(ScalarNode, node)
    return Scalar(line, scalar.value, empty=scalar.style is None and scalar.value in ("", "~", "null"))


def _mapping(node: MappingNode, line: int, mistakes: Mistakes, seen: set[int]) -> Mapping:
    items: dict[str, Node] = {}
    lines: dict[str, int] = {}
    for key_node, value_node in node.value:
        key_line = key_node.start_mark.line + 1
        if not isinstance(key_node, ScalarNode):
            mistakes.add(key_line, "A list or mapping cannot be a key here.")
            continue
        value = _node(value_node, mistakes, seen)
        if key_node.value in items:
            mistakes.add(key_line, f"'{key_node.value}' stands here twice, first in line {lines[key_node.value]}.")
            continue
        items[key_node.value], lines[key_node.value] = value, key_line
    return Mapping(line, items, lines)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """' Did you mean X?' for the nearest known word, else an empty text."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    near = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return f" Did you mean {by_lower[near[0]]}?" if near else ""
