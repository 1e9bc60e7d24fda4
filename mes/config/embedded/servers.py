"""The two servers Millwright needs: those named in MES_DATABASE_URL and MES_REDIS_URL, else embedded ones."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from mes.config.embedded.postgres import Postgres
from mes.config.embedded.valkey import Valkey
from mes.config.processes.supervisor import Supervisor


def start_servers(
    supervisor: Supervisor,
    data: Path,
    *,
    durable: bool = True,
    given: Mapping[str, str] = os.environ,
    cancelled: Callable[[], bool] = lambda: False,
    within_s: float = 60.0,
) -> dict[str, str]:
    """Starts what is not given by URL, waits until it answers and returns both addresses as MES_* variables.

    Raises ChildFailed, PostgresProblem, ValkeyProblem or NoServerUser with a sentence for the person at the console.
    """
    urls = {name: given.get(name, "") for name in ("MES_DATABASE_URL", "MES_REDIS_URL")}
    names = []
    if not urls["MES_REDIS_URL"]:
        valkey = Valkey.open(data)
        valkey.prepare()
        names.append(supervisor.start(valkey.child()).spec.name)
        urls["MES_REDIS_URL"] = valkey.url
    postgres = None if urls["MES_DATABASE_URL"] else Postgres.open(data, durable=durable)
    if postgres:
        postgres.prepare()
        names.append(supervisor.start(postgres.child()).spec.name)
        urls["MES_DATABASE_URL"] = postgres.url
    # After a hard stop PostgreSQL first replays its log: that may take longer than a usual start.
    supervisor.wait_until_ready(names, within_s=within_s, cancelled=cancelled)
    if postgres:
        postgres.create_database()
    return urls
