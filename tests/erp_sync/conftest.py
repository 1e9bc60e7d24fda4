"""Fixtures of the ERP tests: a real Tryton."""

from collections.abc import Callable, Iterator

import pytest

from erp_sync.demo.series import LONG_TERM, NEWEST
from tests.erp_sync.tryton import RunningTryton, trytons


@pytest.fixture(scope="session")
def tryton_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], RunningTryton]]:
    """Series name -> its running server; not reset."""
    yield from trytons(tmp_path_factory.mktemp("tryton"))


@pytest.fixture(scope="module")
def tryton(tryton_of: Callable[[str], RunningTryton]) -> RunningTryton:
    """The newest series as it was seeded, for one module."""
    return _fresh(tryton_of(NEWEST.name))


@pytest.fixture(scope="module")
def tryton_lts(tryton_of: Callable[[str], RunningTryton]) -> RunningTryton:
    """The series with long support, likewise."""
    return _fresh(tryton_of(LONG_TERM.name))


@pytest.fixture(scope="module", params=[NEWEST.name, LONG_TERM.name])
def each_tryton(request: pytest.FixtureRequest, tryton_of: Callable[[str], RunningTryton]) -> RunningTryton:
    """Both series, one after the other."""
    return _fresh(tryton_of(request.param))


def _fresh(one: RunningTryton) -> RunningTryton:
    one.reset()
    return one
