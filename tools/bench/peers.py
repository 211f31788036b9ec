"""The programs that the product is measured beside, each as its Debian package has it, told no more than where to live."""

import json
import os

from programs import BUILD, Program, free_port, measure

ETCD_QUOTA = 8 << 30  # bytes; its default ends a long run


class Etcd:
    def __init__(self, folder):
        self.port, peer_port = free_port(), free_port()
        client, peer = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{peer_port}"
        self.program = Program(
            ["etcd", "--data-dir", folder / "etcd", "--listen-client-urls", client, "--advertise-client-urls", client,
             "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}",
             "--quota-backend-bytes", ETCD_QUOTA, "--log-level", "warn", "--logger", "zap"], folder / "etcd.log")

    def start(self):
        self.program.start()
        self.program.wait_for_port(self.port)
        return self

    def load(self, what, *options):
        return measure(BUILD / "etcd-load", "-endpoint", f"127.0.0.1:{self.port}", *options, what)

    def put(self, clients, seconds):
        return self.load("put", "-clients", clients, "-seconds", seconds)

    def watch(self, count):
        return self.load("watch", "-count", count, "-gap", "1ms")


class Nginx:
    """One worker, as one thread serves our HTTP; a file of 1 KB."""

    CONFIG = """worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.err;
events {{ worker_connections 1024; }}
http {{
    access_log off; keepalive_requests 1000000; default_type application/json; client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{ listen 127.0.0.1:{port}; root {folder}/www; }}
}}
"""

    def __init__(self, folder, document):
        self.port, www = free_port(), folder / "www"
        www.mkdir()
        (www / "kilobyte").write_text(json.dumps(document))
        config = folder / "nginx.conf"
        config.write_text(self.CONFIG.format(folder=folder, port=self.port))
        if os.geteuid() == 0:  # its worker becomes nobody
            for path in (folder, *folder.parents):
                path.chmod(path.stat().st_mode | 0o011)
            www.chmod(0o755)
        self.program = Program(["nginx", "-c", config], folder / "nginx.log")
        self.url = f"http://127.0.0.1:{self.port}/kilobyte"

    def start(self):
        self.program.start()
        self.program.wait_for_port(self.port)
        return self


class Flask:
    """Flask's own server, which many house servers still run on."""

    APP = """import json, logging
from flask import Flask, jsonify
document = json.loads({document!r})
app = Flask(__name__)
logging.getLogger("werkzeug").setLevel(logging.ERROR)
app.get("/kilobyte")(lambda: jsonify(document))
app.run("127.0.0.1", {port})
"""

    def __init__(self, folder, document):
        self.port = free_port()
        app = folder / "app.py"
        app.write_text(self.APP.format(document=json.dumps(document), port=self.port))
        self.program = Program(["/usr/bin/python3", app], folder / "flask.log")
        self.url = f"http://127.0.0.1:{self.port}/kilobyte"

    def start(self):
        self.program.start()
        self.program.wait_for_port(self.port)
        return self
