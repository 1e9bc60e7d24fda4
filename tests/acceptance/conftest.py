"""One running product for the acceptance tests, with one line and one virtual controller."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.stack import Stack


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> Iterator[Stack]:
    """The product without demo data, on the servers of this test run."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder: Path = tmp_path_factory.mktemp("acceptance")
    running = Stack(folder, port)
    try:
        running.start()
        yield running
    finally:
        code = running.stop()
    assert code == 0, (folder / "up.log").read_text()[-2000:]
