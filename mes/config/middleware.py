"""Guards around every request: its database connection, bodies without a length, the content security policy."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import connections
from django.http import HttpRequest, HttpResponse, JsonResponse

GetResponse = Callable[[HttpRequest], HttpResponse]

POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "report-uri /csp",
    ]
)


class ConnectionBackMiddleware:
    """Gives the database connection back to the pool in the thread that took it, whatever became of the browser.

    Django gives it back with `request_finished`, which Daphne's cancelling skips when a browser goes away before the
    answer is ready: ten people who click on would leave no connection for anybody.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answers are never streamed from the database, so nothing is asked after this."""
        try:
            return self.get_response(request)
        finally:
            for connection in connections.all(initialized_only=True):
                if not connection.in_atomic_block:  # else somebody's transaction is around the whole request
                    connection.close_if_unusable_or_obsolete()


class ChunkedBodyMiddleware:
    """Gives a chunked request the length of its body: else DRF under Daphne reads an empty body and answers 200."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Reads the body of a chunked request once; a body over the limit is refused with 413."""
        if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
            limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
            try:
                length = len(request.body)
            except RequestDataTooBig:
                length = limit + 1
            if length > limit:
                message = f"The request body is larger than {limit} bytes; send it in parts."
                return JsonResponse({"code": "too_large", "message": message, "fields": {}}, status=413)
            request.META["CONTENT_LENGTH"] = str(length)
        return self.get_response(request)


class ContentSecurityPolicyMiddleware:
    """Sends the strict policy with every answer: nothing inline, nothing from outside, no eval."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Adds the headers to what the inner layers answered."""
        response = self.get_response(request)
        response["Content-Security-Policy"] = POLICY
        response["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
        return response
