#!/usr/bin/env bash
# Builds the web UI into webui/dist, which picd serves. Does nothing when nothing changed since the last time. Without
# Node the daemon is whole and its front page says how to go on, so that is no failure (77, as a test that is skipped).
set -euo pipefail
cd "$(dirname "$0")/../webui"
readonly node_wanted=18

version=$(node --version 2>/dev/null || true)
version=${version#v}
if [[ -z $version || ${version%%.*} -lt $node_wanted ]] || ! command -v npm >/dev/null; then
    echo "build-webui: no Node $node_wanted with npm here; leaving the web UI out" >&2
    exit 77
fi

# What was installed is what the lock file says?
if [[ ! node_modules/.package-lock.json -nt package-lock.json ]]; then
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    if ! npm ci --no-audit --no-fund --loglevel=error >"$log" 2>&1; then
        cat "$log" >&2
        echo "build-webui: the packages could not be installed" >&2
        exit 1
    fi
    touch node_modules/.package-lock.json
fi

sources=(src public tools index.html package.json package-lock.json vite.config.ts tsconfig.json ../schema/openapi.yaml)
if [[ -f dist/index.html && -z $(find "${sources[@]}" -not -path 'src/api/gen*' -newer dist/index.html -print -quit) ]]; then
    exit 0
fi
npm run --silent build -- --logLevel warn
