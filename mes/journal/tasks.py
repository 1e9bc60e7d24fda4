"""The periodic job of the journal."""

from celery import shared_task

from mes.journal.seal import BATCH
from mes.journal.seal import seal as seal_batch

_BATCHES_PER_RUN = 20


@shared_task(name="mes.journal.tasks.seal")
def seal() -> int:
    """Seals what was committed since the last run, at most 20 batches a time; returns how many entries."""
    sealed = 0
    for _ in range(_BATCHES_PER_RUN):
        done = seal_batch()
        sealed += done
        if done < BATCH:
            break
    return sealed
