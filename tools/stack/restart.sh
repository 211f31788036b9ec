#!/usr/bin/env bash
# Writes the log's .env and makes anew the containers that it changes, and no others; where it changes nothing, restarts them
# all. A .env that was edited by hand is not written over: 'make adopt' takes it into the log, FORCE=1 gives it up.
command_name=restart
# shellcheck source=tools/stack/lib.sh
source "$(dirname "$0")/lib.sh"
source tools/stack/env_from_log.sh

env_load
need_docker
if container_is_running api; then write_env_from_log; else say "The controller does not run: starting with .env as it is"; fi
env_load
env_check_overlap
# A network in use cannot be changed.
current=$(docker network inspect -f '{{range .IPAM.Config}}{{.Subnet}}{{end}}' "${project}_cell-network" 2>/dev/null || true)
if [[ -n $current && $current != "${env[CELL_NETWORK]}" ]]; then
    compose down
else
    before=$(compose ps -q | sort)
    if ! compose up -d --remove-orphans; then
        say "Two containers may have changed ports with each other: once more, with all of them stopped"
        compose stop
    elif [[ $(compose ps -q | sort) == "$before" ]]; then
        compose restart
    fi
fi
exec tools/stack/start.sh
