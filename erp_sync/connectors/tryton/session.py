"""The way to a running Tryton: which address speaks which series, login, calls, and what its errors mean."""

import base64
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from erp_sync.connector import Settings
from erp_sync.connectors.tryton.values import Row
from erp_sync.errors import AuthError, ConflictError, RejectedError, TransientError, WarningError
from erp_sync.transport.client import Answer, HttpDoor

LOCK_WORDS = ("locked", "deadlock", "serialize", "timeout", "timed out", "connection", "operationalerror")


class AskedBack(WarningError):
    """Tryton asks back before it goes on; `name` is how that question is said yes to."""

    def __init__(self, message: str, *, said: str, name: str) -> None:
        super().__init__(message, said=said)
        self.name = name


class Session:
    """A login of Tryton's. Kept as long as the connector is; a lost one is renewed once."""

    def __init__(self, settings: Settings, http: HttpDoor) -> None:
        self._http = http
        self._database = str(settings.options.get("database") or "")
        self._user = str(settings.options.get("user") or settings.secrets.get("user") or "")
        self._password = settings.secrets.get("password", "")
        self._prefix = ""
        self._token = ""
        self._context: Row = {}
        self.version = ""
        self.server_time: datetime | None = None

    def series(self) -> tuple[int, int]:
        """Major and minor of the server, e.g. (8, 2)."""
        if not self.version:
            self._find_version()
        major, minor = [*self.version.split("."), "0"][:2]
        return int(major), int(minor)

    def model(self, name: str, method: str, *params: Any, **context: Any) -> Any:
        """Calls a method. With `_timestamp` in the context Tryton refuses rows that changed since: ConflictError."""
        if not self._token:
            self._login()
        try:
            return self._call(f"model.{name}.{method}", [*params, self._context | context])
        except AuthError:
            self._login()  # a session ends by itself; the second refusal stands
            return self._call(f"model.{name}.{method}", [*params, self._context | context])

    def accept(self, name: str) -> None:
        """Says yes to a question of Tryton's, for the next call only."""
        self.model("res.user.warning", "skip", name, False)

    def rows(self, model: str, domain: list[Any], fields: list[str], **options: Any) -> list[Row]:
        """Rows of a model. `order` like [["id", "ASC"]], `limit`; `context` for fields that count stock."""
        call = (domain, 0, options.get("limit"), options.get("order"), fields)
        found: list[Row] = self.model(model, "search_read", *call, **(options.get("context") or {}))
        return found

    def close(self) -> None:
        """Logs out where it can, and gives connections back."""
        try:
            if self._token:
                self._call("common.db.logout", [])
        except (AuthError, TransientError, RejectedError):
            pass  # a session that stays ends by itself in Tryton
        finally:
            self._token = ""
            self._http.close()

    def _find_version(self) -> None:
        for prefix in ("", "rpc/"):  # from series 8 on calls go below rpc/, and the root takes none
            answer = self._http.post(f"/{prefix}", {"id": 1, "method": "common.server.version", "params": []})
            self._read_clock(answer)
            if answer.status < 300:
                self._prefix = prefix
                self.version = str(_result(answer.json()))
                return
        raise RejectedError("There is no Tryton at this address: it does not answer the question for its version.")

    def _login(self) -> None:
        self.series()
        self._token = ""
        if not self._database or not self._user or not self._password:
            raise AuthError("The connection lacks Tryton's database, user or password: complete it in its settings.")
        found = self._call("common.db.login", [self._user, {"password": self._password}, "en"])
        if not found:
            raise AuthError(f"Tryton refuses the password of {self._user}.")
        user_id, session = found[0], found[1]
        self._http.mask.learn(str(session))
        raw = f"{self._user}:{user_id}:{session}".encode()
        self._token = base64.b64encode(raw).decode()
        self._context = self._call("model.res.user.get_preferences", [True, {}])

    def _call(self, method: str, params: list[Any]) -> Any:
        headers = {"Authorization": f"Session {self._token}"} if self._token else {}
        answer = self._http.post(
            f"/{self._database}/{self._prefix}", {"id": 1, "method": method, "params": params}, headers
        )
        self._read_clock(answer)
        if answer.status == 404:
            raise AuthError(f"Tryton has no database {self._database}: correct the connection.")
        if answer.status >= 300:
            raise RejectedError(f"What stands at the address is no Tryton: HTTP {answer.status} to {method}.")
        return _result(answer.json())

    def _read_clock(self, answer: Answer) -> None:
        said = answer.headers.get("Date")
        if said:
            try:
                self.server_time = parsedate_to_datetime(said)
            except ValueError:
                self.server_time = None


def _result(body: Any) -> Any:
    if not isinstance(body, dict):
        raise TransientError("What came back is no answer of Tryton's.")
    if "error" not in body:
        return body.get("result")
    error = body["error"]
    kind, what = (error[0], error[1]) if isinstance(error, list) and len(error) > 1 else (str(error), "")
    if kind == "UserWarning":
        raise AskedBack("Tryton asks back and waits for a planner's yes.", said=str(what[1]), name=str(what[0]))
    if kind == "UserError":
        said = " ".join(str(part) for part in what[:2] if part) if isinstance(what, list) else str(what)
        raise RejectedError("Tryton refuses it.", said=said)
    if kind == "ConcurrencyException":
        raise ConflictError("Somebody changed the order in Tryton at the same moment.", said=str(what))
    if kind == "LoginException" or kind.startswith("401") or kind.startswith("403"):
        raise AuthError("Tryton refuses the login.")
    first = str(kind).strip().splitlines()[0][:300] if str(kind).strip() else "no reason given"
    if any(word in first.lower() for word in LOCK_WORDS):
        raise TransientError("Tryton's database is busy.", said=first)
    raise RejectedError("Tryton met a mistake of its own.", said=first)
