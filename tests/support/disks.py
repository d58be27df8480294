# SPDX-License-Identifier: Apache-2.0
"""Disks that fail below the folders of a laboratory.

Two kinds with the same face. MountedDisk is a small file system of its own in a mount
namespace of its own: the real thing, where this machine lets us mount. PreloadedDisk only
makes the system calls fail, and works everywhere.

    disk.fail("spool", "full")         # or "read-only", or (preloaded) "unsynced"
    disk.mend("spool")
"""

import os
import re
import subprocess

from support.lab import HANDLER, OUT
from support.process import Daemon
from support.waiting import wait_for

BADDISK = os.path.join(OUT, "baddisk.so")
DAEMONS = ("agent", "snmptrapd")
SIZE = 16 << 20


class Disk:
    """Folders of a laboratory that may fail; take it to the laboratory before start()."""

    def __init__(self, lab, folders):
        self.lab = lab
        self.folders = folders
        self.wrap = []
        self.env = {}
        for folder in folders:
            os.makedirs(lab.path(folder), mode=0o750, exist_ok=True)
        start, self.lab.hand_over = lab.add, self.hand_over

        def add(name, argv, persistent=None, **env):
            if name in DAEMONS:
                argv, env = [*self.wrap, *argv], {**self.env, **env}
            return start(name, argv, persistent, **env)

        lab.add = add

    def hand_over(self, text):
        """Lab.hand_over() on this disk."""
        return subprocess.run([*self.wrap, HANDLER, "-c", self.lab.conf], input=text,
                              text=True, capture_output=True, timeout=30, check=False,
                              env={"PATH": os.environ["PATH"], **self.env})

    def seen(self, name):
        """The path by which this process sees a file of the laboratory."""
        return self.lab.path(name)

    def engine_runs(self):
        """True: files below the folders may be open for writing."""
        return "agent" in self.lab.daemons and self.lab.daemons["agent"].running

    def list(self, folder):
        """Names in a folder."""
        path = self.seen(folder)
        return os.listdir(path) if os.path.isdir(path) else []


class PreloadedDisk(Disk):
    """One folder at a time fails."""

    lives_on = True  # what fails is good again after mend(), below a running engine

    def __init__(self, lab, folders):
        super().__init__(lab, folders)
        self.env = {"LD_PRELOAD": BADDISK, "BADDISK_ARM": lab.path("baddisk"),
                    "ASAN_OPTIONS": "abort_on_error=0:exitcode=99:verify_asan_link_order=0"}

    def fail(self, folder, how):
        error = {"full": "ENOSPC", "read-only": "EROFS", "unsynced": "EIO"}[how]
        # The name appears with its content.
        self.lab.write("baddisk.new", f"{error} {self.lab.path(folder)}\n")
        os.rename(self.lab.path("baddisk.new"), self.lab.path("baddisk"))

    def mend(self, folder):
        del folder
        os.unlink(self.lab.path("baddisk"))

    def remove(self):
        if os.path.exists(self.lab.path("baddisk")):
            os.unlink(self.lab.path("baddisk"))


class NotPermitted(Exception):
    """This machine does not let us mount; the message is the system's."""


class MountedDisk(Disk):
    """Each folder is an ext4 file system on a loop device."""

    lives_on = False  # a file system with an error is good again after a check

    def __init__(self, lab, folders):
        super().__init__(lab, folders)
        if os.geteuid() != 0:
            raise NotPermitted("only root can mount")
        # It holds the namespace; nothing is mounted outside.
        self.holder = Daemon("holder", ["unshare", "--mount", "--propagation", "private",
                                        "sleep", "infinity"], lab.path("holder.log"),
                             {"PATH": os.environ["PATH"]}).start()
        try:
            wait_for(self.inside, "a mount namespace", 5)
            self.wrap = ["nsenter", f"--target={self.holder.pid}", "--mount", "--"]
            for folder in folders:
                image = lab.path(f"{folder.replace('/', '-')}.ext4")
                with open(image, "wb") as file:
                    file.truncate(SIZE)
                self.run("mkfs.ext4", "-q", "-F", "-m", "0", image)
                self.mount(folder)
        except (AssertionError, NotPermitted) as error:
            self.remove()
            raise NotPermitted(f"{error}: {self.holder.text()}") from error

    def inside(self):
        if not self.holder.running:
            raise NotPermitted("unshare ended")
        name = "/proc/{}/ns/mnt"
        return (os.readlink(name.format(self.holder.pid))
                != os.readlink(name.format(os.getpid())))

    def run(self, *words):
        done = subprocess.run([*self.wrap, *words], capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            raise NotPermitted(f"{' '.join(words)}: {done.stderr.strip()}")
        return done.stdout

    def mount(self, folder, options="loop,errors=remount-ro"):
        image = self.lab.path(f"{folder.replace('/', '-')}.ext4")
        self.run("mount", "-o", options, image, self.lab.path(folder))

    def seen(self, name):
        return f"/proc/{self.holder.pid}/root{self.lab.path(name)}"

    def device(self, folder):
        """loopN: never the device of anything that we have not mounted ourselves."""
        with open(f"/proc/{self.holder.pid}/mounts", encoding="utf-8") as file:
            for line in file:
                name, where = line.split()[:2]
                match = re.fullmatch(r"/dev/(loop\d+)", name)
                if match and where == self.lab.path(folder):
                    return match.group(1)
        raise AssertionError(f"{folder} is not mounted")

    def fail(self, folder, how):
        if how == "full":
            self.fill(folder)
        elif self.engine_runs():
            # As an error of the device does, with files open for writing.
            with open(f"/sys/fs/ext4/{self.device(folder)}/trigger_fs_error", "w",
                      encoding="ascii") as file:
                file.write("a test of ours")
        else:
            self.run("mount", "-o", "remount,ro", self.lab.path(folder))

    def fill(self, folder):
        with open(os.path.join(self.seen(folder), "ballast"), "wb", buffering=0) as file:
            piece = b"x" * 65536
            while piece:
                try:
                    file.write(piece)
                except OSError:
                    piece = piece[:len(piece) // 2]

    def mend(self, folder):
        """Space again; or, when nothing runs on it, a check and a new mount."""
        ballast = os.path.join(self.seen(folder), "ballast")
        if os.path.exists(ballast):
            os.unlink(ballast)
            return
        self.run("umount", self.lab.path(folder))
        # 1: errors were corrected.
        subprocess.run(["e2fsck", "-p", self.lab.path(f"{folder.replace('/', '-')}.ext4")],
                       stdout=subprocess.DEVNULL, check=False)
        self.mount(folder)

    def remove(self):
        self.holder.stop()


# (kind, how it can fail)
FAULTS = [("mounted", "full"), ("mounted", "read-only"), ("preloaded", "full"),
          ("preloaded", "read-only"), ("preloaded", "unsynced")]
KINDS = {"mounted": MountedDisk, "preloaded": PreloadedDisk}
