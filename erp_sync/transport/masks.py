"""No secret in any word: what leaves the transport as text (errors, stored exchanges) goes through here."""

import base64
import json
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, quote_plus

HIDDEN = "•••"
_HEADERS = frozenset(
    (
        "authorization",
        "proxy-authorization",
        "cookie",
        "set-cookie",
        "x-csrf-token",
        "x-api-key",
        "x-openerp-session-id",
    )
)
_KEYS = "password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|session|session[_-]?id|private[_-]?key"
_JSON = re.compile(rf'("(?:[a-z_-]*(?:{_KEYS}))"\s*:\s*)("(?:[^"\\]|\\.)*"?|[^\s,}}\]]+)', re.IGNORECASE)
_FORM = re.compile(rf"((?:^|[?&])[a-z_-]*(?:{_KEYS})=)[^&\s]*", re.IGNORECASE)
_USER = re.compile(r"(https?://)[^/\s@]+@", re.IGNORECASE)
_NAMES = frozenset(("user", "login", "username", "database"))  # kept beside the secrets, but no secret
_WHOLE_WORD_BELOW = 4  # a shorter secret is hidden as a word of its own only, else it would eat the text around it


class Mask:
    """Hides a connection's secrets, in every spelling in which HTTP may carry them."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._found: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        for name, value in secrets.items():
            if name not in _NAMES:
                self.learn(value)
        for user in secrets.values():
            for password in secrets.values():
                self._add([base64.b64encode(f"{user}:{password}".encode()).decode()])

    def learn(self, value: str) -> None:
        """Hides another one from now on, e.g. the session that the ERP gave."""
        if value:
            raw = value.encode()
            plain = (value, quote(value, safe=""), quote_plus(value), json.dumps(value)[1:-1])
            ascii_only = json.dumps(value, ensure_ascii=False)[1:-1]
            coded = (base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode().rstrip("="))
            self._add([*plain, ascii_only, *coded])

    def text(self, said: str) -> str:
        """The text without secrets, nor what looks like one by its name."""
        if self._pattern is not None:
            said = self._pattern.sub(HIDDEN, said)
        said = _JSON.sub(rf'\1"{HIDDEN}"', said)
        return _USER.sub(rf"\1{HIDDEN}@", _FORM.sub(rf"\1{HIDDEN}", said))

    def headers(self, headers: Iterable[tuple[str, str]]) -> str:
        """Headers as lines, those that carry logins hidden whole."""
        return "\n".join(
            f"{name}: {HIDDEN if name.lower() in _HEADERS else self.text(value)}" for name, value in headers
        )

    def _add(self, values: Iterable[str]) -> None:
        self._found.update(value for value in values if value)
        parts = [
            re.escape(value) if len(value) >= _WHOLE_WORD_BELOW else rf"(?<!\w){re.escape(value)}(?!\w)"
            for value in sorted(self._found, key=len, reverse=True)
        ]
        self._pattern = re.compile("|".join(parts)) if parts else None
