"""On which day the ERP books what was made: night shifts, clock changes, closed periods. Pure."""

from datetime import date, datetime, timedelta, tzinfo

ONE_DAY = timedelta(days=1)


def day_of(occurred_at: datetime, zone: tzinfo, production_day: date | None) -> date:
    """The day something belongs to: the production day of its shift, else (None) the site's calendar day.

    `production_day` is None where the site posts by calendar day, and outside any shift. The calendar day is by the
    wall clock in `zone`, also in the hour that comes twice or never when the clocks change.
    """
    return production_day or occurred_at.astimezone(zone).date()


def posting_day(day: date, closed_until: date | None, *, hold: bool) -> date | None:
    """The day on which it is booked: `day`, or the first one open again. None: it waits for a planner (`hold`).

    `closed_until` is the last day on which nothing is posted any more; None: every day is open.
    """
    if closed_until is None or day > closed_until:
        return day
    return None if hold else closed_until + ONE_DAY
