#!/usr/bin/env bash
# Text to text, one million positions: skyscale against xy2sky (package wcstools) and against a
# WCSLIB program with strtod and printf, interleaved; then the transformation alone.
#
#   bench/transform.sh IMAGE [ROUNDS]
#
# Needs a release build in build/release and, for the comparison, wcstools. Prints medians of the
# wall time of whole processes, and of the times skyscale reports itself.
set -euo pipefail

image=${1:?usage: bench/transform.sh IMAGE [ROUNDS]}
rounds=${2:-11}
build=$(cd "$(dirname "$0")/.." && pwd)/build/release
skyscale=$build/harness/skyscale
image=$(realpath "$image")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

"$skyscale" synth positions --image "$image" -n 1000000 --seed 20130 -o xy.txt
cmake --build "$build" --target transform_bench wcslib_text > build.log 2>&1 || { cat build.log; exit 1; }

# Wall time in seconds of one command, appended to a file of that name.
wall() {
    local name=$1 begin=$EPOCHREALTIME
    shift
    "$@" > "$name.out" 2> "$name.err"
    echo "$EPOCHREALTIME $begin" | awk '{ printf "%.6f\n", $1 - $2 }' >> "$name.times"
}
median() { sort -g "$1" | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
ours() { "$skyscale" run pix2sky --image "$image" --coords xy.txt -o sky.txt -w "$1" --json > "record$1.json"; }
field() { sed -n "s/.*\"$1\": \([0-9.e+-]*\).*/\1/p" "$2" | head -n 1; }

for ((round = 0; round <= rounds; round++)); do
    for workers in 1 2; do
        wall "skyscale$workers" "$skyscale" run pix2sky --image "$image" --coords xy.txt -o sky.txt -w $workers -q
        ours $workers
        for phase in total_s parallel_s; do
            field $phase "record$workers.json" >> "$phase$workers.times"
        done
    done
    wall wcslib "$build/bench/wcslib_text" "$image" xy.txt wcslib.txt
    if command -v xy2sky > /dev/null; then
        wall xy2sky xy2sky -d -n 9 "$image" @xy.txt
    fi
    if [ $round = 0 ]; then rm -f ./*.times; fi # warm-up
done

one=$(median skyscale1.times)
printf 'whole process, median of %d, s:\n' "$rounds"
for name in skyscale1 skyscale2 wcslib xy2sky; do
    if [ -f $name.times ]; then
        median $name.times | awk -v name=$name -v one="$one" \
            '{ printf "  %-10s %.4f   %.2f times skyscale with one worker\n", name, $1, $1 / one }'
    fi
done
awk -v a="$one" -v b="$(median skyscale2.times)" 'BEGIN { printf "efficiency of 2 workers, whole process: %.3f\n", a / b / 2 }'
awk -v a="$(median total_s1.times)" -v b="$(median total_s2.times)" 'BEGIN { printf "efficiency of 2 workers, whole run: %.3f (%.4f and %.4f s)\n", a / b / 2, a, b }'
awk -v a="$(median parallel_s1.times)" -v b="$(median parallel_s2.times)" 'BEGIN { printf "efficiency of 2 workers, parallel part: %.3f (%.4f and %.4f s)\n", a / b / 2, a, b }'
printf '\ntransformation alone: '
"$build/bench/transform_bench" "$image" 1000000 "$rounds"
