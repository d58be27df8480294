# SPDX-License-Identifier: Apache-2.0
"""Managers inside the test process, for tests that ask thousands of times.

Manager speaks SNMPv2c by hand, byte for byte. OtherManager is pysnmp, a stack that has
nothing in common with Net-SNMP; it speaks v2c and v3. Both give a varbind as
(OID as a tuple, ASN.1 tag, content octets as they are on the wire).
"""

import socket

from pysnmp.hlapi import (
    CommunityData, ContextData, ObjectIdentity, ObjectType, SnmpEngine, UdpTransportTarget,
    UsmUserData, bulkCmd, getCmd, nextCmd, setCmd, usmAesCfb128Protocol,
    usmHMAC192SHA256AuthProtocol)
from pyasn1.codec.ber import encoder

from support import senders
from support.snmp import AUTH_KEY, PRIV_KEY, READ_COMMUNITY, WRITE_USER

GET, GETNEXT, GETBULK = 0xA0, 0xA1, 0xA5
NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_MIB_VIEW = 0x80, 0x81, 0x82


def arcs(text):
    return tuple(map(int, text.strip(".").split(".")))


def dotted(oid):
    return "." + ".".join(map(str, oid))


class Reader:
    """What both have in common. Subclasses have get(*names), next(*names) and steps()."""

    def walk(self, root, repetitions=0, end=None):
        """All varbinds below root and before end: by GETNEXT, or by GETBULK with so many
        repetitions. A walk that does not rise fails at once."""
        found, at = [], root
        for name, tag, content in self.steps(root, repetitions):
            if name[:len(root)] != root or tag == END_OF_MIB_VIEW or end and name >= end:
                break
            assert name > at, f"{dotted(name)} does not come behind {dotted(at)}"
            found.append((name, tag, content))
            at = name
        return found


class Manager(Reader):
    """One socket to the snmpd at 127.0.0.1:port."""

    def __init__(self, port, community=READ_COMMUNITY, timeout=5.0):
        self.community = community
        self.number = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(timeout)
        self.socket.connect(("127.0.0.1", port))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def ask(self, kind, names, first=0, second=0):
        """The varbinds of one answer, which must have no error. first and second stand where
        a response has its error."""
        self.number += 1
        pairs = b"".join(senders.varbind(dotted(name), senders.null()) for name in names)
        self.socket.send(senders.message(1, self.community, senders.tlv(
            kind, senders.integer(self.number) + senders.integer(first)
            + senders.integer(second) + senders.tlv(senders.SEQUENCE, pairs))))
        said = {"request_id": None}
        while said["request_id"] != self.number:
            said = senders.read(self.socket.recv(65536))
        assert said["error"] == 0, (said["error"], [dotted(name) for name in names])
        return [(arcs(name), *value) for name, *value in said["varbinds"]]

    def get(self, *names):
        return self.ask(GET, names)

    def next(self, *names):
        return self.ask(GETNEXT, names)

    def bulk(self, names, non_repeaters, repetitions):
        return self.ask(GETBULK, names, non_repeaters, repetitions)

    def steps(self, root, repetitions):
        at = root
        while True:
            part = self.bulk([at], 0, repetitions) if repetitions else self.next(at)
            yield from part
            at = part[-1][0]


class OtherManager(Reader):
    """pysnmp with one engine, as a program that runs for long has it; version "2c" or "3"."""

    def __init__(self, port, version):
        self.engine = SnmpEngine()
        self.port = port
        self.access = CommunityData(READ_COMMUNITY) if version == "2c" else UsmUserData(
            WRITE_USER, AUTH_KEY, PRIV_KEY, authProtocol=usmHMAC192SHA256AuthProtocol,
            privProtocol=usmAesCfb128Protocol)

    def _do(self, command, *more, **options):
        target = UdpTransportTarget(("127.0.0.1", self.port), timeout=5, retries=1)
        return command(self.engine, self.access, target, ContextData(), *more,
                       lookupMib=False, **options)

    @staticmethod
    def _named(names):
        return [ObjectType(ObjectIdentity(name)) for name in names]

    @staticmethod
    def _plain(answer):
        trouble, error, place, varbinds = answer
        assert not trouble and not error, trouble or (error.prettyPrint(), place)
        for name, value in varbinds:
            tag, content, _ = senders.parse(encoder.encode(value))
            yield tuple(name), tag, content

    def get(self, *names):
        return list(self._plain(next(self._do(getCmd, *self._named(names)))))

    def next(self, *names):
        """One name at a time: pysnmp leaves out what is at the end."""
        name, = names
        answer = next(self._do(nextCmd, *self._named(names)), None)
        return list(self._plain(answer)) if answer else [(name, END_OF_MIB_VIEW, b"")]

    def steps(self, root, repetitions):
        command, shape = (bulkCmd, (0, repetitions)) if repetitions else (nextCmd, ())
        for answer in self._do(command, *shape, *self._named([root])):
            yield from self._plain(answer)

    def set(self, name, value):
        """The name of the error that a SET of a pyasn1 value ends with, or ""."""
        trouble, error, _, _ = next(self._do(setCmd, ObjectType(ObjectIdentity(name), value)))
        assert not trouble, trouble
        return error.prettyPrint() if error else ""
