#!/usr/bin/env bash
# Installs what is missing for the named purposes: deps.sh build run test check bench stack coverage fuzz. Says nothing when nothing is
# missing, never upgrades and never removes. Root is needed only for a Debian package that is not there yet.
set -euo pipefail

declare -A packages=(
    [build]="g++ cmake ninja-build pkg-config ccache ca-certificates python3 python3-yaml libboost1.81-dev libzmq3-dev cppzmq-dev
             libsqlite3-dev nlohmann-json3-dev libsimdjson-dev libsodium-dev libssl-dev libidn2-dev libfmt-dev libspdlog-dev
             libcli11-dev prometheus-cpp-dev libqrencode-dev liboath-dev libjemalloc-dev"
    [run]="wireguard-tools wireguard-go iproute2 nftables tzdata"
    [test]="catch2 librapidcheck-dev bind9-dnsutils iputils-ping python3-zmq python3-cryptography sqlite3 procps chromium strace shellcheck docker-compose
            chrony dnsmasq-base busybox caddy curl apache2-bin litmus radicale python3-bcrypt postfix dovecot-imapd
            dovecot-lmtpd swaks libnet-ssleay-perl roundcube-core roundcube-sqlite3 php-fpm php-cli php-sqlite3"
    [stack]="docker.io docker-compose iptables mmdebstrap bind9-dnsutils iputils-ping wireguard-tools wireguard-go curl
             busybox chrony dnsmasq-base litmus swaks libnet-ssleay-perl vdirsyncer"
    [coverage]="gcovr"
    [fuzz]="python3-venv"
    [check]="clang-19 clang-format-19 clang-tidy-19"
    [bench]="etcd-server nginx-light wrk python3-flask strace"
)
# CoreDNS is built from its Go module and wants a Go newer than Debian 12's.
readonly go_wanted=1.25
readonly go_toolchain=go1.25.5
# The web UI builds with Debian 12's own Node; any newer one that is there already will do.
readonly node_wanted=18
readonly root=$(cd "$(dirname "$0")/.." && pwd)

fail() { printf 'deps: %s\n' "$1" >&2; exit 1; }

# apt's own output is for the day that it fails.
quietly() {
    local log
    log=$(mktemp)
    if ! "$@" >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        fail "this did not work: $*"
    fi
    rm -f "$log"
}

# A service that a package would start by itself is none of ours: the benchmark starts its own, on its own ports.
without_autostart() {
    local policy=/usr/sbin/policy-rc.d
    if [[ ! -e $policy ]]; then
        printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
        "${as_root[@]}" chmod 755 "$policy"
        trap '"${as_root[@]}" rm -f /usr/sbin/policy-rc.d' EXIT
    fi
    "$@"
}

install_packages() {
    local missing=() package
    for package in "$@"; do
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
    done
    ((${#missing[@]})) || return 0

    if ((EUID != 0)); then
        command -v sudo >/dev/null || fail "as root, run: apt-get install ${missing[*]}"
        as_root=(sudo)
        echo "deps: asking sudo for root, to install packages"
    fi
    echo "deps: installing ${missing[*]}"
    quietly "${as_root[@]}" apt-get update
    without_autostart quietly "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends "${missing[@]}"
}

# Debian's Go is old, but any Go can fetch a newer one as a module, with the checksum database watching.
fetch_go() {
    local arch=amd64 version home
    [[ $(uname -m) == aarch64 ]] && arch=arm64
    version=v0.0.1-$go_toolchain.linux-$arch
    echo "deps: fetching $go_toolchain"
    quietly go mod download "golang.org/toolchain@$version"
    home=$(go env GOMODCACHE)/golang.org/toolchain@$version
    chmod +x "$home"/bin/* "$home"/pkg/tool/*/*  # a module's files are never executable
    mkdir -p "$root/build"
    ln -sfn "$home" "$root/build/go"
}

node_is_there() {
    local version
    command -v npm >/dev/null && version=$(node --version 2>/dev/null) && version=${version#v} && ((${version%%.*} >= node_wanted))
}

go_is_there() { "$root/tools/go.sh" -q "$go_wanted"; }

as_root=()
wanted=()
for purpose in "$@"; do
    [[ -v packages[$purpose] ]] || fail "no such purpose: $purpose (known: ${!packages[*]})"
    # shellcheck disable=SC2206  # a list of words
    wanted+=(${packages[$purpose]})
    [[ $purpose != run ]] || go_is_there || wanted+=(golang-go)
    [[ $purpose != build ]] || node_is_there || wanted+=(nodejs npm)
done
install_packages "${wanted[@]}"
[[ " $* " != *" run "* ]] || go_is_there || fetch_go
