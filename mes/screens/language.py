"""Pages in the language of the person who reads them: chosen in the menu, or as the browser asks."""

from collections.abc import Callable
from datetime import UTC, datetime

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from mes.people.language import language_choose
from mes.people.models import Person
from mes.screens.gate import actor_of

GetResponse = Callable[[HttpRequest], HttpResponse]


class PersonLanguageMiddleware:
    """What a person chose comes before what the browser asks for. At a station it is the person identified there."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """LocaleMiddleware, further out, has activated the browser's language and takes it back afterwards."""
        chosen = getattr(request.user, "language", "")
        if chosen in dict(settings.LANGUAGES):
            translation.activate(chosen)
            request.LANGUAGE_CODE = chosen
        return self.get_response(request)


@login_required
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """`POST /language/`: the person's language, and back to the page; the device remembers it for its log-in page."""
    language, back = request.POST.get("language", ""), request.POST.get("back", "/")
    if language and language not in dict(settings.LANGUAGES):
        raise Http404(language)
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure()):
        back = "/"
    if isinstance(request.user, Person):
        with transaction.atomic():
            language_choose(person=request.user, language=language, actor=actor_of(request), at=datetime.now(UTC))
    answer = HttpResponseRedirect(back)
    if language:
        answer.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, language, max_age=365 * 86400, samesite="Lax", secure=request.is_secure()
        )
    else:
        answer.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
    return answer
