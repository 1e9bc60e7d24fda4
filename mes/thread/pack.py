"""The evidence pack as a file: JSON, its detached signature, the public key and a PDF of the same facts in one ZIP."""

import zipfile
from base64 import b64encode
from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from typing import Any

from django.db.models import QuerySet

from mes.plant.models import Line
from mes.thread.canonical import canonical, sha256_of
from mes.thread.evidence import evidence_of
from mes.thread.keys import public_pem, signing_key
from mes.thread.pdf import pdf_of

JSON, SIGNATURE, KEY, PDF, README = "evidence.json", "evidence.json.sig", "public-key.pem", "evidence.pdf", "README.txt"
_HOW = """evidence.json      the facts, canonical JSON
evidence.json.sig  Ed25519 signature of exactly those bytes, base64
public-key.pem     the key that fits. Do not trust it because it lies here: ask the plant for its key
evidence.pdf       the same facts to read; it prints the SHA-256 of evidence.json

Check it:  ./manage.py thread verify THIS.zip --key KEY-OF-THE-PLANT.pem
"""


def pack_of(number: str, lines: QuerySet[Line], *, actor: str, at: datetime) -> bytes | None:
    """The ZIP of an order's evidence; None for an order that is not on these lines. Raises PackTooLarge."""
    content = evidence_of(number, lines, actor=actor, at=at)
    if content is None:
        return None
    data = canonical(content)
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, body in (
            (JSON, data),
            (SIGNATURE, b64encode(signing_key().sign(data)) + b"\n"),
            (KEY, public_pem()),
            (PDF, pdf_of(f"Evidence of order {number}", _lines(content, sha256_of(data)))),
            (README, _HOW.encode()),
        ):
            bundle.writestr(zipfile.ZipInfo(name, at.timetuple()[:6]), body, zipfile.ZIP_DEFLATED)
    return file.getvalue()


def _lines(content: dict[str, Any], digest: str) -> Iterator[str]:
    thread, journal = content["thread"], content["journal"]
    yield f"# {thread['title']}"
    yield f"State: {thread['state']}. Made {content['made_at']} by {content['made_by']}. All times are UTC."
    yield f"SHA-256 of evidence.json: {digest}"
    yield "# What is missing"
    yield from ([f"- {one['text']}" for one in thread["missing"]] or ["Nothing is known to be missing."])
    yield "# Facts"
    yield from (f"{one['label']}: {one['value']}" for one in thread["facts"])
    yield "# Linked"
    yield from (f"{one['way']} {one['kind']} {one['code']} {one['note']}" for one in thread["links"])
    yield "# What happened"
    for one in thread["events"]:
        yield f"{one['at'][:19]}  {one['what']}  {one['detail']}  {one['who']}"
    yield "# Readings of the controllers"
    for one in content["readings"]:
        yield f"{one['run']}: {one['count']} readings, SHA-256 {one['sha256']}"
    yield "# Journal"
    for one in journal["entries"]:
        yield f"{one['seq']}  {one['at'][:19]}  {one['actor']}  {one['action']} {one['kind']} {one['code']}"
        yield f"    {one['hash']}"
    yield f"{journal['unsealed']} entries were not yet sealed."
