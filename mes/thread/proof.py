"""Whether a pack is what was signed, and whether its part of the journal holds: without trusting what it says."""

import itertools
import json
from base64 import b64decode
from binascii import Error as NotBase64
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from mes.thread.canonical import canonical, entry_hash, sha256_of


class Verdict(NamedTuple):
    """What was found: problems (none: it holds), and what a reader should know."""

    problems: list[str]
    notes: list[str]
    pack: dict[str, Any]


def judge(data: bytes, signature: bytes, key: Ed25519PublicKey) -> Verdict:
    """Checks signature, form and journal of `evidence.json`; `signature` is base64 as the file beside it has it."""
    try:
        key.verify(b64decode(signature.strip(), validate=True), data)
    except (InvalidSignature, NotBase64, ValueError):
        return Verdict(["The signature does not fit: the file was changed, or another server signed it."], [], {})
    try:
        pack = json.loads(data)
    except ValueError:
        return Verdict(["It is signed, but no JSON."], [], {})
    problems, journal = [], pack.get("journal", {})
    if canonical(pack) != data:
        problems.append("It is not in canonical form.")
    problems += chain_problems(journal.get("entries", []), journal.get("chain", []))
    notes = [f"SHA-256 of the file: {sha256_of(data)}"]
    if journal.get("unsealed"):
        notes.append(f"{journal['unsealed']} entries were not yet sealed when it was made; they are not in it.")
    missing = pack.get("thread", {}).get("missing", [])
    notes += [f"Missing on the thread: {one['text']}" for one in missing]
    return Verdict(problems, notes, pack)


def chain_problems(entries: list[dict[str, Any]], chain: list[list[Any]]) -> list[str]:
    """Recomputes each entry's hash and looks whether numbers are without gap and each entry follows the one before."""
    problems = []
    hashes = dict(chain)
    for (seq, _hash), (following, _other) in itertools.pairwise(chain):
        if following != seq + 1:
            problems.append(f"The journal's entries {seq + 1} to {following - 1} are missing.")
    for entry in entries:
        seq = entry["seq"]
        if entry_hash(entry) != entry["hash"]:
            problems.append(f"Entry {seq} was changed after it was sealed.")
        if hashes.get(seq) != entry["hash"]:
            problems.append(f"Entry {seq} is not the one of the chain.")
        before = hashes.get(seq - 1)
        if before is not None and before != entry["previous_hash"]:
            problems.append(f"Entry {seq} does not follow the entry before it.")
    return problems
