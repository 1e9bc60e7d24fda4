"""Texts of an ERP that PostgreSQL cannot keep: NUL and broken Unicode become a space and a question mark. Pure."""

from collections.abc import Mapping
from typing import Any


def storable(value: Any) -> Any:
    """The same JSON value with every text fit to be stored; other values than JSON's become text."""
    if isinstance(value, Mapping):
        return {str(storable(str(name))): storable(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [storable(one) for one in value]
    if isinstance(value, bool | int) or value is None:
        return value
    return str(value).replace("\0", " ").encode("utf-8", "replace").decode()
