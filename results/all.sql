-- The tables of all.md: sqlite3 -markdown all.db < results/all.sql
CREATE TEMP TABLE m AS -- medians of each configuration
  WITH r AS (
    SELECT c.id AS id, c.kernel, c.executor, c.scheduler, c.n_workers AS n, s.*,
           (SELECT sum(busy_s) FROM worker w WHERE w.sample_id = s.id) AS busy_s
      FROM sample s JOIN configuration c ON c.id = s.configuration_id
     WHERE NOT s.is_warmup AND s.status = 'ok'),
  v AS (
    SELECT id, kernel, executor, scheduler, n, 'total' AS what, total_s AS x FROM r UNION ALL
    SELECT id, kernel, executor, scheduler, n, 'startup', startup_s FROM r UNION ALL
    SELECT id, kernel, executor, scheduler, n, 'prepare', prepare_s FROM r UNION ALL
    SELECT id, kernel, executor, scheduler, n, 'parallel', parallel_s FROM r UNION ALL
    SELECT id, kernel, executor, scheduler, n, 'finish', finish_s FROM r UNION ALL
    SELECT id, kernel, executor, scheduler, n, 'busy', busy_s FROM r UNION ALL
    SELECT id, kernel, executor, scheduler, n, 'imbalance', imbalance FROM r),
  k AS (
    SELECT *, row_number() OVER (PARTITION BY id, what ORDER BY x) AS k,
           count(*) OVER (PARTITION BY id, what) AS of FROM v WHERE x IS NOT NULL)
  SELECT kernel, executor, scheduler, n, what, avg(x) AS x FROM k
   WHERE k IN ((of + 1) / 2, of / 2 + 1) GROUP BY id, what
  UNION ALL
  SELECT kernel, executor, scheduler, n, 'least', min(x) FROM v WHERE what = 'parallel' GROUP BY id;

CREATE TEMP TABLE speedup AS -- of medians, and of the least times
  SELECT a.kernel, a.executor, a.scheduler, what, a.x / b.x AS s
    FROM m a JOIN m b USING (kernel, executor, scheduler, what)
   WHERE what IN ('parallel', 'least') AND a.n = 1 AND b.n = 2
     AND scheduler IN ('static', 'dynamic', 'guided', 'fac2', 'awf-c', 'stealing');
CREATE TEMP TABLE middle AS -- that of the median rule
  SELECT kernel, executor, what, avg(s) AS s FROM (
    SELECT *, row_number() OVER (PARTITION BY kernel, executor, what ORDER BY s) AS k,
           count(*) OVER (PARTITION BY kernel, executor, what) AS of FROM speedup)
   WHERE k IN ((of + 1) / 2, of / 2 + 1) GROUP BY kernel, executor, what;

.print
.print Speedup of the parallel part with two workers over the same rule with one, the median rule of six (of three with openmp): of median times, and of the least of 15
SELECT kernel,
       printf('%.2f, %.2f', max(s) FILTER (WHERE executor = 'threads' AND what = 'parallel'),
                            max(s) FILTER (WHERE executor = 'threads' AND what = 'least')) AS threads,
       printf('%.2f, %.2f', max(s) FILTER (WHERE executor = 'processes' AND what = 'parallel'),
                            max(s) FILTER (WHERE executor = 'processes' AND what = 'least')) AS processes,
       printf('%.2f, %.2f', max(s) FILTER (WHERE executor = 'queue' AND what = 'parallel'),
                            max(s) FILTER (WHERE executor = 'queue' AND what = 'least')) AS queue,
       printf('%.2f, %.2f', max(s) FILTER (WHERE executor = 'openmp' AND what = 'parallel'),
                            max(s) FILTER (WHERE executor = 'openmp' AND what = 'least')) AS openmp,
       printf('%.2f, %.2f', max(s) FILTER (WHERE executor = 'mpi' AND what = 'parallel'),
                            max(s) FILTER (WHERE executor = 'mpi' AND what = 'least')) AS mpi
  FROM middle GROUP BY kernel
 ORDER BY max(s) FILTER (WHERE executor = 'threads' AND what = 'least') DESC;

.print
.print Total time with two workers over that of threads, scheduler guided:
SELECT a.kernel, printf('%.2f ms', 1e3 * max(b.x)) AS threads,
       printf('%.2f', max(a.x / b.x) FILTER (WHERE a.executor = 'processes')) AS processes,
       printf('%.2f', max(a.x / b.x) FILTER (WHERE a.executor = 'queue')) AS queue,
       printf('%.2f', max(a.x / b.x) FILTER (WHERE a.executor = 'openmp')) AS openmp,
       printf('%.2f', max(a.x / b.x) FILTER (WHERE a.executor = 'mpi')) AS mpi
  FROM m a JOIN m b USING (kernel, scheduler, n, what)
 WHERE b.executor = 'threads' AND scheduler = 'guided' AND n = 2 AND what = 'total'
 GROUP BY a.kernel ORDER BY max(b.x);

CREATE TEMP TABLE longer AS -- busy time of both workers over that of one, the median rule
  SELECT kernel, avg(r) AS r FROM (
    SELECT a.kernel, b.x / a.x AS r,
           row_number() OVER (PARTITION BY a.kernel ORDER BY b.x / a.x) AS k,
           count(*) OVER (PARTITION BY a.kernel) AS of
      FROM m a JOIN m b USING (kernel, executor, scheduler, what)
     WHERE executor = 'threads' AND what = 'busy' AND a.n = 1 AND b.n = 2
       AND scheduler IN ('static', 'dynamic', 'guided', 'fac2', 'awf-c', 'stealing'))
   WHERE k IN ((of + 1) / 2, of / 2 + 1) GROUP BY kernel;

.print
.print Where the time goes, threads, guided: parts of the total with one worker, imbalance with two, and the busy time of two workers over that of one (the median rule)
SELECT a.kernel,
       printf('%.0f %%', 100 * max(a.x) FILTER (WHERE a.what = 'startup' AND a.n = 1) / t.x) AS "start-up",
       printf('%.0f %%', 100 * max(a.x) FILTER (WHERE a.what = 'prepare' AND a.n = 1) / t.x) AS prepare,
       printf('%.0f %%', 100 * max(a.x) FILTER (WHERE a.what = 'parallel' AND a.n = 1) / t.x) AS parallel,
       printf('%.0f %%', 100 * max(a.x) FILTER (WHERE a.what = 'finish' AND a.n = 1) / t.x) AS finish,
       printf('%.1f %%', 100 * max(a.x) FILTER (WHERE a.what = 'imbalance' AND a.n = 2)) AS imbalance,
       printf('%.2f', (SELECT r FROM longer l WHERE l.kernel = a.kernel)) AS "busy, 2 over 1"
  FROM m a JOIN m t ON t.kernel = a.kernel AND t.what = 'total' AND t.n = 1
                   AND t.executor = 'threads' AND t.scheduler = 'guided'
 WHERE a.executor = 'threads' AND a.scheduler = 'guided'
 GROUP BY a.kernel ORDER BY t.x;

.print
.print Parallel time of each rule over the kernel's least, threads, two workers:
CREATE TEMP TABLE ratio AS
  SELECT kernel, scheduler, x / min(x) OVER (PARTITION BY kernel) AS r FROM m
   WHERE executor = 'threads' AND n = 2 AND what = 'parallel'
     AND scheduler IN ('static', 'dynamic', 'guided', 'fac2', 'awf-c', 'stealing');
SELECT kernel,
       printf('%.2f', max(r) FILTER (WHERE scheduler = 'static')) AS static,
       printf('%.2f', max(r) FILTER (WHERE scheduler = 'dynamic')) AS dynamic,
       printf('%.2f', max(r) FILTER (WHERE scheduler = 'guided')) AS guided,
       printf('%.2f', max(r) FILTER (WHERE scheduler = 'fac2')) AS fac2,
       printf('%.2f', max(r) FILTER (WHERE scheduler = 'awf-c')) AS "awf-c",
       printf('%.2f', max(r) FILTER (WHERE scheduler = 'stealing')) AS stealing
  FROM ratio GROUP BY kernel;

.print
.print Tasks of lognormal cost under every rule, two workers: speedup of the parallel part over static with one worker on threads, imbalance on threads:
SELECT a.scheduler,
       printf('%.3f', b.x / max(a.x) FILTER (WHERE a.executor = 'threads')) AS threads,
       printf('%.3f', b.x / max(a.x) FILTER (WHERE a.executor = 'processes')) AS processes,
       printf('%.1f %%', 100 * (SELECT i.x FROM m i WHERE i.kernel = 'synthetic' AND i.what = 'imbalance'
         AND i.n = 2 AND i.executor = 'threads' AND i.scheduler = a.scheduler)) AS imbalance
  FROM m a JOIN m b ON b.kernel = 'synthetic' AND b.n = 1 AND b.what = 'parallel'
                   AND b.executor = 'threads' AND b.scheduler = 'static'
 WHERE a.kernel = 'synthetic' AND a.n = 2 AND a.what = 'parallel'
 GROUP BY a.scheduler ORDER BY 2 DESC;
