#!/usr/bin/env bash
# What of the management commands can be held to their word without a Docker engine: the rules of .env, the doctor's findings
# on a made-up /proc, the compose file, and that every script is clean. Ends with 1 where a check fails, having named it.
set -euo pipefail
cd "$(dirname "$0")/../.."
source_root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# check WHAT: the last command's outcome, by the functions below
ok() { printf 'ok    %s\n' "$1"; }
bad() { printf 'FAIL  %s\n' "$1"; failed=1; }
# says WHAT TEXT: the output of the last try holds it
says() { if [[ $output == *"$2"* ]]; then ok "$1"; else bad "$1: '$2' is not in: $output"; fi; }
try() { code=0; output=$("$@" 2>&1) || code=$?; }
ends() { if [[ $code == "$2" ]]; then ok "$1"; else bad "$1: ended with $code, not $2: $output"; fi; }

# A checkout with the scripts and what they read, and a `docker` that is there and knows nothing.
mkdir -p "$work/cell/tools" "$work/bin" "$work/proc/net"
cp -r "$source_root/tools/stack" "$work/cell/tools/"
cp "$source_root/docker-compose.yml" "$source_root/.env.example" "$work/cell/"
cat >"$work/bin/docker" <<'STUB'
#!/bin/sh
case "$1 $2" in
    "info ") exit ${DOCKER_INFO_CODE:-0} ;;
    "compose version") exit 0 ;;
    *) exit 1 ;;
esac
STUB
chmod +x "$work/bin/docker"
export PATH="$work/bin:$PATH" PIC_PROC="$work/proc"
cd "$work/cell"

write_env() { # write_env [NAME=value...]: a whole .env with these changed; NAME= removes, +LINE adds a line
    sed 's/^WEBDAV_PASS=$/WEBDAV_PASS=a-good-password/' .env.example >.env
    local change
    for change in "$@"; do
        case $change in
            +*) printf '%s\n' "${change#+}" >>.env ;;
            -*) sed -i "/^${change#-}=/d" .env ;;
            *) sed -i "s|^${change%%=*}=.*|$change|" .env ;;
        esac
    done
}

# --- .env, as `make start` meets it

rm -f .env
try tools/stack/start.sh
ends "without an .env nothing starts" 1
says "and what to do is said" "make setup"

rules() { # rules WHAT SENTENCE CHANGES...
    write_env "${@:3}"
    try tools/stack/start.sh
    ends "$1 is refused" 1
    says "$1 is named" "$2"
}
rules "an unknown variable" "DNS_PROT is no variable of .env.example" "+DNS_PROT=53"
rules "a port that is none" "DNS_PORT must be a port, 1 to 65535" "DNS_PORT=70000"
rules "a port with an octal look" "DNS_PORT must be a port" "DNS_PORT=053"
rules "a port with code in it" 'DNS_PORT must be a port' 'DNS_PORT=$(touch pwned)'
rules "an address that is none" "DNS_IP must be an IPv4 address" "DNS_IP=172.20.0.300"
rules "a network with host bits" "CELL_NETWORK must be an IPv4 network" "CELL_NETWORK=172.20.0.1/16"
rules "root as the owner of people's files" "PUID must be a number and not 0" "PUID=0"
rules "a log level that is none" "PIC_LOG_LEVEL must be trace" "PIC_LOG_LEVEL=loud"
rules "a project name with a slash" "COMPOSE_PROJECT_NAME must be a name" "COMPOSE_PROJECT_NAME=../x"
rules "a variable that is missing" "DNS_PORT is missing" "-DNS_PORT"
rules "a variable given twice" "DNS_PORT is given twice" "+DNS_PORT=54"
rules "a line that is no assignment" "is no NAME=value" "+export DNS_PORT=54"
rules "a missing WEBDAV_PASS" "WEBDAV_PASS is missing" "WEBDAV_PASS="
rules "no line for WEBDAV_PASS" "WEBDAV_PASS is missing" "-WEBDAV_PASS"
rules "a short WEBDAV_PASS" "at least 10 characters" "WEBDAV_PASS=short"
if [[ -e pwned ]]; then bad "a value was run as code"; else ok "no value is code"; fi

write_env
try tools/stack/start.sh
says "a good .env passes, and only the set-up is missing" "not set up yet"
write_env "+FLASK_DEBUG=1"
try tools/stack/start.sh
says "FLASK_DEBUG is understood, with a warning" "FLASK_DEBUG=1 is understood as PIC_LOG_LEVEL=debug"
says "and is no fault" "not set up yet"

# --- networks that overlap

in_lib() { ( command_name="host_test"; source tools/stack/lib.sh; "$@" ); }
overlaps() { if in_lib networks_overlap "$1" "$2"; then ok "$1 overlaps $2"; else bad "$1 overlaps $2"; fi; }
apart() { if in_lib networks_overlap "$1" "$2"; then bad "$1 is apart from $2"; else ok "$1 is apart from $2"; fi; }
overlaps 172.20.0.0/16 172.20.5.0/24
overlaps 172.20.5.0/24 172.16.0.0/12
apart 172.20.0.0/16 172.21.0.0/16
apart 10.0.0.0/24 10.0.1.0/24

# --- the doctor

printf 'MemTotal:  8000000 kB\n' >"$work/proc/meminfo"
headings='  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode'
for table in tcp tcp6 udp udp6; do printf '%s\n' "$headings" >"$work/proc/net/$table"; done
rm -f .env
try tools/stack/doctor.sh
if [[ -c /dev/net/tun ]]; then ends "a fit host is fit" 0; else says "a host without tun is told so" "/dev/net/tun is not there"; fi

hold() { # hold TABLE HEXPORT STATE INODE PROGRAM PID
    printf '   0: 3500007F:%s 00000000:0000 %s 00000000:00000000 00:00000000 00000000   101        0 %s 1\n' "$2" "$3" "$4" >>"$work/proc/net/$1"
    mkdir -p "$work/proc/$6/fd"
    printf '%s\n' "$5" >"$work/proc/$6/comm"
    ln -s "socket:[$4]" "$work/proc/$6/fd/7"
}
hold udp 0035 07 20911 systemd-resolve 412
try tools/stack/doctor.sh --quiet --ports
ends "a port that is held stands in the way" 1
says "systemd-resolved is named" "port 53/udp (DNS_PORT) is held by systemd-resolve (pid 412)"
says "with the way to free it" "DNSStubListener=no"
hold tcp 0BB8 0A 20912 gunicorn 7
try tools/stack/doctor.sh --quiet --ports
says "any other program is named too" "port 3000/tcp (API_PORT) is held by gunicorn (pid 7)"
try env FORCE=1 tools/stack/doctor.sh --quiet --ports
ends "FORCE=1 goes on all the same" 0
write_env DNS_PORT=5353 API_PORT=3001
try tools/stack/doctor.sh --quiet --ports
ends "other ports are free" 0
printf 'MemTotal:  1000000 kB\n' >"$work/proc/meminfo"
try tools/stack/doctor.sh
says "little memory is a warning" "warning: this machine has 976 MB of memory"
try env DOCKER_INFO_CODE=1 tools/stack/doctor.sh
says "an engine that does not answer is named" "Docker does not answer"

# --- the compose file and the scripts

if command -v docker-compose >/dev/null; then
    write_env
    try env -u PIC_PROC docker-compose -f docker-compose.yml config --quiet
    ends "docker-compose reads docker-compose.yml" 0
    try docker-compose -f docker-compose.yml config --services
    says "the containers are those of docs and .env.example" "rainloop"
    [[ $(wc -w <<<"$output") == 13 ]] || bad "there are twelve containers and the broker, not: $output"
    for service in $(in_lib paragraphs | cut -d' ' -f2); do
        [[ $service =~ ^(api|broker|webui)$ ]] || [[ -f $source_root/adapters/$service/Dockerfile ]] ||
            bad "the service $service has no adapters/$service/Dockerfile"
    done
    for folder in "$source_root"/adapters/*/adapter.json; do
        folder=$(basename "$(dirname "$folder")")
        [[ -n $(in_lib image_named "$folder") ]] || bad "the service $folder has no container"
    done
else
    echo "skip  docker-compose is not installed"
fi
known=$(sed -n 's/^\([A-Z_]*\)=.*/\1/p' .env.example | sort)
for variable in $(grep -oE '\$\{[A-Z_]+' docker-compose.yml | tr -d '${' | sort -u); do
    [[ $variable == DOCKER_SOCKET ]] || grep -qx "$variable" <<<"$known" || bad "docker-compose.yml wants $variable, which .env.example does not have"
done
for variable in $(grep -vxE 'WEBDAV_PASS|COMPOSE_PROJECT_NAME|PUID|PGID|PIC_LOG_LEVEL' <<<"$known"); do
    grep -q "^  $variable: \${$variable}\$" docker-compose.yml || bad "the controller is not told of $variable"
done
ok "docker-compose.yml and .env.example have the same variables"

if command -v shellcheck >/dev/null; then
    cd "$source_root"
    mapfile -t scripts < <(grep -lE '^#!' tools/stack/*.sh tests/stack/*.sh)
    try shellcheck -x -S warning "${scripts[@]}"
    ends "the scripts are clean" 0
else
    echo "skip  shellcheck is not installed"
fi
exit $failed
