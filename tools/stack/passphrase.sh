# shellcheck shell=bash disable=SC2154
# The passphrase of backups: BACKUP_PASSPHRASE, or asked. To be sourced after lib.sh. It goes on by standard input only.

# ask_passphrase [twice]
ask_passphrase() {
    [[ -z ${BACKUP_PASSPHRASE:-} ]] || return 0
    [[ -t 0 ]] || fail "BACKUP_PASSPHRASE is not set, and there is nobody to ask"
    local again
    read -r -s -p "Passphrase of the backup: " BACKUP_PASSPHRASE; echo
    if [[ ${1:-} == twice ]]; then
        read -r -s -p "Once more: " again; echo
        [[ $BACKUP_PASSPHRASE == "$again" ]] || fail "the two differ"
    fi
}

# archive WORDS...: pic-archive in a throw-away container with backups/ and the data; the passphrase by standard input.
archive() {
    printf '%s\n' "$BACKUP_PASSPHRASE" | docker run --rm -i --network none --entrypoint pic-archive \
        -v "$root/backups:/backups" -v "$root/$data:/data" "$project/api" "$@"
}

# The folders of data/ that hold what services keep.
service_folders() { as_root "$project/api" -c 'cd /data && ls -d */ | sed "s:/$::" | grep -vxE "api|enrol|broker|backup-.*|restore-.*"'; }
