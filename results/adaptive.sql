-- Each rule's median parallel time over that of the kernel's best rule; the last column is the
-- largest of its row. sqlite3 -markdown adaptive.db < results/adaptive.sql
CREATE TEMP VIEW ranked AS
  SELECT c.kernel, c.scheduler, s.parallel_s AS t,
         row_number() OVER (PARTITION BY c.id ORDER BY s.parallel_s) AS k,
         count(*) OVER (PARTITION BY c.id) AS n
    FROM sample s JOIN configuration c ON c.id = s.configuration_id
   WHERE NOT s.is_warmup AND s.status = 'ok';
CREATE TEMP VIEW medians AS
  SELECT kernel, scheduler, avg(t) AS t FROM ranked WHERE k IN ((n + 1) / 2, n / 2 + 1)
   GROUP BY kernel, scheduler;
CREATE TEMP TABLE ratio AS
  SELECT kernel, scheduler, t / min(t) OVER (PARTITION BY kernel) AS r FROM medians;
SELECT scheduler,
       printf('%.3f', max(r) FILTER (WHERE kernel = 'pix2sky')) AS pix2sky,
       printf('%.3f', max(r) FILTER (WHERE kernel = 'sky2pix')) AS sky2pix,
       printf('%.3f', max(r) FILTER (WHERE kernel = 'detect')) AS detect,
       printf('%.3f', max(r) FILTER (WHERE kernel = 'completeness')) AS completeness,
       printf('%.3f', max(r) FILTER (WHERE kernel = 'deconvolve')) AS deconvolve,
       printf('%.3f', max(r) FILTER (WHERE kernel = 'command')) AS command,
       printf('%.3f', max(r)) AS worst
  FROM ratio GROUP BY scheduler ORDER BY max(r);
