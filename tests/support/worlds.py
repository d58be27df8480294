# SPDX-License-Identifier: Apache-2.0
"""Larger worlds for the simulator: the example with as many further desktops as a test needs."""

import functools
import json

from support.lab import WORLDS


def desktop(nsx, number):
    """Another VDI-01: every name, id and address is its own. Numbers start at 0."""
    return json.loads(desktop_text(nsx, number))


@functools.cache
def model(nsx):
    with open(WORLDS[nsx], encoding="utf-8") as file:
        return json.dumps(next(vm for vm in json.load(file)["virtual_machines"]
                               if vm["display_name"] == "VDI-01"))


def desktop_text(nsx, number):
    """The same as JSON; there may be 100,000 of them."""
    text = model(nsx)
    subnet, host = divmod(number, 250)
    high, low = divmod(number, 256)
    for old, new in (
            ("8a01-5d2c9e7b0a01", f"9000-{number:012x}"),
            ("VDI-01", name_of(number)), ("vdi-01", name_of(number).lower()),
            ("192.0.2.11", f"10.{9 + subnet // 256}.{subnet % 256}.{host + 1}"),
            ("2001:db8:10::11", f"2001:db8:11::{number // 65536:x}:{number % 65536:x}"),
            ("00:50:56:a2:00:11", f"00:50:56:{0xa3 + high // 256:02x}:{high % 256:02x}:{low:02x}"),
            ("9a11-000000000011", f"9b11-{number:012x}"),
            ('"vm-101"', f'"vm-{1000 + number}"'), ('"101"', f'"{1000 + number}"'),
            ("moIdOnHost:101", f"moIdOnHost:{1000 + number}"),
            ("hostLocalId:101", f"hostLocalId:{1000 + number}")):
        text = text.replace(old, new)
    return text


def name_of(number):
    return f"VDI-{100 + number}"


def crowd(path, nsx, count, **settings):
    """Writes the example with count further desktops to that file; returns its path."""
    with open(WORLDS[nsx], encoding="utf-8") as file:
        world = json.load(file)
    vms = [json.dumps(vm) for vm in world.pop("virtual_machines")]
    rest = json.dumps({**world, **settings})
    with open(path, "w", encoding="utf-8") as file:
        file.write(rest[:-1] + ', "virtual_machines": [\n')
        file.write(",\n".join(vms + [desktop_text(nsx, number) for number in range(count)]))
        file.write("\n]}\n")
    return str(path)
