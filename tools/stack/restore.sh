#!/usr/bin/env bash
# Brings back a backup: restore.sh [FILE]. Bare, it lists what there is. The whole archive is checked before anything is
# touched: with a wrong passphrase or a damaged file the cell stays as it is.
command_name=restore
# shellcheck source=tools/stack/lib.sh
source "$(dirname "$0")/lib.sh"
source tools/stack/passphrase.sh

file=${1:-}
if [[ -z $file ]]; then
    ls -lh backups/*.pic 2>/dev/null || say "There are no backups yet: 'make backup' makes one."
    say "To bring one back: make restore BACKUP=backups/NAME.pic"
    exit 0
fi
[[ -f $file ]] || fail "$file: no such file"
[[ $(realpath "$file") == "$root/backups/"* ]] || { mkdir -p backups; cp --no-clobber "$file" backups/; }
name=$(basename "$file")

env_load
need_docker
need_running_api
ask_passphrase
work=restore-$$
trap 'as_root "$project/api" -c "rm -rf /data/$work /data/api/spool/$work.pic"' EXIT
archive unpack "/backups/$name" "/data/$work" || fail "nothing was changed"
as_root "$project/api" -c "cd /data/$work && test -f cell.pic -a -f services.tar -a -f env" || fail "$file is no backup of a whole cell; nothing was changed"
confirm "This puts $name in the place of the cell as it is now."

as_root "$project/api" -c "cp /data/$work/cell.pic /data/api/spool/$work.pic && chown ${env[PUID]}:${env[PGID]} /data/api/spool/$work.pic"
printf '%s\n' "$BACKUP_PASSPHRASE" | picctl backup-restore "/var/lib/pic/spool/$work.pic" --passphrase-stdin || fail "the cell's own part was refused; nothing was changed"
others=$(services | grep -vxE 'api|broker')
# shellcheck disable=SC2086  # words
compose stop $others >/dev/null
as_root --env "NO_AGENTS=$no_agents" "$project/api" -c 'set -f; cd /data
    for folder in $(tar --list --file "$0/services.tar" | cut -d/ -f1 | sort -u); do
        [ ! -d "$folder" ] || find "./$folder" -mindepth 1 -maxdepth 1 ! -name agent -exec rm -rf {} +
    done
    tar --extract $NO_AGENTS --file "$0/services.tar" --numeric-owner --same-permissions' "$work"
# shellcheck disable=SC2086  # words
compose up -d $others >/dev/null
wait_until 120 "not everything is well after the restore; 'make status' tells" all_healthy
say "The cell is now what $name holds."
