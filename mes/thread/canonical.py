"""One text for one content: what is signed, hashed and compared."""

import hashlib
import json
from typing import Any


def canonical(content: Any) -> bytes:
    """JSON with sorted keys, no spaces and ASCII only, so that any machine writes the same bytes."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()


def sha256_of(data: bytes) -> str:
    """SHA-256, hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def entry_hash(entry: dict[str, Any]) -> str:
    """The hash that the journal's chain has for an entry as a pack carries it; see `mes.journal.seal.chain_hash`."""
    names = ("seq", "previous_hash", "id", "at", "written_at", "actor", "action", "kind", "code", "data")
    return sha256_of(canonical([entry[name] for name in names]))
