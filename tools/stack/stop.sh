#!/usr/bin/env bash
# Stops every container. Nothing is lost.
command_name=stop
# shellcheck source=tools/stack/lib.sh
source "$(dirname "$0")/lib.sh"
env_load
need_docker
compose down --remove-orphans
