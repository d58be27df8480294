# SPDX-License-Identifier: Apache-2.0
"""The control side of the NSX simulator: flows, journal, faults, held requests."""

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

    def request(self, method, path, body=None, timeout=20):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.base + path, data=data, method=method,
            headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=timeout,
                                        context=self.context) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise AssertionError(
                f"{method} {path}: {error.code} {error.read()!r}") from error
        return json.loads(text) if text.strip() else None

    def get(self, path, **query):
        if query:
            path += "?" + urllib.parse.urlencode(query)
        return self.request("GET", path)

    def flow(self, source, target):
        """{"allowed": bool, "rule_name": text, ...} for traffic between two VMs."""
        return self.request("GET", "/sim/flow?" + urllib.parse.urlencode(
            {"from": source, "to": target}))

    def allowed(self, source, target):
        return self.flow(source, target)["allowed"]

    def journal(self):
        return self.get("/sim/journal")

    def requests(self):
        """NSX API requests so far, oldest first."""
        return self.journal()["requests"]

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

    def held(self, count=1, timeout_ms=10000):
        """Waits until so many requests are held; fails when they are not."""
        answer = self.get("/sim/held", count=count, timeout_ms=timeout_ms)
        assert answer["reached"], f"held: {answer}; requests: {self.requests()}"

    def release(self):
        """Lets held requests go on."""
        self.request("POST", "/sim/release", {})
