"""What people write in forms, as it is stored: one line, no letter that cannot be kept, not too long."""

from django.utils.translation import gettext as _


class TextRefused(Exception):
    """Nothing was changed; the text says why and what to do."""


def words_of(text: str, longest: int, missing: str = "", refused: type[TextRefused] = TextRefused) -> str:
    """The text with single blanks; `refused` where it is too long or has a NUL, or empty and `missing` says so."""
    said = " ".join(text.split())
    if "\0" in said or len(said) > longest:
        raise refused(_("The text is too long or has a character that cannot be stored: use %d letters.") % longest)
    if missing and not said:
        raise refused(missing)
    return said
