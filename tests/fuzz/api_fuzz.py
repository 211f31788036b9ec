"""Schemathesis over the document that the daemon serves, as each role and as nobody: no 5xx, no answer that the document
does not know, no success that the role does not cover. `make fuzz-api`; the seed is fixed, so that two runs do the same.

    api_fuzz.py [EXAMPLES]    how many examples a call and role (default 8)"""

import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

from people_client import AloneRuntime, Client  # noqa: E402
from rights_test import HERS, ROLES  # noqa: E402

SCHEMATHESIS = os.environ.get("PIC_SCHEMATHESIS", "schemathesis")
CHECKS = ("not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
          "response_headers_conformance,no_unauthorised_success")
# These end what the run itself stands on, hang up (a websocket), or take the file of a whole cell.
LEFT_OUT = ("signOut", "signIn", "setUp", "confirmSession", "revokeSession", "restoreBackup", "getBackup", "stream", "changePassword", "removeUser",
            "changeUser", "changeMasterKey", "makeRecoveryKit", "tryRecoveryKit", "beginTotp", "confirmTotp", "removeTotp", "restoreTo")
SEED = "1"


def run(cell, role, client, examples):
    print(f"--- as {role}", flush=True)
    environment = dict(os.environ, SCHEMATHESIS_HOOKS="checks", PYTHONPATH=str(HERE), PIC_ROLE=role,
                       PIC_ROLE_SCOPES=",".join(sorted(ROLES.get(role, ()))))
    words = [SCHEMATHESIS, "--config-file", HERE / "schemathesis.toml", "run", cell.folder / "openapi.json",
             "--url", f"http://{client.address}/api/v1", "--checks", CHECKS, "--phases", "coverage,fuzzing",
             "--max-examples", examples, "--seed", SEED, "--generation-deterministic",
             "--continue-on-failure", "--no-color", "--request-timeout", "30", "--suppress-health-check", "all", "--warnings", "off",
             "--output-sanitize", "false"]
    for name, value in client.headers.items():
        words += ["-H", f"{name}: {value}"]
    for operation in LEFT_OUT:
        words += ["--exclude-operation-id", operation]
    return subprocess.run([str(word) for word in words], env=environment, cwd=cell.folder).returncode


def main(examples="8"):
    cell = AloneRuntime()
    failed = []
    try:
        cell.start()
        cell.setup("home.example")
        admin = cell.admin()
        (cell.folder / "openapi.json").write_bytes(admin.get("/openapi.json").body)
        clients = {"nobody": Client(cell)}
        for role in ROLES:
            made = admin.post("/users", {"username": f"fuzz-{role}", "password": HERS, "role": role})
            assert made.status == 201, made
            clients[role] = Client(cell)
            assert clients[role].sign_in(f"fuzz-{role}", HERS).status == 201
        # The administrator last: what it changes is the others' ground.
        for role in ("nobody", "member", "viewer", "operator", "admin"):
            if run(cell, role, clients[role], examples):
                failed.append(role)
            assert clients["nobody"].get("/healthz").status == 200, "the daemon is well"
        assert cell.json("log", "verify")["ok"]
    finally:
        cell.close()
    sys.exit(f"failed as {', '.join(failed)}" if failed else 0)


main(*sys.argv[1:])
