"""What an import did, record by record, and the upsert by code that notes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model

from mes.plantfile.document import Ref


@dataclass(frozen=True)
class Change:
    """One record that was created (no before), changed or ended (no after)."""

    kind: str
    code: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


@dataclass
class Outcome:
    """What an import did."""

    changes: list[Change] = field(default_factory=list)
    unchanged: int = 0

    @property
    def created(self) -> int:
        """Records that were not there before."""
        return len(self._new())

    @property
    def changed(self) -> int:
        """Records that are different now, or ended."""
        return len({(change.kind, change.code) for change in self.changes} - self._new())

    def _new(self) -> set[tuple[str, str]]:
        return {(change.kind, change.code) for change in self.changes if change.before is None}

    def note(self, kind: str, code: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> None:
        """Counts one record: unchanged where before and after are the same."""
        if before == after:
            self.unchanged += 1
        else:
            self.changes.append(Change(kind, code, before, after))


class Shelf:
    """All stored records of one model by their code, and the upsert into them."""

    def __init__(self, model: type[Model], kind: str, outcome: Outcome, key: str = "code") -> None:
        self.model, self.kind, self.outcome, self.key = model, kind, outcome, key
        self.rows: dict[str, Any] = {getattr(row, key): row for row in model._default_manager.all()}

    def put(self, code: str, values: Mapping[str, Any], **only_new: Any) -> Any:
        """Creates the record (with `only_new` besides) or changes what is different; returns it."""
        row = self.rows.get(code)
        if row is None:
            row = self.model._default_manager.create(**{self.key: code}, **values, **only_new)
            self.rows[code] = row
            self.outcome.note(self.kind, code, None, values)
            return row
        before = {name: getattr(row, name) for name in values}
        different = [name for name in values if before[name] != values[name]]
        for name in different:
            setattr(row, name, values[name])
        if different:
            row.save(update_fields=different)
        self.outcome.note(
            self.kind, code, {name: before[name] for name in different}, {name: values[name] for name in different}
        )
        return row

    def get(self, named: Ref | str | None) -> Any:
        """The record that is named; None for no name. The file has been checked, so every code is there."""
        code = named.code if isinstance(named, Ref) else named
        return self.rows[code] if code else None
