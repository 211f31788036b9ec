#!/usr/bin/env bash
# Looks at the host before the first start: what is wrong, why, and what to do, one finding after the other. Ends with 1
# where something stands in the way. --quiet: says nothing where all is well; --ports: only what a start needs. FORCE=1 makes
# every finding a warning. Reads /proc and needs no root, though only root sees whose a port is.
command_name=doctor
# shellcheck source=tools/stack/lib.sh
source "$(dirname "$0")/lib.sh"

readonly proc=${PIC_PROC:-/proc} memory_least_kb=1900000 disk_least_kb=10000000 disk_start_kb=500000 earliest_year=2025
quiet='' only_ports='' errors=0
for word in "$@"; do
    case $word in
        --quiet) quiet=1 ;;
        --ports) only_ports=1 ;;
        *) fail "no such option: $word" ;;
    esac
done

# finding error|warning WHAT WHY FIX
finding() {
    printf '%s: %s\n  %s\n  %s\n' "$1" "$2" "$3" "$4" >&2
    [[ $1 != error ]] || errors=$((errors + 1))
}

# port_inode PROTOCOL PORT: the socket that has it, from proc(5)'s tables.
port_inode() {
    local wanted state
    printf -v wanted '%04X' "$2"
    [[ $1 == tcp ]] && state=0A || state=07
    cat "$proc/net/$1" "$proc/net/${1}6" 2>/dev/null |
        awk -v port="$wanted" -v state="$state" '{ n = split($2, at, ":"); if (at[n] == port && $4 == state) { print $10; exit } }'
}

# "name (pid 12)" of whoever has a socket, or nothing where it cannot be seen.
process_of() {
    local link
    for link in "$proc"/[0-9]*/fd/*; do
        if [[ $(readlink "$link" 2>/dev/null) == "socket:[$1]" ]]; then
            link=${link%/fd/*}
            printf '%s (pid %s)' "$(<"$link/comm")" "${link##*/}"
            return
        fi
    done
}

check_port() {
    local variable=$1 protocol=$2 port=${env[$1]} inode owner
    inode=$(port_inode "$protocol" "$port")
    [[ -n $inode ]] && ! is_our_port "$port" "$protocol" || return 0
    owner=$(process_of "$inode")
    if [[ $owner == systemd-resolve* || (-z $owner && $port == 53 && -e $proc/../run/systemd/resolve/stub-resolv.conf) ]]; then
        finding error "port $port/$protocol ($variable) is held by ${owner:-systemd-resolved}" \
            "systemd-resolved answers at port 53 of this machine for itself." \
            "Put DNSStubListener=no under [Resolve] in /etc/systemd/resolved.conf, then: systemctl restart systemd-resolved"
    else
        finding error "port $port/$protocol ($variable) is held by ${owner:-another program}" \
            "Two programs cannot listen at one port." \
            "Stop it, or give $variable another value in .env (before 'make setup') or with 'picctl stack set'.${owner:+ }$([[ -n $owner ]] || echo ' As root, make doctor can name it.')"
    fi
}

# Published by a container of this very cell?
is_our_port() { docker ps --filter "label=com.docker.compose.project=${env[COMPOSE_PROJECT_NAME]}" --format '{{.Ports}}' 2>/dev/null | grep -q ":$1->[0-9]*/$2"; }

check_ports() {
    local name
    for name in $(published_ports); do check_port "${name%/*}" "${name#*/}"; done
}

# "DNS_PORT/udp" for each port that docker-compose.yml publishes.
published_ports() { grep -oE '_BIND\}:\$\{[A-Z_]+_PORT\}:[^"]*/(tcp|udp)' docker-compose.yml | sed -E 's/.*:\$\{([A-Z_]+)\}:.*\//\1\//' | sort -u; }

check_host() {
    [[ $(uname -s) == Linux ]] || finding error "this is no Linux" "WireGuard, nftables and containers need its kernel." "Use a Linux host."
    [[ -c /dev/net/tun ]] || finding error "/dev/net/tun is not there" \
        "WireGuard cannot make its interface." "As root: modprobe tun; and 'tun' in /etc/modules-load.d/tun.conf keeps it."
    local memory disk
    memory=$(awk '$1 == "MemTotal:" { print $2 }' "$proc/meminfo")
    ((memory >= memory_least_kb)) || finding warning "this machine has $((memory / 1024)) MB of memory" "The whole stack is at home in 2 GB." "Add memory, or swap."
    disk=$(df -Pk . | awk 'NR == 2 { print $4 }')
    if ((disk < disk_start_kb)); then
        finding error "the disk is nearly full: $((disk / 1024)) MB are left" "A change that cannot be written is refused." "Make room."
    elif ((disk < disk_least_kb)) && [[ -z $only_ports ]]; then
        finding warning "$((disk / 1024)) MB of disk are left" "Images, mail and files want 10 GB." "Make room before it matters."
    fi
    (($(date +%Y) >= earliest_year)) || finding error "the clock says $(date)" "Sign-ins and certificates go by it." "Set it: timedatectl set-ntp true"
    if command -v timedatectl >/dev/null && [[ $(timedatectl show -p NTPSynchronized --value 2>/dev/null) == no ]]; then
        finding warning "nothing keeps the clock of this machine right" "Second factors and certificates go by it." "timedatectl set-ntp true"
    fi
}

check_docker() {
    if ! command -v docker >/dev/null; then
        finding error "Docker is not installed" "Every service runs in a container." "apt-get install docker.io docker-compose, or Docker's own packages"
    elif ! docker info >/dev/null 2>&1; then
        finding error "Docker does not answer" "It is not running, or this user may not speak with it." \
            "systemctl start docker; and: adduser $(id -un) docker, then sign in again"
    elif ! docker compose version >/dev/null 2>&1 && ! command -v docker-compose >/dev/null; then
        finding error "Docker Compose is not installed" "It starts the containers together." "apt-get install docker-compose (or docker-compose-plugin)"
    fi
}

env_read "$([[ -f $env_file ]] && echo "$env_file" || echo "$env_example")"
env_modernise
check_host
check_docker
check_ports
if ((errors > 0)) && [[ ${FORCE:-} != 1 ]]; then exit 1; fi
[[ -n $quiet ]] || ((errors > 0)) || say "This host is fit for a cell."
