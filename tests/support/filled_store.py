# SPDX-License-Identifier: Apache-2.0
"""A state database with as many cases as wanted, as an engine would have left it behind."""

import os
import sqlite3
import time
import uuid

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SCHEMA = os.path.join(TOP, "plugin/store/schema.sql")

HELD, QUARANTINE, UNKNOWN_VM, OURS = 2, 1, 5, 1


def held_case(number, now_ms):
    """A case that waits for a person: it has all texts, and asks NSX for nothing."""
    name = f"VDI-{number:06}"
    detected = now_ms - 60000 + number % 50000
    return {
        "id": number, "state": HELD, "wanted": QUARANTINE, "reason": UNKNOWN_VM,
        "owner": OURS, "signals": number % 7 + 1, "attempts": 0, "tag_writes": 0,
        "rungs": 0, "tag_time_ms": number % 900, "isolate_time_ms": number % 3000,
        "approved": 0, "detected_ms": detected, "changed_ms": detected + 40,
        "deadline_ms": 0, "release_at_ms": 0, "admitted_ms": 0,
        "last_detected_ms": detected, "identity": name, "name": name,
        "manager_name": "lab", "external_id": str(uuid.UUID(int=number << 64 | 0x8A01)),
        "host_name": f"vdi-{number:06}.example.com",
        "addresses": f"10.{number >> 16}.{number >> 8 & 255}.{number & 255},"
                     f"2001:db8:10::{number:x}",
        "reason_text": f"no VM has the name '{name}'", "trigger": "malware",
        "cause": "Malware Detected", "severity": "Critical", "changed_by": "engine",
        "tag": "nsx-quarantine|isolated", "last_error": None, "comment": None}


def fill(path, count, make=held_case):
    """Makes the database at that path, with cases 1 to count as make(number, now_ms) has
    them."""
    now_ms = int(time.time() * 1000)
    rows = [make(number, now_ms) for number in range(1, count + 1)]
    database = sqlite3.connect(path)
    with open(SCHEMA, encoding="utf-8") as schema:
        database.executescript(schema.read())
    columns = list(make(1, now_ms))
    with database:
        database.executemany(
            f"INSERT INTO quarantine_case ({', '.join(columns)})"
            f" VALUES ({', '.join(':' + column for column in columns)})", rows)
        database.execute("INSERT INTO scalar VALUES ('last_case', ?)", (count,))
    database.close()
