"""How late readings are stored: the newest one of every polled machine is looked at every few seconds.

A stored reading carries only the poller's own time, so the delay of each cannot be told afterwards. Looking at the
newest one now and then gives the same share without another column on every reading.
"""

from datetime import datetime, timedelta

from django.db import connection

EVERY_S = 15
LATE_POLLS = 3  # two polls of delay, and up to one more because the next poll is not due yet
CLOCK_S = 2.0  # a reading from further ahead than this is one of a wrong clock
KEEP = timedelta(days=100)  # the tallies of 84 days are made from them

_LOOK = """
INSERT INTO analytics_readinglook AS l (work_center_id, hour, looks, prompt, last_at)
SELECT heard.work_center_id, date_trunc('hour', %(at)s), 1,
       (%(at)s - heard.heard_at <= %(polls)s * make_interval(secs => polled.period_s)
        AND heard.heard_at - %(at)s <= make_interval(secs => %(clock_s)s))::int, %(at)s
FROM tracking_machinecursor heard
JOIN (
  SELECT b.work_center_id, max(c.period_s)::float8 AS period_s
  FROM plc_tagbinding b
  JOIN plc_controller c ON c.id = b.controller_id AND c.enabled
  JOIN plc_controllerhealth h ON h.controller_id = c.id AND h.comm = 'online'
  WHERE b.valid_from <= %(at)s AND (b.valid_to IS NULL OR b.valid_to > %(at)s)
  GROUP BY b.work_center_id
) polled ON polled.work_center_id = heard.work_center_id
ON CONFLICT (work_center_id, hour) DO UPDATE
  SET looks = l.looks + 1, prompt = l.prompt + excluded.prompt, last_at = excluded.last_at
  WHERE l.last_at <= excluded.last_at - make_interval(secs => %(apart_s)s)
"""


def readings_look(*, at: datetime) -> int:
    """Looks once at every polled machine whose controllers answer; returns at how many. Too soon again: at none.

    A controller that does not answer sends nothing that could be late: that time is missing, not delayed.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LOOK, {"at": at, "polls": LATE_POLLS, "clock_s": CLOCK_S, "apart_s": EVERY_S / 2})
        return int(cursor.rowcount)


def looks_forget(*, at: datetime) -> int:
    """Drops what no report can use any more; returns how many hours of machines."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM analytics_readinglook WHERE hour < %s", [at - KEEP])
        return int(cursor.rowcount)
