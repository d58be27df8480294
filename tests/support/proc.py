# SPDX-License-Identifier: Apache-2.0
"""What a process uses, as /proc tells it."""

import os
import re


def descriptors(pid, but_to=()):
    """How many, without the connections to these TCP ports: how many of those libcurl keeps is
    up to libcurl."""
    left_out = set().union(*map(_connections_to, but_to))
    count = 0
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            count += os.readlink(f"/proc/{pid}/fd/{name}") not in left_out
        except FileNotFoundError:
            pass  # closed meanwhile
    return count


def _connections_to(port):
    """The sockets of TCP connections to a port of this machine, as /proc names them."""
    found = set()
    for table in ("tcp", "tcp6"):
        with open(f"/proc/net/{table}", encoding="ascii") as file:
            for fields in (line.split() for line in file.readlines()[1:]):
                if int(fields[2].rsplit(":", 1)[1], 16) == port:
                    found.add(f"socket:[{fields[9]}]")
    return found


def memory_kb(pid):
    """What is its own: neither files nor what it shares."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return int(re.search(r"^Private_Dirty: +(\d+)", file.read(), re.M).group(1))


def cpu_s(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def files_below(*folders):
    """Everything in these folders, by name."""
    return sorted(os.path.join(where, name) for folder in folders
                  for where, _, names in os.walk(folder) for name in names)
