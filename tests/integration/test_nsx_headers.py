# SPDX-License-Identifier: Apache-2.0
"""What our requests carry beside their path: asked by a server that is no simulator, because
only the bytes of a request tell."""

import http.server
import json
import ssl
import threading

import pytest

from support.lab import NSX, Lab

ACCEPTED = {"policy": "application/json", "vsphere": "application/xml"}
EMPTY = {"policy": json.dumps({"results": [], "result_count": 0}), "vsphere": "<list/>"}

# A manager answers each Basic request with a fresh cookie, and deprecated calls with 299.
MANAGER_HEADERS = (("Set-Cookie", "JSESSIONID=C0FFEE; Path=/; Secure; HttpOnly"),
                   ("Warning", '299 - "Deprecated API"'))


class Manager(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.seen.append((self.path, self.headers))
        body = EMPTY[self.server.nsx].encode()
        self.send_response(200)
        for name, value in MANAGER_HEADERS:
            self.send_header(name, value)
        self.send_header("Content-Type", f"{ACCEPTED[self.server.nsx]};charset=UTF-8")
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
        self.server.nsx = manager.nsx
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        manager.ports = [self.server.server_port]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        super().stop()
        if hasattr(self, "server"):
            self.server.shutdown()
            self.server.server_close()


@pytest.fixture(params=NSX)
def seen(request):
    """The headers of the requests of several rounds of questions: path, headers, Accept."""
    with HeaderLab("agentx", request.param, group_interval_s=0.2) as lab:
        lab.start()
        lab.wait(lambda: len(lab.server.seen) >= 6, "six requests")
        yield [(*one, ACCEPTED[request.param]) for one in list(lab.server.seen)]
        assert not lab.problems()


def test_no_request_asks_for_compression_or_returns_a_cookie(seen):
    for path, headers, _ in seen:
        assert headers["Accept-Encoding"] is None, path
        assert headers["Cookie"] is None, path


def test_every_request_says_what_it_accepts_and_names_us(seen):
    for path, headers, accepted in seen:
        assert headers["Accept"] == accepted, path
        assert headers["User-Agent"].startswith("nsx-quarantine/"), path
        assert headers["Authorization"].startswith("Basic "), path
