#!/bin/sh
# Measures a campaign of this folder that works on files: makes its inputs, sweeps, and leaves
# NAME.db and NAME.csv where it was called from. Some minutes on a quiet machine.
#
#   results/measure.sh all|adaptive [SKYSCALE]        default: build/release/harness/skyscale
set -eu

[ $# -ge 1 ] || { sed -n 's/^#   /usage: /p' "$0" >&2; exit 2; }
name=$1
skyscale=${2:-build/release/harness/skyscale}
case $skyscale in /*) ;; *) skyscale=$PWD/$skyscale ;; esac
campaign=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)/$name.yaml
here=$PWD
work=$(mktemp -d "${TMPDIR:-/tmp}/skyscale-measure-XXXXXX")
trap 'rm -rf "$work"' EXIT INT TERM

cd "$work"
cp "$campaign" .
"$skyscale" synth m71 -o frame.fits --psf frame.psf.fits --truth truth.txt
seq 60 >words.txt
"$skyscale" sweep "$name.yaml" -d "$here/$name.db"
"$skyscale" export "$here/$name.db" -o "$here/$name.csv"
