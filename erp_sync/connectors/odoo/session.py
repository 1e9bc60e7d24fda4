"""Calls of Odoo's models over its two doors, and what its errors mean."""

from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from erp_sync.connector import Settings
from erp_sync.errors import AuthError, ConflictError, ErpError, RejectedError, TransientError
from erp_sync.transport.client import Answer, HttpDoor

Row = dict[str, Any]
LOCKS = ("SerializationFailure", "LockNotAvailable", "OperationalError", "DeadlockDetected", "InterfaceError")
FIRST_JSON2 = 19
"""From this version on the API key speaks JSON-2; /jsonrpc is deprecated there and gone in 22."""


class Session:
    """One database of an Odoo. Options: `database`, `user`; secret: `password`, or from 19 on `api_key`."""

    def __init__(self, settings: Settings, door: HttpDoor) -> None:
        self._door = door
        self._database = str(settings.options.get("database") or "")
        self._user = str(settings.options.get("user") or settings.secrets.get("user") or "")
        self._secret = settings.secrets.get("api_key") or settings.secrets.get("password") or ""
        self._uid: int | None = None
        self.version = ""
        self.server_time: datetime | None = None

    @property
    def major(self) -> int:
        """17 for '17.0', 18 for 'saas~18.2'; 0 where it is unreadable."""
        if not self.version:
            self._find_version()
        digits = self.version.rpartition("~")[2].partition(".")[0]
        return int(digits) if digits.isdecimal() else 0

    def call(self, model: str, method: str, ids: list[int] | None = None, **named: Any) -> Any:
        """A method of a model, of some records or of none; None where Odoo answers without a result.

        Arguments by name are those of Odoo's own signature. Raises what `_raise` makes of Odoo's errors.
        """
        if self.major >= FIRST_JSON2:
            body = named if ids is None else {"ids": ids} | named
            headers = {"Authorization": f"bearer {self._secret}", "X-Odoo-Database": self._database}
            return self._json2(self._door.post(f"/json/2/{model}/{method}", body, headers))
        if self._uid is None:
            self._uid = self._login()
        positional = [] if ids is None else [ids]
        arguments = [self._database, self._uid, self._secret, model, method, positional, named]
        return self._jsonrpc("object", "execute_kw", arguments)

    def read(self, model: str, domain: list[Any], fields: list[str], *, order: str = "id", limit: int = 0) -> list[Row]:
        """Records of a domain; `limit` 0 is all of them."""
        named: Row = {"domain": domain, "fields": fields, "order": order}
        return list(self.call(model, "search_read", **(named | ({"limit": limit} if limit else {}))))

    def create(self, model: str, values: Row) -> int:
        """A new record; its id."""
        made = self.call(model, "create", vals_list=[values])
        return int(made[0] if isinstance(made, list) else made)

    def write(self, model: str, ids: list[int], values: Row) -> None:
        """Changes records."""
        self.call(model, "write", ids, vals=values)

    def _find_version(self) -> None:
        """Odoo says its version without a login: below 19 by JSON-RPC, and (by its documentation) at /web/version."""
        try:
            said = self._jsonrpc("common", "version", [])
            self.version = str(said["server_version"])
        except (RejectedError, KeyError, TypeError):
            said = self._door.get("/web/version").json()
            self.version = str(said.get("version") if isinstance(said, dict) else "")
        if not self.version:
            raise RejectedError("The server does not say which Odoo it is: check the address.")

    def _login(self) -> int:
        uid = self._jsonrpc("common", "authenticate", [self._database, self._user, self._secret, {}])
        if not isinstance(uid, int) or isinstance(uid, bool):
            raise AuthError("Odoo refuses the user or the password.")
        return uid

    def _jsonrpc(self, service: str, method: str, arguments: list[Any]) -> Any:
        body = {
            "jsonrpc": "2.0",
            "method": "call",
            "id": 1,
            "params": {"service": service, "method": method, "args": arguments},
        }
        answer = self._door.post("/jsonrpc", body)
        self._clock(answer)
        if answer.status != 200:
            raise RejectedError(f"The server has no JSON-RPC (HTTP {answer.status}).")
        said = answer.json()
        if not isinstance(said, dict):
            raise TransientError("Odoo's answer is cut or not what was asked for.")
        if "error" in said:
            raise error_of(said["error"].get("data") or {})
        return said.get("result")  # missing where the method returned nothing

    def _json2(self, answer: Answer) -> Any:
        self._clock(answer)
        said = answer.json() if answer.body else None
        if answer.status == 200:
            return said
        raise error_of(said if isinstance(said, dict) else {})

    def _clock(self, answer: Answer) -> None:
        date = answer.headers.get("Date")
        if date:
            self.server_time = parsedate_to_datetime(str(date))


def error_of(data: Row) -> ErpError:
    """Odoo's error as one of ours, by the name of its exception and never by its text, which is translated."""
    name, said = str(data.get("name") or ""), str(data.get("message") or "").strip()[:1000]
    short = name.rpartition(".")[2]
    if short == "AccessDenied":
        return AuthError("Odoo refuses the login.", said=said)
    if short in LOCKS:
        return TransientError("Odoo is busy with these records.", said=said)
    if short == "MissingError":
        return ConflictError("The record is no longer in Odoo.", said=said)
    if short == "AccessError":
        return RejectedError("Odoo does not allow its user to do this.", said=said)
    return RejectedError("Odoo refuses it.", said=said)
