"""What people type on boards and handovers, as it may be stored; refusals say what is wrong."""

from django.utils.translation import gettext as _


class HoursRefused(Exception):
    """Nothing was changed; the text says why and what to do."""


def plain(text: str, most: int, what: str) -> str:
    """The text on one line without outer and double blanks. HoursRefused where it is too long or cannot be stored."""
    said = " ".join(text.split())
    if "\0" in said:
        raise HoursRefused(_("%(what)s has a character that cannot be stored: type it again.") % {"what": what})
    if len(said) > most:
        raise HoursRefused(_("%(what)s is longer than %(most)d characters: shorten it.") % {"what": what, "most": most})
    return said
