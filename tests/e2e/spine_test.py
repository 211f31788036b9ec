"""The whole line, on real programs: a command, and a service that answers differently."""

import pathlib
import signal
import subprocess
import time
import unittest

from harness import Laptop, Questioner, Resolver, Runtime, address_of, eventually, processes, why_no_tunnel


class Cell(unittest.TestCase):
    """A test with a running cell, set up."""

    supervised = True

    def setUp(self):
        self.cell = Runtime(self.supervised)
        self.addCleanup(self.cell.close)
        self.cell.start().setup()
        self.cell.wait_applied("dns", "wireguard")

    def cell_namespace(self):
        """The pid that holds the network namespace which the agent made for WireGuard."""
        def with_tunnel():
            ours = pathlib.Path("/proc/self/ns/net").readlink()
            for process in self.cell.family():
                try:
                    if pathlib.Path(f"/proc/{process.pid}/ns/net").readlink() == ours:
                        continue
                    if "wg0:" in pathlib.Path(f"/proc/{process.pid}/net/dev").read_text():
                        return process.pid
                except OSError:
                    continue
            return None
        return eventually(with_tunnel, "the agent made its namespace")

    def eventually_resolves(self, name, expected):
        eventually(lambda: self.cell.dig(name) == expected, f"{name} is {expected}")


class FirstUse(Cell):
    def test_the_commands_of_the_first_day(self):
        cell = self.cell
        added = cell.json("peer", "add", "laptop", "--wait")
        address = added["resource"]["address"]
        self.assertEqual(cell.dig("laptop.cell.home.arpa"), [address])
        self.assertEqual(cell.dig("laptop.cell.home.arpa", "+tcp"), [address])
        self.assertEqual(cell.dig("-x", address), ["laptop.cell.home.arpa."])

        plan = cell.json("cell", "set", "domain", "home.example", "--dry-run")
        self.assertEqual([event["type"] for event in plan["events"]], ["CellChanged"])
        before = cell.head()
        changed = cell.json("cell", "set", "domain", "home.example", "--wait")
        self.assertEqual(changed["seq"], before + 1, "a dry run writes nothing")
        self.assertEqual(cell.dig("laptop.home.example"), [address])
        self.assertEqual(cell.dig("laptop.cell.home.arpa"), [])

        self.assertIn("PeerAdded", cell.picctl("events").stdout)
        self.assertIn("The log is whole", cell.picctl("log", "verify").stdout)
        self.assertIn("home.example", cell.picctl("diff", before, changed["seq"]).stdout)
        self.assertEqual(cell.json("at", before, "cell", "show")["domain"], "cell.home.arpa")

        cell.picctl("undo", changed["seq"], "--wait")
        self.assertEqual(cell.dig("laptop.cell.home.arpa"), [address])
        self.assertEqual(cell.json("cell", "show")["domain"], "cell.home.arpa")

        refused = cell.picctl("peer", "add", "laptop", check=False)
        self.assertEqual(refused.returncode, 5, refused.stderr)
        self.assertEqual(cell.picctl("cell", "set", "vpn_range", "8.8.8.0/24", check=False).returncode, 1)

    def test_records_zones_and_upstreams(self):
        cell = self.cell
        resolver = Resolver({"www.upstream.test": "198.51.100.7"})
        self.addCleanup(resolver.close)
        cell.picctl("dns", "upstreams", f"127.0.0.1:{resolver.port}", "--wait")
        self.assertEqual(cell.dig("www.upstream.test"), ["198.51.100.7"])

        cell.picctl("dns", "record", "add", "www", "A", "10.8.0.77", "--wait")
        cell.picctl("dns", "record", "add", "*", "A", "10.8.0.78", "--wait")
        cell.picctl("dns", "record", "add", "@", "MX", "10", "www.cell.home.arpa.", "--wait")
        self.assertEqual(cell.dig("www.cell.home.arpa"), ["10.8.0.77"])
        self.assertEqual(cell.dig("anything.cell.home.arpa"), ["10.8.0.78"])
        self.assertEqual(cell.dig("cell.home.arpa", "MX"), ["10", "www.cell.home.arpa."])
        cell.picctl("dns", "record", "set", "www", "value", "10.8.0.79", "--wait")
        self.assertEqual(cell.dig("www.cell.home.arpa"), ["10.8.0.79"])
        answer = cell.json("dns", "query", "www.cell.home.arpa")
        self.assertEqual([item["value"] for item in answer["answers"]], ["10.8.0.79"])
        self.assertIn("www", cell.picctl("dns", "zone", "export").stdout)
        cell.picctl("dns", "record", "remove", "www", "--wait")
        self.assertEqual(cell.dig("www.cell.home.arpa"), ["10.8.0.78"])

    def test_the_configuration_comes_back(self):
        cell = self.cell
        cell.picctl("peer", "add", "laptop")
        config = cell.folder / "cell_config.json"
        cell.picctl("export", "--out", config)
        cell.picctl("peer", "remove", "laptop")
        cell.picctl("import", config)
        self.assertEqual([peer["name"] for peer in cell.json("peer", "list")["items"]], ["laptop"])


class Backup(Cell):
    def test_a_backup_comes_back(self):
        cell = self.cell
        cell.picctl("peer", "add", "laptop")
        backup = cell.folder / "home.pic"
        cell.picctl("backup", backup, "--passphrase-stdin", input="a long passphrase\n")
        cell.picctl("peer", "add", "phone", "--wait")
        refused = cell.picctl("backup-restore", backup, "--passphrase-stdin", input="another one\n", check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assertEqual(len(cell.json("peer", "list")["items"]), 2)
        cell.picctl("backup-restore", backup, "--passphrase-stdin", input="a long passphrase\n")
        cell.wait_until_up()
        self.assertEqual([peer["name"] for peer in cell.json("peer", "list")["items"]], ["laptop"])
        self.eventually_resolves("phone.cell.home.arpa", [])
        self.assertIn("The log is whole", cell.picctl("log", "verify").stdout)


@unittest.skipIf(why_no_tunnel(), why_no_tunnel())
class Tunnel(Cell):
    def test_a_laptop_joins_and_leaves(self):
        cell = self.cell
        resolver = Resolver({"www.upstream.test": "198.51.100.7"})
        self.addCleanup(resolver.close)
        cell.picctl("dns", "upstreams", f"127.0.0.1:{resolver.port}", "--wait")
        cell.picctl("cell", "set", "endpoint", f"{Laptop.CELL}:51820", "--wait")
        cell.picctl("peer", "add", "laptop", "--internet", "no", "--wait")
        config = cell.picctl("peer", "config", "laptop").stdout
        address = address_of(config)
        server = next(item for item in cell.picctl("artefacts", "show", "wireguard", "wg0.conf").stdout.split("\n"))
        self.assertTrue(server)
        gateway = address.rsplit(".", 1)[0] + ".1"

        laptop = Laptop(self.cell_namespace())
        self.addCleanup(laptop.close)
        laptop.up(config)
        eventually(lambda: laptop.pings(gateway), "the laptop pings through the tunnel")
        self.assertEqual(laptop.resolves("laptop.cell.home.arpa"), [address])
        self.assertEqual(laptop.resolves("www.upstream.test"), ["198.51.100.7"])

        def traffic():
            seen = cell.json("peer", "traffic", "laptop")
            return seen if seen["received_bytes"] and seen["latest_handshake"] else None
        seen = eventually(traffic, "what passed is known")
        self.assertIn(laptop.address, seen["endpoint"])

        cell.picctl("cell", "set", "domain", "home.example", "--wait")
        self.assertEqual(laptop.resolves("laptop.home.example"), [address])
        self.assertEqual(laptop.resolves("laptop.cell.home.arpa"), [])

        cell.picctl("peer", "add", "phone", "--wait")
        self.assertTrue(laptop.pings(gateway), "another peer changes nothing for this one")

        cell.picctl("peer", "remove", "laptop", "--wait")
        self.assertFalse(laptop.pings(gateway), "the tunnel is dead")
        self.assertEqual(cell.dig("laptop.home.example"), [])


class Convergence(Cell):
    supervised = False

    def test_an_agent_that_was_away_converges(self):
        cell = self.cell
        cell.picctl("peer", "add", "laptop", "--wait")
        self.assertEqual(cell.end("pic-agent"), 0)
        eventually(lambda: not [p for p in processes() if p.name == "coredns" and p.session in self.sessions()],
                   "its children end with it")
        address = cell.json("peer", "add", "phone")["resource"]["address"]
        cell.picctl("cell", "set", "domain", "home.example")
        late = cell.picctl("cell", "set", "name", "late", "--wait=1", check=False)
        self.assertIn(late.returncode, (0, 8))
        cell.start_agent()
        cell.wait_applied("dns", "wireguard")
        self.assertEqual(cell.dig("phone.home.example"), [address])

    def sessions(self):
        return {child.pid for child in self.cell.children.values()}

    def test_a_killed_agent_and_a_killed_daemon_come_back_to_the_same(self):
        cell = self.cell
        address = cell.json("peer", "add", "laptop", "--wait")["resource"]["address"]
        before = cell.picctl("artefacts", "--json").stdout
        head = cell.head()
        cell.end("pic-agent", signal.SIGKILL)
        cell.end("picd", signal.SIGKILL)
        cell.start_daemon()
        cell.start_agent()
        cell.wait_until_up()
        cell.wait_applied("dns", "wireguard")
        self.assertEqual(cell.head(), head)
        self.assertEqual(cell.picctl("artefacts", "--json").stdout, before)
        self.assertEqual(cell.dig("laptop.cell.home.arpa"), [address])
        self.assertIn("The log is whole", cell.picctl("log", "verify").stdout)

    def test_a_second_daemon_on_the_same_data_is_refused(self):
        cell = self.cell
        second = subprocess.run([str(cell.environment["PIC_PROGRAMS"]) + "/picd"], env=cell.environment,
                                capture_output=True, text=True, timeout=60)
        self.assertNotEqual(second.returncode, 0)
        self.assertTrue(second.stderr.strip() or second.stdout.strip(), "it says why")
        self.assertEqual(cell.picctl("cell", "show").returncode, 0)


class NoQueryLost(Cell):
    queries, changes = 10_000, 20

    def test_changes_lose_no_query(self):
        cell = self.cell
        address = cell.json("peer", "add", "laptop", "--wait")["resource"]["address"]
        questioner = Questioner(cell.dns_port, "laptop.cell.home.arpa", address)
        questioner.start()
        for number in range(self.changes):
            cell.picctl("dns", "record", "add", f"host{number}", "A", f"10.8.0.{100 + number}", "--wait")
            self.assertEqual(cell.dig(f"host{number}.cell.home.arpa"), [f"10.8.0.{100 + number}"])
        eventually(lambda: questioner.asked >= self.queries, "enough queries")
        questioner.done.set()
        questioner.join()
        self.assertEqual(questioner.wrong[:3], [])
        self.assertEqual(questioner.answered, questioner.asked)


class Ending(Cell):
    def test_ctrl_c_leaves_nothing(self):
        self.ends_by(lambda group: subprocess.run(["kill", "-INT", "--", f"-{group}"], check=True))

    def test_sigterm_leaves_nothing(self):
        self.ends_by(lambda group: subprocess.run(["kill", "-TERM", str(group)], check=True))

    def test_a_killed_launcher_leaves_nothing(self):
        self.ends_by(lambda group: subprocess.run(["kill", "-KILL", str(group)], check=True), codes=(-9,))

    def ends_by(self, how, codes=(0,)):
        cell = self.cell
        cell.picctl("peer", "add", "laptop", "--wait")
        family = cell.family()
        names = {process.name for process in family}
        self.assertLessEqual({"picd", "pic-agent", "coredns"}, names)
        launcher = cell.children["run.sh"]
        groups = {process.group for process in family if process.name in ("picd", "pic-agent")}
        self.assertEqual(groups, {launcher.pid}, "all share the launcher's process group")

        how(launcher.pid)
        self.assertIn(launcher.wait(60), codes, cell.log()[-3000:])
        pids = {process.pid for process in family}
        eventually(lambda: not [p for p in processes() if p.pid in pids], "every process has ended")
        cell.children.clear()

        again = Runtime(data=cell.folder)
        again.environment = cell.environment
        again.dns_port = cell.dns_port
        again.start()
        again.wait_applied("dns")
        self.assertEqual(len(again.dig("laptop.cell.home.arpa")), 1)
        again.stop()
        again.console.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
