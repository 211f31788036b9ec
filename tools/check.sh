#!/usr/bin/env bash
# Everything that must be clean before a change is good: the format, clang-tidy, the suite under ASan and UBSan, and
# the concurrent parts under TSan. `check.sh format` (or tidy, asan, tsan) runs that step alone. The programs that the
# tests start are sanitized too, and what a sanitizer says of one of them fails the test (tests/support/guarded.py).
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=${JOBS:-$(nproc)}
# Kills of the crash test: each is the same path again, which takes a sanitizer no more than a few to see.
export PIC_CRASH_KILLS=${PIC_CRASH_KILLS:-40}
# The browser looks at the web UI; the daemon behind it answers it nothing that the other tests do not ask for.
readonly not_sanitized='^webui_'
# What runs threads: the log with its checkpointer, the write path on good and bad disks, the bus, HTTP, the agent, and
# with the crash test the whole daemon. The rest is pure and gains nothing from TSan.
readonly tsan_areas='^(log|core|faults|regressions|bus|http|agent|crash|guard_.*)$'
readonly tsan_targets=(test_log test_core test_faults test_regressions test_bus test_http test_agent
                       picd pic-agent picctl example-subscriber faulty)

step() { printf '\n== %s\n' "$1"; }

configure() { cmake --preset "$1" >/dev/null; }

build() {
    local preset=$1
    shift
    cmake --build --preset "$preset" -j "$jobs" "$@"
}

format() {
    step 'format'
    git ls-files -- '*.cpp' '*.hpp' | xargs clang-format-19 --dry-run --Werror
}

# By the compile commands of the asan build, which compiles about a library at a time: headers are read and templates
# instantiated once for all files of it. What the build generates is made first and not looked at.
tidy() {
    step 'clang-tidy'
    configure asan
    build asan --target schema/openapi_json.cpp schema/rejections_table.cpp
    python3 -c 'import json; [print(one["file"]) for one in json.load(open("build/asan/compile_commands.json"))]' |
        grep -E "^$PWD/(build/asan/.*/Unity/|[^b]|b[^u])" |
        xargs -P "$jobs" -n 1 clang-tidy-19 -p build/asan --quiet --warnings-as-errors='*'
}

asan() {
    step 'ASan and UBSan'
    configure asan
    build asan
    ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1 \
        ctest --test-dir build/asan --output-on-failure -j "$jobs" -E "$not_sanitized"
}

tsan() {
    step 'TSan'
    configure tsan
    build tsan --target "${tsan_targets[@]}"
    TSAN_OPTIONS=halt_on_error=1:die_after_fork=0:second_deadlock_stack=1:suppressions=$PWD/tests/support/tsan.supp \
        ctest --test-dir build/tsan --output-on-failure -j "$jobs" -R "$tsan_areas"
}

(($#)) || set -- format tidy asan tsan
for what in "$@"; do
    case $what in
        format | tidy | asan | tsan) "$what" ;;
        *) echo "check: no such step: $what (format, tidy, asan, tsan)" >&2; exit 2 ;;
    esac
done
printf '\ncheck: clean\n'
