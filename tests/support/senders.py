# SPDX-License-Identifier: Apache-2.0
"""Senders of traps: SNMPv1 and v2c messages made by hand, so that every byte can be wrong,
and SNMPv3 by the Net-SNMP tools.

A message is made once and sent as often as needed:

    packets = [v2c_trap(ALERT_TRAP, [(DESCRIPTION, octets(text))]) for text in texts]
    with Sender("udp:127.0.0.1:162", source="127.0.0.2") as sender:
        sender.send_all(packets)
"""

import functools
import ipaddress
import itertools
import os
import select
import socket
import struct
import time

COMMUNITY = "public"

# Types of SNMP, RFC 3416 and RFC 1157.
INTEGER, OCTETS, NULL, OID, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
IP_ADDRESS, COUNTER, GAUGE, TICKS, OPAQUE, COUNTER64 = 0x40, 0x41, 0x42, 0x43, 0x44, 0x46
RESPONSE, TRAP_V1, INFORM, TRAP_V2 = 0xA2, 0xA4, 0xA6, 0xA7

SYS_UPTIME = ".1.3.6.1.2.1.1.3.0"
SNMP_TRAP_OID = ".1.3.6.1.6.3.1.1.4.1.0"
SNMP_TRAP_ADDRESS = ".1.3.6.1.6.3.18.1.3"

_request_ids = itertools.count(int.from_bytes(os.urandom(3), "big"))


# ---- BER --------------------------------------------------------------------------------

def tlv(tag, content):
    """One value: tag, length in its shortest form, content."""
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def integer(value, tag=INTEGER):
    """Two's complement in as few bytes as it takes; also for the unsigned types."""
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def octets(value):
    return tlv(OCTETS, value.encode() if isinstance(value, str) else bytes(value))


@functools.lru_cache(1000)
def oid(text):
    arcs = [int(arc) for arc in text.lstrip(".").split(".")]
    content = bytearray()
    for arc in (arcs[0] * 40 + arcs[1], *arcs[2:]):
        septets = [arc & 0x7F]
        while arc > 0x7F:
            arc >>= 7
            septets.append(0x80 | arc & 0x7F)
        content += bytes(reversed(septets))
    return tlv(OID, bytes(content))


def address(text):
    return tlv(IP_ADDRESS, ipaddress.IPv4Address(text).packed)


def ticks(value):
    return integer(value, TICKS)


def counter64(value):
    return integer(value, COUNTER64)


def null():
    return tlv(NULL, b"")


def varbind(name, value):
    """name is the text of an OID, or bytes that are taken as they are; so is value."""
    return tlv(SEQUENCE, (name if isinstance(name, bytes) else oid(name)) + value)


# ---- messages ---------------------------------------------------------------------------

def message(version, community, pdu):
    return tlv(SEQUENCE, integer(version) + octets(community) + pdu)


def v1_trap(enterprise, specific, varbinds=(), *, generic=6, agent="127.0.0.1", uptime=100,
            community=COMMUNITY):
    """Trap-PDU of RFC 1157; agent is what it says about its sender."""
    return message(0, community, tlv(
        TRAP_V1, oid(enterprise) + address(agent) + integer(generic) + integer(specific)
        + ticks(uptime) + tlv(SEQUENCE, b"".join(itertools.starmap(varbind, varbinds)))))


def notification(kind, trap_oid, varbinds=(), *, uptime=100, community=COMMUNITY,
                 request_id=None, version=1):
    """kind is TRAP_V2 or INFORM. Every message has a request id of its own."""
    if request_id is None:
        request_id = next(_request_ids)
    first = varbind(SYS_UPTIME, ticks(uptime)) + varbind(SNMP_TRAP_OID, oid(trap_oid))
    return message(version, community, tlv(
        kind, integer(request_id) + integer(0) + integer(0)
        + tlv(SEQUENCE, first + b"".join(itertools.starmap(varbind, varbinds)))))


def v2c_trap(trap_oid, varbinds=(), **more):
    return notification(TRAP_V2, trap_oid, varbinds, **more)


def inform(trap_oid, varbinds=(), **more):
    return notification(INFORM, trap_oid, varbinds, **more)


# ---- reading ----------------------------------------------------------------------------

def parse(data, start=0):
    """(tag, content, where the next value starts) of the value at start."""
    tag, size, start = data[start], data[start + 1], start + 2
    if size & 0x80:
        count = size & 0x7F
        size, start = int.from_bytes(data[start:start + count], "big"), start + count
    assert start + size <= len(data), "a value goes on behind the end of the message"
    return tag, data[start:start + size], start + size


def values(content):
    """[(tag, content)] of the values that stand side by side."""
    found, at = [], 0
    while at < len(content):
        tag, inner, at = parse(content, at)
        found.append((tag, inner))
    return found


def oid_text(content):
    arcs, arc = [], 0
    for byte in content:
        arc = arc << 7 | byte & 0x7F
        if not byte & 0x80:
            arcs.append(arc)
            arc = 0
    first = min(arcs[0] // 40, 2)
    return "." + ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def read(packet):
    """What an SNMPv1 or v2c message says: {"version", "community", "pdu", ...}."""
    (version, community, (pdu, content)) = values(values(packet)[0][1])
    said = {"version": int.from_bytes(version[1], "big"), "community": community[1],
            "pdu": pdu}
    fields = values(content)
    if pdu == TRAP_V1:
        said.update(enterprise=oid_text(fields[0][1]), agent=socket.inet_ntoa(fields[1][1]),
                    generic=fields[2][1][-1], specific=int.from_bytes(fields[3][1], "big"))
    else:
        said.update(request_id=int.from_bytes(fields[0][1], "big", signed=True),
                    error=int.from_bytes(fields[1][1], "big"))
    said["varbinds"] = [(oid_text(name[1]), *value) for name, value in
                        (values(pair) for _, pair in values(fields[-1][1]))]
    return said


def request_id_of(packet):
    return read(packet)["request_id"]


# ---- sockets ----------------------------------------------------------------------------

FAMILIES = {"udp": (socket.AF_INET, socket.SOCK_DGRAM),
            "udp6": (socket.AF_INET6, socket.SOCK_DGRAM),
            "tcp": (socket.AF_INET, socket.SOCK_STREAM),
            "tcp6": (socket.AF_INET6, socket.SOCK_STREAM),
            "unix": (socket.AF_UNIX, socket.SOCK_STREAM)}


def split(target):
    """("udp", ("127.0.0.1", 162)) of "udp:127.0.0.1:162"."""
    kind, where = target.split(":", 1)
    if kind == "unix":
        return kind, where
    host, port = where.rsplit(":", 1)
    return kind, (host.strip("[]"), int(port))


class Sender:
    """One socket to a receiver, in Net-SNMP's words for it: "udp:127.0.0.1:162",
    "udp6:[::1]:162", "tcp:...", "tcp6:...", "unix:/path". source is a local address: all of
    127.0.0.0/8 are. A receiver that does not take what a stream sends fails after timeout.
    """

    def __init__(self, target, source=None, timeout=10.0):
        self.kind, where = split(target)
        family, kind = FAMILIES[self.kind]
        self.socket = socket.socket(family, kind)
        self.poller = select.poll()     # for any number of a descriptor
        self.poller.register(self.socket, select.POLLIN)
        self.socket.settimeout(timeout)
        # Thousands of answers may come before the first one is read.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4194304)
        self.stream = kind == socket.SOCK_STREAM
        self.unread = b""
        self.answered = {}
        if source:
            self.socket.bind((source, 0))
        self.socket.connect(where)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, packet):
        self.socket.sendall(packet)

    def send_all(self, packets):
        """As fast as it goes; returns how long it took."""
        begin = time.monotonic()
        if self.stream:
            self.socket.sendall(b"".join(packets))
        else:
            send = self.socket.send
            for packet in packets:
                send(packet)
        return time.monotonic() - begin

    def answers(self, wanted, timeout):
        """Reads answers until all of these request ids have one, or until timeout seconds
        are over (0: those that are here); returns {request id: how many}. Each must be a
        RESPONSE without error.
        """
        deadline = time.monotonic() + timeout
        wanted = set(wanted)
        while not wanted <= self.answered.keys():
            left = max(deadline - time.monotonic(), 0)
            if not self.poller.poll(left * 1000):
                break
            for packet in self._receive():
                said = read(packet)
                assert (said["pdu"], said["error"]) == (RESPONSE, 0), said
                number = said["request_id"]
                self.answered[number] = self.answered.get(number, 0) + 1
        return {number: self.answered[number] for number in wanted
                if number in self.answered}

    def _receive(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionRefusedError:
            return []               # nobody there yet: the ICMP answer to what was sent
        if not self.stream:
            return [data]
        assert data, "the receiver closed the connection"
        packets, self.unread = [], self.unread + data
        while self.unread:
            try:
                end = parse(self.unread)[2]
            except (AssertionError, IndexError):
                break
            packets.append(self.unread[:end])
            self.unread = self.unread[end:]
        return packets

    def inform(self, packet, timeout=5.0):
        """Sends it and says whether it was answered; the same packet again is a repetition."""
        number = request_id_of(packet)
        self.answered.pop(number, None)
        self.send(packet)
        return bool(self.answers([number], timeout))


# ---- forgery ----------------------------------------------------------------------------

class Forger:
    """Sends UDP datagrams that claim any IPv4 source. Takes CAP_NET_RAW: PermissionError."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, target, packet, source, source_port=40000):
        kind, (host, port) = split(target)
        assert kind == "udp", target
        udp = struct.pack("!HHHH", source_port, port, 8 + len(packet), 0) + packet
        # The kernel fills in length, identification and checksum of the IP header.
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 0, 0, 0, 64, socket.IPPROTO_UDP, 0,
                         socket.inet_aton(source), socket.inet_aton(host))
        self.socket.sendto(ip + udp, (host, 0))


# ---- SNMPv3 -----------------------------------------------------------------------------

# The engine of an SNMPv3 sender: its TRAPs are checked with keys that belong to this id.
V3_ENGINE = "0x800000000464736d2d6c6162"
V3_AUTH = "the sender's authentication key"
V3_PRIV = "the sender's encryption key"


def v3_users(*names, engine=V3_ENGINE, auth=V3_AUTH, priv=V3_PRIV):
    """createUser lines for these users: one for TRAPs with the sender's engine id, and one
    for INFORMs, which belong to the receiver's own.
    """
    keys = f'SHA-256 "{auth}" AES "{priv}"'
    return "".join(f"createUser -e {engine} {name} {keys}\ncreateUser {name} {keys}\n"
                   for name in names)


def v3_command(target, trap_oid, words, *, user="dsm", level="authPriv", inform=False,
               engine=V3_ENGINE, auth=V3_AUTH, priv=V3_PRIV, timeout=2, retries=0):
    """The command of snmptrap(1) or snmpinform(1); words are varbinds: OID, type, value."""
    argv = ["snmpinform" if inform else "snmptrap", "-v3", "-u", user, "-l", level,
            "-t", str(timeout), "-r", str(retries)]
    if not inform:
        argv += ["-e", engine]
    if level != "noAuthNoPriv":
        argv += ["-a", "SHA-256", "-A", auth]
    if level == "authPriv":
        argv += ["-x", "AES", "-X", priv]
    return [*argv, target, "", trap_oid, *words]
