#!/usr/bin/env bash
# Schemathesis over the served API as each role. It comes from PyPI into build/fuzz, since Debian has no package of it.
set -euo pipefail
cd "$(dirname "$0")/.."
version=4.32.5
if [[ ! -x build/fuzz/bin/schemathesis ]]; then
    python3 -m venv build/fuzz
    build/fuzz/bin/pip install --quiet "schemathesis==$version"
fi
PIC_PROGRAMS=${PIC_PROGRAMS:-$PWD/build/release} PIC_SCHEMATHESIS=$PWD/build/fuzz/bin/schemathesis \
    exec python3 tests/fuzz/api_fuzz.py "${EXAMPLES:-8}"
