#!/usr/bin/env bash
# Puts the whole cell into one encrypted file in backups/: its log and vault, what its services keep (mail, calendars, files),
# and its .env. The cell goes on running. BACKUP_PASSPHRASE, or it is asked.
command_name=backup
# shellcheck source=tools/stack/lib.sh
source "$(dirname "$0")/lib.sh"
source tools/stack/passphrase.sh

env_load
need_docker
need_running_api
ask_passphrase twice
name=$project-$(date -u +%Y%m%dT%H%M%SZ).pic
work=backup-$$
mkdir -p backups
trap 'as_root "$project/api" -c "rm -rf /data/$work /data/api/spool/$work.pic"' EXIT
as_root "$project/api" -c "umask 077; mkdir /data/$work"
printf '%s\n' "$BACKUP_PASSPHRASE" | picctl backup "/var/lib/pic/spool/$work.pic" --passphrase-stdin >/dev/null
# shellcheck disable=SC2046  # names of folders, without spaces
as_root --env "NO_AGENTS=$no_agents" "$project/api" -c 'set -f; cd /data && mv "api/spool/$0.pic" "$0/cell.pic" && cat >"$0/env" && shift 0
    tar --create $NO_AGENTS --file "$0/services.tar" --numeric-owner --sort=name --warning=no-file-changed --warning=no-file-ignored "$@" || [ $? -eq 1 ]' \
    "$work" $(service_folders) <"$env_file"
archive pack "/backups/$name" "cell.pic=/data/$work/cell.pic" "services.tar=/data/$work/services.tar" "env=/data/$work/env"
as_root -v "$root/backups:/backups" "$project/api" -c "chown $(id -u):$(id -g) /backups/$name" 2>/dev/null
say "Wrote backups/$name ($(du -h "backups/$name" | cut -f1)). Without its passphrase it is worth nothing."
