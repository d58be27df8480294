# SPDX-License-Identifier: Apache-2.0
"""Larger worlds for the simulator: the example with as many further desktops as a test needs."""

import json

from support.lab import WORLDS


def desktop(nsx, number):
    """Another VDI-01: every name, id and address is its own. Numbers start at 0."""
    with open(WORLDS[nsx], encoding="utf-8") as file:
        model = next(vm for vm in json.load(file)["virtual_machines"]
                     if vm["display_name"] == "VDI-01")
    text = json.dumps(model)
    for old, new in (
            ("8a01-5d2c9e7b0a01", f"9{number:03x}-5d2c9e7b0a01"),
            ("VDI-01", name_of(number)), ("vdi-01", name_of(number).lower()),
            ("192.0.2.11", f"10.9.{number // 250}.{number % 250 + 1}"),
            ("2001:db8:10::11", f"2001:db8:11::{number + 1:x}"),
            ("00:50:56:a2:00:11", f"00:50:56:a3:{number // 256:02x}:{number % 256:02x}"),
            ("9a11-000000000011", f"9b11-{number:012x}"),
            ('"vm-101"', f'"vm-{1000 + number}"'), ('"101"', f'"{1000 + number}"'),
            ("moIdOnHost:101", f"moIdOnHost:{1000 + number}"),
            ("hostLocalId:101", f"hostLocalId:{1000 + number}")):
        text = text.replace(old, new)
    return json.loads(text)


def name_of(number):
    return f"VDI-{100 + number}"


def crowd(path, nsx, count, **settings):
    """Writes the example with count further desktops to that file; returns its path."""
    with open(WORLDS[nsx], encoding="utf-8") as file:
        world = json.load(file)
    world["virtual_machines"] += [desktop(nsx, number) for number in range(count)]
    with open(path, "w", encoding="utf-8") as file:
        json.dump({**world, **settings}, file)
    return str(path)
