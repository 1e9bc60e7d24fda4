"""The andon wall of one line for a TV: target, actual, efficiency, down. No input, nothing scrolls."""

from datetime import UTC, datetime

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from mes.live import tiles as live
from mes.people.access import lines_for
from mes.screens.face import face
from mes.screens.floor import live_context, shift_text
from mes.screens.frame import clock_of, zone_named

LARGEST_COUNT = 6
"""Tiles that stay readable from ten metres; a longer line gets four columns and smaller letters."""


@login_required
@require_safe
@gzip_page
def wall(request: HttpRequest, code: str) -> HttpResponse:
    """`/wall/<line>/`. A line outside the person's lines is 404, like one that does not exist."""
    now = datetime.now(UTC)
    line = lines_for(request.user).filter(code=code).first()
    tiles = live.tiles_for(request.user, now=now, lines=[code]) if line else {}
    if line is None or not tiles:
        raise Http404(code)
    faces = [face(tile, now) for tile in tiles.values()]
    context = live_context(request, now, f"line:{code}") | {
        "line": line,
        "faces": faces,
        "shift": shift_text(faces[0].tile, zone_named(clock_of(request, now).zone)),
        "count": len(faces) if len(faces) <= LARGEST_COUNT else "many",
    }
    return render(request, "wall/wall.html", context)
