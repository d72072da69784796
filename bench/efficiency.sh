#!/usr/bin/env bash
# Any kernel with one worker and with two, interleaved: medians of the whole run and of its parallel
# part, time per task, efficiency.
#
#   bench/efficiency.sh ROUNDS KERNEL [--PARAMETER VALUE …]
#
# Needs a release build in build/release. The product goes to a temporary file.
set -euo pipefail

rounds=${1:?usage: bench/efficiency.sh ROUNDS KERNEL [--PARAMETER VALUE …]}
shift
skyscale=$(cd "$(dirname "$0")/.." && pwd)/build/release/harness/skyscale
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

field() { sed -n "s/.*\"$1\": \([0-9.e+-]*\).*/\1/p" "$2" | head -n 1; }
median() { sort -g "$1" | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

for ((round = 0; round <= rounds; round++)); do
    for workers in 1 2; do
        "$skyscale" run "$@" -o "$work/product" -w $workers --json > "$work/record"
        [ $round = 0 ] && continue # warm-up
        for phase in total_s parallel_s; do
            field $phase "$work/record" >> "$work/$phase$workers"
        done
    done
done
tasks=$(field tasks "$work/record")
for phase in total_s parallel_s; do
    awk -v phase=$phase -v a="$(median "$work/${phase}1")" -v b="$(median "$work/${phase}2")" -v n="$tasks" \
        'BEGIN { printf "%-10s 1 worker %.4f s (%.3f ms a task), 2 workers %.4f s, efficiency %.3f\n",
                 phase, a, 1e3 * a / n, b, a / b / 2 }'
done
