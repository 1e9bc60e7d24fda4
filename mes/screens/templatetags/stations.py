"""For the station's templates: what the machine was busy with when the page was made."""

from django import template

from mes.plant.models import WorkCenter
from mes.screens.station_scan import run_token

register = template.Library()


@register.simple_tag
def busy_with(place: WorkCenter) -> str:
    """See `station_scan.run_token`."""
    return run_token(place)
