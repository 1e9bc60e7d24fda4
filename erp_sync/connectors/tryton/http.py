"""Tryton's door to the network, over the one HTTP client of the ERP connectors."""

from typing import Any

import httpx

from erp_sync.connector import Settings
from erp_sync.errors import TransientError


class Answered:
    """What came back."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.headers = response.headers
        self._response = response

    def json(self) -> Any:
        """The body. TransientError if it is cut or no JSON."""
        try:
            return self._response.json()
        except ValueError as error:
            raise TransientError("Tryton's answer was cut off.") from error


class Door:
    """One connection, kept open."""

    def __init__(self, settings: Settings) -> None:
        self._client = httpx.Client(base_url=settings.address, timeout=30.0)

    def post(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> Answered:
        """Sends JSON. TransientError for whatever the network does."""
        try:
            return Answered(self._client.post(path, json=body, headers=headers))
        except httpx.HTTPError as error:
            raise TransientError("Tryton cannot be reached.", said=type(error).__name__) from error

    def close(self) -> None:
        """Gives the connection back."""
        self._client.close()
