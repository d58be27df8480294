# SPDX-License-Identifier: Apache-2.0
"""What our requests carry beside their path: asked by a server that is no simulator, because
only the bytes of a request tell."""

import http.server
import json
import ssl
import threading

import pytest

from support.lab import Lab

# A manager answers each Basic request with a fresh cookie, and deprecated calls with 299.
MANAGER_HEADERS = (("Set-Cookie", "JSESSIONID=C0FFEE; Path=/; Secure; HttpOnly"),
                   ("Warning", '299 - "Deprecated API"'))


class Manager(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.seen.append((self.path, self.headers))
        body = json.dumps({"results": [], "result_count": 0}).encode()
        self.send_response(200)
        for name, value in MANAGER_HEADERS:
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json;charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class HeaderLab(Lab):
    """A laboratory whose manager is this thread of the test."""

    def start_simulator(self, manager):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path("server.pem"), self.path("server.key"))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Manager)
        self.server.daemon_threads = True
        self.server.seen = []
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        manager.ports = [self.server.server_port]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        super().stop()
        if hasattr(self, "server"):
            self.server.shutdown()
            self.server.server_close()


@pytest.fixture
def seen():
    """The headers of the requests of several rounds of questions."""
    with HeaderLab("agentx", group_interval_s=0.2) as lab:
        lab.start()
        yield lab.wait(lambda: len(lab.server.seen) >= 6 and list(lab.server.seen),
                       "six requests")
        assert not lab.problems()


def test_no_request_asks_for_compression_or_returns_a_cookie(seen):
    for path, headers in seen:
        assert headers["Accept-Encoding"] is None, path
        assert headers["Cookie"] is None, path


def test_every_request_says_what_it_accepts_and_names_us(seen):
    for path, headers in seen:
        assert headers["Accept"] == "application/json", path
        assert headers["User-Agent"].startswith("nsx-quarantine/"), path
        assert headers["Authorization"].startswith("Basic "), path
