"""Reading a YAML file with the line of every mistake: all mistakes are collected, none is guessed over."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError


class ConfigError(ValueError):
    """The file cannot be used; `problems` holds one sentence each, with the line."""

    def __init__(self, source: str, problems: list[str]) -> None:
        super().__init__(f"{source} cannot be used:\n" + "\n".join(f"  {problem}" for problem in problems))
        self.problems = problems


class Block:
    """A mapping of the file. Getters note a problem and return the default when a value is not what it must be."""

    def __init__(self, data: CommentedMap, name: str, problems: list[str]) -> None:
        self.data = data
        self.name = name
        self.problems = problems

    def line(self, key: str | None = None) -> int:
        """Line of a key, or of the block; counted from 1."""
        if key is not None and key in self.data:
            return int(self.data.lc.key(key)[0]) + 1
        return int(self.data.lc.line) + 1

    def complain(self, key: str | None, sentence: str) -> None:
        """Note a problem at a key."""
        self.problems.append(f"line {self.line(key)}: {sentence}")

    def only(self, known: Collection[str]) -> None:
        """Complain about keys that mean nothing here."""
        for key in self.data:
            if key not in known:
                self.complain(key, f"{self.name} has no '{key}'; use {', '.join(sorted(known))}.")

    def has(self, key: str) -> bool:
        """Whether the key is there with a value."""
        return self.data.get(key) is not None

    def number(self, key: str, default: float, *, above: float | None = None, least: float | None = None) -> float:
        """A number, checked against its lower limit."""
        value = self.data.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.complain(key, f"'{key}' of {self.name} must be a number, not '{value}'.")
            return default
        if (above is not None and value <= above) or (least is not None and value < least):
            limit = f"above {above:g}" if above is not None else f"at least {least:g}"
            self.complain(key, f"'{key}' of {self.name} must be {limit}, not {value}.")
            return default
        return float(value)

    def whole(self, key: str, default: int, *, least: int | None = None) -> int:
        """A whole number."""
        value = self.number(key, default, least=least)
        if value != int(value):
            self.complain(key, f"'{key}' of {self.name} must be a whole number, not {value}.")
            return default
        return int(value)

    def text(self, key: str, default: str, choices: Collection[str] = ()) -> str:
        """A text; with `choices`, one of them."""
        value = self.data.get(key, default)
        if isinstance(value, bool | CommentedMap | CommentedSeq):
            self.complain(key, f"'{key}' of {self.name} must be a text.")
            return default
        if choices and str(value) not in choices:
            self.complain(key, f"'{key}' of {self.name} must be {' or '.join(choices)}, not '{value}'.")
            return default
        return str(value)

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        value = self.data.get(key, default)
        if not isinstance(value, bool):
            self.complain(key, f"'{key}' of {self.name} must be true or false, not '{value}'.")
            return default
        return value

    def plain(self, key: str) -> Any:
        """The value without line marks."""
        return unmarked(self.data.get(key))

    def block(self, key: str) -> Block:
        """A mapping below; an empty one when it is not there."""
        value = self.data.get(key)
        if value is None:
            return Block(_empty_at(self.line(key)), key, self.problems)
        if not isinstance(value, CommentedMap):
            self.complain(key, f"'{key}' of {self.name} must be a mapping (name: value).")
            return Block(_empty_at(self.line(key)), key, self.problems)
        return Block(value, f"'{key}'", self.problems)

    def blocks(self, key: str) -> list[tuple[str, Block]]:
        """The named mappings below a key, in file order."""
        return self.block(key).entries()

    def entries(self) -> list[tuple[str, Block]]:
        """The named mappings of this block, in file order."""
        return [(str(name), self.block(name)) for name in self.data]

    def rows(self, key: str) -> Iterator[Block]:
        """The mappings of a list below a key."""
        value = self.data.get(key)
        if value is None:
            return
        if not isinstance(value, CommentedSeq):
            self.complain(key, f"'{key}' of {self.name} must be a list (- ...).")
            return
        for number, row in enumerate(value, start=1):
            if isinstance(row, CommentedMap):
                yield Block(row, f"entry {number} of '{key}'", self.problems)
            else:
                line = int(value.lc.item(number - 1)[0]) + 1
                self.problems.append(f"line {line}: entry {number} of '{key}' must be a mapping (name: value).")


def read(text: str, source: str) -> Block:
    """Parse a document whose top is a mapping. Raises ConfigError for broken YAML."""
    try:
        data = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark is not None else 1
        raise ConfigError(source, [f"line {line}: {error.problem or 'this is not YAML'}."]) from error
    if not isinstance(data, CommentedMap):
        raise ConfigError(source, ["line 1: the file must be a mapping that begins with 'controllers:'."])
    return Block(data, "the file", [])


def read_file(path: Path) -> Block:
    """Like `read`, from a file. A file that cannot be read raises ConfigError too."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), [f"it cannot be read: {error}."]) from error
    return read(text, str(path))


def unmarked(value: Any) -> Any:
    """Plain lists, dicts, numbers and texts instead of the parser's own."""
    if isinstance(value, dict):
        return {str(key): unmarked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [unmarked(item) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    for kind in (int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return value


def _empty_at(line: int) -> CommentedMap:
    empty = CommentedMap()
    empty.lc.line = line - 1
    empty.lc.col = 0
    return empty
