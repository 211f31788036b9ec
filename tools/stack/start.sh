#!/usr/bin/env bash
# Starts every container and waits until all are well.
command_name=start
# shellcheck source=tools/stack/lib.sh
source "$(dirname "$0")/lib.sh"
readonly patience=${START_SECONDS:-120}

env_load
need_docker
[[ -f $env_written ]] || fail "this cell is not set up yet: 'make setup'"
docker image inspect "$project/api" >/dev/null 2>&1 || tools/stack/build.sh
env_check_overlap
tools/stack/doctor.sh --quiet --ports || fail "mend what stands above first, or FORCE=1 make start"
make_folders
compose up -d --remove-orphans || fail "Docker did not start everything; its own words are above, 'make doctor' may know why"
if ! wait_until "$patience" "not everything is well after $patience s" all_healthy; then
    tools/stack/status.sh || true
    exit 1
fi
say "Everything is well. The API is at http://127.0.0.1:${env[API_PORT]}"
