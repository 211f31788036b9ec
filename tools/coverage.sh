#!/usr/bin/env bash
# Runs the suite with every line counted and writes what it reached as HTML: htmlcov/index.html. A build of its own, since
# counting costs time.
set -euo pipefail
cd "$(dirname "$0")/.."
readonly build=build/coverage

cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS="--coverage -O1" -DPIC_WERROR=OFF >/dev/null
cmake --build "$build" -j "${JOBS:-$(nproc)}"
# gcov's counters are merged by the programs as they end; those of a former run would be added to.
find "$build" -name '*.gcda' -delete
ctest --test-dir "$build" --output-on-failure -j "${JOBS:-$(nproc)}" -LE e2e
mkdir -p htmlcov
gcovr --root . --object-directory "$build" --filter 'adapters/|bus/|controller/|projections/|schema/|tools/' \
    --exclude-throw-branches --html-details htmlcov/index.html --print-summary
echo "htmlcov/index.html shows it line by line"
