#!/usr/bin/env bash
# Takes a .env that was edited by hand into the log; 'make restart' then makes it so.
command_name=adopt
# shellcheck source=tools/stack/lib.sh
source "$(dirname "$0")/lib.sh"
env_load
need_docker
need_running_api
picctl stack import - <"$env_file"
env_write
env_plain "$env_file" >"$env_written"
