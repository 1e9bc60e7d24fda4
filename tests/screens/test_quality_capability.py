"""Every caution the figures give has its words on the page."""

import pytest

from mes.quality.spc.capability import capability
from mes.quality.spc.chart import Reading
from mes.quality.spc.individuals import individuals_baseline
from mes.screens.quality_capability import capability_context

SKEWED = [1.0, 1.0, 1.0, 1.1, 1.0, 1.2, 1.0, 1.1, 5.0, 1.0, 1.0, 9.0]


@pytest.mark.parametrize(
    ("values", "usl", "signals", "codes"),
    [
        ([], 12, 0, ["no-limits", "provisional", "few-values", "normality-unknown", "no-sigma"]),
        ([10, 10, 10], 12, 0, ["no-spread", "provisional", "few-values", "normality-unknown"]),
        ([10, 11, 10], None, 2, ["provisional", "unstable", "few-values", "normality-unknown", "one-sided"]),
        (SKEWED, 12, 0, ["provisional", "few-values", "not-normal"]),
    ],
)
def test_every_caution_has_its_words(
    values: list[Reading | None], usl: int | None, signals: int, codes: list[str]
) -> None:
    baseline = individuals_baseline(values)
    said = capability(values, baseline, lsl=0, usl=usl, signals=signals)
    assert list(dict.fromkeys(note.code for note in (*said.notes, *said.within.notes))) == codes
    shown = capability_context(said, baseline, signals)["notes"]
    assert len(shown) == len(codes)
    assert all("%" not in text for text in shown)
