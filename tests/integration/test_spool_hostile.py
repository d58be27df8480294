# SPDX-License-Identifier: Apache-2.0
"""Whatever somebody puts into the spool, the running engine says what it did with it, acts on
nothing but whole traps of those who may write there, and goes on."""

import os
import socket
import stat

import pytest

from integration.test_intake import SOURCE, handle_text, quoted_hex
from support.settings import DESCRIPTION, alert

NOBODY = 65534


def detection(computer):
    return handle_text(f"{DESCRIPTION} {quoted_hex(alert(computer))}", source=SOURCE)


class Spool:
    """The folders of a laboratory's spool, seen by somebody who may write there."""

    def __init__(self, lab):
        self.lab = lab

    def path(self, name="", folder="new"):
        return self.lab.path(f"state/spool/{folder}/{name}")

    def names(self, folder="new"):
        return set(os.listdir(self.path(folder=folder)))

    def put(self, name, text, owner=None, mode=0o640):
        """Appears whole, as the handler's files do."""
        inner = self.path("being-written", "tmp")
        with open(inner, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(inner, mode)
        if owner is not None:
            os.chown(inner, owner, owner)
        os.rename(inner, self.path(name))

    def wait_refused(self, *names):
        self.lab.wait(lambda: set(names) <= self.names("refused") and
                      not set(names) & self.names(), f"{names} in refused/")

    def said(self, name, reason):
        return f"file={name} reason={reason}" in self.lab.engine.text()


@pytest.fixture
def spool(agent_lab):
    return Spool(agent_lab)


def wait_good(spool, computer="VDI-01"):
    """A trap of ours is still taken in, and only that one leads to anything."""
    spool.put("~good", detection(computer))
    spool.lab.wait_case(OperState="isolated")
    assert spool.lab.traps()["Acted"] == 1
    spool.lab.wait(lambda: not spool.names(), "an empty spool")


def test_what_is_no_file_of_a_trap_is_refused_with_a_reason(spool):
    os.symlink("/etc/passwd", spool.path("1-symlink"))
    os.symlink(spool.path("missing"), spool.path("2-dangling"))
    os.mkfifo(spool.path("3-fifo"))
    os.mkdir(spool.path("4-folder"))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(spool.path("5-socket"))
    # Under its other name it is no file of the spool's new folder.
    with open(spool.path("linked", "tmp"), "w", encoding="utf-8") as file:
        file.write(detection("VDI-03"))
    os.link(spool.path("linked", "tmp"), spool.path("6-hardlink"))
    spool.put("7-empty", "")
    spool.put("8-large", "x" * (256 * 1024 + 1))

    reasons = {
        "1-symlink": "it is a symbolic link", "2-dangling": "it is a symbolic link",
        "3-fifo": "it is no regular file", "4-folder": "it is no regular file",
        "5-socket": "No such device or address", "6-hardlink": "it has more than one link",
        "7-empty": "its size is not that of a trap",
        "8-large": "its size is not that of a trap",
    }
    spool.wait_refused(*reasons)
    for name, reason in reasons.items():
        assert spool.said(name, reason), name
    assert spool.lab.traps()["Received"] == 0
    assert stat.S_ISREG(os.stat("/etc/passwd").st_mode)
    wait_good(spool)


def test_files_of_people_who_may_not_write_there_are_refused(spool):
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    spool.put("1-stranger", detection("VDI-02"), owner=NOBODY)
    spool.put("2-stranger-says-v3",
              "nsx-quarantine proof=v3\n" + detection("VDI-03").split("\n", 1)[1],
              owner=NOBODY, mode=0o666)

    spool.wait_refused("1-stranger", "2-stranger-says-v3")
    assert spool.said("1-stranger", "its owner may not write here")
    assert spool.lab.traps()["Received"] == 0
    wait_good(spool)


def test_a_trap_cut_off_at_any_place_is_not_acted_on(spool):
    whole = detection("VDI-02")
    # Where a line ends, what is left may be a trap, but one that names nobody.
    cuts = list(range(1, len(whole), 5))
    for cut in cuts:
        spool.put(f"{cut:04d}", whole[:cut])
    spool.lab.wait(lambda: not spool.names(), "every file to be taken in or refused")

    spool.lab.wait(lambda: spool.lab.traps()["Received"] == len(cuts), "all to be counted")
    traps = spool.lab.traps()
    assert traps["Acted"] == 0
    assert traps["Malformed"] + traps["Ignored"] == len(cuts)
    assert spool.lab.engine.text().count("spooled trap refused") == traps["Malformed"]
    spool.lab.check_balance()
    wait_good(spool)


def test_names_cannot_forge_lines_of_the_log(spool):
    forged = "1\nnsx-quarantine: notice: released case=1"
    os.symlink("x", spool.path(forged))
    os.symlink("x", spool.path("2\x1b[2J\r%s%n"))

    spool.wait_refused(forged, "2\x1b[2J\r%s%n")
    text = spool.lab.engine.text()
    assert "\nnsx-quarantine: notice: released" not in text
    assert "\x1b" not in text
    assert spool.said(r"1\nnsx-quarantine: notice: released case=1",
                      "it is a symbolic link")
    assert spool.said(r"2\x1B[2J\r%s%n", "it is a symbolic link")
    wait_good(spool)


def test_a_spool_folder_that_became_a_symbolic_link_is_left_alone(spool):
    elsewhere = spool.lab.path("elsewhere")
    os.mkdir(elsewhere)
    with open(os.path.join(elsewhere, "1"), "w", encoding="utf-8") as file:
        file.write(detection("VDI-02"))
    os.rename(spool.path(), spool.lab.path("state/spool/was-new"))
    os.symlink(elsewhere, spool.path().rstrip("/"))

    spool.lab.wait(lambda: "spool: it cannot be read and emptied" in spool.lab.engine.text(),
                   "the engine to say so")
    # A trap goes through the socket meanwhile; without the engine it is said to be lost.
    assert spool.lab.hand_over(handle_text()).returncode == 0
    spool.lab.kill_engine()
    lost = spool.lab.hand_over(detection("VDI-03"))
    assert (lost.returncode, "a trap is lost" in lost.stderr) == (1, True), lost
    assert "spool/new: Not a directory" in lost.stderr
    assert os.listdir(elsewhere) == ["1"]

    os.unlink(spool.path().rstrip("/"))
    os.rename(spool.lab.path("state/spool/was-new"), spool.path())
    spool.lab.restart_engine()
    assert spool.lab.traps()["Received"] == 1
    wait_good(spool)


def test_a_handler_cannot_pass_a_host_name_off_as_our_own_line(spool):
    spool.lab.kill_engine()
    text = "nsx-quarantine proof=v3\n" + detection("VDI-01").split("\n", 1)[1]
    assert spool.lab.hand_over(text).returncode == 0
    name, = spool.names()

    with open(spool.path(name), encoding="utf-8") as file:
        assert file.readline() == "-sx-quarantine proof=v3\n"
    spool.lab.restart_engine()
    spool.lab.wait_case(OperState="isolated")
