#!/usr/bin/env bash
# Builds the images, or those that are named: build.sh [IMAGE...]. Everything is compiled in the image `builder`, once.
#
# For hosts without a registry or behind a mirror: BASE is the image to begin with (debian:bookworm-slim), APT_MIRROR,
# NPM_CONFIG_REGISTRY and GOPROXY say where packages come from, BUILDER is an image with /out made elsewhere,
# DOCKER_BUILD_ARGS further words for `docker build`.
command_name=build
# shellcheck source=tools/stack/lib.sh
source "$(dirname "$0")/lib.sh"

declare -A dockerfile=(
    [base]=adapters/base.Dockerfile
    [builder]=adapters/builder.Dockerfile
    [agent]=adapters/agent.Dockerfile
    [api]=controller/Dockerfile
    [broker]=controller/broker/Dockerfile
)
for file in adapters/*/Dockerfile webui/Dockerfile; do
    [[ -f $file ]] || continue
    name=${file%/Dockerfile}
    dockerfile[${name##*/}]=$file
done

# The user's .env names the project; without one the images are still good for a look.
if [[ -f $env_file ]]; then env_load; else project=cell; fi
need_docker

readonly at_once=4  # mostly they wait for packages
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

build() {
    local image=$1 words=() log=$logs/$1
    if [[ $image == builder && -n ${BUILDER:-} ]]; then
        docker tag "$BUILDER" "$project/builder"
        return
    fi
    # shellcheck disable=SC2206  # words, as its name says
    words=(${DOCKER_BUILD_ARGS:-})
    case $image in
        base) words+=(--build-arg "BASE=${BASE:-debian:bookworm-slim}" --build-arg "APT_MIRROR=${APT_MIRROR:-}") ;;
        builder)
            [[ -z ${NPM_CONFIG_REGISTRY:-} ]] || words+=(--build-arg NPM_CONFIG_REGISTRY)
            [[ -z ${GOPROXY:-} ]] || words+=(--build-arg GOPROXY)
            ;;
    esac
    say "Building $image"
    [[ $image == base ]] || words+=(--build-arg "IMAGES=$project")
    docker build --quiet -t "$project/$image" -f "${dockerfile[$image]}" "${words[@]}" . >"$log" 2>&1 || { cat "$log" >&2; fail "the image $image was not built"; }
}

wanted=("$@")
if ((${#wanted[@]} == 0)); then
    # shellcheck disable=SC2207  # names without spaces
    wanted=($(printf '%s\n' "${!dockerfile[@]}" | sort))
fi
for i in "${!wanted[@]}"; do
    # By the container's name or by the image's.
    name=$(image_named "${wanted[i]}")
    wanted[i]=${name:-${wanted[i]}}
done
for image in "${wanted[@]}"; do
    [[ -v dockerfile[$image] ]] || fail "there is no image $image; there are: $(printf '%s\n' "${!dockerfile[@]}" | sort | tr '\n' ' ')"
done
# The three that the others stand on come first, whichever was asked for: unchanged, they cost a moment.
for image in base builder agent; do build "$image"; done
builds=()
for image in "${wanted[@]}"; do
    [[ ! $image =~ ^(base|builder|agent)$ ]] || continue
    while (($(jobs -rp | wc -l) >= at_once)); do wait -n; done
    build "$image" &
    builds+=($!)
done
for pid in "${builds[@]}"; do wait "$pid"; done
