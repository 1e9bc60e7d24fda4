"""What a tile says is known word for word, so that it can be said in every language."""

from pathlib import Path

from babel.messages.extract import extract
from django.utils import translation

import mes.live.ribbon
import mes.live.tiles
from mes.config.words.extract import KEYWORDS
from mes.screens.said import SPEED, TEXTS, said


def test_every_word_of_a_tile_is_in_the_list() -> None:
    spoken = set()
    for module in (mes.live.ribbon, mes.live.tiles):
        with Path(str(module.__file__)).open("rb") as source:
            spoken |= {message for _line, message, *_ in extract("python", source, KEYWORDS)}
    assert spoken - {SPEED} == set(TEXTS)


def test_words_are_translated_and_names_stay() -> None:
    with translation.override("es"):
        assert said("Running") == "En marcha"
        assert said("62 % of ideal speed") == "62 % de la velocidad ideal"
        assert said("Jam at the infeed") == "Jam at the infeed"
        assert said("") == ""
