#!/usr/bin/env python3
"""Blocklists with the real CoreDNS: fetched, given, let through, kept; and what a stranger's server may not do."""

import http.server
import json
import pathlib
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "crash"))
from local_api import Api  # noqa: E402
from harness import Resolver, Runtime, eventually  # noqa: E402

MANY = 200_000


class ListServer:
    """Somebody's web server on loopback: path -> (status, headers, body)."""

    def __init__(self, address="127.0.0.1"):
        self.address, self.pages, self.asked = address, {}, []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked.append((self.path, dict(self.headers)))
                status, headers, body = outer.pages.get(self.path, (404, {}, b""))
                if headers.get("ETag") and self.headers.get("If-None-Match") == headers["ETag"]:
                    status, body = 304, b""
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((address, 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path):
        return f"http://{self.address}:{self.server.server_port}{path}"

    def put(self, path, text, **headers):
        self.pages[path] = (200, headers, text.encode())
        return self.url(path)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Blocklists(unittest.TestCase):
    def start(self, networks="127.0.0.0/8"):
        self.web = ListServer()
        self.addCleanup(self.web.close)
        self.cell = Runtime(supervised=False)
        self.addCleanup(self.cell.close)
        if networks:
            self.cell.environment["PIC_VALUES"] += f",blocklist_networks={networks}"
        self.cell.start().setup()
        self.cell.wait_applied("dns")
        names = {name: "198.51.100.7" for name in (
            "ads.example", "sub.ads.example", "tracker.example", "cdn.tracker.example", "good.tracker.example", "plain.example",
            "sub.plain.example", "fine.example", "nas.cell.home.arpa", f"n{MANY - 1}.many.example")}
        self.resolver = Resolver(names)
        self.addCleanup(self.resolver.close)
        self.cell.picctl("dns", "upstreams", f"127.0.0.1:{self.resolver.port}", "--wait")

    def add(self, name, *words):
        return self.cell.json("dns", "blocklist", "add", name, *words, "--wait")

    def table(self):
        tables = Api(pathlib.Path(self.cell.environment["PIC_DATA"]) / "picd.sock").get("/services/dns/live")["items"]
        found = [table for table in tables if table["table"] == "blocklists"]
        return {row[0]: dict(zip(found[0]["columns"], row)) for row in found[0]["rows"]} if found else {}

    def rcode(self, name):
        text = self.cell.run("dig", "@127.0.0.1", "-p", self.cell.dns_port, "+time=2", "+tries=1", name, check=False).stdout
        return text.split("status: ")[1].split(",")[0] if "status: " in text else None

    def is_blocked(self, name):
        return self.rcode(name) == "NXDOMAIN"

    def eventually_blocked(self, name):
        eventually(lambda: self.is_blocked(name), f"{name} is blocked")

    def test_names_that_are_given_are_not_answered(self):
        self.start()
        self.assertEqual(self.cell.dig("cdn.tracker.example"), ["198.51.100.7"])
        made = self.add("trackers", "--names", "tracker.example", "--allow", "good.tracker.example")
        self.assertEqual(made["applied"][0]["state"], "applied", made)
        for name in ("tracker.example", "cdn.tracker.example", "CDN.Tracker.Example"):
            self.assertTrue(self.is_blocked(name), name)
        self.assertEqual(self.cell.dig("good.tracker.example"), ["198.51.100.7"])
        self.assertEqual(self.cell.dig("tracker.example", "+tcp"), [])
        self.cell.picctl("dns", "blocklist", "set", "trackers", "enabled", "no", "--wait")
        self.assertEqual(self.cell.dig("tracker.example"), ["198.51.100.7"])
        self.cell.picctl("dns", "blocklist", "set", "trackers", "enabled", "yes", "--wait")
        self.assertTrue(self.is_blocked("tracker.example"))
        self.cell.picctl("dns", "blocklist", "remove", "trackers", "--wait")
        self.assertEqual(self.cell.dig("tracker.example"), ["198.51.100.7"])
        self.cell.picctl("undo", self.cell.head(), "--wait")
        self.assertTrue(self.is_blocked("tracker.example"))

    def test_a_list_is_fetched_in_each_form_and_kept_through_a_restart(self):
        self.start()
        hosts = self.web.put("/hosts", "# ads\n0.0.0.0 ads.example # here\n127.0.0.1 localhost\n::1 other.example\n", ETag='"1"')
        adblock = self.web.put("/adblock", "[Adblock]\n! x\n||tracker.example^\n@@||good.tracker.example^\n||x.example^$script\n")
        plain = self.web.put("/plain", "\ufeffplain.example\nnot a name\n" + "x" * 9000 + "\nFINE.example.\n")
        ids = {name: self.add(name, "--from", url)["resource"]["id"]
               for name, url in (("hosts", hosts), ("adblock", adblock), ("plain", plain))}
        for name in ("ads.example", "cdn.tracker.example", "plain.example", "fine.example"):
            self.eventually_blocked(name)
        for name in ("sub.ads.example", "good.tracker.example", "sub.plain.example"):
            self.assertEqual(self.cell.dig(name), ["198.51.100.7"], name)
        eventually(lambda: self.table().get(ids["hosts"], {}).get("names") == 2, "what was found is told")
        row = eventually(lambda: self.table()[ids["hosts"]]["blocked"] and self.table()[ids["hosts"]], "and how often it blocked")
        self.assertTrue(row["fetched_at"])

        self.web.close()
        self.web.asked.clear()
        self.cell.end("pic-agent")
        self.cell.start_agent()
        eventually(lambda: self.is_blocked("ads.example"), "what was fetched is kept")
        self.assertEqual(self.cell.dig("sub.ads.example"), ["198.51.100.7"])

    def test_a_long_list_costs_the_log_and_the_bus_nothing(self):
        self.start()
        url = self.web.put("/many", "".join(f"0.0.0.0 n{n}.many.example\n" for n in range(MANY)))
        data = pathlib.Path(self.cell.environment["PIC_DATA"])
        before = sum(file.stat().st_size for file in data.glob("log.db*"))
        self.add("many", "--from", url)
        self.eventually_blocked(f"n{MANY - 1}.many.example")
        self.assertLess(sum(file.stat().st_size for file in data.glob("log.db*")) - before, 200_000)
        artefacts = {item["path"]: item["size"] for item in self.cell.json("artefacts")["items"] if item["service"] == "dns"}
        self.assertTrue(all(size < 4096 for path, size in artefacts.items() if path.startswith("blocklists/")), artefacts)
        rss = [int(line.split()[1]) for p in self.cell.family() if p.name == "coredns"
               for line in pathlib.Path(f"/proc/{p.pid}/status").read_text().splitlines() if line.startswith("VmRSS")]
        print(f"\n{MANY} names: CoreDNS holds {max(rss) // 1024} MiB")

    def test_a_list_that_fails_is_told_and_the_last_good_one_goes_on(self):
        self.start(networks="")
        made = self.add("inside", "--from", self.web.put("/hosts", "0.0.0.0 ads.example\n"))["resource"]["id"]
        row = eventually(lambda: self.table().get(made, {}).get("failure") and self.table()[made], "it is told")
        self.assertIn("127.0.0.1 is no public address", row["failure"])
        self.assertEqual(self.web.asked, [])
        self.assertEqual(self.cell.dig("ads.example"), ["198.51.100.7"])

    def test_no_redirect_leads_into_the_cells_own_networks(self):
        self.start(networks="127.0.0.2/32")
        outside = ListServer("127.0.0.2")
        self.addCleanup(outside.close)
        inside = self.web.put("/hosts", "0.0.0.0 ads.example\n")
        outside.pages["/hosts"] = (302, {"Location": inside}, b"")
        made = self.add("sly", "--from", outside.url("/hosts"))["resource"]["id"]
        row = eventually(lambda: self.table().get(made, {}).get("failure") and self.table()[made], "it is told")
        self.assertIn("127.0.0.1 is no public address", row["failure"])
        self.assertTrue(outside.asked)
        self.assertEqual(self.web.asked, [])

    def test_bad_lists_are_refused(self):
        self.start()
        head = self.cell.head()
        for words in (["--from", "ftp://example.org/x"], ["--from", "http://u:p@example.org/x"], ["--from", "https://example.org/a b"],
                      ["--from", "https://exa mple/"], ["--from", "https://example.org/x#y"], ["--names", "a_b..c"], []):
            refused = self.cell.picctl("--json", "dns", "blocklist", "add", "x", *words, check=False)
            self.assertEqual(json.loads(refused.stderr)["code"], "invalid_field", words)
        self.assertEqual(self.cell.head(), head)
        self.add("x", "--names", "a.example")
        refused = self.cell.picctl("--json", "dns", "blocklist", "add", "x", "--names", "b.example", check=False)
        self.assertEqual(json.loads(refused.stderr)["code"], "name_taken")


if __name__ == "__main__":
    unittest.main(verbosity=2)
