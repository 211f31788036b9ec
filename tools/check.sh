#!/usr/bin/env bash
# Everything that must be clean before a change is good: the format, clang-tidy, the suite under ASan and UBSan, and
# the concurrent parts under TSan. `check.sh format` (or tidy, asan, tsan) runs that step alone.
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=${JOBS:-$(nproc)}
# What runs threads: the log and its writer, the bus, the write path. The rest is pure and gains nothing from TSan.
readonly tsan_areas='^(log|bus|core)$'

sources() { git ls-files -- '*.cpp' '*.hpp'; }

step() { printf '\n== %s\n' "$1"; }

format() {
    step 'format'
    sources | xargs clang-format-19 --dry-run --Werror
}

tidy() {
    step 'clang-tidy'
    cmake --preset dev >/dev/null
    git ls-files -- '*.cpp' | xargs -P "$jobs" -n 4 clang-tidy-19 -p build/dev --quiet --warnings-as-errors='*'
}

# Builds and tests one sanitizer preset; further arguments choose the tests.
sanitized() {
    local preset=$1
    shift
    cmake --preset "$preset" >/dev/null
    cmake --build --preset "$preset" -j "$jobs"
    ctest --test-dir "build/$preset" --output-on-failure -j "$jobs" "$@"
}

asan() {
    step 'ASan and UBSan'
    ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1 sanitized asan
}

tsan() {
    step 'TSan'
    TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1 sanitized tsan -R "$tsan_areas"
}

(($#)) || set -- format tidy asan tsan
for what in "$@"; do
    case $what in
        format | tidy | asan | tsan) "$what" ;;
        *) echo "check: no such step: $what (format, tidy, asan, tsan)" >&2; exit 2 ;;
    esac
done
printf '\ncheck: clean\n'
