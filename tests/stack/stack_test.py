#!/usr/bin/env python3
"""One cell on a sealed engine, set up and managed by make, asked by real clients. Started by run.sh inside the engine's network
namespace: stack_test.py CELL_FOLDER NAMESPACE [TEST...]. The tests run in the order of their names, since one life of one cell
is what they look at."""
import json
import os
import re
import shutil
import subprocess
import sys
import time
import unittest

from clients import HERS, HIS, Clients, messages, send
from people import People
from stack_cell import (ADMIN_PASSWORD, CELL, DOMAIN, PASSPHRASE, Internet, all_mebibytes, api, container_mebibytes, containers, converged,
                        dig, digests, health, lagging, make, picctl, rendered, run, status, typed, wait_for, wipe)


# What containers have besides nothing, as docs/security.md lists it.
CAPABILITIES = {"cell-wireguard": "NET_ADMIN", "cell-dhcp": "NET_ADMIN NET_RAW SETGID SETUID",
                "cell-mail": "CHOWN DAC_OVERRIDE FOWNER KILL SETGID SETUID SYS_CHROOT"}


class StackTest(Clients, People, unittest.TestCase):
    maxDiff = None
    BUILDER = os.environ.get("BUILDER", "cell/builder")

    @classmethod
    def setUpClass(cls):
        cls.machines = {"outside": Internet()}
        refused = make("start", check=False)
        assert refused.returncode != 0 and "make setup" in refused.stderr, refused.stderr
        # The owner of the files is not who runs the tests, as the owner of a household's cell is not root.
        env = (CELL / ".env.example").read_text().replace("PUID=1000", "PUID=4242").replace("PGID=1000", "PGID=4242")
        (CELL / ".env").write_text(env + "FLASK_DEBUG=1\n")
        doctor = make("doctor", check=False)
        assert doctor.returncode == 0, doctor.stdout + doctor.stderr
        code, shown = typed(["make", "setup"], ("Name of the cell [home]:", ""), ("Domain of its names [cell.home.arpa]:", DOMAIN),
                            ("Addresses of the VPN [10.8.0.0/24]:", ""), ("Password of the administrator", ADMIN_PASSWORD),
                            ("Once more:", ADMIN_PASSWORD))
        assert code == 0 and "Next: make start" in shown and ADMIN_PASSWORD not in shown, shown
        begun = time.monotonic()
        make("start")
        print(f"up to all healthy: {time.monotonic() - begun:.1f} s", flush=True)
        print(run("docker", "stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}}").stdout, flush=True)

    @staticmethod
    def set_up():
        make("setup", CELL_NAME="home", CELL_DOMAIN=DOMAIN, VPN_RANGE="10.8.0.0/24", ADMIN_PASSWORD=ADMIN_PASSWORD, SKIP_BUILD=1)

    @classmethod
    def tearDownClass(cls):
        for machine in cls.machines.values():
            machine.close()

    def test_10_all_are_healthy(self):
        for name in containers():
            self.assertEqual(health(name), "healthy", name)
        self.assertEqual(sorted(containers()), sorted(f"cell-{name}" for name in (
            "api", "broker", "caddy", "dhcp", "dns", "filegator", "mail", "ntp", "radicale", "rainloop", "webdav", "webui", "wireguard")))
        converged()
        states = {s["name"]: s["state"] for s in api("services")["items"]}
        self.assertEqual(states.pop("dhcp"), "disabled")
        self.assertEqual(set(states.values()), {"applied"}, states)

    def test_09_the_set_up_reads_an_env_that_is_there(self):
        env = (CELL / ".env").read_text()
        self.assertIn("PIC_LOG_LEVEL=debug\n", env)  # what FLASK_DEBUG=1 meant
        self.assertFalse([line for line in env.splitlines() if line.startswith("FLASK_DEBUG=")])
        password = re.search(r"WEBDAV_PASS=(\S{10,})\n", env).group(1)
        self.assertEqual(status("--user", f"webdav:{password}", "--request", "PROPFIND", "--header", "Depth: 1", "http://127.0.0.1:8080/webdav/"), "207")
        self.assertEqual((CELL / ".env").stat().st_mode & 0o777, 0o600)
        self.assertEqual((CELL / "data/stack/api/log.db").stat().st_uid, 4242)
        queue = next(CELL.glob("data/stack/mail/state/mail/queue/active"))
        self.assertEqual(queue.stat().st_uid, 901, "the one that the image names, not whichever Debian gave")
        in_the_log = picctl("artefacts", "show", "cell", ".env").stdout
        self.assertIn("PUID=4242\n", in_the_log)
        self.assertNotIn("WEBDAV_PASS", in_the_log)
        self.assertFalse(list((CELL / "data/stack/enrol").glob("*/agent-token")))  # used, and gone
        refused = make("setup", check=False, ADMIN_PASSWORD="another long password")
        self.assertIn("set up already", refused.stderr)

    def test_11_least_rights(self):
        for name in containers():
            host = json.loads(run("docker", "inspect", "-f", "{{json .HostConfig}}", name).stdout)
            self.assertTrue(host["ReadonlyRootfs"], name)
            self.assertEqual(host["CapDrop"], ["ALL"], name)
            self.assertFalse(host["Privileged"], name)
            root = run("docker", "exec", name, "id", "-u").stdout.strip() == "0"
            self.assertEqual(root, name in ("cell-broker", "cell-dhcp", "cell-mail", "cell-wireguard"), name)
            self.assertEqual(sorted(host["CapAdd"] or []), sorted(CAPABILITIES.get(name, "").split()), name)
            self.assertIn("no-new-privileges:true", host["SecurityOpt"], name)
            sockets = [b for b in host["Binds"] or [] if "docker.sock" in b]
            self.assertEqual(bool(sockets), name == "cell-broker", f"{name} and the Docker socket: {sockets}")

    def test_12_memory_at_rest(self):
        others = ("cell-api", "cell-broker", "cell-webui", "cell-filegator")
        agents = {name: container_mebibytes(name) for name in containers() if name not in others}
        stack, controller = all_mebibytes(), container_mebibytes("cell-api")
        print(f"\nthe stack {stack:.0f} MiB, the controller {controller:.0f}, agents {min(agents.values()):.1f} to {max(agents.values()):.1f}",
              flush=True)
        self.assertLess(controller, 40)
        self.assertLess(max(agents.values()), 10, agents)
        self.assertLess(stack, 350)

    def test_40_containers_by_the_broker(self):
        names = {c["name"]: c for c in api("containers")["items"]}
        self.assertEqual(set(names), set(containers()))
        self.assertEqual(names["cell-dns"]["address"], "172.20.0.3")
        picctl("containers", "stop", "cell-dns")
        self.assertNotIn("cell-dns", containers())
        self.assertTrue(any(f["id"] == "container-cell-dns" for f in api("findings")["items"]))
        picctl("containers", "start", "cell-dns")
        wait_for("dns", lambda: dig("printer.home.example") == ["192.168.1.9"])
        pid = run("docker", "inspect", "-f", "{{.State.Pid}}", "cell-ntp").stdout
        picctl("containers", "restart", "cell-ntp")
        self.assertNotEqual(run("docker", "inspect", "-f", "{{.State.Pid}}", "cell-ntp").stdout, pid)
        self.assertIn("connected", picctl("containers", "logs", "cell-dns").stdout)
        self.assertGreater(json.loads(picctl("--json", "containers", "stats", "cell-dns").stdout)["memory_bytes"], 0)
        refused = picctl("containers", "stop", "cell-api", check=False)
        self.assertNotEqual(refused.returncode, 0)

    def test_41_a_container_of_somebody_else_is_not_there(self):
        run("docker", "run", "-d", "--rm", "--name", "neighbour", "--entrypoint", "sleep", "cell/dns", "600")
        try:
            self.assertNotIn("neighbour", {c["name"] for c in api("containers")["items"]})
            self.assertEqual(picctl("containers", "stop", "neighbour", check=False).returncode, 6)
            self.assertIn("neighbour", containers())
        finally:
            run("docker", "kill", "neighbour")

    def test_50_killed_containers_come_back(self):
        for name in sorted(containers()):
            with self.subTest(container=name):
                pid = run("docker", "inspect", "-f", "{{.State.Pid}}", name).stdout.strip()
                os.kill(int(pid), 9)  # as the kernel would, when memory is short
                wait_for(f"{name} to be another process", lambda: run("docker", "inspect", "-f", "{{.State.Pid}}", name).stdout.strip() not in (pid, "0"))
                wait_for(f"{name} to be healthy", lambda: health(name) == "healthy")
        converged()
        self.everyone_is_served()

    def test_51_services_go_on_without_the_controller(self):
        run("docker", "stop", "cell-api")
        try:
            self.everyone_is_served()
            self.assertEqual(send("alice", f"alice@{DOMAIN}", HERS, "--tls").returncode, 0)
        finally:
            run("docker", "start", "cell-api")
        converged()
        picctl("dns", "record", "add", "scanner", "A", "192.168.1.10", "--wait")
        self.assertEqual(dig(f"scanner.{DOMAIN}"), ["192.168.1.10"])

    def test_52_a_restart_of_the_whole_stack_renders_the_same(self):
        before = digests()
        make("stop")
        self.assertEqual(containers(), [])
        make("start")
        converged()
        self.assertEqual(digests(), before)
        self.everyone_is_served()

    def test_53_a_service_that_is_away_holds_no_other_up(self):
        picctl("containers", "stop", "cell-radicale")
        try:
            picctl("ntp", "set", "192.0.2.1", "192.0.2.2", "--wait")
            picctl("dns", "record", "add", "plotter", "A", "192.168.1.14", "--wait")
            self.assertEqual(dig(f"plotter.{DOMAIN}"), ["192.168.1.14"])
            wait_for("calendars alone to be missed", lambda: list(lagging()) == ["calendar"])
        finally:
            picctl("containers", "start", "cell-radicale")
        converged()

    def test_60_a_port_waits_for_a_restart_and_is_live_after_it(self):
        before = digests()
        picctl("services", "set", "dns", "port", "5353")
        waiting = next(s for s in api("services")["items"] if s["name"] == "dns")
        self.assertIn("DNS_PORT is 53 and becomes 5353", waiting["pending_restart"])
        self.assertTrue(any(f["id"] == "restart-pending-dns" for f in api("findings")["items"]))
        self.assertEqual(dig("printer.home.example"), ["192.168.1.9"])
        untouched = run("docker", "inspect", "-f", "{{.Id}}", "cell-wireguard").stdout
        make("restart")
        self.assertEqual(run("docker", "inspect", "-f", "{{.Id}}", "cell-wireguard").stdout, untouched)
        self.assertEqual(dig("printer.home.example", "-p", "5353"), ["192.168.1.9"])
        self.assertIsNone(next(s for s in api("services")["items"] if s["name"] == "dns")["pending_restart"])
        self.assertIn("DNS_PORT=5353\n", (CELL / ".env").read_text())
        self.assertEqual(digests(), before)

    def test_61_an_edited_env_is_not_written_over(self):
        env = CELL / ".env"
        env.write_text(env.read_text().replace("DNS_PORT=5353", "DNS_PORT=53"))
        self.assertIn("edited by hand", make("status", check=False).stdout)
        refused = make("restart", check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("make adopt", refused.stderr)
        make("adopt")
        make("restart")
        self.assertEqual(dig("printer.home.example"), ["192.168.1.9"])

    def test_62_add_peer_list_peers_show_routes(self):
        picctl("cell", "set", "endpoint", "203.0.113.7:51820")
        made = make("add-peer", PEER_NAME="phone", PEER_IP="10.8.0.77")
        self.assertIn("phone", made.stdout)
        key = run("wg", "pubkey", stdin=run("wg", "genkey").stdout).stdout.strip()
        self.assertIn("Endpoint = 203.0.113.7:51820", make("add-peer", PEER_NAME="desk", PEER_KEY=key).stdout)
        self.assertIn("10.8.0.77", make("list-peers").stdout)
        wait_for("its route", lambda: "10.8.0.77/32" in make("show-routes").stdout, 10)
        self.assertIn("cell-dns", make("logs-dns").stdout + make("logs").stdout)

    def test_63_logs_shell_and_building_one_image(self):
        for name in ("dns", "caddy", "proxy"):  # by the container's name or the service's
            self.assertIn("connected", make(f"logs-{name}", TAIL="all").stdout)
            self.assertIn("applied", run("make", "--no-print-directory", f"shell-{name}", stdin="cat /run/pic-health && echo applied\n").stdout)
        self.assertIn("there is no service nothing", make("logs-nothing", check=False).stderr)
        self.assertIn("Building dns", make("build-dns", BUILDER=self.BUILDER).stdout)
        for name in ("api", "webui"):
            self.assertIn(f"Building {name}", make(f"build-{name}", BUILDER=self.BUILDER).stdout)
        self.assertIn("there is no image nothing", make("build-nothing", check=False).stderr)

    def test_64_every_command_has_its_line_in_the_help(self):
        printed = make("help").stdout
        for target in ("setup", "start", "stop", "restart", "status", "logs", "logs-NAME", "shell-NAME", "build-NAME", "update", "reinstall",
                       "uninstall", "backup", "restore", "list-peers", "show-routes", "add-peer", "test", "test-coverage", "test-integration",
                       "test-integration-readonly", "doctor", "adopt"):
            self.assertRegex(printed, rf"(?m)^  make {re.escape(target)} +\S")

    def test_70_backup_wipe_restore(self):
        picctl("dns", "record", "add", "kept", "A", "192.168.1.11", "--wait")
        before, mail = rendered(), messages("bob", HIS)
        self.assertGreater(mail, 0)
        make("backup", BACKUP_PASSPHRASE=PASSPHRASE)
        archive = next((CELL / "backups").glob("*.pic"))
        self.assertEqual(archive.stat().st_mode & 0o777, 0o600)
        self.assertIn(archive.name, make("restore").stdout)
        picctl("dns", "record", "remove", "kept", "--wait")

        wrong = make("restore", check=False, BACKUP=archive, BACKUP_PASSPHRASE="not that one", FORCE=1)
        self.assertNotEqual(wrong.returncode, 0)
        self.assertIn("nothing was changed", wrong.stderr)
        damaged = archive.with_name("damaged.pic")
        data = bytearray(archive.read_bytes())
        data[len(data) // 2] ^= 1
        damaged.write_bytes(data)
        refused = make("restore", check=False, BACKUP=damaged, BACKUP_PASSPHRASE=PASSPHRASE, FORCE=1)
        self.assertIn("nothing was changed", refused.stderr)
        damaged.unlink()
        self.assertEqual(dig(f"kept.{DOMAIN}"), [])

        env = (CELL / ".env").read_text()
        wipe()
        self.assertFalse((CELL / "data/stack").exists())
        (CELL / ".env").write_text(env)
        self.set_up()
        make("start")
        self.assertEqual(dig(f"kept.{DOMAIN}"), [])
        make("restore", BACKUP=archive, BACKUP_PASSPHRASE=PASSPHRASE, FORCE=1)
        converged()
        self.assertEqual(dig(f"kept.{DOMAIN}"), ["192.168.1.11"])
        self.assertEqual(rendered(), before)
        self.assertEqual(messages("bob", HIS), mail)
        self.everyone_is_served()

    def test_71_an_update_that_does_not_come_well_is_taken_back(self):
        image = run("docker", "inspect", "-f", "{{.Image}}", "cell-dns").stdout
        # A version whose agent ends at once: what 'git pull' may bring on a bad day.
        folder = CELL / "bad"
        folder.mkdir()
        (folder / "pic-agent").write_text("#!/bin/sh\nexit 1\n")
        (folder / "pic-agent").chmod(0o755)
        (folder / "Dockerfile").write_text("FROM cell/builder\nCOPY pic-agent /out/agent/pic-agent\n")
        run("docker", "build", "-q", "-t", "bad-builder", str(folder))
        taken_back = make("update", check=False, BUILDER="bad-builder", NO_BACKUP=1, START_SECONDS=40)
        self.assertNotEqual(taken_back.returncode, 0)
        self.assertIn("the old one runs again", taken_back.stderr)
        self.assertEqual(run("docker", "inspect", "-f", "{{.Image}}", "cell-dns").stdout, image)
        self.assertEqual(dig("printer.home.example"), ["192.168.1.9"])
        make("update", BUILDER=self.BUILDER, BACKUP_PASSPHRASE=PASSPHRASE)

    def test_75_a_second_cell_on_the_same_engine_does_not_clash(self):
        second = CELL.with_name("second")
        shutil.rmtree(second, ignore_errors=True)
        shutil.copytree(CELL, second, ignore=shutil.ignore_patterns("data", "backups", ".env", "bad"))
        env = (second / ".env.example").read_text().replace("PROJECT_NAME=cell", "PROJECT_NAME=second").replace("172.20.", "172.21.")
        env = re.sub(r"_PORT=(\d+)", lambda m: f"_PORT={int(m.group(1)) + 20000 if int(m.group(1)) < 40000 else 51999}", env)
        (second / ".env").write_text(env)
        for image in run("docker", "images", "--format", "{{.Repository}}", "--filter", "reference=cell/*").stdout.split():
            run("docker", "tag", image, image.replace("cell/", "second/"))
        try:
            run("make", "setup", cwd=second, env={"CELL_NAME": "second", "CELL_DOMAIN": "second.example", "VPN_RANGE": "10.9.0.0/24",
                                                  "ADMIN_PASSWORD": ADMIN_PASSWORD, "SKIP_BUILD": "1"})
            run("make", "start", cwd=second)
            run("docker", "exec", "second-api", "picctl", "dns", "record", "add", "there", "A", "192.168.9.9", "--wait")
            self.assertEqual(dig("there.second.example", "-p", "20053"), ["192.168.9.9"])
            self.assertEqual(dig("printer.home.example"), ["192.168.1.9"])
            ours = {c["name"] for c in api("containers")["items"]}
            self.assertFalse([name for name in ours if name.startswith("second")])
            theirs = json.loads(run("docker", "exec", "second-api", "picctl", "--json", "containers").stdout)["items"]
            self.assertTrue(theirs and all(c["name"].startswith("second-") for c in theirs))
        finally:
            run("make", "uninstall", cwd=second, env={"FORCE": "1"}, check=False)
        self.assertTrue(all(health(name) == "healthy" for name in containers()))

    def test_76_reading_only_finds_nothing_and_changes_nothing(self):
        head = picctl("--json", "events", "--limit", "1").stdout
        done = make("test-integration-readonly", check=False)
        failures = [line for line in done.stdout.splitlines() if line.startswith("FAIL")]
        # A sealed engine has no way out, so its resolvers are silent, and that is found to be wrong.
        self.assertEqual([line for line in failures if "nothing is found to be wrong" not in line], [], done.stdout)
        self.assertEqual(picctl("--json", "events", "--limit", "1").stdout, head)

    def test_80_a_taken_port_is_named_with_its_process(self):
        make("stop")
        holder = subprocess.Popen(["/usr/bin/python3", "-c", "import socket,sys\ns=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\n"
                                   "s.bind(('0.0.0.0',53))\nprint('ready',flush=True)\nsys.stdin.read()"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            holder.stdout.readline()
            refused = make("start", check=False)
            self.assertNotEqual(refused.returncode, 0)
            self.assertIn(f"port 53/udp (DNS_PORT) is held by python3 (pid {holder.pid})", refused.stderr)
        finally:
            holder.communicate()
        make("start")

    def test_81_what_stands_in_the_way_is_named(self):
        make("stop")
        refused = make("start", check=False, DOCKER_HOST="unix:///nowhere.sock")
        self.assertIn("Docker does not answer", refused.stderr)
        run("ip", "link", "add", "taken", "type", "bridge")
        run("ip", "addr", "add", "172.20.77.1/24", "dev", "taken")
        run("ip", "link", "set", "taken", "up")
        try:
            refused = make("start", check=False)
            self.assertNotEqual(refused.returncode, 0)
            self.assertIn("CELL_NETWORK 172.20.0.0/16 overlaps 172.20.77.0/24 of taken", refused.stderr)
        finally:
            run("ip", "link", "del", "taken")
        make("start")

    def test_85_reinstall_begins_anew(self):
        asked = make("reinstall", check=False)
        self.assertNotEqual(asked.returncode, 0)
        self.assertEqual(dig(f"printer.{DOMAIN}"), ["192.168.1.9"])
        make("reinstall", FORCE=1, CELL_NAME="anew", CELL_DOMAIN="anew.example", VPN_RANGE="10.8.0.0/24", ADMIN_PASSWORD=ADMIN_PASSWORD,
             SKIP_BUILD=1)
        self.assertEqual(json.loads(picctl("--json", "cell", "show").stdout)["domain"], "anew.example")
        self.assertNotEqual(dig(f"printer.{DOMAIN}"), ["192.168.1.9"])

    def test_90_uninstall_takes_everything_but_the_backups(self):
        asked = make("uninstall", check=False)
        self.assertNotEqual(asked.returncode, 0)
        code, shown = typed(["make", "uninstall"], ("[y/N]", "n"))
        self.assertNotEqual(code, 0)
        self.assertIn("nothing was done", shown)
        self.assertTrue(containers())
        make("uninstall", FORCE=1)
        self.assertEqual(containers(), [])
        self.assertFalse((CELL / ".env").exists())
        self.assertFalse((CELL / "data/stack").exists())
        self.assertTrue(list((CELL / "backups").glob("*.pic")))


class SayAtOnce(unittest.TextTestResult):
    """The run is long: what went wrong is told when it does."""

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.stream.writeln(self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self.stream.writeln(self.errors[-1][1])

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.stream.writeln(str(err[1]))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], testRunner=unittest.TextTestRunner(
        resultclass=SayAtOnce, verbosity=2, failfast=bool(os.environ.get("FAILFAST"))))
