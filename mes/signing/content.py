"""What is signed, as text that is always the same for the same facts, and its SHA-256. Pure."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID


def plain(value: Any) -> Any:
    """A value as JSON keeps it without loss: decimals without trailing zeros and times in UTC as text.

    Worked: Decimal("10.20") and Decimal("10.2") are both "10.2"; 08:00+02:00 is "06:00:00+00:00". Floats, naive times
    and other things are refused (TypeError), for they have no text that two machines would surely write alike.
    """
    if value is None or isinstance(value, str | bool | int):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, Decimal):
        return f"{value.normalize():f}" if value else "0"
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TypeError(f"A time without a zone cannot be signed: {value}.")
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, Sequence):
        return [plain(part) for part in value]
    raise TypeError(f"A {type(value).__name__} cannot be signed: give text, a whole number, a Decimal or a time.")


def canonical(content: Mapping[str, Any]) -> str:
    """The one text of a content: keys sorted, no blanks, every letter as itself. Worked: {"b": 1, "a": None} is
    {"a":null,"b":1}.
    """
    return json.dumps(plain(content), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def hash_of(content: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical text in UTF-8, 64 hexadecimal digits."""
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def differences(signed: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """The names of what is not as it was signed, in order of the alphabet; none: the content is the same."""
    before, after = plain(signed), plain(now)
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
