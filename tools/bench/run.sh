#!/usr/bin/env bash
# make bench: builds the load generators and runs them (tools/bench/bench.py has the options, --quick among them).
set -euo pipefail
cd "$(dirname "$0")/../.."

cmake --build --preset release --target pic-bench picd >/dev/null
out=$PWD/build/release/etcd-load go=$PWD/tools/go.sh
(cd tools/bench/etcd && CGO_ENABLED=0 "$go" build -mod=readonly -trimpath -ldflags "-s -w" -o "$out" .)
exec /usr/bin/python3 tools/bench/bench.py "$@"
