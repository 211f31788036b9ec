# shellcheck shell=bash disable=SC2154
# Bringing .env and the log together, in either direction. To be sourced after lib.sh.

# Whether .env was edited since it was last written or adopted.
env_is_edited() { ! diff -q <(env_plain "$env_file") "$env_written" >/dev/null; }

# The log's .env in the place of ours; its one secret stays.
write_env_from_log() {
    local text password=${env[WEBDAV_PASS]}
    text=$(picctl artefacts show cell .env) || fail "the cell does not say what its .env is"
    if env_is_edited; then
        if [[ ${FORCE:-} != 1 ]] && ! diff -q <(env_plain "$env_file") <(env_plain <(printf '%s\n' "$text")) >/dev/null; then
            diff <(env_plain <(printf '%s\n' "$text")) <(env_plain "$env_file") | sed -n 's/^< /log: /p; s/^> /.env: /p' >&2 || true
            fail ".env was edited by hand: 'make adopt' takes it into the log, FORCE=1 make $command_name gives it up"
        fi
    fi
    env_read <(printf '%s\n' "$text")
    env[WEBDAV_PASS]=$password
    env_write
    env_plain "$env_file" >"$env_written"
}
