"""SQL of `bench kpi`: years of raw facts by generate_series, their roll-ups, and the same figures from raw events.

A week is scheduled from Monday 06:00 to Saturday 06:00 UTC in shifts of eight hours, each with half an hour of break at
its fifth hour. In every two hours a machine runs, then stands for 3 to 8 minutes; it idles in the break. It makes 8
pieces in each full minute it runs and two rejects an hour, at an ideal cycle of 6 s. Of its stops a third each has no
reason, a loss and a failure.
"""

from mes.oee.stored import COLUMNS

# Two-hour blocks of a week: their number, when they begin, whether a break begins with them.
BLOCKS = """
    blocks AS (
        SELECT m.id AS wc, m.line_id AS line, w.week, b.block, d.minutes,
               %(begin)s::timestamptz + make_interval(days => 7 * w.week, hours => 2 * b.block) AS at,
               b.block %% 4 = 2 AS rest
        FROM plant_workcenter m, generate_series(0, %(weeks)s - 1) AS w(week), generate_series(0, 59) AS b(block),
             LATERAL (SELECT (3 + (m.id * 7 + w.week * 5 + b.block * 13) %% 6)::int AS minutes) d
    )
"""

RAW = {
    "shifts": """
        INSERT INTO plant_shift (line_id, name, crew, overtime, production_date, starts_at, ends_at, closed_by)
        SELECT l.id, (ARRAY['Early', 'Late', 'Night'])[1 + n %% 3], '', false, (t.at AT TIME ZONE 'UTC')::date, t.at,
               t.at + interval '8 hours', ''
        FROM plant_line l, generate_series(0, %(weeks)s - 1) AS week, generate_series(0, 14) AS n,
             LATERAL (SELECT %(begin)s::timestamptz + make_interval(days => 7 * week, hours => 8 * n) AS at) t
    """,
    "breaks": """
        INSERT INTO plant_shiftbreak (shift_id, name, starts_at, ends_at)
        SELECT id, 'Break', starts_at + interval '4 hours', starts_at + interval '4 hours 30 minutes' FROM plant_shift
    """,
    "orders": """
        INSERT INTO production_workorder
            (number, item_id, line_id, quantity, priority, status, source, version, kind,
             pause_reason, pause_note, short_reason, short_note)
        SELECT 'WO-' || l.id || '-' || week, (%(items)s::bigint[])[1 + (l.id + week) %% 5], l.id, 50000, 50,
               'completed', 'typed', 1, 'production', '', '', '', ''
        FROM plant_line l, generate_series(0, %(weeks)s - 1) AS week
    """,
    "runs": """
        INSERT INTO production_run (work_center_id, order_id, item_id, starts_at, ends_at, started_by, ended_by)
        SELECT m.id, o.id, o.item_id, t.at, t.at + interval '120 hours', 'bench', 'bench'
        FROM plant_workcenter m, generate_series(0, %(weeks)s - 1) AS week,
             LATERAL (SELECT %(begin)s::timestamptz + make_interval(days => 7 * week) AS at) t
             JOIN production_workorder o ON true WHERE o.number = 'WO-' || m.line_id || '-' || week
    """,
    "states": f"""
        WITH {BLOCKS}
        INSERT INTO tracking_stateinterval (work_center_id, starts_at, ends_at, state, kind, why)
        SELECT wc, at, at + interval '30 minutes', 'Idle', 'idle', '' FROM blocks WHERE rest
        UNION ALL
        SELECT wc, at + CASE WHEN rest THEN interval '30 minutes' ELSE interval '0' END,
               at + make_interval(mins => 120 - minutes), 'Execute', 'run', '' FROM blocks
        UNION ALL
        SELECT wc, at + make_interval(mins => 120 - minutes), at + interval '2 hours', 'Held', 'down', '' FROM blocks
    """,
    "stops": f"""
        WITH {BLOCKS}
        INSERT INTO downtime_stop
            (work_center_id, starts_at, ends_at, state, kind, reason_id, note, explained_by, source, version,
             split, trimmed, hands_off)
        SELECT wc, at + make_interval(mins => 120 - minutes), at + interval '2 hours', 'Held', 'down',
               (%(reasons)s::bigint[])[1 + (wc + week + block) %% 3], '', '', 'auto', 1, false, false, false
        FROM blocks
    """,
    "counts": f"""
        WITH {BLOCKS},
        minutes AS MATERIALIZED (
            SELECT first, last,
                   (SELECT array_agg(CASE WHEN m >= first AND m < last THEN 8 ELSE 0 END ORDER BY m)
                    FROM generate_series(0, 59) AS m) AS good
            FROM (VALUES (0, 60), (30, 60)) AS whole(first, last)
            UNION ALL
            SELECT 0, 60 - d, (SELECT array_agg(CASE WHEN m < 60 - d THEN 8 ELSE 0 END ORDER BY m)
                               FROM generate_series(0, 59) AS m) FROM generate_series(3, 8) AS d
        ),
        hours AS (
            SELECT wc, line, week, at AS hour, CASE WHEN rest THEN 30 ELSE 0 END AS first, 60 AS last FROM blocks
            UNION ALL
            SELECT wc, line, week, at + interval '1 hour', 0, 60 - minutes FROM blocks
        )
        INSERT INTO tracking_counthour
            (work_center_id, hour, shift_id, order_id, item_id, good, scrap, rework, good_sum, scrap_sum, rework_sum)
        SELECT h.wc, h.hour, s.id, o.id, o.item_id, m.good,
               array_fill(0, ARRAY[40]) || ARRAY[2] || array_fill(0, ARRAY[19]), array_fill(0, ARRAY[60]),
               8 * (h.last - h.first), 2, 0
        FROM hours h JOIN minutes m USING (first, last)
        JOIN plant_shift s ON s.line_id = h.line
             AND s.starts_at = %(begin)s::timestamptz
                 + floor(extract(epoch FROM h.hour - %(begin)s::timestamptz) / 28800) * interval '8 hours'
        JOIN production_workorder o ON o.number = 'WO-' || h.line || '-' || h.week
    """,
}

# Times of one machine's hour, and its pieces: what its raw rows come to. Checked against the roller's own rows.
_HOUR = {
    "calendar_ms": "3600000",
    "scheduled_ms": "coalesce(c.yes, 0) * 3600000",
    "run_ms": "coalesce(c.yes, 0) * 60000 * (c.last - c.first)",
    "planned_stop_ms": "coalesce(c.yes, 0) * 60000 * c.first",
    "unplanned_ms": "coalesce(c.yes, 0) * 60000 * (60 - c.last)",
    "failure_ms": "CASE WHEN c.fails THEN 60000 * (60 - c.last) ELSE 0 END",
    "order_ms": "coalesce(c.yes, 0) * 3600000",
    "failures": "CASE WHEN c.fails THEN 1 ELSE 0 END",
    "good_milli": "coalesce(c.good, 0) * 1000",
    "total_milli": "coalesce(c.good + 2, 0) * 1000",
    "scrap_milli": "coalesce(c.yes, 0) * 2000",
    "ideal_good_ns": "coalesce(c.good, 0) * 6000000000",
    "ideal_total_ns": "coalesce(c.good + 2, 0) * 6000000000",
    "ideal_total_known_ns": "coalesce(c.good + 2, 0) * 6000000000",
    "ideal_scrap_ns": "coalesce(c.yes, 0) * 12000000000",
}
_OWNERS = "work_center_id, line_id, hour, shift_id, order_id, item_id, policy_id, recorded_at"
_ALL = f"{_OWNERS}, {', '.join(COLUMNS)}"
_VALUES = ", ".join(f"coalesce(({_HOUR.get(column, '0')})::bigint, 0)" for column in COLUMNS)


def _of_exit(column: str) -> str:
    return f"sum(CASE WHEN m.is_exit THEN h.{column} ELSE 0 END)"


# A serial line: its exit's time and good pieces, everybody's rejects; of parallel machines everything adds.
_REJECTS = "sum(h.scrap_milli)"
_SERIAL = {
    "failures": "0",
    "scrap_milli": _REJECTS,
    "total_milli": f"{_of_exit('good_milli')} + {_REJECTS}",
    "ideal_total_ns": f"{_of_exit('ideal_good_ns')} + 6000000 * {_REJECTS}",
    "ideal_total_known_ns": f"{_of_exit('ideal_good_ns')} + 6000000 * {_REJECTS}",
    "ideal_scrap_ns": f"6000000 * {_REJECTS}",
}
_LINE = ", ".join(
    f"CASE WHEN l.flow = 'parallel' THEN sum(h.{column}) ELSE {_SERIAL.get(column, _of_exit(column))} END"
    for column in COLUMNS
)
_BY_DAY = ", ".join(f"sum({column})" for column in COLUMNS)

ROLLED = {
    "hours of machines": f"""
        INSERT INTO oee_hourfact ({_ALL})
        SELECT m.id, NULL, g.hour, c.shift_id, c.order_id, c.item_id, %(policy)s, %(now)s, {_VALUES}
        FROM plant_workcenter m
        CROSS JOIN generate_series(%(begin)s, %(end)s::timestamptz - interval '1 hour', '1 hour') AS g(hour)
        LEFT JOIN (
            SELECT k.work_center_id AS wc, k.hour, k.shift_id, k.order_id, k.item_id, k.good_sum AS good, 1 AS yes,
                   CASE WHEN k.good[1] = 0 THEN 30 ELSE 0 END AS first,
                   60 - coalesce(extract(minute FROM s.ends_at - s.starts_at)::int, 0) AS last,
                   r.klass = 'failure' AS fails
            FROM tracking_counthour k
            LEFT JOIN downtime_stop s ON s.work_center_id = k.work_center_id AND s.ends_at = k.hour + interval '1 hour'
            LEFT JOIN downtime_reason r ON r.id = s.reason_id
        ) c ON c.wc = m.id AND c.hour = g.hour
    """,
    "hours of lines": f"""
        INSERT INTO oee_hourfact ({_ALL})
        SELECT NULL, l.id, h.hour, h.shift_id, h.order_id, h.item_id, h.policy_id, %(now)s, {_LINE}
        FROM oee_hourfact h JOIN plant_workcenter m ON m.id = h.work_center_id JOIN plant_line l ON l.id = m.line_id
        GROUP BY l.id, h.hour, h.shift_id, h.order_id, h.item_id, h.policy_id
    """,
    "days": f"""
        INSERT INTO oee_dayfact (work_center_id, line_id, day, item_id, policy_id, {", ".join(COLUMNS)})
        SELECT work_center_id, line_id, date_trunc('day', hour, 'UTC'), item_id, policy_id, {_BY_DAY}
        FROM oee_hourfact
        WHERE hour >= %(begin)s::timestamptz + interval '18 hours'
              AND hour < date_trunc('day', %(end)s::timestamptz, 'UTC')
        GROUP BY work_center_id, line_id, date_trunc('day', hour, 'UTC'), item_id, policy_id
    """,
    "marks": """
        INSERT INTO oee_rollmark (work_center_id, rolled_from, rolled_until)
        SELECT id, %(begin)s, %(end)s FROM plant_workcenter
    """,
    "marks of lines": """
        INSERT INTO oee_rollmark (line_id, rolled_from, rolled_until) SELECT id, %(begin)s, %(end)s FROM plant_line
    """,
}

# The figures of a site in plain SQL from raw events: owners of scheduled time by state and stop, pieces by ideal cycle.
FROM_RAW = """
    WITH lead AS (
        SELECT m.id, m.line_id FROM plant_workcenter m JOIN plant_line l ON l.id = m.line_id
        WHERE m.is_exit OR l.flow = 'parallel'
    ),
    planned AS (
        SELECT lead.id AS wc, s.id AS shift, greatest(s.starts_at, %(since)s) AS a, least(s.ends_at, %(until)s) AS b
        FROM lead JOIN plant_shift s ON s.line_id = lead.line_id
        WHERE s.starts_at < %(until)s AND s.ends_at > %(since)s
    ),
    seen AS (
        SELECT i.kind, greatest(i.starts_at, p.a) AS a, least(i.ends_at, p.b) AS b, p.shift
        FROM planned p CROSS JOIN LATERAL (
            SELECT * FROM tracking_stateinterval i
            WHERE i.work_center_id = p.wc AND i.starts_at < p.b AND i.ends_at > p.a AND i.starts_at >= coalesce(
                (SELECT max(f.starts_at) FROM tracking_stateinterval f
                 WHERE f.work_center_id = p.wc AND f.starts_at <= p.a), p.a)
            OFFSET 0) i  -- one look into the index a shift: intervals of a machine never overlap
    ),
    owned AS (
        SELECT seen.kind, extract(epoch FROM seen.b - seen.a) AS s,
               CASE WHEN seen.kind = 'run' THEN 0 ELSE coalesce(extract(epoch FROM
                    greatest(least(k.ends_at, seen.b) - greatest(k.starts_at, seen.a), interval '0')), 0) END AS rest
        FROM seen LEFT JOIN plant_shiftbreak k ON k.shift_id = seen.shift
    ),
    made AS (
        SELECT c.work_center_id AS wc, sum(c.good_sum) AS good, sum(c.scrap_sum) AS scrap,
               sum(c.good_sum * y.ideal_cycle_s) AS ideal
        FROM tracking_counthour c JOIN production_idealcycle y ON y.work_center_id = c.work_center_id
             AND y.item_id = c.item_id AND y.valid_from <= c.hour AND (y.valid_to IS NULL OR y.valid_to > c.hour)
        WHERE c.hour >= %(since)s AND c.hour < %(until)s AND c.shift_id IS NOT NULL GROUP BY 1
    )
    SELECT (SELECT sum(extract(epoch FROM b - a)) FROM planned), sum(s) FILTER (WHERE kind = 'run'), sum(rest),
           sum(s - rest) FILTER (WHERE kind <> 'run'),
           (SELECT sum(good) FROM made JOIN lead ON lead.id = made.wc), (SELECT sum(scrap) FROM made),
           (SELECT sum(ideal) FROM made JOIN lead ON lead.id = made.wc)
    FROM owned
"""
