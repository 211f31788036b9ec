#!/usr/bin/env bash
# Runs a Go that is new enough: the one that deps.sh fetched (build/go), the machine's, or /usr/local/go's.
#   go.sh -q 1.25     is there one of at least this version?
#   go.sh ARGS...     run it
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)

candidates=("$root/build/go/bin/go" "$(command -v go || true)" /usr/local/go/bin/go)
if [[ ${1:-} == -q ]]; then wanted=$2; else wanted=1.25; fi

for go in "${candidates[@]}"; do
    [[ -x $go ]] || continue
    version=$(GOTOOLCHAIN=local "$go" env GOVERSION)
    if [[ $(printf '%s\n' "$wanted" "${version#go}" | sort -V | head -n 1) == "$wanted" ]]; then
        [[ ${1:-} == -q ]] && exit 0
        export GOTOOLCHAIN=local
        unset GOROOT
        exec "$go" "$@"
    fi
done
[[ ${1:-} == -q ]] || echo "go.sh: no Go $wanted or newer here; 'make deps' fetches one" >&2
exit 1
