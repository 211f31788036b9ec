#!/usr/bin/env bash
# Makes the cell: images, .env, folders, and the claim itself. Asks for what it must; CELL_NAME, CELL_DOMAIN, VPN_RANGE and
# ADMIN_PASSWORD in the environment are answers, as is an .env that is there already. Safe to run again: what is done is left.
command_name=setup
# shellcheck source=tools/stack/lib.sh
source "$(dirname "$0")/lib.sh"

ask() {
    local variable=$1 question=$2 fallback=$3 answer
    [[ -z ${!variable:-} ]] || return 0
    if [[ -t 0 ]]; then
        read -r -p "$question [$fallback]: " answer
        printf -v "$variable" '%s' "${answer:-$fallback}"
    else
        printf -v "$variable" '%s' "$fallback"
    fi
}

ask_password() {
    [[ -z ${ADMIN_PASSWORD:-} ]] || return 0
    [[ -t 0 ]] || fail "ADMIN_PASSWORD is not set, and there is nobody to ask"
    local again
    read -r -s -p "Password of the administrator 'admin' (10 characters or more): " ADMIN_PASSWORD; echo
    read -r -s -p "Once more: " again; echo
    [[ $ADMIN_PASSWORD == "$again" ]] || fail "the two differ"
}

random_password() { head -c 24 /dev/urandom | base64 | tr '+/' '-_'; }

# The values of an .env that is there, the defaults of .env.example for the others.
prepare_env() {
    local name
    declare -A given=()
    if [[ -f $env_file ]]; then
        env_read "$env_file"
        env_modernise
        for name in "${!env[@]}"; do given[$name]=${env[$name]}; done
    fi
    env_read "$env_example"
    # Who calls it; behind sudo who called that; for root itself the first user that there usually is.
    if ((EUID != 0)); then env[PUID]=$(id -u) env[PGID]=$(id -g)
    elif [[ ${SUDO_UID:-0} != 0 ]]; then env[PUID]=$SUDO_UID env[PGID]=${SUDO_GID:-$SUDO_UID}; fi
    for name in "${!given[@]}"; do env[$name]=${given[$name]}; done
    [[ -n ${env[WEBDAV_PASS]} ]] || env[WEBDAV_PASS]=$(random_password)
    env_check
    env_write
}

# The account whose password WEBDAV_PASS is.
webdav_account() {
    ! picctl --json user show webdav >/dev/null 2>&1 || return 0
    printf '%s' "${env[WEBDAV_PASS]}" | picctl user add webdav --role member --display-name "Files" --services files --password-stdin
}

claimed() { picctl --json cell show >/dev/null 2>&1; }
answers() { [[ $(container_health api) == healthy ]]; }

need_docker
[[ ! -f $data/api/log.db || ! -f $env_written ]] || fail "this cell is set up already: 'make start'. 'make reinstall' begins anew"
prepare_env
env_load
env_check_overlap
tools/stack/doctor.sh --quiet || fail "mend what 'make doctor' names first (or FORCE=1 in front of 'make setup')"
ask CELL_NAME "Name of the cell" home
ask CELL_DOMAIN "Domain of its names" cell.home.arpa
ask VPN_RANGE "Addresses of the VPN" 10.8.0.0/24
ask_password

[[ ${SKIP_BUILD:-} == 1 ]] || tools/stack/build.sh
make_folders
say "Starting the controller"
compose up -d api >/dev/null
wait_until 60 "the controller does not answer; 'make logs-api' shows why" answers
if ! claimed; then
    printf '%s' "$ADMIN_PASSWORD" | picctl setup --cell-name "$CELL_NAME" --domain "$CELL_DOMAIN" --vpn-range "$VPN_RANGE" \
        --username admin --password-stdin || { compose stop api >/dev/null; exit 1; }
fi
picctl stack import - <"$env_file" || { compose stop api >/dev/null; exit 1; }
webdav_account || { compose stop api >/dev/null; exit 1; }
env_plain "$env_file" >"$env_written"
say "The cell '$CELL_NAME' is set up. Next: make start"
