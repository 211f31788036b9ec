#!/usr/bin/env bash
# Takes the five-minute tour of README.md word for word: the first block starts the runtime, the others run one after the
# other in one shell, as a reader would. In a network namespace of its own, so that the ports of the README are free.
# Where the programs are built already (PIC_PROGRAMS) `make run` is its launcher alone.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [[ ${1:-} != inside ]]; then
    ((EUID == 0)) || { echo "a network namespace of its own needs root; skipped"; exit 77; }
    exec unshare --net tests/e2e/readme_tour.sh inside
fi
ip link set lo up

work=$(mktemp -d)
export PIC_DATA=$work/data PIC_ADMIN_PASSWORD='correct horse battery staple'
runtime=
finish() {
    [[ -z $runtime ]] || { kill -TERM "$runtime" 2>/dev/null && wait "$runtime" || true; }
    rm -rf "$work"
}
trap finish EXIT

# The sh blocks of the tour, each to a file of its own.
awk -v folder="$work" '
    /^## / { tour = ($0 ~ /five-minute tour/) }
    tour && /^```sh$/ { file = sprintf("%s/block%02d", folder, ++count); next }
    /^```$/ { file = "" }
    file { print > file }' README.md

blocks=("$work"/block*)
[[ $(<"${blocks[0]}") == "make run" ]] || { echo "the tour no longer begins with make run"; exit 1; }
if [[ -n ${PIC_PROGRAMS:-} ]]; then tools/run.sh >"$work/console" 2>&1 & else make run >"$work/console" 2>&1 & fi
runtime=$!
programs=${PIC_PROGRAMS:-$PWD/build/release}

for ((i = 0; i < 600; i++)); do
    ! grep -q 'is running at' "$work/console" || break
    kill -0 "$runtime" 2>/dev/null || { cat "$work/console"; echo "the runtime ended"; exit 1; }
    sleep 0.5
done

printf 'set -euo pipefail\nset -v\n' >"$work/tour"
cat "${blocks[@]:1}" >>"$work/tour"
sed -i "s|\$PWD/build/release|$programs|" "$work/tour"
if ! bash "$work/tour" >"$work/shown" 2>&1; then
    cat "$work/shown"
    tail -n 50 "$work/console"
    echo "the tour failed"
    exit 1
fi
cat "$work/shown"

# What the reader must have seen: an address for the old name, for the new one, and again for the old one.
[[ $(grep -cx '10\.8\.0\.[0-9]*' "$work/shown") -ge 3 ]] || { echo "a name of the tour did not answer"; exit 1; }
grep -q 'The log is whole' "$work/shown"
