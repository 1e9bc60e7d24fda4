"""Spanish is complete: every text has its translation, with the same placeholders, and is compiled."""

from collections import Counter
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from mes.config.words.catalogue import bring_up_to_date, compiled, faults, file_of, load
from mes.config.words.extract import texts_of

BASE = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def texts() -> Catalog:
    return texts_of(BASE)


@pytest.fixture(scope="module")
def spanish() -> Catalog:
    return load(file_of(BASE, "es"), "es")


def test_texts_of_templates_and_modules_are_found(texts: Catalog) -> None:
    assert {"Stop reason", "Nothing was entered", "%(n)s stop needs a reason."} <= {
        text.id if isinstance(text.id, str) else text.id[0] for text in texts if text.id
    }


def test_everything_is_said_in_spanish(texts: Catalog, spanish: Catalog) -> None:
    """Else: ./manage.py words update, then fill what is empty in locale/es/LC_MESSAGES/django.po, and update again."""
    assert list(faults(spanish, texts)) == []


def test_what_the_server_reads_is_what_people_wrote(spanish: Catalog) -> None:
    assert file_of(BASE, "es").with_suffix(".mo").read_bytes() == compiled(spanish)


def catalogue(*pairs: tuple[str, str]) -> Catalog:
    made = Catalog(locale="es")
    for text, said in pairs:
        made.add(text, said)
    return made


def test_a_missing_text_and_other_placeholders_are_told() -> None:
    texts = catalogue(("%(n)s stops", ""), ("Stop", ""), ("Go", ""))
    told = list(faults(catalogue(("%(n)s stops", "%(m)s paros"), ("Go", "Ir")), texts))
    assert Counter(one.split(":")[0] for one in told) == {
        "Other placeholders than in the text": 1,
        "Not translated": 1,
    }


def test_what_nobody_says_any_more_goes_and_translations_stay() -> None:
    spanish = catalogue(("Stop", "Paro"), ("Old", "Viejo"))
    bring_up_to_date(spanish, catalogue(("Stop", ""), ("New", "")))
    assert {message.id: message.string for message in spanish if message.id} == {"Stop": "Paro", "New": ""}
    assert spanish.obsolete == {}
