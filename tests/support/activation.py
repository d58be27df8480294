# SPDX-License-Identifier: Apache-2.0
"""What systemd does for a service with a socket unit: it binds the sockets and keeps them,
and every start of the service finds them as descriptors 3, 4, ... What arrives while the
service is away waits in the kernel.

Run as a program it is the last step of such a start: it puts the descriptors in their places
and becomes the service, whose process id it then has.
"""

import fcntl
import os
import socket
import sys

FIRST = 3


class Activation:
    """Holds a socket for each address, in Net-SNMP's words; close() gives them up."""

    def __init__(self, addresses, buffer):
        # Here, because as a program this file has no package around it.
        from support.senders import FAMILIES, split
        self.addresses = list(addresses)
        self.sockets = []
        self.paths = []
        for address in self.addresses:
            kind, where = split(address)
            sock = socket.socket(*FAMILIES[kind])
            self.sockets.append(sock)
            if kind.endswith("6"):
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
            sock.bind(where)
            if sock.type == socket.SOCK_STREAM:
                sock.listen(4096)
            if kind == "unix":
                self.paths.append(where)
            # systemd's own flags, which a service that it starts shares.
            sock.setblocking(False)

    @property
    def descriptors(self):
        return tuple(sock.fileno() for sock in self.sockets)

    def command(self, argv):
        """The command that starts argv with the sockets; pass the descriptors on, too."""
        return [sys.executable, os.path.abspath(__file__),
                ",".join(map(str, self.descriptors)), *argv]

    def close(self):
        for sock in self.sockets:
            sock.close()
        for path in self.paths:
            if os.path.exists(path):
                os.unlink(path)


def become(descriptors, argv):
    """Moves the descriptors to 3, 4, ... and executes argv in this process."""
    # First out of the way of each other.
    free = max(*descriptors, FIRST + len(descriptors)) + 1
    high = [fcntl.fcntl(fd, fcntl.F_DUPFD, free) for fd in descriptors]
    for number, fd in enumerate(high):
        os.dup2(fd, FIRST + number, inheritable=True)
    os.closerange(FIRST + len(high), max(high) + 1)
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(high)))
    os.execvp(argv[0], argv)


if __name__ == "__main__":
    become([int(fd) for fd in sys.argv[1].split(",")], sys.argv[2:])
