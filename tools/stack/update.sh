#!/usr/bin/env bash
# Brings the containers up to the sources that are here (after 'git pull'): backs up, builds, starts, waits for health, and
# goes back to the images that ran before if it does not come. NO_BACKUP=1 leaves the backup out.
command_name=update
# shellcheck source=tools/stack/lib.sh
source "$(dirname "$0")/lib.sh"

env_load
need_docker
need_running_api
[[ ${NO_BACKUP:-} == 1 ]] || tools/stack/backup.sh
declare -A old=()
for service in $(services); do old[$service]=$(docker inspect -f '{{.Image}}' "$project-$service" 2>/dev/null || true); done
tools/stack/build.sh
compose up -d --remove-orphans
if wait_until "${START_SECONDS:-120}" "the new containers do not become well" all_healthy; then
    say "Updated."
    exit 0
fi
say "Going back to the images that ran before"
for service in "${!old[@]}"; do [[ -z ${old[$service]} ]] || docker tag "${old[$service]}" "$project/$(image_named "$service")"; done
compose up -d --remove-orphans
wait_until "${START_SECONDS:-120}" "the old ones do not either; 'make status' tells" all_healthy
fail "the new version did not become well; the old one runs again"
