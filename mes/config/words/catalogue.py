"""Catalogues on disk: brought up to date with the texts, compiled, and judged."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

_HOLES = re.compile(r"%\((\w+)\)[sd]|%[sd%]")
_NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)
WIDTH = 120


def file_of(base: Path, language: str) -> Path:
    """Where the translations of a language stand; what is compiled lies beside it."""
    return base / "locale" / language / "LC_MESSAGES" / "django.po"


def load(path: Path, language: str) -> Catalog:
    """The catalogue of a file; an empty one where there is no file yet."""
    if not path.exists():
        return Catalog(locale=language, project="Millwright", charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def bring_up_to_date(catalogue: Catalog, texts: Catalog) -> None:
    """Takes in what is new, drops what nobody says any more, keeps every translation. Nothing is guessed."""
    catalogue.update(texts, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    _head(catalogue)


def save(catalogue: Catalog, path: Path) -> None:
    """Writes the catalogue for people and, beside it, for the server."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalogue, width=WIDTH, sort_output=True, include_lineno=False)
    path.with_suffix(".mo").write_bytes(compiled(catalogue))


def compiled(catalogue: Catalog) -> bytes:
    """The catalogue as gettext reads it: only what is translated whole, else the English text is shown."""
    finished, out = Catalog(locale=catalogue.locale, project="Millwright", charset="utf-8", fuzzy=False), BytesIO()
    for message in catalogue:
        forms = _forms(message.string)
        if message.id and forms and all(forms):
            finished.add(message.id, message.string, context=message.context)
    _head(finished)
    write_mo(out, finished)
    return out.getvalue()


def faults(catalogue: Catalog, texts: Catalog) -> Iterator[str]:
    """A sentence for every text without translation and for every translation with other holes than its text."""
    for text in texts:
        if not text.id:
            continue
        own = catalogue.get(text.id, text.context)
        said = _forms(own.string) if own else []
        if not said or not all(said):
            yield f"Not translated: {_forms(text.id)[0]!r} ({text.locations[0][0] if text.locations else ''})"
        elif own is not None and _wrong_holes(own):
            yield f"Other placeholders than in the text: {said!r} for {_forms(text.id)[0]!r}"


def _wrong_holes(message: Message) -> bool:
    allowed = [_holes(form) for form in _forms(message.id)]
    return any(_holes(form) not in allowed for form in _forms(message.string))


def _holes(text: str) -> list[str]:
    return sorted(hole.group() for hole in _HOLES.finditer(text))


def _forms(text: str | list[str] | tuple[str, ...] | None) -> list[str]:
    if text is None:
        return []
    return [text] if isinstance(text, str) else list(text)


def _head(catalogue: Catalog) -> None:
    # No dates and no names of people: the history of the project says both.
    catalogue.creation_date = catalogue.revision_date = _NO_DATE
    catalogue.header_comment = "# Texts of Millwright. Brought up to date by ./manage.py words update"
    catalogue.copyright_holder = catalogue.msgid_bugs_address = catalogue.last_translator = "Millwright"
