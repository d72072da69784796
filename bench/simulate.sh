#!/bin/sh
# Simulated makespans beside measured ones, with one worker and with two: synthetic loads and real
# kernels, under rules of all kinds. The costs of tasks are from the campaign's own chunks, how much two
# workers slow each other down is from its workers; what claims cost is measured just before.
#
#   bench/simulate.sh [SKYSCALE [ROUNDS [median|least]]]   default: build/release/harness/skyscale 15 median
#
# For a quiet machine with two cores; some minutes. `least` compares with the least times, for a
# machine with other work. The campaign stays behind as simulate.db where this was called from.
set -eu

skyscale=${1:-build/release/harness/skyscale}
rounds=${2:-15}
which=${3:-median}
case $skyscale in /*) ;; *) skyscale=$PWD/$skyscale ;; esac
here=$PWD
work=$(mktemp -d "${TMPDIR:-/tmp}/skyscale-simulate-XXXXXX")
trap 'rm -rf "$work"' EXIT INT TERM
cd "$work"

"$skyscale" synth wfpc2 -o frame.fits --psf psf.fits --truth truth.txt 2>/dev/null
"$skyscale" synth positions --image frame.fits -n 400000 -o list.txt 2>/dev/null

cat >simulate.yaml <<END
campaign: simulations beside measurements
record: chunks
kernels:
  - {kernel: synthetic, tasks: 1000, cost: 50, distribution: [constant, decreasing, lognormal, bimodal], spread: 0.5}
  - {kernel: pix2sky, image: frame.fits, coords: list.txt}
  - {kernel: detect, image: frame.fits}
  - {kernel: completeness, image: frame.fits, psf: psf.fits, iterations: 16}
workers: [1, 2]
schedulers: ["dynamic:chunk=1", static, guided, fac2, trapezoid, awf-c, stealing]
repeat: {warmup: 1, min: $rounds, max: $rounds}
END
rm -f "$here/simulate.db"
"$skyscale" sweep simulate.yaml -d "$here/simulate.db" >/dev/null
cd "$here"
"$skyscale" simulate simulate.db --per parallel -w 1,2 -s dynamic,guided --compare "$which" |
  sed -n '/beside measured/,$p'
