#!/usr/bin/env bash
# The stack for real: builds the images, starts a sealed Docker engine, sets a cell up with the very commands that people use,
# and asks each service as a client would. Root. What it keeps (base image, layers) lies in PIC_STACK_FOLDER (build/stack), so
# that the second run is quicker.
#
#   tests/stack/run.sh [TEST...]      e.g. StackTest.test_34_mail
#   BUILD_IN_DOCKER=1      compile inside Docker, as a user's host does, instead of taking build/release
#   ONLY_BUILD=1           the images and nothing more
#   FAILFAST=1             end with the first failure
#   STACK_PROGRAM=FILE     what is run beside the cell, in the place of the tests: FILE CELL_FOLDER NAMESPACE WORDS...
#
# Ends with 77 where a Docker engine of its own cannot be had on this machine.
set -euo pipefail
cd "$(dirname "$0")/../.."
[[ $EUID == 0 ]] || { echo "run.sh: SKIPPED: root is needed, for a Docker engine in a network namespace" >&2; exit 77; }
tools/deps.sh stack

engine_folder=$(realpath -m "${PIC_STACK_FOLDER:-build/stack}")
mkdir -p "$engine_folder"
exec 8>"$engine_folder/lock"
flock -n 8 || { echo "run.sh: another run has $engine_folder" >&2; exit 1; }
# shellcheck source=tests/stack/engine.sh
source tests/stack/engine.sh
trap engine_end EXIT

# The cell's own checkout: the files of this one, and nothing that a run leaves.
cell=$engine_folder/cell
rm -rf "$cell"
mkdir -p "$cell"
git ls-files -z --cached --others --exclude-standard | tar --create --null --files-from=- --ignore-failed-read | tar -C "$cell" -x

engine_start_for_building || { echo "run.sh: SKIPPED: this machine lets nobody start a Docker engine" >&2; exit 77; }
engine_make_base
docker run --rm --network=host "$engine_base" true || { echo "run.sh: SKIPPED: a Docker engine of its own runs no container here" >&2; exit 77; }
if [[ ${BUILD_IN_DOCKER:-} != 1 ]]; then
    cmake --build --preset release --target picd pic-agent picctl pic-broker pic-archive >/dev/null
    tools/build-coredns.sh
    tools/build-webui.sh || [[ $? == 77 ]]
    engine_make_builder build/release build/coredns/coredns webui/dist
    export BUILDER=pic-test-builder
fi
begun=$SECONDS
(cd "$cell" && DOCKER_BUILD_ARGS=--network=host tools/stack/build.sh)
echo "run.sh: the images took $((SECONDS - begun)) s"
engine_stop
[[ ${ONLY_BUILD:-} != 1 ]] || exit 0

engine_start_sealed "pic-stack-$$" || { echo "run.sh: SKIPPED: no Docker engine can be started in a network namespace here" >&2; exit 77; }
nsenter --net="/var/run/netns/$engine_space" /usr/bin/python3 "${STACK_PROGRAM:-tests/stack/stack_test.py}" "$cell" "$engine_space" "$@"
