#!/usr/bin/env python3
"""Merges schema/openapi.base.yaml and schema/<service>.json into the OpenAPI document.

A service's file says what is its own: `$defs` (its nouns and its commands' data) and `paths`, where a call is written
in short form. What every call of its kind has in common is added here:

  x-command: NAME    a command. Its data is $defs/NAME; the request body is that without the path's parameters.
                     Adds dry_run, If-Match, Idempotency-Key, Prefer, and the command to POST /changes.
  x-query: NAME      a query. Adds `at`, and for a list `limit` and `cursor`.
  x-returns: DEF     what a success answers;  x-list-of: DEF  {"items": [DEF], "next_cursor"}
  x-creates          answers 201 with Location;  a DELETE answers 204
  x-body: DEF        the request body of a call that is no command;  x-body-optional: it may be left out
  x-consumes, x-produces: media types of raw bodies;  x-parameters: names of common parameters, instead of the usual
  x-query-parameters, x-headers, x-path: {name: schema}, of this call alone
  x-accepts          answers 202 with the same where it has not ended yet
  x-unversioned      a query that is no resource: it has no ETag
  x-rest: NAME       the last path parameter, which may hold slashes
  x-root             the path is at the root, not under /api/v1
  x-not-built        answers 501;  x-not-in-changes: a command that is no part of a change-set

  openapi.py yaml [--check]     write (or compare with) schema/openapi.yaml
  openapi.py cpp OUT            C++ source that holds the document as JSON
  openapi.py rejections OUT     C++ source that holds schema/rejections.json as a table
"""
import copy
import json
import re
import sys
from pathlib import Path

import yaml

SCHEMA = Path(__file__).resolve().parent.parent / "schema"
NOT_SERVICES = {"rejections.json"}
METHODS = ("get", "put", "post", "patch", "delete")
PATH_PARAMETERS = {
    "id": {"type": "string", "format": "uuid"},
    "service": {"type": "string", "format": "label"},
    "seq": {"type": "integer", "minimum": 1},
}
SHORTHAND = ("x-returns", "x-list-of", "x-body", "x-consumes", "x-produces", "x-parameters",
             "x-query-parameters", "x-headers", "x-path", "x-returns-any", "x-not-in-changes", "x-unversioned",
             "x-accepts")


def fail(message):
    sys.exit(f"openapi.py: {message}")


def ref(name):
    return {"$ref": f"#/components/schemas/{name}"}


def absolute(node):
    """Rewrites "#/$defs/X" and "other.json#/$defs/X": all definitions share one namespace in the document."""
    if isinstance(node, dict):
        return {k: re.sub(r"^[\w.]*#/\$defs/", "#/components/schemas/", v) if k == "$ref" else absolute(v)
                for k, v in node.items()}
    if isinstance(node, list):
        return [absolute(v) for v in node]
    return node


def load():
    document = yaml.safe_load((SCHEMA / "openapi.base.yaml").read_text())
    services = []
    for path in sorted(SCHEMA.glob("*.json")):
        if path.name in NOT_SERVICES:
            continue
        service = absolute(json.loads(path.read_text()))
        services.append(service)
        for name, definition in service["$defs"].items():
            if name in document["components"]["schemas"]:
                fail(f"{path.name}: {name} is defined twice")
            document["components"]["schemas"][name] = definition
    return document, services


def parameter(name, where, schema):
    schema = dict(schema)
    required = schema.pop("x-required", False) or where == "path"
    made = {"name": name, "in": where, "required": required}
    if "description" in schema:
        made["description"] = schema.pop("description")
    return made | {"schema": schema}


def path_names(path):
    return re.findall(r"{(\w+)}", path)


class Merger:
    def __init__(self):
        self.document, self.services = load()
        self.schemas = self.document["components"]["schemas"]
        self.commands = {}

    def merge(self):
        self.document["tags"] = [{"name": s["tag"], "description": s["description"]} for s in self.services]
        for service in self.services:
            for path, item in service["paths"].items():
                if path in self.document["paths"]:
                    raise SystemExit(f"openapi.py: {path} is described twice, the second time by {service['tag']}")
                self.document["paths"][path] = self.path_item(path, item, service["tag"])
        self.change_set()
        self.check_references(self.document)
        return self.document

    def path_item(self, path, item, tag):
        made = {}
        if item.get("x-root"):
            made["servers"] = [{"url": "/"}]
        for method in METHODS:
            if method in item:
                made[method] = self.operation(path, method, item[method], tag)
        return made

    def operation(self, path, method, source, tag):
        for wanted in ("operationId", "summary", "x-scope"):
            if wanted not in source:
                fail(f"{method} {path}: no {wanted}")
        made = {"operationId": source["operationId"], "tags": [tag]}
        made |= {k: v for k, v in source.items() if k not in SHORTHAND and k not in made}
        if source["x-scope"] == "public":
            made["security"] = []
        parameters = self.parameters(path, method, source)
        if parameters:
            made["parameters"] = parameters
        body = self.body(path, source)
        if body:
            made["requestBody"] = body
        made["responses"] = self.responses(method, source)
        return made

    def parameters(self, path, method, source):
        command = self.schemas.get(source.get("x-command"), {})
        own = source.get("x-path", {})
        made = []
        for name in path_names(path):
            schema = own.get(name) or command.get("properties", {}).get(name) or PATH_PARAMETERS.get(name)
            if not schema:
                fail(f"{method} {path}: nothing says what {{{name}}} is")
            made.append(parameter(name, "path", schema))
        made += [parameter(n, "query", s) for n, s in source.get("x-query-parameters", {}).items()]
        made += [parameter(n, "header", s) for n, s in source.get("x-headers", {}).items()]
        usual = []
        if "x-command" in source or source.get("x-change-set"):
            usual = ["dry_run", "if_match", "idempotency_key", "prefer", "confirm_within"]
        elif "x-query" in source:
            usual = ["at", "limit", "cursor"] if "x-list-of" in source else ["at"]
        made += [{"$ref": f"#/components/parameters/{n}"} for n in source.get("x-parameters", usual)]
        return made

    def body(self, path, source):
        required = not source.get("x-body-optional", False)
        if "x-consumes" in source:
            raw = {"schema": {"type": "string", "x-multiline": True}}
            return {"required": required, "content": {m: raw for m in source["x-consumes"]}}
        if source.get("x-change-set"):
            return {"required": True, "content": {"application/json": {"schema": ref("ChangeSet")}}}
        name = source.get("x-body")
        if "x-command" in source:
            command = source["x-command"]
            name = name or self.command_body(path, command)
            if not source.get("x-not-in-changes"):
                self.commands[command] = source["x-scope"]
        if not name:
            return None
        content = {"application/json": {"schema": ref(name)}}
        if "merge patch" in self.schemas[name].get("description", ""):
            content["application/merge-patch+json"] = {"schema": ref(name)}
        return {"required": required, "content": content}

    def command_body(self, path, command):
        """The command's data without what the path says; nothing where that is all."""
        if command not in self.schemas:
            fail(f"{path}: the command {command} has no definition")
        data = self.schemas[command]
        names = path_names(path)
        properties = {k: v for k, v in data.get("properties", {}).items() if k not in names}
        if not names:
            return command
        if not properties:
            return None
        body = copy.deepcopy({k: v for k, v in data.items() if k not in ("properties", "required")})
        required = [r for r in data.get("required", []) if r not in names]
        if required:
            body["required"] = required
        body["properties"] = copy.deepcopy(properties)
        self.schemas[f"{command}Body"] = body
        return f"{command}Body"

    def responses(self, method, source):
        if source.get("x-not-built"):
            problem = {"$ref": "#/components/responses/problem"}
            return {"501": problem, "default": problem}
        if source.get("x-websocket"):
            return {"101": {"description": "The websocket."}, "default": {"$ref": "#/components/responses/problem"}}
        is_command = "x-command" in source or source.get("x-change-set")
        headers = {"X-Pic-Seq": {"$ref": "#/components/headers/seq"}} if is_command or "x-query" in source else {}
        status, answer = "200", {"description": "Done."}
        content = self.content(source, is_command)
        if source.get("x-creates"):
            status, answer["description"] = "201", "Created."
            if is_command:
                headers["Location"] = {"$ref": "#/components/headers/location"}
        elif method == "delete":
            status, content, answer["description"] = "204", None, "Removed."
        is_resource = "x-query" in source and "x-list-of" not in source and "x-unversioned" not in source
        has_resource = "x-command" in source and source.get("x-returns", "CommandAnswer") != "CommandAnswer"
        if has_resource and method != "delete" or is_resource:
            headers["ETag"] = {"$ref": "#/components/headers/etag"}
        if headers:
            answer["headers"] = headers
        if content:
            answer["content"] = content
        made = {status: answer, "default": {"$ref": "#/components/responses/problem"}}
        if source.get("x-accepts"):
            made["202"] = {**answer, "description": "Asked for, and not ended yet."}
        if is_command:
            self.add_dry_run(made, answer.get("content") or self.content(source, is_command))
        return dict(sorted(made.items()))

    def add_dry_run(self, made, content):
        """A dry run answers 200, and so does a removal that was waited for."""
        [(media, done)] = content.items()
        either = {"anyOf": [done["schema"], ref("DryRun")]}
        made.setdefault("200", {"description": "A dry run, or what was asked to be waited for."})
        made["200"]["content"] = {media: {"schema": either}}

    def content(self, source, is_command):
        if "x-produces" in source:
            text, document = {"type": "string"}, {"type": "object", "additionalProperties": True}
            return {m: {"schema": document if m.endswith("json") else text} for m in source["x-produces"]}
        if source.get("x-returns-any"):
            return {"application/json": {"schema": {"type": "object", "additionalProperties": True}}}
        returns = source.get("x-returns")
        if is_command and (not returns or returns == "CommandAnswer"):
            return {"application/json": {"schema": ref("CommandAnswer")}}
        if is_command:
            self.schemas.setdefault(f"{returns}Answer", self.answer_with(returns))
            return {"application/json": {"schema": ref(f"{returns}Answer")}}
        if "x-list-of" in source:
            return {"application/json": {"schema": {
                "type": "object", "required": ["items", "next_cursor"],
                "properties": {"items": {"type": "array", "items": ref(source["x-list-of"])},
                               "next_cursor": {"type": ["string", "null"]}}}}}
        return {"application/json": {"schema": ref(returns)}} if returns else None

    def answer_with(self, resource):
        answer = copy.deepcopy(self.schemas["CommandAnswer"])
        answer["description"] = "What the command did, and the resource as it is now."
        answer["properties"]["resource"] = ref(resource)
        del answer["properties"]["resources"]
        return answer

    def change_set(self):
        names = []
        for command, scope in sorted(self.commands.items()):
            made = {"type": "object", "required": ["type"], "x-scope": scope,
                    "properties": {"type": {"const": command}, "data": ref(command)}}
            if self.schemas[command].get("required"):
                made["required"].append("data")
            self.schemas[f"{command}Command"] = made
            names.append(f"{command}Command")
        self.schemas["ChangeSet"] = {
            "type": "object", "required": ["commands"],
            "properties": {
                "commands": {"type": "array", "minItems": 1, "maxItems": 1000, "items": ref("Command")},
                "note": {"type": "string", "maxLength": 200, "format": "text"}}}
        self.schemas["Command"] = {"oneOf": [ref(n) for n in names], "discriminator": {
            "propertyName": "type", "mapping": {c: f"#/components/schemas/{c}Command" for c in sorted(self.commands)}}}

    def check_references(self, node):
        if isinstance(node, dict):
            target = node.get("$ref")
            if isinstance(target, str):
                at = self.document
                for step in target.removeprefix("#/").split("/"):
                    if step not in at:
                        fail(f"{target} leads nowhere")
                    at = at[step]
            node = node.values()
        elif not isinstance(node, list):
            return
        for child in node:
            self.check_references(child)


class Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data):
        return True

    def represent_text(self, text):
        return self.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


Dumper.add_representer(str, Dumper.represent_text)
HEADER = "# Made by tools/openapi.py out of openapi.base.yaml and the services' files: change those.\n"


def to_yaml(document):
    return HEADER + yaml.dump(document, Dumper=Dumper, sort_keys=False, width=120, allow_unicode=True)


def literal(text):
    """A C++ raw string, in pieces: compilers bound the length of one."""
    pieces = [text[i:i + 8000] for i in range(0, len(text), 8000)]
    return "\n".join(f'R"json({piece})json"' for piece in pieces)


def cpp_document(document):
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    return f'#include "schema/openapi.hpp"\nnamespace pic {{\nstd::string_view openapi_json() {{\nreturn {literal(text)};\n}}\n}}\n'


def cpp_rejections():
    entries = json.loads((SCHEMA / "rejections.json").read_text())
    rows = [f"{{{json.dumps(code)}, {e['status']}, {json.dumps(e['title'])}, {json.dumps(e['explanation'])}}}"
            for code, e in sorted(entries.items())]
    return ('#include "schema/rejections.hpp"\nnamespace pic {\nnamespace {\nconstexpr RejectionInfo table[] = {\n'
            + ",\n".join(rows) + "};\n}\nstd::span<const RejectionInfo> all_rejections() { return table; }\n}\n")


def main(arguments):
    match arguments:
        case ["yaml"]:
            (SCHEMA / "openapi.yaml").write_text(to_yaml(Merger().merge()))
        case ["yaml", "--check"]:
            if (SCHEMA / "openapi.yaml").read_text() != to_yaml(Merger().merge()):
                fail("schema/openapi.yaml is stale: run tools/openapi.py yaml")
        case ["cpp", out]:
            Path(out).write_text(cpp_document(Merger().merge()))
        case ["rejections", out]:
            Path(out).write_text(cpp_rejections())
        case _:
            fail(__doc__)


main(sys.argv[1:])
