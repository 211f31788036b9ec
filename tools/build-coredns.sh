#!/usr/bin/env bash
# Builds adapters/dns into build/coredns/coredns with the Go that tools/go.sh finds. Says and does nothing when the
# sources are those that the program was built from.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly out=build/coredns
stamp=$(cat adapters/dns/*.go adapters/dns/go.mod adapters/dns/go.sum | sha256sum)
[[ -x $out/coredns && -f $out/stamp && $(<"$out/stamp") == "$stamp" ]] && exit 0

echo "coredns: building"
mkdir -p "$out"
go=$PWD/tools/go.sh
(cd adapters/dns && CGO_ENABLED=0 "$go" build -mod=readonly -trimpath -ldflags "-s -w" -o "../../$out/coredns.new" .)
mv "$out/coredns.new" "$out/coredns"
printf '%s\n' "$stamp" >"$out/stamp"
