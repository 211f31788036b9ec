#!/usr/bin/env bash
# Puts what was compiled where the Dockerfiles look for it, a folder an image: collect.sh BUILD COREDNS WEBUI OUT. Where the
# web interface was not built, the daemon's own front page says how to go on.
set -euo pipefail
build=$1 coredns=$2 webui=$3 out=$4
put() { # put FOLDER PROGRAM...
    local folder=$1 program
    shift
    mkdir -p "$out/$folder"
    for program in "$@"; do strip -o "$out/$folder/$program" "$build/$program"; done
}
put controller picd picctl pic-archive
[[ ! -d $webui ]] || cp -r "$webui" "$out/controller/webui"
put broker pic-broker
put agent pic-agent
cp -r "$build/adapters" "$out/agent/"
mkdir -p "$out/dns"
cp "$coredns" "$out/dns/"
