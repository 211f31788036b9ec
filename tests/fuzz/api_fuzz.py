"""Schemathesis over the document that the daemon serves, as nobody, as each role and with a narrow token: no 5xx, no answer
that the document does not know, no success that the caller's scopes do not cover. `make fuzz-api`; the seed is fixed, so
that two runs do the same.

    api_fuzz.py [EXAMPLES [CALLER...]]    how many examples a call (default 8); as whom (default: all of them)"""

import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

from harness import Resolver  # noqa: E402
from people_client import AloneRuntime, Client  # noqa: E402
from rights_test import HERS, ROLES  # noqa: E402

SCHEMATHESIS = os.environ.get("PIC_SCHEMATHESIS", "schemathesis")
CHECKS = ("no_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
          "response_headers_conformance,no_unauthorised_success")
# It would end the sign-in that the run stands on.
LEFT_OUT = ("signOut",)
SEED = "1"
# The administrator last: what it changes is the others' ground.
CALLERS = {"nobody": set(), "token": {"peers:read", "dns:write"}, **{role: ROLES[role] for role in ("member", "viewer", "operator", "admin")}}


def run(cell, role, client, examples):
    print(f"--- as {role}", flush=True)
    environment = dict(os.environ, SCHEMATHESIS_HOOKS="checks", PYTHONPATH=str(HERE), PIC_ROLE=role,
                       PIC_ROLE_SCOPES=",".join(sorted(CALLERS[role])))
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


def main(examples="8", *callers):
    cell = AloneRuntime()
    resolver = Resolver({})  # for the one call that asks somebody else
    cell.environment["PIC_RESOLVER"] = f"127.0.0.1:{resolver.port}"
    failed = []
    try:
        cell.start()
        cell.setup("home.example")
        admin = cell.admin()
        (cell.folder / "openapi.json").write_bytes(admin.get("/openapi.json").body)
        made = admin.post("/tokens", {"name": "narrow", "scopes": sorted(CALLERS["token"])})
        clients = {"nobody": Client(cell), "token": Client(cell, made.json["resource"]["token"])}
        for role in ROLES:
            made = admin.post("/users", {"username": f"fuzz-{role}", "password": HERS, "role": role})
            assert made.status == 201, made
            clients[role] = Client(cell)
            assert clients[role].sign_in(f"fuzz-{role}", HERS).status == 201
        for role in callers or CALLERS:
            if run(cell, role, clients[role], examples):
                failed.append(role)
            assert clients["nobody"].get("/healthz").status == 200, "the daemon is well"
        assert cell.json("log", "verify")["ok"]
    finally:
        cell.close()
        resolver.close()
    sys.exit(f"failed as {', '.join(failed)}" if failed else 0)


main(*sys.argv[1:])
