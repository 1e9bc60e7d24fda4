"""API keys for machines and programs: made once, shown once, looked up by their SHA-256."""

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from mes.journal.write import record
from mes.people.access import lines_for
from mes.people.models import ApiKey, Person
from mes.plant.models import Line

PREFIX = "mw_"
SCOPES = ("read", "observations", "orders", "quality", "erp")


def api_key_create(
    *,
    owner: Person,
    name: str,
    scopes: Collection[str],
    lines: Collection[Line] = (),
    expires_at: datetime | None = None,
    actor: str,
    at: datetime,
) -> str:
    """Makes a key and returns its text, which is stored nowhere. Raises ValueError for an unknown scope."""
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown:
        raise ValueError(f"An API key cannot have the scope '{unknown[0]}'. Known scopes: {', '.join(SCOPES)}.")
    raw, key_hash = key_make()
    with transaction.atomic():
        key = ApiKey.objects.create(
            name=name, owner=owner, key_hash=key_hash, scopes=sorted(set(scopes)), expires_at=expires_at
        )
        key.lines.set(lines)
        record(
            actor=actor,
            at=at,
            action="api_key_create",
            kind="api-key",
            code=name,
            data={
                "after": {
                    "owner": owner.username,
                    "scopes": key.scopes,
                    "lines": sorted(line.code for line in lines),
                    "expires_at": expires_at,
                }
            },
        )
    return raw


def key_make() -> tuple[str, str]:
    """A fresh key: its text, to be shown once, and the hash to be stored."""
    raw = PREFIX + secrets.token_urlsafe(32)
    return raw, _hash(raw)


def api_key_revoke(*, key: ApiKey, actor: str, at: datetime) -> bool:
    """Ends a key from now on; False when it had been revoked before."""
    with transaction.atomic():
        if not ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=at):
            return False
        record(actor=actor, at=at, action="api_key_revoke", kind="api-key", code=key.name, data={"revoked_at": at})
    return True


def key_owner(raw: str, at: datetime) -> ApiKey | None:
    """The live key whose text this is (its `owner` comes along), or None: unknown, expired, revoked, owner inactive."""
    return (
        ApiKey.objects.select_related("owner")
        .filter(Q(expires_at=None) | Q(expires_at__gt=at), key_hash=_hash(raw), revoked_at=None, owner__is_active=True)
        .first()
    )


def lines_for_key(key: ApiKey) -> QuerySet[Line]:
    """The lines a key may see: its own list, but never more than its owner sees; without a list, all of the owner's."""
    lines = lines_for(key.owner)
    narrowed = key.lines.all()
    return lines.filter(pk__in=narrowed.values("pk")) if narrowed.exists() else lines


def _hash(raw: str) -> str:
    return hashlib.sha256(raw.encode()).hexdigest()
