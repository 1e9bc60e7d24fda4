"""`Idempotency-Key`: the same write sent again is answered as the first time and done once."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response

from mes.api.errors import BadRequest, Unprocessable
from mes.api.models import IdempotencyKey
from mes.journal.write import JournalEncoder

KEPT = timedelta(days=7)
MAX_KEY = 200


def once(request: Request, at: datetime, write: Callable[[], Response]) -> Response:
    """Runs `write` in one transaction with the caller's key; a repeat answers what is stored.

    Without the header it just runs. The same key with another body or address is refused (422). A write that fails
    stores no key, so that it can be tried again. Two at once: the second waits for the first and gets its answer.
    """
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        return write()
    if len(key) > MAX_KEY or not key.isprintable():
        raise BadRequest(f"The Idempotency-Key must be printable and at most {MAX_KEY} characters long.")
    where = f"{request.method} {request.path}"[:300]
    body = hashlib.sha256(request._request.body).hexdigest()
    with transaction.atomic():
        IdempotencyKey.objects.filter(owner_id=request.user.pk, at__lt=at - KEPT).delete()
        stored, new = IdempotencyKey.objects.get_or_create(
            owner_id=request.user.pk, key=key, defaults={"request": where, "body_hash": body, "at": at}
        )
        if not new:
            return _first_answer(stored, where, body)
        response = write()
        stored.status, stored.response = response.status_code, _plain(response.data)
        stored.save(update_fields=["status", "response"])
        return response


def _first_answer(stored: IdempotencyKey, where: str, body: str) -> Response:
    if (stored.request, stored.body_hash) != (where, body):
        raise Unprocessable(
            f"The Idempotency-Key '{stored.key}' was used for another request ({stored.request}): use a new one.",
            code="idempotency_key_reused",
        )
    return Response(stored.response, status=stored.status, headers={"Idempotent-Replayed": "true"})


def _plain(data: Any) -> Any:
    return json.loads(json.dumps(data, cls=JournalEncoder))
