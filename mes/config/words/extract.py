"""Finds every text for people: in templates by Django's own reading of them, in modules by their calls of gettext."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from django.utils.translation import template as django_template

KEYWORDS = DEFAULT_KEYWORDS | {
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "npgettext": ((1, "c"), 2, 3),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}
MODULES = ("mes", "analytics", "erp_sync")


def texts_of(base: Path) -> Catalog:
    """A catalogue without translations of everything below `base` that people read, with where it stands."""
    found = Catalog(project="Millwright", charset="utf-8")
    for path, source in _sources(base):
        place = path.relative_to(base).as_posix()
        for _line, message, comments, context in extract("python", BytesIO(source.encode()), KEYWORDS):
            found.add(message, locations=[(place, 0)], auto_comments=comments, context=context)
    return found


def _sources(base: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted([*base.glob("templates/**/*.html"), *base.glob("mes/*/templates/**/*.html")]):
        yield path, django_template.templatize(path.read_text(), origin=str(path))
    for room in MODULES:
        for path in sorted((base / room).glob("**/*.py")):
            if "migrations" not in path.parts:
                yield path, path.read_text()
