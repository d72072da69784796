-- What each rule loses to the kernel's best rule: sqlite3 -markdown adaptive.db < results/adaptive.sql
--
-- The best of fourteen medians is partly the luckiest, so best is who was best in the rounds of the
-- other parity: medians of even rounds over that of the rule that won the odd ones, and the other way
-- round, their mean.
CREATE TEMP TABLE medians AS
  WITH ranked AS (
    SELECT c.kernel, c.scheduler, s.round % 2 AS half, s.parallel_s AS t,
           row_number() OVER (PARTITION BY c.id, s.round % 2 ORDER BY s.parallel_s) AS k,
           count(*) OVER (PARTITION BY c.id, s.round % 2) AS n
      FROM sample s JOIN configuration c ON c.id = s.configuration_id
     WHERE NOT s.is_warmup AND s.status = 'ok')
  SELECT kernel, scheduler, half, avg(t) AS t FROM ranked WHERE k IN ((n + 1) / 2, n / 2 + 1)
   GROUP BY kernel, scheduler, half;
CREATE TEMP TABLE best AS
  SELECT kernel, half, scheduler, min(t) FROM medians GROUP BY kernel, half;
CREATE TEMP TABLE loss AS
  SELECT m.kernel, m.scheduler, 100 * (avg(m.t / w.t) - 1) AS percent
    FROM medians m
    JOIN best b ON b.kernel = m.kernel AND b.half <> m.half
    JOIN medians w ON w.kernel = m.kernel AND w.half = m.half AND w.scheduler = b.scheduler
   GROUP BY m.kernel, m.scheduler;
SELECT scheduler,
       printf('%+.1f %%', max(percent) FILTER (WHERE kernel = 'pix2sky')) AS pix2sky,
       printf('%+.1f %%', max(percent) FILTER (WHERE kernel = 'sky2pix')) AS sky2pix,
       printf('%+.1f %%', max(percent) FILTER (WHERE kernel = 'detect')) AS detect,
       printf('%+.1f %%', max(percent) FILTER (WHERE kernel = 'completeness')) AS completeness,
       printf('%+.1f %%', max(percent) FILTER (WHERE kernel = 'deconvolve')) AS deconvolve,
       printf('%+.1f %%', max(percent) FILTER (WHERE kernel = 'command')) AS command,
       printf('%+.1f %%', max(percent)) AS worst
  FROM loss GROUP BY scheduler ORDER BY max(percent);
