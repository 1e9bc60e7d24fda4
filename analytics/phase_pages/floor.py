"""Why a line fell back, in one sentence for the floor."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse

from analytics.models import PhaseState
from analytics.phase_pages.words import fell_text
from mes.plant.models import Line


@dataclass(frozen=True, slots=True)
class Word:
    """A sentence for the floor, and the page that tells more."""

    text: str
    link: str


def floor_words(lines: Iterable[Line]) -> dict[int, Word]:
    """Line (by id) to why it fell back; lines that lost nothing are missing. One query."""
    return {
        pk: Word(fell_text(state), reverse("line-phases", args=[state.line.code]))
        for pk, state in (
            (state.line_id, state)
            for state in PhaseState.objects.filter(line__in=list(lines), until=None)
            .exclude(fell_from=None)
            .select_related("line__area__site")
        )
    }


def floor_word(line: Line) -> Word | None:
    """Why a line fell back, for its tile; None where it lost nothing."""
    return floor_words([line]).get(line.pk)
