"""Bands and trust from what was said and what came: by hand arithmetic."""

import numpy as np
import pytest

from analytics.forecast import archive
from analytics.forecast.archive import Record, bands, group_of, trusted
from analytics.forecast.series import LEVELS
from analytics.forecast.skill import skill

ONE = np.ones(1)


def record(actual: list[float], plan: float = 100.0, mix: float = 100.0, plain: float = 100.0, lead: int = 1) -> Record:
    n = len(actual)
    said = [np.full(n, value) for value in (plan, mix, plain)]
    days = np.arange(n, dtype=np.int64) * 86_400_000
    return Record("shift", days, np.full(n, lead), *said, np.array(actual), np.full(n, 480.0))


@pytest.fixture
def as_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "WIDER", {"hour": 1.0, "shift": 1.0, "day": 1.0})


@pytest.mark.usefixtures("as_seen")
def test_a_band_is_the_quantiles_of_what_came() -> None:
    # 81, 82 ... 121 came where 100 was said: the middle is 101, a tenth of 40 steps above 81 is 85, nine tenths 117.
    found = bands(record([81.0 + n for n in range(41)]), np.ones(4), ONE, np.array([200.0]), np.array([480.0]))
    assert found is not None
    assert [found[LEVELS.index(level), 0] for level in (0.1, 0.5, 0.9)] == pytest.approx([170, 202, 234])


@pytest.mark.usefixtures("as_seen")
def test_a_quarter_of_a_shift_scatters_twice_as_much() -> None:
    found = bands(record([81.0 + n for n in range(41)]), np.ones(4), ONE, np.array([100.0]), np.array([120.0]))
    assert found is not None
    assert [found[LEVELS.index(level), 0] for level in (0.1, 0.5, 0.9)] == pytest.approx([69, 101, 133])


def test_bands_rise_never_lie_below_zero_and_have_no_width_where_nothing_is_planned() -> None:
    wild = record([0.0, 1e6, *(20.0 * n for n in range(12))])
    found = bands(wild, np.ones(4), np.array([1, 2]), np.array([50.0, 0.0]), np.array([480.0, 0.0]))
    assert found is not None
    assert (np.diff(found[:, 0]) >= 0).all()
    assert found[:, 0].min() >= 0
    assert found[:, 0].max() <= archive.CAP * 50  # one jump in a million does not make the band
    assert found[:, 1].tolist() == [0.0] * len(LEVELS)


def test_eleven_errors_make_no_band() -> None:
    assert bands(record([100.0] * 11), np.ones(4), ONE, np.array([50.0]), np.array([480.0])) is None


def test_a_plan_that_never_came_true_is_not_trusted_and_one_that_did_is() -> None:
    # Leads 2 and 3 are a group: the plan said 150, the mix 100. Came 100 in 1,000 shifts: 40 buckets of doubt remain.
    assert trusted(record([100.0] * 1000, plan=150.0, lead=2))[1] == pytest.approx(40 / 1040)
    assert trusted(record([150.0] * 1000, plan=150.0, lead=2))[1] == 1.0
    assert trusted(record([], plan=150.0)).tolist() == [1.0] * 4


def test_leads_that_are_alike_share_their_errors() -> None:
    assert group_of("day", np.array([1, 2, 3, 4, 7, 8, 14])).tolist() == [0, 1, 1, 2, 2, 3, 3]


def test_the_skill_is_the_error_saved_beside_the_plain_rate() -> None:
    # By turns 80 and 120; the plan knew it to the piece half of the time, the plain rate says 100: 20 off each time.
    came = [80.0, 120.0] * 14
    said = record(came)
    knowing = Record(
        "shift", said.origin_ms, said.lead, said.actual, said.actual, said.plain, said.actual, said.minutes
    )
    assert skill(knowing) == pytest.approx(1.0)
    assert skill(said) == pytest.approx(0.0)
    assert skill(record([])) is None
