"""The queries behind the stops pages: planned time comes in as columns, stops are clipped to it in the database."""

# The condition on ranges is written as the exclusion constraints are, so that their indexes find stops and runs.
# `made` is the part of a stop's piece with an order; what is left of it has none.
_PARTS = """
WITH planned AS MATERIALIZED (
  SELECT * FROM unnest(%(wc)s::bigint[], %(a)s::timestamptz[], %(b)s::timestamptz[], %(shift)s::text[],
                       %(crew)s::text[], %(known)s::timestamptz[], %(micro)s::int[], %(said)s::bool[])
             AS p(wc, a, b, shift, crew, known, micro, said)
), piece AS MATERIALIZED (
  SELECT s.id, p.wc, s.reason_id, s.kind, s.starts_at, p.shift, p.crew,
         coalesce(w.ends_at, s.ends_at, p.known) - coalesce(w.starts_at, s.starts_at)
           < make_interval(secs => p.micro) AS short,
         greatest(s.starts_at, p.a) AS a, least(coalesce(s.ends_at, p.known), p.b) AS b
  FROM planned p JOIN downtime_stop s ON s.work_center_id = p.wc AND NOT p.said
   AND tstzrange(s.starts_at, s.ends_at, '[)') && tstzrange(p.a, p.b, '[)') AND NOT s.split AND NOT s.trimmed
   LEFT JOIN downtime_stop w ON w.id = s.whole_id
  UNION ALL
  SELECT -c.id, p.wc, c.reason_id, c.kind, c.starts_at, p.shift, p.crew, false,
         greatest(c.starts_at, p.a), least(c.ends_at, p.b)
  FROM planned p JOIN tracking_statecorrection c ON c.work_center_id = p.wc AND p.said
   AND c.withdrawn_at IS NULL AND c.reason_id IS NOT NULL AND c.starts_at < p.b AND c.ends_at > p.a
), clipped AS MATERIALIZED (
  SELECT *, row_number() OVER (ORDER BY wc, a) AS n,
         row_number() OVER (PARTITION BY id ORDER BY a) = 1 AND starts_at >= %(start)s AS begins
  FROM piece WHERE b > a
), made AS MATERIALIZED (
  SELECT c.n, r.item_id, r.starts_at <= c.a AS first,
         least(c.b, coalesce(r.ends_at, %(now)s)) - greatest(c.a, r.starts_at) AS length
  FROM clipped c JOIN production_run r ON r.work_center_id = c.wc
   AND tstzrange(r.starts_at, r.ends_at, '[)') && tstzrange(c.a, c.b, '[)')
), part AS (
  SELECT c.id, c.wc, c.reason_id, c.kind, c.short, c.shift, c.crew, m.item_id, m.length, c.begins AND m.first AS begins
  FROM clipped c JOIN made m USING (n)
  UNION ALL
  SELECT c.id, c.wc, c.reason_id, c.kind, c.short, c.shift, c.crew, NULL, c.b - c.a - coalesce(m.length, interval '0'),
         c.begins AND NOT coalesce(m.first, false)
  FROM clipped c LEFT JOIN (SELECT n, sum(length) AS length, bool_or(first) AS first FROM made GROUP BY n) m USING (n)
), loss AS (
  SELECT * FROM part WHERE (length > interval '0' OR begins)
   AND NOT (reason_id IS NULL AND item_id IS NULL AND kind IN ('idle', 'waiting'))
)
"""
ADDED_UP = (
    _PARTS
    + """
SELECT wc, reason_id, kind, short, shift, crew, item_id,
       round(extract(epoch FROM sum(length)) * 1000)::bigint, count(*) FILTER (WHERE begins)
FROM loss GROUP BY 1, 2, 3, 4, 5, 6, 7
"""
)
ONE_BY_ONE = (
    _PARTS
    + """
SELECT loss.id, round(extract(epoch FROM sum(length)) * 1000)::bigint FROM loss
LEFT JOIN downtime_reason reason ON reason.id = reason_id LEFT JOIN production_item item ON item.id = item_id
WHERE reason.klass IS DISTINCT FROM 'planned'
  AND %(of_reason)s IN ('', coalesce(reason.code, CASE WHEN kind = 'waiting' THEN '-waiting' WHEN short THEN '-short'
                                                       ELSE '-' END))
  AND (%(any_shift)s OR shift = %(of_shift)s) AND (%(any_crew)s OR crew = %(of_crew)s)
  AND (%(any_item)s OR coalesce(item.code, '') = %(of_item)s)
GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %(most)s
"""
)
