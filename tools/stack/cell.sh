#!/usr/bin/env bash
# What talks with the running cell: cell.sh list-peers | show-routes | add-peer | logs [SERVICE] | shell SERVICE
command_name=${1:-cell}
# shellcheck source=tools/stack/lib.sh
source "$(dirname "$0")/lib.sh"

env_load
need_docker
one_of() { container=$(container_named "${1:-}"); [[ -n $container ]] || fail "there is no service ${1:-}; there are: $(services | tr '\n' ' ')"; }

case ${1:-} in
    list-peers)
        need_running_api
        picctl peer list
        ;;
    show-routes)
        container_is_running wireguard || fail "the VPN is not running: 'make start'"
        docker exec "$project-wireguard" ip route show
        docker exec "$project-wireguard" ip -6 route show dev wg0
        docker exec "$project-wireguard" wg show wg0 allowed-ips
        ;;
    add-peer)
        need_running_api
        [[ -n ${PEER_NAME:-} ]] || fail "which? make add-peer PEER_NAME=phone [PEER_IP=10.8.0.7] [PEER_KEY=its public key]"
        words=("$PEER_NAME")
        [[ -z ${PEER_IP:-} ]] || words+=(--address "$PEER_IP")
        [[ -z ${PEER_KEY:-} ]] || words+=(--public-key "$PEER_KEY")
        picctl peer add "${words[@]}" --wait
        # With a key of its own the device has its private half already; else the code is shown this once.
        if [[ -n ${PEER_KEY:-} ]]; then picctl peer config "$PEER_NAME"; else picctl peer qr "$PEER_NAME"; fi
        ;;
    logs)
        container=''
        if [[ -n ${2:-} ]]; then one_of "$2"; fi
        compose logs --tail "${TAIL:-100}" ${FOLLOW:+--follow} ${container:+"$container"}
        ;;
    shell)
        one_of "${2:-}"
        words=(-i)
        [[ ! -t 0 ]] || words+=(-t)
        docker exec "${words[@]}" "$project-$container" bash
        ;;
    *) fail "list-peers, show-routes, add-peer, logs or shell" ;;
esac
