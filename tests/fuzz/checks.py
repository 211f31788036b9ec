"""What Schemathesis looks at beside its own checks: that nobody succeeds with a call that their role does not cover, and
that no answer is a server's error but the contract's own 501 (a call that this version, or this runtime, does not have).
PIC_ROLE_SCOPES: the role's scopes, by commas; PIC_ROLE: its name."""

import os

import schemathesis

HELD = [scope for scope in os.environ.get("PIC_ROLE_SCOPES", "").split(",") if scope]


def allows(needed):
    area, verb = needed.split(":")
    return any(scope == "*" or (scope.split(":")[0] in ("*", area) and scope.split(":")[1] in ("write", verb)) for scope in HELD)


@schemathesis.check
def no_unauthorised_success(ctx, response, case):
    definition = case.operation.definition.raw
    scope = definition["x-scope"]
    if scope in ("public", "session") or allows(scope) or definition.get("x-own"):
        return
    if response.request.method == "OPTIONS":
        return  # which methods there are, as the document says to everybody
    if response.status_code < 300:
        raise AssertionError(f"the role {os.environ.get('PIC_ROLE')} may not, and did: {scope}")


@schemathesis.check
def no_server_error(ctx, response, case):
    if response.status_code >= 500 and response.status_code != 501:
        raise AssertionError(f"{response.status_code}: {response.text[:400]}")
