"""One exchange at a time per connection and kind: the lease that says whose it is, and the record of its outcome."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils import timezone

from erp_sync.connections import error_text, exchange_failed, exchange_worked
from erp_sync.errors import ErpError
from erp_sync.inbound.apply import Outcome
from erp_sync.models import ErpConnection, SyncRun
from mes.leases.hold import lease_give_back, lease_renew, lease_take

KEPT = timedelta(days=30)
LEASE_S = 60.0  # longer than an exchange may take to answer


class LostLease(ErpError):
    """Somebody else does it now: this one stops before it writes anything more."""


@dataclass(slots=True)
class Flight:
    """A run in progress: its record, and the lease that must be held to write."""

    run: SyncRun
    name: str
    owner: str
    fence: int
    counted: dict[Outcome, int] = field(default_factory=dict)

    def renew(self) -> None:
        """Before each page. Raises LostLease where another process has taken over."""
        if not lease_renew(fences={self.name: self.fence}, owner=self.owner, seconds=LEASE_S):
            raise LostLease(f"Another process took over {self.name}.")

    def count(self, outcome: Outcome, many: int = 1) -> None:
        """So many records came out like this."""
        self.run.read += many
        name = str(outcome.value)
        setattr(self.run, name, getattr(self.run, name) + many)


@contextmanager
def flight(connection: ErpConnection, kind: str, now: datetime) -> Iterator[Flight | None]:
    """The only run of this kind of the connection, or None while another one is under way.

    What the ERP refuses or does not answer ends the run, never the caller: the run and the connection say what was
    wrong. At the end the run is stored whatever happened.
    """
    name, owner = f"erp:{connection.code}:{kind}", secrets.token_hex(8)
    fence = lease_take(name=name, owner=owner, seconds=LEASE_S)
    if fence is None:
        yield None
        return
    run = SyncRun.objects.create(
        connection=connection, kind=kind, started_at=now, cursor_before=connection.order_cursor
    )
    try:
        yield Flight(run, name, owner, fence)
    except LostLease as error:
        run.error = str(error)
    except ErpError as error:
        run.error = error_text(error)[:1000]
        exchange_failed(connection, error, now)
    except Exception as error:
        run.error = f"A mistake of Millwright: {type(error).__name__}"
        raise
    else:
        exchange_worked(connection, now)
    finally:
        run.finished_at = max(timezone.now(), now)
        run.save()
        lease_give_back(names=[name], owner=owner)


def runs_forget(now: datetime) -> int:
    """Drops runs of more than 30 days ago that brought nothing and met no error; gives how many.

    With a pull a minute they would be half a million rows a year.
    """
    empty = SyncRun.objects.filter(started_at__lt=now - KEPT, new=0, changed=0, failed=0, error="")
    return empty.delete()[0]
