#!/bin/sh
# The campaign of all.yaml: makes its inputs, measures, and leaves all.db and all.csv where it was
# called from. Half an hour's patience on a loaded machine, some minutes on a quiet one.
#
#   results/all.sh [SKYSCALE]        default: build/release/harness/skyscale
set -eu

skyscale=${1:-build/release/harness/skyscale}
case $skyscale in /*) ;; *) skyscale=$PWD/$skyscale ;; esac
campaign=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)/all.yaml
here=$PWD
work=$(mktemp -d "${TMPDIR:-/tmp}/skyscale-all-XXXXXX")
trap 'rm -rf "$work"' EXIT INT TERM

cd "$work"
cp "$campaign" .
"$skyscale" synth m71 -o frame.fits --psf frame.psf.fits --truth truth.txt
seq 60 >words.txt
"$skyscale" sweep all.yaml -d "$here/all.db"
"$skyscale" export "$here/all.db" -o "$here/all.csv"
