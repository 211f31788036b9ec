#!/usr/bin/env bash
# The local runtime: picd and one pic-agent on this machine, without Docker and without touching the host's network or
# services. Everything shares this script's process group, so Ctrl-C reaches all of it; SIGTERM to this script (or to
# the make above it) ends all of it in order, agent first; and should this script be killed, the kernel tells the
# children (setpriv --pdeathsig). Bash does for this: what is left to a supervisor is two waits and a kill.
set -euo pipefail
cd "$(dirname "$0")/.."

export PIC_DATA=${PIC_DATA:-./data}
export PIC_LISTEN=${PIC_LISTEN:-127.0.0.1:3000}
export PIC_BUS=${PIC_BUS:-127.0.0.1:5560}
export PIC_DNS_PORT=${PIC_DNS_PORT:-5300}
export PIC_VALUES="ui_port=${PIC_LISTEN##*:}${PIC_VALUES:+,$PIC_VALUES}"
export PIC_LOG_LEVEL=${PIC_LOG_LEVEL:-info}
export PIC_UI=${PIC_UI:-$PWD/webui/dist}
programs=${PIC_PROGRAMS:-$PWD/build/release}
export PATH="$PWD/build/coredns:$PATH"
readonly start_seconds=60 stop_seconds=15

# Runs in the background a program that ends when this script does.
start() { setpriv --pdeathsig TERM "$@" & }

# Does picd answer at its address? (A socket file in the data folder proves nothing: a killed daemon leaves one.)
answers() {
    local host=${PIC_LISTEN%:*}
    host=${host#[} host=${host%]}
    (exec 3<>"/dev/tcp/$host/${PIC_LISTEN##*:}") 2>/dev/null
}

alive() { [[ -n $1 ]] && kill -0 "$1" 2>/dev/null; }

# Asks a child to end, and insists after stop_seconds.
stop() {
    local pid=$1 deadline=$((SECONDS + stop_seconds))
    alive "$pid" || return 0
    kill -TERM "$pid" 2>/dev/null || true
    while alive "$pid" && ((SECONDS < deadline)); do sleep 0.1; done
    ! alive "$pid" || kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
}

stopping=
on_signal() { stopping=1; }
trap on_signal INT TERM HUP

daemon= agent=
finish() {
    trap '' INT TERM HUP
    stop "$agent"
    stop "$daemon"
}
trap finish EXIT

banner() {
    printf '\n  Personal Internet Cell is running at http://%s\n' "$PIC_LISTEN"
    if [[ -f $PIC_DATA/setup-token ]]; then
        printf '  Set-up token: %s\n' "$(<"$PIC_DATA/setup-token")"
        if [[ -f $PIC_UI/index.html ]]; then printf '  Open that address to set it up, or in another shell: build/release/picctl setup\n'
        else printf '  Next, in another shell: build/release/picctl setup\n'; fi
    fi
    printf '  This is for trying it and for developing. WireGuard runs in a private network namespace,\n'
    printf '  so a phone cannot reach its tunnel: that is what the stack is for. Ctrl-C ends everything.\n\n'
}

start "$programs/picd"
daemon=$!
deadline=$((SECONDS + start_seconds))
until answers; do
    [[ -z $stopping ]] || exit 0
    if ! alive "$daemon"; then wait "$daemon"; exit; fi
    ((SECONDS < deadline)) || { echo "run: picd did not answer at $PIC_LISTEN within $start_seconds s" >&2; exit 1; }
    sleep 0.1
done
banner

# The daemon's end is the end. An agent that ends by itself is started again, not faster than once a second.
while [[ -z $stopping ]]; do
    start "$programs/pic-agent"
    agent=$!
    ended=
    wait -n -p ended "$daemon" "$agent" && code=0 || code=$?
    [[ -z $stopping ]] || break
    if [[ ${ended:-} == "$daemon" ]]; then exit "$code"; fi
    echo "run: pic-agent ended with code $code; starting it again" >&2
    sleep 1
done
