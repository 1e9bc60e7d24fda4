"""A pseudo-language: every text that can be translated is longer by 40 % and stands between marks."""

from pathlib import Path

from babel.messages.catalog import Catalog

from mes.config.words.catalogue import compiled
from mes.config.words.extract import texts_of

CODE, MARK = "en-xa", "⟦"


def longer(text: str) -> str:
    """The text with 40 % more signs, at least three: 'Stop' is '⟦Stop ~~~⟧'. Placeholders stay as they are.

    What is added can be wrapped as words can: every twelfth sign is a blank.
    """
    more = max(3, round(len(text) * 0.4) - 3)
    return f"{MARK}{text} {('~~~~~~~~~~~ ' * more)[:more].rstrip()}⟧"


def pseudo_language(base: Path, data: Path) -> None:
    """Puts the pseudo-language of everything below `base` into the data folder of a product that will be started."""
    words = Catalog(locale="en", charset="utf-8", fuzzy=False)
    for text in texts_of(base):
        if text.id:
            said = longer(text.id) if isinstance(text.id, str) else tuple(longer(form) for form in text.id)
            words.add(text.id, said, context=text.context)
    file = data / "locale" / "en_XA" / "LC_MESSAGES" / "django.mo"
    file.parent.mkdir(parents=True)
    file.write_bytes(compiled(words))
