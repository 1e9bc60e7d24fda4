"""The state palette in the style sheet: readable, and told apart by colour-blind eyes. Recomputed from the standards.

Contrast: WCAG 2.2 relative luminance. Colour blindness: Machado, Oliveira and Fernandes 2009, severity 1.0, in
linear RGB. Distance: Euclidean in OKLab (Ottosson 2020).
"""

import itertools
import re
from pathlib import Path

import pytest

CSS = (Path(__file__).resolve().parents[2] / "static/css/base.css").read_text()
STATES = ["running", "slow", "waiting", "down", "setup", "planned", "no_data"]
LEAST_DISTANCE = {"light": 0.078, "dark": 0.12}

Rgb = tuple[float, float, float]

EYES: dict[str, list[Rgb]] = {
    "normal": [(1, 0, 0), (0, 1, 0), (0, 0, 1)],
    "protan": [(0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)],
    "deutan": [(0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)],
    "tritan": [(1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)],
}


def token(name: str, scheme: str) -> Rgb:
    """A colour token of the style sheet in linear RGB."""
    found = re.search(rf"--{name}: light-dark\((#\w+), (#\w+)\);", CSS)
    assert found, name
    text = found[1 if scheme == "light" else 2]
    channels = [int(text[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return red, green, blue


def contrast(one: Rgb, other: Rgb) -> float:
    """The WCAG contrast ratio of two linear colours."""
    bright, dark = sorted((0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in (one, other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def oklab(colour: Rgb) -> Rgb:
    """A linear colour in OKLab."""
    r, g, b = colour
    long = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    middle = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    short = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


def seen(colour: Rgb, eye: str) -> Rgb:
    """What an eye makes of a linear colour, inside the gamut."""
    red, green, blue = (min(1.0, max(0.0, sum(m * c for m, c in zip(row, colour, strict=True)))) for row in EYES[eye])
    return red, green, blue


def distance(one: Rgb, other: Rgb) -> float:
    """How different two linear colours look."""
    return sum((a - b) ** 2 for a, b in zip(oklab(one), oklab(other), strict=True)) ** 0.5


def test_the_checker_knows_black_on_white() -> None:
    assert contrast((0, 0, 0), (1, 1, 1)) == pytest.approx(21)
    assert oklab((1, 1, 1)) == pytest.approx((1, 0, 0), abs=1e-4)
    assert distance(seen((1, 1, 1), "deutan"), (1, 1, 1)) < 1e-3  # white stays white for every eye


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", STATES)
def test_a_state_stands_out_from_card_and_page_and_carries_its_label(state: str, scheme: str) -> None:
    colour = token(state, scheme)
    assert contrast(colour, token("card", scheme)) >= 3
    assert contrast(colour, token("page", scheme)) >= 3
    assert contrast(colour, token(f"{state}-ink", scheme)) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("eye", EYES)
def test_no_two_states_look_alike_to_any_eye(eye: str, scheme: str) -> None:
    pairs = itertools.combinations(STATES, 2)
    near = {pair: distance(seen(token(pair[0], scheme), eye), seen(token(pair[1], scheme), eye)) for pair in pairs}
    closest = min(near, key=lambda pair: near[pair])
    assert near[closest] >= LEAST_DISTANCE[scheme], (closest, near[closest])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable_on_every_ground(scheme: str) -> None:
    for ground in ("card", "page", "sunken"):
        assert contrast(token("ink", scheme), token(ground, scheme)) >= 7
        for text in ("soft", "accent", "late"):
            assert contrast(token(text, scheme), token(ground, scheme)) >= 4.5, (text, ground)
    assert contrast(token("edge", scheme), token("card", scheme)) >= 3
