# shellcheck shell=bash disable=SC2034,SC2154
# What the management commands share: where things are, the .env and its rules, Compose, and talking to the cell. To be
# sourced. The host needs bash, coreutils and Docker; whatever else is run, runs in a container.
#
# A .env is never sourced: a line is NAME=value and nothing in it is code. What names there are, and what a value must look
# like, is read from .env.example and from the name's ending, so that a new variable is a line there.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
readonly root
cd "$root"

readonly env_file=.env env_example=.env.example data=data/stack env_written=data/stack/env.written
readonly password_least=10

fail() { printf '%s: %s\n' "${command_name:-stack}" "$1" >&2; exit 1; }
say() { printf '%s\n' "$*"; }

# Asks before something is lost; FORCE=1 has answered already.
confirm() {
    [[ ${FORCE:-} == 1 ]] && return 0
    [[ -t 0 ]] || fail "$1 Say FORCE=1 where nobody can be asked."
    local answer
    read -r -p "$1 [y/N] " answer
    [[ $answer == [yY]* ]] || fail "nothing was done"
}

# --- .env

declare -A env=()

# env_read FILE: its assignments into env; what is no assignment, and a name given twice, is a fault.
env_read() {
    local line name number=0
    env=()
    while IFS= read -r line || [[ -n $line ]]; do
        number=$((number + 1))
        line=${line%$'\r'}
        [[ -z ${line//[[:space:]]/} || $line == \#* ]] && continue
        [[ $line =~ ^[A-Z][A-Z0-9_]*= ]] || fail "$1, line $number: '$line' is no NAME=value"
        name=${line%%=*}
        [[ ! -v env[$name] ]] || fail "$1, line $number: $name is given twice"
        env[$name]=${line#*=}
    done <"$1"
}

env_names() { sed -n 's/^\([A-Z][A-Z0-9_]*\)=.*/\1/p' "$env_example"; }

is_number() { [[ $1 =~ ^(0|[1-9][0-9]{0,9})$ ]] && (($1 >= $2 && $1 <= $3)); }
is_address() {
    [[ $1 =~ ^([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})$ ]] || return 1
    local part
    for part in "${BASH_REMATCH[@]:1}"; do [[ $part == 0 || $part != 0* ]] && ((part <= 255)) || return 1; done
}
address_number() { local a b c d; IFS=. read -r a b c d <<<"$1"; echo $(((a << 24) + (b << 16) + (c << 8) + d)); }
is_network() {
    is_address "${1%/*}" && is_number "${1#*/}" 8 26 && [[ $1 == */* ]] || return 1
    (($(address_number "${1%/*}") % (1 << (32 - ${1#*/})) == 0))
}
# networks_overlap A B
networks_overlap() {
    local prefix=$((${1#*/} < ${2#*/} ? ${1#*/} : ${2#*/}))
    (($(address_number "${1%/*}") >> (32 - prefix) == $(address_number "${2%/*}") >> (32 - prefix)))
}

# What is wrong with a value, or nothing.
value_fault() {
    local name=$1 value=$2
    case $name in
        *_PORT) is_number "$value" 1 65535 || echo "must be a port, 1 to 65535" ;;
        *_IP | *_BIND) is_address "$value" || echo "must be an IPv4 address" ;;
        CELL_NETWORK) is_network "$value" || echo "must be an IPv4 network with a prefix from 8 to 26, such as 172.20.0.0/16" ;;
        PUID) is_number "$value" 1 4294967294 || echo "must be a number and not 0: nobody's files are served by root" ;;
        PGID) is_number "$value" 0 4294967294 || echo "must be a number" ;;
        PIC_LOG_LEVEL) [[ $value =~ ^(trace|debug|info|warn|error)$ ]] || echo "must be trace, debug, info, warn or error" ;;
        FLASK_DEBUG) [[ $value == [01] ]] || echo "must be 0 or 1" ;;
        COMPOSE_PROJECT_NAME) [[ $value =~ ^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$ ]] || echo "must be a name of small letters, digits and hyphens" ;;
        WEBDAV_PASS) ((${#value} >= password_least)) || echo "must be a password of at least $password_least characters" ;;
        *) echo "is no variable of $env_example" ;;
    esac
}

# Every rule a .env keeps, each fault named; whoever calls it has read the file into env.
env_check() {
    local name fault faults=0
    for name in $(printf '%s\n' "${!env[@]}" | sort); do
        [[ $name == WEBDAV_PASS && -z ${env[$name]} ]] && continue
        fault=$(value_fault "$name" "${env[$name]}")
        [[ -z $fault ]] || { printf '%s: %s: %s %s\n' "${command_name:-stack}" "$env_file" "$name" "$fault" >&2; faults=1; }
    done
    for name in $(env_names); do
        [[ $name == WEBDAV_PASS || -v env[$name] ]] || { printf '%s: %s: %s is missing\n' "${command_name:-stack}" "$env_file" "$name" >&2; faults=1; }
    done
    ((faults == 0)) || exit 1
    [[ -n ${env[WEBDAV_PASS]:-} ]] || fail "WEBDAV_PASS is missing in $env_file: nothing starts without it. 'make setup' makes one."
}

# An old .env says FLASK_DEBUG=1: it is taken for what it meant.
env_modernise() {
    [[ -v env[FLASK_DEBUG] ]] || return 0
    if [[ ${env[FLASK_DEBUG]} == 1 ]]; then
        printf 'warning: FLASK_DEBUG=1 is understood as PIC_LOG_LEVEL=debug; there is no Flask here any more\n' >&2
        env[PIC_LOG_LEVEL]=debug
    else
        printf 'warning: FLASK_DEBUG means nothing any more; PIC_LOG_LEVEL is the variable\n' >&2
    fi
    unset 'env[FLASK_DEBUG]'
}

# Networks of this host's interfaces and routes that overlap CELL_NETWORK, unless it is our own bridge's.
env_check_overlap() {
    local network=${env[CELL_NETWORK]} own other device
    own=$(docker network inspect -f '{{slice .Id 0 12}}' "${env[COMPOSE_PROJECT_NAME]}_cell-network" 2>/dev/null || true)
    while read -r other device; do
        [[ $device != "br-$own" ]] || continue
        networks_overlap "$network" "$other" &&
            fail "CELL_NETWORK $network overlaps $other of $device on this host: choose another in $env_file (172.16.0.0/12, 10.0.0.0/8 and 192.168.0.0/16 are free to use)"
    done < <(host_networks)
    return 0
}
# "10.0.0.0/8 eth0" for every route of this host, from /proc (numbers are little-endian hexadecimal).
host_networks() {
    local device destination mask rest prefix
    while read -r device destination _ _ _ _ _ mask rest; do
        [[ $destination =~ ^[0-9A-F]{8}$ && $destination != 00000000 ]] || continue
        prefix=0
        for ((i = 0; i < 32; i++)); do (((16#$mask >> i) & 1)) && prefix=$((prefix + 1)); done
        printf '%d.%d.%d.%d/%d %s\n' "0x${destination:6:2}" "0x${destination:4:2}" "0x${destination:2:2}" "0x${destination:0:2}" "$prefix" "$device"
    done </proc/net/route
}

# What Compose and the scripts need of the .env; refuses one that breaks a rule.
env_load() {
    [[ -f $env_file ]] || fail "there is no $env_file yet: 'make setup' makes the cell"
    env_read "$env_file"
    env_modernise
    env_check
    project=${env[COMPOSE_PROJECT_NAME]}
}

# env_write: the values of env, with the comments and the order of .env.example, for its owner alone.
env_write() {
    local line name
    (
        umask 077
        while IFS= read -r line; do
            name=${line%%=*}
            if [[ $line =~ ^[A-Z][A-Z0-9_]*= ]]; then printf '%s=%s\n' "$name" "${env[$name]-}"; else printf '%s\n' "$line"; fi
        done <"$env_example" >"$env_file.new"
    )
    mv "$env_file.new" "$env_file"
}

# The assignments of .env without its secret, sorted: what is compared with the log's.
env_plain() { grep -E '^[A-Z][A-Z0-9_]*=' "$1" | grep -v '^WEBDAV_PASS=' | sort; }

# --- Docker

need_docker() {
    command -v docker >/dev/null || fail "Docker is not installed: https://docs.docker.com/engine/install/ , or 'apt-get install docker.io docker-compose'"
    docker info >/dev/null 2>&1 || fail "Docker does not answer: start it ('systemctl start docker'), or be in the group 'docker'"
    if docker compose version >/dev/null 2>&1; then
        compose_words=(docker compose)
    elif command -v docker-compose >/dev/null; then
        compose_words=(docker-compose)
    else
        fail "Docker Compose is not installed: 'apt-get install docker-compose' or the plugin docker-compose-plugin"
    fi
    # The broker's container sees the very engine that these commands speak with.
    [[ ${DOCKER_HOST:-} != unix://* ]] || export DOCKER_SOCKET=${DOCKER_HOST#unix://}
}

# Compose reads .env for its variables itself; what the shell has by the same names must not win over it.
compose() {
    local unset_words=() name
    for name in $(env_names); do unset_words+=(-u "$name"); done
    env "${unset_words[@]}" "${compose_words[@]}" --project-directory "$root" -f "$root/docker-compose.yml" "$@"
}

container_is_running() { [[ $(docker inspect -f '{{.State.Running}}' "$project-$1" 2>/dev/null) == true ]]; }
container_health() { docker inspect -f '{{if .State.Health}}{{.State.Health.Status}}{{else}}{{.State.Status}}{{end}}' "$project-$1" 2>/dev/null || echo missing; }

# picctl within the controller's container, by the local socket: root's or the daemon's own word counts.
picctl() { docker exec -i "$project-api" picctl "$@"; }

need_running_api() { container_is_running api || fail "the cell is not running: 'make start'"; }

# wait_until SECONDS WHAT COMMAND...: polls the command; says what it waited for in vain.
wait_until() {
    local deadline=$((SECONDS + $1)) what=$2
    shift 2
    until "$@"; do
        ((SECONDS < deadline)) || { printf '%s: %s\n' "${command_name:-stack}" "$what" >&2; return 1; }
        sleep 0.3
    done
}

services() { compose config --services | sort; }

# "caddy proxy" for each paragraph of docker-compose.yml: what its container is called, and its image.
paragraphs() { awk '/^services:/ { on = 1 } on && /^  [a-z]+:$/ { name = substr($1, 1, length($1) - 1) }
    on && $1 == "image:" { sub(/.*\//, "", $2); print name, $2 }' docker-compose.yml; }
# container_named NAME, image_named NAME: by either of the two names; nothing where there is none.
container_named() { paragraphs | awk -v name="$1" '$1 == name || $2 == name { print $1; exit }'; }
image_named() { paragraphs | awk -v name="$1" '$1 == name || $2 == name { print $2; exit }'; }

all_healthy() {
    local service
    for service in $(services); do [[ $(container_health "$service") == healthy ]] || return 1; done
}

# What of a service's folder is neither backed up nor restored: its agent's keys, which are between it and the controller of now,
# and what it was last told.
readonly no_agents="--anchored --no-wildcards-match-slash --exclude=*/agent"

# As root in a throw-away container of one of our images, with data/ at /data: for what belongs to no user of the host.
as_root() { docker run --rm -i --network none --entrypoint /bin/sh -v "$root/$data:/data" "$@"; }

# The folders that docker-compose.yml mounts, each for who runs within: the controller's, those of the agents' tokens and people's
# files belong to PUID and PGID, what other services keep to root or to `pic` (adapters/agent.Dockerfile).
make_folders() {
    mkdir -p "$data" backups
    chmod 700 data "$data" backups
    # shellcheck disable=SC2046  # names without spaces
    as_root --env "OWNER=${env[PUID]}:${env[PGID]}" "$project/api" -c '
        cd /data || exit 1
        for folder in "$@"; do
            mode=700 owner=900:900
            case $folder in
                api | files | enrol) owner=$OWNER ;;
                enrol/*) owner=$OWNER mode=755 ;;
                dhcp | wireguard) owner=0:0 ;;
                broker | mail) owner=0:0 mode=755 ;;
            esac
            mkdir -p "$folder"
            [ "$(stat -c %u:%g "$folder")" = "$owner" ] || chown -R "$owner" "$folder"
            chmod "$mode" "$folder"
        done' sh $(mounted_folders)
}
mounted_folders() { grep -oE "\./$data/[a-z/]+:" docker-compose.yml | sed -E "s:^\./$data/(.*)\:$:\1:" | sort -u; }
