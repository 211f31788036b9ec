#!/usr/bin/env bash
# Begins anew: everything in data/stack/ goes, the images are built again, and 'make setup' asks as the first time. The .env stays.
command_name=reinstall
# shellcheck source=tools/stack/lib.sh
source "$(dirname "$0")/lib.sh"

env_load
need_docker
confirm "This throws the cell '$project' away with all its data, and sets a new one up. Backups in backups/ stay."
compose down --volumes --remove-orphans
if docker image inspect "$project/api" >/dev/null 2>&1; then
    as_root "$project/api" -c 'rm -rf /data/* /data/.[!.]*'
fi
rm -rf "${root:?}/$data"
tools/stack/setup.sh
exec tools/stack/start.sh
