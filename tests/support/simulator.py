# SPDX-License-Identifier: Apache-2.0
"""The control side of the NSX simulator: flows, journal, faults, held requests."""

import base64
import json
import ssl
import urllib.error
import urllib.parse
import urllib.request


class Simulator:
    """HTTPS to /sim/... at the port that the simulator chose."""

    def __init__(self, port, ca_file):
        self.base = f"https://127.0.0.1:{port}"
        self.context = ssl.create_default_context(cafile=ca_file)

    def request(self, method, path, body=None, timeout=20, **headers):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.base + path, data=data, method=method,
            headers={"Content-Type": "application/json", **headers})
        try:
            with urllib.request.urlopen(request, timeout=timeout,
                                        context=self.context) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise AssertionError(
                f"{method} {path}: {error.code} {error.read()!r}") from error
        return json.loads(text) if text.strip().startswith((b"{", b"[")) else None

    def get(self, path, **query):
        if query:
            path += "?" + urllib.parse.urlencode(query)
        return self.request("GET", path)

    def nsx(self, method, path, user, password, body=None):
        """One request to NSX itself, as an administrator beside us would make it."""
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        return self.request(method, path, body, Authorization=f"Basic {pair}")

    def flow(self, source, target):
        """{"allowed": bool, "rule_name": text, ...} for traffic between two VMs."""
        return self.request("GET", "/sim/flow?" + urllib.parse.urlencode(
            {"from": source, "to": target}))

    def allowed(self, source, target):
        return self.flow(source, target)["allowed"]

    def journal(self, **query):
        """bodies=1 shows what was answered, too."""
        return self.get("/sim/journal", **query)

    def requests(self):
        """NSX API requests so far, oldest first."""
        return self.journal()["requests"]

    def add_twin(self, name, external_id):
        """A second VM of that name, where the first one is, without its addresses."""
        vms = self.get("/sim/world")["virtual_machines"]
        twin = {key: value for key, value in next(
            vm for vm in vms if vm["display_name"] == name).items()
                if key in ("display_name", "cluster", "host", "power_state")}
        self.request("POST", "/sim/vms", {**twin, "external_id": external_id})

    def tag_changes(self, vm=None, change=None):
        """Tag changes that had an effect, oldest first; change is added or removed."""
        return [c for c in self.journal()["changes"]
                if (vm is None or c["display_name"] == vm)
                and (change is None or c["change"] == change)]

    def fault(self, **fault):
        """Adds one fault to those in force."""
        self.request("POST", "/sim/faults", [fault])

    def clear_faults(self):
        self.request("DELETE", "/sim/faults")

    def settings(self, **settings):
        """Changes settings of the world; returns all of them."""
        return self.request("PATCH", "/sim/settings", settings)

    def realization(self, path, state=None, delay_ms=None):
        """Makes one object fail or slow to realize; with neither it is as it was."""
        body = {"path": path, "state": state, "delay_ms": delay_ms}
        self.request("POST", "/sim/realization",
                     {name: value for name, value in body.items() if value is not None})

    def fail_tags(self, *external_ids, details="The host is not reachable."):
        """Tag operations fail for these VMs from now on."""
        self.request("POST", "/sim/tag-failures",
                     {"external_ids": list(external_ids), "details": details})

    def node(self, number, state):
        """up, down, hung or unhealthy. The node that is asked cannot go down itself."""
        self.request("POST", f"/sim/nodes/{number}", {"state": state})

    def certificate(self, cert_file, key_file):
        """All nodes show this certificate from now on; other connections end."""
        with open(cert_file, encoding="ascii") as cert, \
                open(key_file, encoding="ascii") as key:
            self.request("POST", "/sim/certificate",
                         {"cert": cert.read(), "key": key.read()})

    def held(self, count=1, timeout_ms=10000):
        """Waits until so many requests are held; fails when they are not."""
        answer = self.get("/sim/held", count=count, timeout_ms=timeout_ms)
        assert answer["reached"], f"held: {answer}; requests: {self.requests()}"

    def release(self):
        """Lets held requests go on."""
        self.request("POST", "/sim/release", {})
