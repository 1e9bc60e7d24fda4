"""Middleware for entries that a station's script sends: answers in JSON, and tells the journal when they were made."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse

from mes.journal.entered import entered

PLACES = ("/station/", "/downtime/")
HEADER = "X-Entry"
"""`now`: the script shows the next page itself; `later`: it sends a kept entry again and wants to hear the words."""

_BELIEVED = timedelta(days=30)


class StationEntryMiddleware:
    """A redirect becomes {"to", "said", "refused"} for a script; `entered_at` of the form goes into the journal."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Only forms of the station's pages are looked at."""
        if request.method != "POST" or not request.path.startswith(PLACES):
            return self.get_response(request)
        with entered(_time_of(request.POST.get("entered_at", ""))):
            response = self.get_response(request)
        how = request.headers.get(HEADER)
        if not how or response.status_code != 302:
            return response
        told = list(messages.get_messages(request)) if how == "later" else []
        answer = {
            "to": response.headers["Location"],
            "said": [str(message) for message in told],
            "refused": any("bad" in message.tags.split() for message in told),
        }
        replied = JsonResponse(answer)
        replied.cookies = response.cookies
        return replied


def _time_of(text: str) -> datetime | None:
    """The device's time in ms since 1970, as its script wrote it; nonsense and times far off are nobody's time."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 14):
        return None
    said = datetime.fromtimestamp(int(text) / 1000, UTC)
    return said if abs(said - datetime.now(UTC)) <= _BELIEVED else None
