# SPDX-License-Identifier: Apache-2.0
"""The ways of a trap to our engine: what snmptrapd and the engine are told for each.

handler        snmptrapd runs `nsx-quarantine-trap` for each trap
forward        snmptrapd forwards to our UDP port
forward-unix   snmptrapd forwards to our Unix socket
listener       no snmptrapd: our engine is the receiver
"""

import os

from support.process import free_port
from support.senders import v3_users
from support.snmp import READ_COMMUNITY

WAYS = ("handler", "forward", "forward-unix", "listener")
V3_USER = "dsm"
KNOWS_SOURCES = True
HAS_IPV6 = os.path.exists("/proc/net/if_inet6")

# What README tells a site to set.
BUFFER = 4194304


def burst(wanted):
    """As many traps as may come at once where this machine grants less than BUFFER; README
    tells a site to set net.core.rmem_max, a test does not."""
    with open("/proc/sys/net/core/rmem_max", encoding="ascii") as file:
        return min(wanted, wanted * int(file.read()) // BUFFER)


SNMPTRAPD = """\
authCommunity log,execute,net {community}
{users}authUser log,execute,net {user} auth
{way}
[snmp] serverRecvBuf {buffer}
"""

HANDLER = "traphandle default exec {program} -c {conf}"
FORWARD = "addForwarderInfo yes\nforward default {target}"

# Who may send: everybody on this machine, the one user of SNMPv3, and snmptrapd.
SENDERS = ['{ name = "loopback"; address = "127.0.0.0/8"; }',
           '{ name = "loopback6"; address = "::1"; }',
           f'{{ name = "dsm-v3"; user = "{V3_USER}"; level = "authPriv"; }}']
FORWARDERS = {
    "handler": [],
    "forward": ['{ name = "snmptrapd"; address = "127.0.0.1"; forwarder = true; }'],
    "forward-unix": ['{ name = "snmptrapd"; address = "unix"; forwarder = true; }'],
    "listener": ['{ name = "local"; address = "unix"; }'],
}


class Way:
    """Ports, and the configuration of both sides. buffer is the receive buffer of each
    socket, sources replaces the rows of who may send, limits is the block of that name,
    forwards are further targets of a snmptrapd that forwards.
    """

    def __init__(self, name, folder, buffer=BUFFER, sources=None, limits="", forwards=()):
        assert name in WAYS, name
        self.name = name
        self.folder = folder
        self.buffer = buffer
        rows = FORWARDERS[name] + SENDERS if sources is None else sources
        self.sources = [row.replace("{folder}", folder) for row in rows]
        self.limits = limits
        self.forwards = list(forwards)
        self.port = free_port()     # where senders send to
        self.inner = free_port()    # where snmptrapd sends to

    @property
    def has_snmptrapd(self):
        return self.name != "listener"

    def target(self, kind="udp"):
        """Where a sender sends to, as the Net-SNMP tools write it."""
        if not self.has_snmptrapd or kind == "udp":
            return self._all()[kind]
        raise AssertionError(f"snmptrapd of this laboratory does not listen on {kind}")

    def _all(self):
        return {"udp": f"udp:127.0.0.1:{self.port}", "tcp": f"tcp:127.0.0.1:{self.port}",
                **({"udp6": f"udp6:[::1]:{self.port}"} if HAS_IPV6 else {}),
                "unix": f"unix:{self.folder}/trap.sock"}

    @property
    def listens(self):
        """The addresses of the engine's own listeners."""
        return {"handler": [], "forward": [f"udp:127.0.0.1:{self.inner}"],
                "forward-unix": [self._all()["unix"]],
                "listener": list(self._all().values())}[self.name]

    @property
    def held(self):
        """What a socket unit binds; an engine that does not listen is given one as well."""
        return self.listens or [f"udp:127.0.0.1:{self.inner}"]

    def ours(self):
        """The blocks of our configuration."""
        if not KNOWS_SOURCES:
            return ""
        blocks = ["sources = (\n    " + ",\n    ".join(self.sources) + "\n);"]
        if self.listens:
            addresses = ",\n        ".join(f'"{address}"' for address in self.listens)
            blocks.append(f"listen = {{\n    addresses = [\n        {addresses}\n    ];\n"
                          f'    users_file = "{self.folder}/users";\n'
                          f"    receive_buffer = {self.buffer};\n}};")
        return "\n".join([*blocks, self.limits])

    def snmptrapd(self, program, conf):
        """snmptrapd.conf of this way."""
        if self.name == "handler":
            way = HANDLER.format(program=program, conf=conf)
        else:
            way = "\n".join(FORWARD.format(target=target)
                            for target in [self.listens[0], *self.forwards])
        return SNMPTRAPD.format(community=READ_COMMUNITY, users=v3_users(V3_USER),
                                user=V3_USER, way=way, buffer=self.buffer)

    @property
    def snmptrapd_options(self):
        """A handler takes numbers and hexadecimal strings only."""
        return ["-Onxet", "-n"] if self.name == "handler" else ["-n"]
