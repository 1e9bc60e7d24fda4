"""Samples lie in daily partitions: made ahead, filled with what came before them, dropped after their time."""

from datetime import timedelta

from django.db import connection

from mes.tracking.models import Sample
from mes.tracking.retention import partitions_turn
from tests.production.small_plant import SIX
from tests.tracking.ingest_kit import Told

KEEP = timedelta(days=90)


def _where(told: Told) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tableoid::regclass::text, count(*) FROM tracking_sample WHERE work_center_id = %s GROUP BY 1",
            [told.machine.pk],
        )
        return dict(cursor.fetchall())


def test_a_day_gets_its_partition_and_the_samples_that_came_before_it(told: Told) -> None:
    told.store(told.reading(0, good=1))
    before = set(Sample.objects.values_list("pk", flat=True))
    assert _where(told) == {"tracking_sample_rest": 2}
    made = partitions_turn(today=SIX.date(), keep=KEEP)
    assert "made 2026-03-02" in made
    assert _where(told) == {"tracking_sample_d2026_03_02": 2}
    assert set(Sample.objects.values_list("pk", flat=True)) == before
    told.store(told.reading(1, good=2))
    assert _where(told) == {"tracking_sample_d2026_03_02": 3}
    assert partitions_turn(today=SIX.date(), keep=KEEP) == []


def test_a_partition_is_dropped_when_its_time_is_over(told: Told) -> None:
    partitions_turn(today=SIX.date(), keep=KEEP)
    told.store(told.reading(0, good=1))
    later = SIX.date() + timedelta(days=91)
    changed = partitions_turn(today=later, keep=KEEP)
    assert "dropped 2026-03-01" in changed
    assert "dropped 2026-03-02" in changed
    assert "dropped 2026-03-03" not in changed
    assert _where(told) == {}
