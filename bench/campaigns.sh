#!/bin/sh
# How long the parts that read campaigns take with many samples, and what a sweep adds to its runs.
#
#   bench/campaigns.sh [SKYSCALE [SAMPLES…]]     default: build/release/harness/skyscale 10000 1000000
#
# Prints one line per command: samples, command, seconds of wall and of processor time, peak memory
# in MB; all commands with their default options. The large campaigns are small ones whose samples
# are repeated by SQL with other rounds and times; what they are compared with is one per cent
# slower. Needs sqlite3 and GNU time, and 4 GB of disk for a million samples.
set -eu

skyscale=${1:-build/release/harness/skyscale}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- 10000 1000000
case $skyscale in /*) ;; *) skyscale=$PWD/$skyscale ;; esac

work=$(mktemp -d "${TMPDIR:-/tmp}/skyscale-campaigns-XXXXXX")
trap 'rm -rf "$work"' EXIT INT TERM
cd "$work"

cat >seed.yaml <<END
campaign: many samples
kernels: [{kernel: null, tasks: [100, 1000, 10000]}]
workers: [1-4]
schedulers: [static, dynamic, guided, stealing]
repeat: {warmup: 1, min: 20, max: 20}
END
"$skyscale" sweep seed.yaml -d seed.db 2>/dev/null >/dev/null

# Everything of a sample that is not its run. `null` does nothing, so that all but the phases of the
# run itself (total_s) is overhead: the pause to the next sample's start, less the run.
sqlite3 seed.db "
  WITH gap AS (SELECT (julianday(lead(started_at) OVER (ORDER BY id)) - julianday(started_at))
                        * 86400 AS s, total_s, wall_s FROM sample),
       o AS (SELECT s - total_s AS all_s, s - wall_s AS store_s FROM gap WHERE s IS NOT NULL),
       a AS (SELECT all_s, row_number() OVER (ORDER BY all_s) AS k, count(*) OVER () AS n FROM o),
       b AS (SELECT store_s, row_number() OVER (ORDER BY store_s) AS k, count(*) OVER () AS n FROM o)
  SELECT printf('sweep overhead per sample, median: %.2f ms, of which storing %.2f ms',
    (SELECT 1e3 * all_s FROM a WHERE k = (n + 1) / 2),
    (SELECT 1e3 * store_s FROM b WHERE k = (n + 1) / 2));"

for n in "$@"; do
  cp seed.db many.db
  sqlite3 many.db "
    PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
    CREATE TEMP TABLE old AS SELECT * FROM sample;
    CREATE TEMP TABLE repetition AS WITH RECURSIVE r(i) AS
      (VALUES (1) UNION ALL SELECT i + 1 FROM r WHERE (i + 1) * (SELECT count(*) FROM old) < $n)
      SELECT i FROM r;
    UPDATE old SET is_warmup = 0;
    CREATE TEMP TABLE fresh AS SELECT o.*, r.i AS repetition,
      1 + 0.1 * abs(random()) / 9223372036854775807.0 AS factor FROM repetition r, old o;
    UPDATE fresh SET id = id + repetition * (SELECT max(id) FROM old),
      round = round + repetition * 21, parallel_s = parallel_s * factor,
      total_s = total_s * factor;
    INSERT INTO sample SELECT $(sqlite3 seed.db "SELECT group_concat(name) FROM pragma_table_info('sample')") FROM fresh;
    CREATE TEMP TABLE old_worker AS SELECT * FROM worker;
    INSERT INTO worker SELECT w.sample_id + r.i * (SELECT max(id) FROM old),
      $(sqlite3 seed.db "SELECT group_concat('w.' || name) FROM pragma_table_info('worker') WHERE name <> 'sample_id'")
      FROM repetition r, old_worker w;" >/dev/null
  cp many.db slower.db
  sqlite3 slower.db "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
    UPDATE sample SET total_s = total_s * 1.01;" >/dev/null
  samples=$(sqlite3 many.db "SELECT count(*) FROM sample")
  for command in "export many.db -f csv -o many.csv" "export many.db -f json -o many.json" \
    "export many.db -f gnuplot -o many.dat" "import many.csv -d again.db" \
    "fit many.db" "compare many.db slower.db"; do
    # shellcheck disable=SC2086
    if /usr/bin/time -f '%e %U %S %M' -o took "$skyscale" $command >/dev/null 2>failed; then
      awk -v n="$samples" -v c="$command" \
        '{printf "%8d samples  %-40s %7.2f s %7.2f s %7.0f MB\n", n, c, $1, $2 + $3, $4 / 1024}' took
    else
      printf '%8d samples  %-40s failed: %s\n' "$samples" "$command" "$(head -1 failed)"
    fi
  done
  rm -f many.* slower.db again.db
done
