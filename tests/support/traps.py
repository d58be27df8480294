# SPDX-License-Identifier: Apache-2.0
"""The traps of a laboratory: sent by the tools, made by hand, or given to the handler."""

import os
import re
import subprocess

from support import settings
from support.senders import Sender, v3_command
from support.snmp import READ_COMMUNITY
from support.ways import V3_USER


class Traps:
    """What a Lab can send; it brings way, snmp, program and conf."""

    def trap_command(self, computer="VDI-01", kind="v2c", oid=settings.ALERT_TRAP,
                     **alert):
        """The command that sends the malware trap, as a list of words; kind is v1, v2c,
        inform, v3 or v3-inform."""
        target = self.way.target()
        varbinds = [settings.EVENT_NUMBER, "i", "190",
                    settings.DESCRIPTION, "s", settings.alert(computer, **alert)]
        if kind == "v1":
            enterprise, specific = re.fullmatch(r"(.*)\.0\.(\d+)", oid).groups()
            return ["snmptrap", "-v1", "-c", READ_COMMUNITY, target, enterprise,
                    "127.0.0.1", "6", specific, "", *varbinds]
        if kind in ("v3", "v3-inform"):
            return v3_command(target, oid, varbinds, user=V3_USER,
                              inform=kind == "v3-inform")
        tool = {"v2c": "snmptrap", "inform": "snmpinform"}[kind]
        return [tool, "-v2c", "-c", READ_COMMUNITY, target, "", oid, *varbinds]

    def send_trap(self, computer="VDI-01", kind="v2c", **more):
        return self.snmp.call(self.trap_command(computer, kind, **more))

    def send_raw_trap(self, *varbinds, oid=settings.ALERT_TRAP):
        """A v2c trap with any varbinds, in the words of snmptrap(1)."""
        return self.snmp.call(["snmptrap", "-v2c", "-c", READ_COMMUNITY,
                               self.way.target(), "", oid, *varbinds])

    def sender(self, kind="udp", source=None):
        """A socket for messages made by hand; see senders.py."""
        return Sender(self.way.target(kind), source)

    def hand_over(self, text):
        """Runs the traphandle program with this text; returns the finished process."""
        return subprocess.run([self.handler, "-c", self.conf], input=text, text=True,
                              capture_output=True, timeout=30, check=False,
                              env={"PATH": os.environ["PATH"]})
