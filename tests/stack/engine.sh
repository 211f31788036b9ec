# shellcheck shell=bash disable=SC2154
# A Docker engine of the tests' own, by hand: its own data, its own socket, its own network namespace, from which nothing
# leads out. Every bridge, published port and iptables rule stays inside, and goes with it; the machine's own Docker, if it
# has one, is not touched. Images are built before, by the same engine in the machine's namespace without a bridge, because
# building needs Debian's packages. To be sourced by a bash that is root; engine_folder says where everything lies.

readonly engine_base=debian:bookworm-slim
engine_pid='' engine_space=''

engine_say() { printf 'engine: %s\n' "$1"; }

# engine_run WORDS...: starts dockerd behind these words and waits until it answers; ends with 1 where it does not.
engine_run() {
    mkdir -p "$engine_folder/docker" "$engine_folder/run"
    export DOCKER_HOST=unix://$engine_folder/run/docker.sock
    "$@" --data-root "$engine_folder/docker" --exec-root "$engine_folder/run/exec" -H "$DOCKER_HOST" \
        -p "$engine_folder/run/dockerd.pid" >"$engine_folder/dockerd.log" 2>&1 &
    engine_pid=$!
    local deadline=$((SECONDS + 60))
    until docker info >/dev/null 2>&1; do
        if ! kill -0 "$engine_pid" 2>/dev/null || ((SECONDS > deadline)); then
            tail -n 20 "$engine_folder/dockerd.log" >&2
            echo "engine: dockerd does not start" >&2
            return 1
        fi
        sleep 0.2
    done
}

engine_stop() {
    [[ -n $engine_pid ]] || return 0
    local containers
    containers=$(docker ps -q 2>/dev/null || true)
    # shellcheck disable=SC2086  # ids
    [[ -z $containers ]] || docker kill $containers >/dev/null 2>&1 || true
    kill "$engine_pid" 2>/dev/null || true
    wait "$engine_pid" 2>/dev/null || true
    engine_pid=''
}

engine_start_for_building() { engine_run dockerd --bridge=none --iptables=false --ip-forward=false; }

# engine_start_sealed SPACE: in a network namespace of this name.
engine_start_sealed() {
    engine_space=$1
    ip netns add "$engine_space" && ip netns exec "$engine_space" ip link set lo up || return 1
    engine_run nsenter --net="/var/run/netns/$engine_space" dockerd
}

engine_end() {
    engine_stop
    [[ -z $engine_space ]] || ip netns del "$engine_space" 2>/dev/null || true
    engine_space=''
}

# Debian, made by hand where no registry can be asked; with the certificates that this machine trusts besides Debian's.
engine_make_base() {
    ! docker image inspect "$engine_base" >/dev/null 2>&1 || return 0
    engine_say "making $engine_base"
    local tar=$engine_folder/base.tar mirror=http://deb.debian.org hooks=()
    if compgen -G '/usr/local/share/ca-certificates/*.crt' >/dev/null; then
        hooks=(--customize-hook='copy-in /usr/local/share/ca-certificates /usr/local/share/'
            --customize-hook='chroot "$1" update-ca-certificates >/dev/null 2>&1')
    fi
    mmdebstrap --quiet --variant=minbase --include=ca-certificates --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt=force-unsafe-io \
        --aptopt='Acquire::Languages "none"' "${hooks[@]}" \
        --customize-hook='printf "#!/bin/sh\nexit 101\n" >"$1/usr/sbin/policy-rc.d"; chmod 755 "$1/usr/sbin/policy-rc.d"' \
        bookworm "$tar" "deb $mirror/debian bookworm main" "deb $mirror/debian bookworm-updates main" \
        "deb $mirror/debian-security bookworm-security main"
    docker import "$tar" "$engine_base" >/dev/null
    rm -f "$tar"
}

# engine_make_builder PROGRAMS COREDNS WEBUI: the image `builder` from what was compiled outside; the quick way.
engine_make_builder() {
    local folder=$engine_folder/builder
    rm -rf "$folder"
    tools/stack/collect.sh "$1" "$2" "$3" "$folder/out"
    tar -C "$folder" -c out | docker import - pic-test-builder >/dev/null
    rm -rf "$folder"
}
