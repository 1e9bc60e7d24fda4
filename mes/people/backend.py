"""Log-in with name and password, with the brake on guessing in front of it; also behind the admin's log-in."""

from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from mes.people.guessing import login_blocked, login_failed, login_succeeded
from mes.people.models import Person
from mes.people.role_backend import RoleBackend


class GuardedBackend(RoleBackend):
    """Refuses before hashing when a name or an address has failed too often."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> Person | None:
        """The person, or None; PermissionDenied (shown as a wrong password) while the brake holds."""
        if username is None or password is None:
            return None
        address, now = (request.META.get("REMOTE_ADDR") or "") if request else "", datetime.now(UTC)
        if login_blocked(username=username, address=address, at=now):
            raise PermissionDenied
        person = super().authenticate(request, username=username, password=password, **kwargs)
        if person is None:
            login_failed(username=username, address=address, at=now)
        else:
            login_succeeded(username=username)
        return person
