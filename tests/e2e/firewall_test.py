"""The firewall before the tunnel, on real packets: two laptops in namespaces of their own, and a host of the internet."""

import re
import subprocess
import unittest

from harness import Laptop, address_of, eventually, why_no_tunnel
from spine_test import Cell


@unittest.skipIf(why_no_tunnel(), why_no_tunnel())
class Firewall(Cell):
    INTERNET = 2  # the number of its cable: the cell is 192.0.2.9 there, it is 192.0.2.10

    def join(self, name, number, *options):
        """A laptop in the tunnel as a peer with these options."""
        self.cell.picctl("peer", "add", name, *options, "--wait")
        config = self.cell.picctl("peer", "config", name).stdout
        laptop = Laptop(self.namespace, number)
        self.addCleanup(laptop.close)
        laptop.up(re.sub(r"Endpoint = [^:]+", f"Endpoint = {laptop.cell}", config))
        laptop.peer_address = address_of(config)
        eventually(lambda: laptop.pings(self.gateway), f"{name} pings through the tunnel")
        return laptop

    def counter(self, name):
        done = subprocess.run(["nsenter", "-t", str(self.namespace), "-n", "nft", "list", "counter", "inet", "pic", name],
                              capture_output=True, text=True, check=True)
        return int(re.search(r"packets (\d+)", done.stdout).group(1))

    def hits(self):
        return [{key: rule[key] for key in ("id", "position", "packets", "bytes")} for rule in self.cell.json("routing", "hits")["items"]]

    def test_each_peer_reaches_what_it_may_and_nothing_else(self):
        cell = self.cell
        self.namespace = self.cell_namespace()
        cell.picctl("cell", "set", "endpoint", f"{Laptop.CELL}:51820", "--wait")
        self.gateway = cell.json("cell", "show")["vpn_range"].replace(".0/24", ".1")
        internet = Laptop(self.namespace, self.INTERNET)
        self.addCleanup(internet.close)
        internet.sh(f"ip addr add 198.51.100.7/32 dev lo")
        subprocess.run(["nsenter", "-t", str(self.namespace), "-n", "ip", "route", "add", "198.51.100.7/32", "via",
                        internet.address], check=True)
        internet.serves(80)
        routes = {route["destination"]: route for route in eventually(
            lambda: [r for r in cell.json("routing", "table")["items"] if r["destination"] == "198.51.100.7"] and
            cell.json("routing", "table")["items"], "the table is told of")}
        self.assertEqual(routes["198.51.100.7"]["gateway"], internet.address)
        self.assertEqual(routes[cell.json("cell", "show")["vpn_range"]]["device"], "wg0")
        own = self.join("own", 0, "--allowed-ips", "0.0.0.0/0")
        guest = self.join("guest", 1, "--allowed-ips", "0.0.0.0/0", "--internet", "no", "--services", "dns")

        eventually(lambda: own.connects("198.51.100.7", 80), "a peer that may leave the cell does, by its address")
        refused = self.counter("refused_forward")
        self.assertFalse(guest.connects("198.51.100.7", 80), "a peer that may not, does not")
        self.assertGreater(self.counter("refused_forward"), refused, "and is counted")

        self.assertEqual(guest.resolves("own.cell.home.arpa"), [own.peer_address])
        self.assertTrue(own.connects(self.gateway, 5232), "a peer without limits reaches every service's port")
        refused = self.counter("refused_input")
        self.assertFalse(guest.connects(self.gateway, 5232), "one with limits reaches only its own")
        self.assertGreater(self.counter("refused_input"), refused)

        own.serves(8080)
        self.assertFalse(guest.connects(own.peer_address, 8080), "peers are closed to each other")
        cell.picctl("routing", "rule", "add", "accept", "--position", "1", "--source", guest.peer_address, "--destination", own.peer_address,
                    "--protocol", "tcp", "--ports", "8080", "--wait")
        self.assertTrue(guest.connects(own.peer_address, 8080), "unless a rule opens them")
        opened = eventually(lambda: next((one for one in self.hits() if one["packets"]), None), "its counter tells of that")
        self.assertEqual(opened["packets"], 1, "one connection is one packet that asks the rules")
        cell.picctl("routing", "rule", "add", "reject", "--position", "1", "--source", own.peer_address, "--destination",
                    "198.51.100.7", "--wait")
        self.assertFalse(own.connects("198.51.100.7", 80), "an earlier rule decides before the peer's own settings")
        counted = eventually(lambda: [one for one in self.hits() if one["packets"]] if all(one["packets"] for one in self.hits()) else None,
                             "so does the counter of the new one")
        self.assertEqual([one["position"] for one in counted], [1, 2])
        self.assertEqual(counted[1], {**opened, "position": 2}, "and the firewall that was loaded anew has forgotten nothing")
        self.assertEqual([rule["position"] for rule in cell.json("routing", "rule", "list")["items"]], [1, 2])
        cell.picctl("routing", "rule", "add", "accept", "--source", own.peer_address, "--destination", "198.51.100.7", "--wait")
        self.assertFalse(own.connects("198.51.100.7", 80), "a later one does not matter")
        cell.picctl("routing", "rule", "set", "3", "position", "1", "--wait")
        eventually(lambda: own.connects("198.51.100.7", 80), "until it is moved to the front", 20)
        cell.picctl("routing", "rule", "remove", "1", "--wait")
        eventually(lambda: not own.connects("198.51.100.7", 80), "and is removed", 20)
        cell.picctl("routing", "rule", "remove", "1", "--wait")
        eventually(lambda: own.connects("198.51.100.7", 80), "what a rule took away comes back with its end", 20)

        self.assertFalse(internet.connects(internet.cell, 8443), "nothing comes in from outside")
        added = cell.json("routing", "forward", "add", "tcp", "8443", own.peer_address, "--to-port", "8080", "--wait")
        self.assertTrue(internet.connects(internet.cell, 8443), "but what is forwarded")
        cell.picctl("undo", added["seq"], "--wait")
        self.assertFalse(internet.connects(internet.cell, 8443))

        cell.picctl("peer", "set", "own", "internet", "no", "services", "dns", "--wait")
        self.assertFalse(own.connects("198.51.100.7", 80), "a right that is taken is gone at once")
        self.assertFalse(own.connects(self.gateway, 5232))


if __name__ == "__main__":
    unittest.main(verbosity=2)
