#!/bin/sh
# Property: `cmake --install` into any prefix gives a program that runs and finds its plot templates
# there, and a library of schedulers that another program can use knowing only its .pc file.
#
# install_test.sh BUILD_DIR SOURCE_DIR COMPILER [COMPILER_FLAG...]
set -eu

build=$1
source=$2
compiler=$3
shift 3

prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT

fail() {
  echo "install_test: $*" >&2
  exit 1
}

cmake --install "$build" --prefix "$prefix" >"$prefix/install.log" ||
  fail "cmake --install failed: $(cat "$prefix/install.log")"

for file in bin/skyscale share/man/man1/skyscale.1 share/skyscale/plots/workers.gp \
  share/skyscale/plots/report.html \
  include/skyscale/schedulers/scheduler.h include/skyscale/common/param.h; do
  [ -s "$prefix/$file" ] || fail "$file is not there"
done
for document in README.md LICENSE; do
  [ -n "$(find "$prefix/share/doc" -name "$document")" ] || fail "$document is not there"
done

# Through a file: grep -q may leave before all is said.
"$prefix/bin/skyscale" --version >"$prefix/said" || fail "--version does not run"
grep -q '^skyscale [0-9]' "$prefix/said" || fail "--version says: $(cat "$prefix/said")"
"$prefix/bin/skyscale" list kernels >"$prefix/said" || fail "list does not run"
grep -q pix2sky "$prefix/said" || fail "list shows no pix2sky"

# With the installed templates broken, the figure must break too: then it was they that were used.
campaign=$prefix/campaign.db
cat >"$prefix/tiny.yaml" <<'END'
kernels: [{kernel: "null"}]
workers: [1, 2]
repeat: {warmup: 0, min: 3, max: 3}
END
"$prefix/bin/skyscale" sweep "$prefix/tiny.yaml" -d "$campaign" >"$prefix/sweep.log" 2>&1 ||
  fail "sweep failed: $(cat "$prefix/sweep.log")"
unset SKYSCALE_PLOTS
if command -v gnuplot >/dev/null; then
  "$prefix/bin/skyscale" plot "$campaign" -f speedup -o "$prefix/figure.svg" ||
    fail "plot failed"
  grep -q '<svg' "$prefix/figure.svg" || fail "the figure is no SVG"
  echo 'this is no gnuplot' >"$prefix/share/skyscale/plots/workers.gp"
  if "$prefix/bin/skyscale" plot "$campaign" -f speedup -o "$prefix/figure.svg" 2>/dev/null; then
    fail "plot does not use the installed templates"
  fi
fi

"$prefix/bin/skyscale" report "$campaign" -o "$prefix/report.html" || fail "report failed"
echo '{{nothing_of_that_name}}' >>"$prefix/share/skyscale/plots/report.html"
if "$prefix/bin/skyscale" report "$campaign" -o "$prefix/report.html" 2>/dev/null; then
  fail "report does not use the installed template"
fi

# The module is found from where the program lies.
if [ -n "$(find "$prefix" -name skyscale_mpi.so)" ]; then
  "$prefix/bin/skyscale" list executors >"$prefix/said" || fail "list does not run"
  if grep -A1 '^  mpi ' "$prefix/said" | grep -q unavailable; then
    fail "no mpi: $(cat "$prefix/said")"
  fi
fi

pc=$(find "$prefix" -name skyscale-schedulers.pc)
[ -n "$pc" ] || fail "skyscale-schedulers.pc is not there"
PKG_CONFIG_PATH=$(dirname "$pc")
export PKG_CONFIG_PATH
# shellcheck disable=SC2046 # lists of words
"$compiler" -std=c17 "$@" $(pkg-config --cflags skyscale-schedulers) \
  "$source/tests/cli/external_loop.c" $(pkg-config --libs skyscale-schedulers) \
  -o "$prefix/external_loop" || fail "a program of one's own does not build"
"$prefix/external_loop" >"$prefix/said" || fail "a program of one's own does not run"
grep -q '^guided 500500$' "$prefix/said" || fail "a program of one's own says: $(cat "$prefix/said")"
