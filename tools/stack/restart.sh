#!/usr/bin/env bash
# Writes the log's .env and makes anew the containers that it changes; the others are restarted. A .env that was edited by
# hand is not written over: 'make adopt' takes it into the log, FORCE=1 gives it up.
command_name=restart
# shellcheck source=tools/stack/lib.sh
source "$(dirname "$0")/lib.sh"
source tools/stack/env_from_log.sh

env_load
need_docker
if container_is_running api; then write_env_from_log; else say "The controller does not run: starting with .env as it is"; fi
old=$project
env_load
[[ $old == "$project" ]] || fail "COMPOSE_PROJECT_NAME has changed from $old to $project: 'make stop' with the old name first"
env_check_overlap
compose stop >/dev/null
# A network in use cannot be changed.
current=$(docker network inspect -f '{{range .IPAM.Config}}{{.Subnet}}{{end}}' "${project}_cell-network" 2>/dev/null || true)
[[ -z $current || $current == "${env[CELL_NETWORK]}" ]] || compose down >/dev/null
exec tools/stack/start.sh
