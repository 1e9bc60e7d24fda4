"""A pytest plugin: tests that run side by side have a Redis database each, as they have one in PostgreSQL."""

import os
from urllib.parse import urlsplit

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")

if WORKER:  # read here, before the settings are
    os.environ["MES_REDIS_URL"] = (
        urlsplit(os.environ["MES_REDIS_URL"])._replace(path="/" + WORKER.removeprefix("gw")).geturl()
    )
