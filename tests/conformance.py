#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`make conformance`: every request of a whole case against the vendor's API files.

A path that these files do not describe is only listed: they are of one NSX release, and
some calls are younger. A query parameter that a described path does not know is an error.
"""

import json
import os
import re
import sys
from urllib.parse import parse_qs, urlsplit

from support.lab import Lab


def read_described(folder):
    """[(method, path expression, action or "", parameter names)]"""
    found = []
    policy = read(folder, "nsx-policy-3.0-subset.json")
    for path, methods in policy["paths"].items():
        for method, names in methods.items():
            found.append(row(method, "/policy/api/v1" + path, names))
    manager = read(folder, "nsx-manager-2.5.1-subset.json")
    for path, methods in manager["paths"].items():
        for method, call in methods.items():
            names = [p["name"] for p in call.get("parameters", []) if p["in"] == "query"]
            found.append(row(method.upper(), manager["basePath"] + path, names))
    return found


def read(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        return json.load(file)


def row(method, path, names):
    path, _, query = path.partition("?")
    action = parse_qs(query).get("action", [""])[0]
    parts = [part if part.startswith("{") else re.escape(part) for part in path.split("/")]
    expression = "/".join("[^/]+" if part.startswith("{") else part for part in parts)
    return method, re.compile(expression), action, set(names)


def requests_of_a_case():
    with Lab("agentx") as lab:
        lab.start()
        lab.send_trap("VDI-01")
        case = lab.wait_case(OperState="isolated")["index"]
        lab.snmp.set(f"nqVmAdminState.{case}", "i", "release")
        lab.wait_case(OperState="released")
        return lab.sim.requests()


def main():
    described = read_described(sys.argv[1])
    good, younger, wrong = set(), set(), set()
    for request in requests_of_a_case():
        parts = urlsplit(request["path"])
        query = parse_qs(parts.query, keep_blank_values=True)
        action = query.pop("action", [""])[0]
        shown = f"{request['method']} {parts.path}" + (f"?action={action}" if action else "")
        names = [names for method, expression, known_action, names in described
                 if method == request["method"] and action == known_action
                 and expression.fullmatch(parts.path)]
        if not names:
            younger.add(shown)
        elif not set(query) <= names[0]:
            wrong.add(f"{shown}: no parameter {', '.join(set(query) - names[0])}")
        else:
            good.add(shown)
    for title, lines in (("as described", good), ("not described there", younger),
                         ("WRONG", wrong)):
        for line in sorted(lines):
            print(f"{title:20} {line}")
    return 1 if wrong or not good else 0


if __name__ == "__main__":
    sys.exit(main())
