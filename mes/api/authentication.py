"""Who calls: `Authorization: Token KEY` of an API key. Sessions are handled by DRF, with CSRF."""

from datetime import UTC, datetime

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from mes.people.keys import key_owner
from mes.people.models import ApiKey, Person

SCHEME = "Token"


class ApiKeyAuthentication(BaseAuthentication):
    """Sets `request.user` to the key's owner and `request.auth` to the key. Writes nothing."""

    def authenticate(self, request: Request) -> tuple[Person, ApiKey] | None:
        """Owner and key; None where no such header came; AuthenticationFailed (401) for one that does not hold."""
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != SCHEME.lower().encode():
            return None
        if len(parts) != 2:
            raise AuthenticationFailed("The Authorization header must read 'Token KEY', with one key and no spaces.")
        key = key_owner(parts[1].decode("latin-1"), datetime.now(UTC))
        if key is None:
            raise AuthenticationFailed(
                "This API key is unknown, expired or revoked: ask an admin for a new one (Admin, API keys)."
            )
        return key.owner, key

    def authenticate_header(self, request: Request) -> str:
        """Makes DRF answer 401 instead of 403 to callers without any identity."""
        return SCHEME
