# SPDX-License-Identifier: Apache-2.0
"""What a nemesis does to the processes of its laboratory, and how each of it ends."""

import functools
import json
import signal
import time

TROUBLE_S = (0.1, 4.0)  # how long one trouble lasts
TROUBLES_MOST = 2       # at the same time

# What NSX may do to a request. None of it lets a write wait in NSX for longer than the
# client does: of such a write nobody could say that it is over.
FAULTS = ({"hang": True}, {"reset": True}, {"status": 503, "body": "busy"},
          {"status": 500, "body": "broken"}, {"html": True}, {"half": True},
          {"drop_after_apply": True}, {"hold_after": True}, {"ignore": True},
          {"slow": 200})
TARGETS = ("everything", "list of VMs", "add tag", "remove tag", "read back",
           "groups of the VM", "realization", "exclude list")


class Trouble:
    """Something that is wrong with one process until end() is called."""

    def __init__(self, target, end, due):
        self.target, self.end, self.due = target, end, due


class Troubles:
    """What a Nemesis can do; it brings lab, random, troubles, counters, note() and
    read_changes()."""

    def begin_trouble(self):
        kinds = {"agent": (self.kill, self.kill, self.pause, self.restart, self.reload),
                 "snmpd": (self.kill, self.pause, self.restart),
                 "snmptrapd": (self.kill, self.pause, self.restart),
                 "simulator": (self.fault, self.fault, self.pause, self.replace)}
        free = [name for name in kinds
                if name in self.lab.daemons and name not in self.troubles]
        if len(self.troubles) == TROUBLES_MOST:
            return
        target = self.random.choice(free)
        end = self.random.choice(kinds[target])(target)
        due = time.monotonic() + self.random.uniform(*TROUBLE_S)
        self.troubles[target] = Trouble(target, end, due)

    def end_trouble(self, trouble):
        self.note(f"{trouble.target}: end of it")
        trouble.end()
        del self.troubles[trouble.target]

    def kill(self, target):
        self.note(f"{target}: killed")
        self.lab.kill(target)
        return functools.partial(self.lab.restart, target)

    def restart(self, target):
        """As a person does it; the end may take its time."""
        self.note(f"{target}: SIGTERM")
        self.lab.expected_dead.add(target)
        self.lab.daemons[target].signal(signal.SIGTERM)

        def gone():
            # snmpd sees a signal that came just before its select() with the next request.
            self.counters.read(timeout=0.05)
            return not self.lab.daemons[target].running

        def end():
            self.lab.wait(gone, f"{target} to end")
            self.lab.restart(target)
        return end

    def reload(self, target):
        # One that has just been started would die of it, as any program would.
        if self.counters.read(timeout=0.2):
            self.note(f"{target}: SIGHUP")
            self.lab.kill(target, signal.SIGHUP)
        return lambda: None

    def pause(self, target):
        self.note(f"{target}: stands still")
        self.lab.kill(target, signal.SIGSTOP)
        return functools.partial(self.lab.kill, target, signal.SIGCONT)

    def fault(self, target):
        del target
        call, fault = self.random.choice(TARGETS), self.random.choice(FAULTS)
        times = self.random.choice([0, 1, 2, 5])
        self.note(f"simulator: {fault} at {call}, {times or 'all'} times")
        self.lab.sim.fault(**self.lab.calls[call], **fault, times=times)
        return self.end_faults

    def end_faults(self):
        self.lab.sim.clear_faults()
        self.lab.sim.release()

    def replace(self, target):
        """NSX dies and comes back with all that it had acknowledged."""
        self.note(f"{target}: dies")
        lab = self.lab
        # From here on nothing is applied any more.
        lab.sim.fault(reset=True)
        lab.sim.request("POST", "/sim/release", {"all": True, "apply": False})
        state = lab.sim.get("/sim/world")
        self.read_changes()
        self.changes_seen = 0
        lab.managers[0].world = lab.write("world.json", json.dumps(state))
        lab.kill(target)
        return functools.partial(lab.restart, target)
