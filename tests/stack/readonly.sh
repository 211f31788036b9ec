#!/usr/bin/env bash
# Looks at the running cell as its users' clients would, and changes nothing: safe at any time. Ends with 1 where something
# is not as it should be, having named it.
command_name=test-integration-readonly
# shellcheck source=tools/stack/lib.sh
source "$(dirname "$0")/../../tools/stack/lib.sh"

env_load
need_docker
need_running_api
failed=0
check() { # check WHAT COMMAND...
    local what=$1
    shift
    if "$@" >/dev/null 2>&1; then printf 'ok    %s\n' "$what"; else printf 'FAIL  %s\n' "$what"; failed=1; fi
}
json() { picctl --json "$@"; }
no_service_lags() { ! json services | grep -qE '"state": "(pending|refused|unreachable|not_installed)"'; }
no_drift() { ! json services | grep -q '"drift": true'; }
no_errors() { ! json findings | grep -q '"severity": "error"'; }
own_name_answers() {
    local domain
    domain=$(json cell show | sed -n 's/.*"domain": "\([^"]*\)".*/\1/p')
    picctl dns query "cell.$domain" | grep -q '[0-9]'
}

for service in $(services); do check "$service is healthy" test "$(container_health "$service")" = healthy; done
check "the log's chain is whole" picctl log verify
check "every service has the newest configuration" no_service_lags
check "no live file was changed by hand" no_drift
check "nothing is found to be wrong" no_errors
check "the API answers on the host" bash -c "exec 3<>/dev/tcp/127.0.0.1/${env[API_PORT]}"
check "the cell's own name can be looked up" own_name_answers
check "the broker lists the containers" picctl containers
check "the .env is the log's" diff <(picctl artefacts show cell .env | grep -E '^[A-Z]' | sort) <(grep -E '^[A-Z]' "$env_file" | grep -v '^WEBDAV_PASS=' | sort)
exit $failed
