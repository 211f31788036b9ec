#!/usr/bin/env bash
# Takes the cell off this host: containers, network, images, .env and data. Backups stay. Asks first; FORCE=1 does not.
command_name=uninstall
# shellcheck source=tools/stack/lib.sh
source "$(dirname "$0")/lib.sh"

env_load
need_docker
confirm "This removes the cell '$project' from this host, and everything in data/stack/ with it. Backups in backups/ stay."
compose down --volumes --remove-orphans
if docker image inspect "$project/api" >/dev/null 2>&1; then
    as_root "$project/api" -c 'rm -rf /data/* /data/.[!.]*'
fi
docker images --format '{{.Repository}}' | grep "^$project/" | sort -u | xargs --no-run-if-empty docker rmi >/dev/null
rm -rf "${root:?}/$data"
rm -f "$env_file"
say "The cell is gone. What is in backups/ is all that is left of it."
