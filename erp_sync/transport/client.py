"""The one door for HTTP to an ERP: guarded address, limits, failures as errors of `erp_sync`, a masked record."""

import json
import logging
import ssl
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

import httpcore

from erp_sync.connector import Exchange, Settings
from erp_sync.errors import AddressError, AuthError, TransientError
from erp_sync.transport.guard import Resolve, address_of
from erp_sync.transport.limits import Deadline, GuardedLine, Limits, limits_of, unpacked
from erp_sync.transport.masks import Mask

logging.getLogger("httpcore").setLevel(logging.WARNING)  # its lines for debugging quote headers, with logins in them

_KEPT_CHARACTERS = 4_000  # of one request or answer
_KEPT_EXCHANGES = 8
_HOPS = 3
Query = Mapping[str, Any]
_SAFE = "/?=&%:;,@!$'()*+~[]-._"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: any status but those that the door makes errors of."""

    status: int
    headers: Message
    body: bytes

    def text(self) -> str:
        """The body as UTF-8; what is none is replaced."""
        return self.body.decode(errors="replace")

    def json(self) -> Any:
        """The body as JSON. TransientError where it is none: cut, or the page of something in between."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise TransientError("The ERP's answer is cut or not what was asked for.") from None


class HttpDoor:
    """Speaks HTTP to the one server that a connection names. May be used by several threads."""

    def __init__(self, settings: Settings, *, limits: Limits | None = None, resolve: Resolve | None = None) -> None:
        self._address = address_of(settings.address)
        self._limits = limits or limits_of(settings.options)
        self.mask = Mask(settings.secrets)
        self._deadline = Deadline()
        self._kept = _Kept()
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl.create_default_context(),
            network_backend=GuardedLine(self._deadline, demo=settings.demo, resolve=resolve),
            max_connections=8,
            keepalive_expiry=5,
        )

    def get(
        self, path: str, query: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Reads. Tried a second time at once where the line broke; follows to another path of the same server only."""
        target = f"{path}?{urlencode(query)}" if query else path
        for _hop in range(_HOPS):
            try:
                answer = self.send("GET", target, b"", headers)
            except TransientError as problem:
                if not isinstance(problem, _LineBroke):
                    raise
                answer = self.send("GET", target, b"", headers)
            if answer.status not in (301, 302, 303, 307, 308):
                return answer
            target = self._same_server(target, str(answer.headers.get("Location", "")))
        raise AddressError("The ERP sends from one address to the next: enter the last one.")

    def post(self, path: str, body: Any, headers: Mapping[str, str] | None = None) -> Answer:
        """Sends JSON, once: whether a broken line was before or after the ERP's work is not known here."""
        return self.send_json("POST", path, body, headers)

    def send_json(self, method: str, path: str, body: Any, headers: Mapping[str, str] | None = None) -> Answer:
        """Sends JSON by another method, once."""
        content = json.dumps(body, ensure_ascii=False).encode()
        return self.send(method, path, content, {"Content-Type": "application/json", **(headers or {})})

    def send(self, method: str, path: str, content: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        """One request to a path below the address. Any status is given back but 401, 403 (AuthError) and 408, 425,
        429, 5xx (TransientError), which come with the ERP's words in `said`."""
        target = quote(self._address.path + path, safe=_SAFE)
        lines = {"Host": self._address.origin, "Accept-Encoding": "gzip", "User-Agent": "Millwright"}
        whole = [*lines.items(), *(headers or {}).items()]
        if method != "GET":
            whole.append(("Content-Length", str(len(content))))
        first_line = f"{method} {target}"
        try:
            answer = self._exchanged(method, target, content, whole)
        except Exception as problem:
            self._keep(first_line, whole, content, f"({self.mask.text(str(problem)) or type(problem).__name__})")
            raise
        head = self.mask.headers(answer.headers.items())
        body = self.mask.text(_start(answer.body))
        self._keep(first_line, whole, content, f"{answer.status}\n{head}\n\n{body}")
        self._refused(answer)
        return answer

    def exchange(self) -> Exchange:
        """What this thread sent and got since it asked last, masked; the oldest is dropped where it was much."""
        parts = list(self._kept.exchanges)
        self._kept.exchanges.clear()
        sent, received = "\n\n".join(part.sent for part in parts), "\n\n".join(part.received for part in parts)
        return Exchange(self.mask.text(sent), self.mask.text(received))  # again: a session may have been learnt since

    def close(self) -> None:
        """Gives connections back."""
        self._pool.close()

    def _exchanged(self, method: str, target: str, content: bytes, headers: list[tuple[str, str]]) -> Answer:
        limits, place = self._limits, self._address
        self._deadline.ends = time.monotonic() + limits.total_s
        times = {"connect": limits.connect_s, "read": limits.read_s, "write": limits.read_s, "pool": limits.total_s}
        url = httpcore.URL(
            scheme=place.scheme.encode(), host=place.host.encode(), port=place.port, target=target.encode()
        )
        coded = [(name.encode(), value.encode()) for name, value in headers]
        try:
            with self._pool.stream(method, url, headers=coded, content=content, extensions={"timeout": times}) as found:
                said = Message()
                for name, value in found.headers:
                    said[name.decode("latin-1")] = value.decode("latin-1")
                packed = str(said.get("Content-Encoding", "")).strip().lower()
                body = unpacked(found.iter_stream(), packed, limits.body_bytes)
                return Answer(found.status, said, body)
        except httpcore.TimeoutException:
            raise TransientError(f"{place.host} did not answer in time.") from None
        except (httpcore.NetworkError, httpcore.ProtocolError) as problem:
            certificate = _certificate_fault(problem)
            if certificate:  # the words of other failures may quote a header, so they are not repeated
                raise AddressError(f"The certificate of {place.host} is not accepted: {certificate}.") from None
            raise _LineBroke(f"The line to {place.host} broke, or nobody answers there.") from None

    def _refused(self, answer: Answer) -> None:
        said = self.mask.text(_start(answer.body))[:1000]
        if answer.status in (401, 403):
            raise AuthError(f"{self._address.host} refuses the login (HTTP {answer.status}).", said=said)
        if answer.status in (408, 425, 429) or answer.status >= 500:
            raise TransientError(
                f"{self._address.host} cannot take it now (HTTP {answer.status}).",
                said=said,
                retry_after_s=_wait(str(answer.headers.get("Retry-After", "")), str(answer.headers.get("Date", ""))),
            )

    def _same_server(self, target: str, location: str) -> str:
        place = self._address
        here = f"{place.scheme}://{place.origin}{place.path}{target}"
        there = urlsplit(urljoin(here, location))
        if not location or f"{there.scheme}://{there.netloc}".lower() != f"{place.scheme}://{place.origin}":
            raise AddressError(
                f"{place.host} says that the ERP is elsewhere: enter its new address, if it is right.",
                said=self.mask.text(location[:200]),
            )
        if not there.path.startswith(place.path):
            raise AddressError(f"{place.host} sends to a path that is not below the connection's address.")
        return there.path.removeprefix(place.path) + (f"?{there.query}" if there.query else "")

    def _keep(self, first_line: str, headers: list[tuple[str, str]], content: bytes, received: str) -> None:
        head = f"{self.mask.text(first_line)}\n{self.mask.headers(headers)}"
        self._kept.exchanges.append(Exchange(_cut(f"{head}\n\n{self.mask.text(_start(content))}"), _cut(received)))


class _Kept(threading.local):
    def __init__(self) -> None:
        self.exchanges: deque[Exchange] = deque(maxlen=_KEPT_EXCHANGES)


class _LineBroke(TransientError):
    """No whole answer came; a reading may be tried once more at once."""


def _certificate_fault(problem: BaseException) -> str:
    cause: BaseException | None = problem
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause.verify_message.rstrip(".")
        cause = cause.__cause__ or cause.__context__
    return ""


def _wait(retry_after: str, date: str) -> float | None:
    """Seconds that a server wishes, from a number or an instant; an instant is compared with the server's own clock."""
    if retry_after.strip().isascii() and retry_after.strip().isdigit():
        return min(float(retry_after[:9]), 86_400.0)
    try:
        until = _aware(parsedate_to_datetime(retry_after))
        return min(max((until - _aware(parsedate_to_datetime(date))).total_seconds(), 0.0), 86_400.0)
    except (TypeError, ValueError):
        return None


def _aware(found: datetime) -> datetime:
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _start(body: bytes) -> str:
    return body[: 2 * _KEPT_CHARACTERS].decode(errors="replace")  # masked whole first, then cut: no half a secret


def _cut(text: str) -> str:
    clean = text.replace("\x00", "�")  # PostgreSQL keeps no NUL
    return clean if len(clean) <= _KEPT_CHARACTERS else f"{clean[:_KEPT_CHARACTERS]}… ({len(clean)} characters)"
