#!/usr/bin/env bash
# The containers, the services and what is wrong. Ends with 1 where something is.
command_name=status
# shellcheck source=tools/stack/lib.sh
source "$(dirname "$0")/lib.sh"
source tools/stack/env_from_log.sh
env_load
need_docker
well=0
printf '%-14s %-22s %s\n' CONTAINER HEALTH PORTS
for service in $(services); do
    health=$(container_health "$service")
    [[ $health == healthy ]] || well=1
    printf '%-14s %-22s %s\n' "$service" "$health" "$(docker port "$project-$service" 2>/dev/null | tr '\n' ' ')"
done
[[ ! -f $env_written ]] || ! env_is_edited || say "The file .env was edited by hand: 'make adopt' takes it, 'FORCE=1 make restart' gives it up."
if container_is_running api; then
    echo; picctl services
    echo; picctl findings
fi
exit $well
