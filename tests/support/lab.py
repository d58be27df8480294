# SPDX-License-Identifier: Apache-2.0
"""A whole site in a temporary directory: NSX simulator, snmpd, our engine in one of its two
hosts, snmptrapd in front of it or not, and a second snmptrapd that receives our
notifications.

Everything listens on loopback at free ports. Lab stops only what it started.
"""

import functools
import json
import os
import shutil
import signal
import subprocess
import tempfile

from support import counters, nsx_calls, settings
from support.activation import Activation
from support.certificates import make_ca, make_certificates
from support.process import Daemon, free_port
from support.senders import v3_users
from support.simulator import Simulator
from support.snmp import Snmp
from support.traps import Traps
from support.waiting import wait_for
from support.ways import V3_USER, Way

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, os.environ.get("BUILD", "build"))
VARIANT = os.environ.get("VARIANT", "release")
OUT = os.path.join(BUILD, VARIANT)
ROOT = os.environ.get("OID_ROOT", "1.3.6.1.4.1.8072.9999.9999.2611")
WORLDS = {"policy": os.path.join(TOP, "tests/data/sim/vdi.json"),
          "vsphere": os.path.join(TOP, "tests/data/sim/vdi-vsphere.json")}
PROGRAM = os.path.join(OUT, "nsx-quarantine")
HANDLER = os.path.join(OUT, "nsx-quarantine-trap")
MODULE = os.path.join(OUT, "nsx-quarantine.so")
SIMULATOR = os.path.join(OUT, "nsx-sim")
KILLSYNC = os.path.join(OUT, "killsync.so")
EARLYHUP = os.path.join(OUT, "earlyhup.so")
NONETLINK = os.path.join(OUT, "nonetlink.so")
MIBS = os.path.join(BUILD, "mibs")

HOSTS = ("agentx", "dlmod")
NSX = tuple(WORLDS)


# What a manager that knows bearer tokens would give out.
TOKEN = "a-bearer-token"


class Manager:
    """One NSX Manager of the configuration and the simulator behind it."""

    def __init__(self, name, nsx, world):
        self.name = name
        self.nsx = nsx
        self.world = world
        self.daemon = "simulator" if name == "lab" else f"simulator-{name}"
        self.ports = []
        self.sim = None


class Lab(Traps):
    """start() brings everything up; stop() takes it down and may be called at any time.

    nsx is the generation of NSX, or several, each for a manager of its own; world is a file
    of the simulator (or several), nodes the number of nodes of a manager; intake is one of
    ways.WAYS with what Way takes in way; activation=True holds the engine's sockets as
    systemd does. beside is a laboratory that runs already and whose managers this one uses,
    too. conf replaces values of settings.DEFAULTS.
    """

    def __init__(self, host="agentx", nsx="policy", world=None, nodes=1, intake="handler",
                 way=None, activation=False, beside=None, v3_sink=False, **conf):
        generations = (nsx,) if isinstance(nsx, str) else nsx
        worlds = (world,) if isinstance(world, (str, type(None))) else world
        assert host in HOSTS and set(generations) <= set(NSX), (host, nsx)
        self.host = host
        self.nsx = generations[0]
        self.calls = nsx_calls.CALLS[self.nsx]
        self.managers = [
            Manager(name, generation, world or WORLDS[generation])
            for name, generation, world in zip(("lab", "lab2"), generations, worlds)]
        self.beside = beside
        if beside:
            self.managers = beside.managers
        self.folder = tempfile.mkdtemp(prefix="nq-")
        self.conf = self.path("nsx-quarantine.conf")
        self.handler, self.handler_conf = HANDLER, self.conf
        self.root = ROOT
        self.nodes = nodes
        self.values = {**settings.DEFAULTS,
                       "ca_file": (beside or self).path("ca.pem"), **conf}
        self.daemons = {}
        self.expected_dead = set()
        self.engine_env = {}
        self.more_of_snmpd = ""
        self.agent_options = []
        self.wrapper = []  # what the process of the engine runs under
        self.notify = True
        with open(self.managers[0].world, encoding="utf-8") as file:
            self.password = json.load(file)["password"]
        self.snmpd_port = free_port()
        self.way = Way(intake, self.folder, **(way or {}))
        self.with_activation = activation
        self.activation = None
        self.sink_port = free_port()
        self.v3_sink_port = free_port() if v3_sink else None
        self.snmp = Snmp(self.path("client"), MIBS, self.snmpd_port, self.root)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        self.remove()

    # ---- files ----------------------------------------------------------------------

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text, mode=0o644):
        with open(os.open(self.path(name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode),
                  "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def write_conf(self):
        """Our configuration, from the values of this laboratory."""
        return self.write("nsx-quarantine.conf", settings.ours(
            self.folder, [(m.name, m.nsx, m.ports) for m in self.managers], self.way.ours(),
            self.values))

    def new_ca(self):
        """Our engine trusts another CA than the one that signed for the simulator."""
        make_ca(self.folder, "other")
        self.values["ca_file"] = self.path("other.pem")
        self.write_conf()

    # ---- life -----------------------------------------------------------------------

    def start(self, engine=True):
        """Starts everything and waits until it answers; engine=False leaves ours out."""
        make_certificates(self.folder)
        os.makedirs(self.path("state"), mode=0o750, exist_ok=True)
        self.write("nsx-password", self.password, 0o600)
        self.write("nsx-token", TOKEN, 0o600)
        self.write("users", v3_users(V3_USER), 0o600)
        self.write("community", "a secret", 0o600)
        for manager in [] if self.beside else self.managers:
            self.start_simulator(manager)
        self.write_conf()
        self.start_sink()
        if self.with_activation:
            self.activation = Activation(self.way.held, self.way.buffer)
        if self.way.has_snmptrapd:
            self.start_snmptrapd()
        if engine or self.host == "agentx":
            self.start_snmpd()
        if engine:
            self.start_engine()
            self.wait_answers()
        return self

    def add(self, name, argv, persistent=None, pass_fds=(), **env):
        """Registers and starts one daemon."""
        folder = self.path(f"{persistent or name}.d")
        os.makedirs(folder, exist_ok=True)
        environment = {
            "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": folder,
            "MIBS": "", "SNMPCONFPATH": folder, "SNMP_PERSISTENT_DIR": folder,
            "ASAN_OPTIONS": "abort_on_error=0:exitcode=99:verify_asan_link_order=0",
            "UBSAN_OPTIONS": "print_stacktrace=1", **env,
        }
        daemon = Daemon(name, argv, self.path(f"{name}.log"), environment, pass_fds)
        self.daemons[name] = daemon
        self.expected_dead.discard(name)
        return daemon.start()

    def start_simulator(self, manager):
        """Starts the simulator of one manager; a second start uses the same ports."""
        port_file = self.path(f"{manager.daemon}-ports")
        if os.path.exists(port_file):
            os.unlink(port_file)
        self.add(manager.daemon, [
            SIMULATOR, "--world", manager.world, "--cert", self.path("server.pem"),
            "--key", self.path("server.key"), "--port-file", port_file,
            *([] if self.nodes == 1 else ["--nodes", self.nodes]),
            *(["--port", ",".join(map(str, manager.ports))] if manager.ports else [])])
        ports = self.wait(lambda: read(port_file).split(), "the simulator's ports")
        manager.ports = [int(port) for port in ports]
        manager.sim = Simulator(manager.ports[0], self.path("ca.pem"))

    @property
    def sim(self):
        """The simulator of the first manager."""
        return self.managers[0].sim

    @property
    def nsx_ports(self):
        return self.managers[0].ports

    def start_snmpd(self):
        if self.host == "agentx":
            host = settings.SNMPD_AGENTX.format(folder=self.folder)
            env = {}
        else:
            host = settings.SNMPD_DLMOD.format(module=MODULE, conf=self.conf)
            env = {**self.module_env(), **self.engine_env}
        conf = self.write("snmpd.conf", settings.snmpd_conf(
            self.snmpd_port, self.sink_port if self.notify else None, self.root,
            settings.v3_sink_line(self.v3_sink_port) + host + self.more_of_snmpd))
        # Without -smux it would listen on TCP port 199 as well.
        wrapper = self.wrapper if self.host == "dlmod" else []
        self.add("snmpd", [*wrapper, "snmpd", "-f", "-Lo", "-C", "-c", conf, "-r", "-I", "-smux"],
                 **env)
        self.wait(lambda: "NET-SNMP version" in self.daemons["snmpd"].text(),
                  "snmpd to start")

    @staticmethod
    def module_env():
        """What snmpd needs so that a module built with sanitizers can be loaded."""
        if VARIANT != "asan":
            return {}
        library = subprocess.run(["gcc", "-print-file-name=libasan.so"], text=True,
                                 capture_output=True, check=True).stdout.strip()
        # snmpd itself leaves memory behind, which is not ours to judge.
        return {"LD_PRELOAD": os.path.realpath(library),
                "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=0:exitcode=99"}

    def start_engine(self):
        """Starts the agent. In the other host the engine is in snmpd already."""
        if self.host == "dlmod":
            if "snmpd" not in self.daemons or not self.daemons["snmpd"].running:
                self.start_snmpd()
            return
        argv = [*self.wrapper, PROGRAM, "agent", "-c", self.conf, "-x", f"unix:{self.folder}/agentx.sock",
                *self.agent_options]
        fds = ()
        if self.activation:
            argv, fds = self.activation.command(argv), self.activation.descriptors
        self.add("agent", argv, pass_fds=fds, **self.engine_env)

    def start_snmptrapd(self):
        conf = self.write("snmptrapd.conf", self.way.snmptrapd(
            self.handler, self.handler_conf), 0o600)
        self.add("snmptrapd", ["snmptrapd", "-f", "-Lo", *self.way.snmptrapd_options, "-C",
                               "-c", conf, self.way.target()])
        self.wait(lambda: "NET-SNMP version" in self.daemons["snmptrapd"].text(),
                  "snmptrapd to start")

    def start_sink(self):
        """The management stations: they only write down what they receive."""
        self.start_station("sink", settings.sink_conf(), self.sink_port)
        if self.v3_sink_port:
            self.start_station("v3-sink", settings.v3_sink_conf(), self.v3_sink_port)

    def start_station(self, name, conf, port):
        conf = self.write(f"{name}.conf", conf)
        self.add(name, ["snmptrapd", "-f", "-Lo", "-OQUs", "-n", "-C", "-c", conf,
                        "-F", "notification %V\\t%v\\n", "-M", MIBS, "-m",
                        "NSX-QUARANTINE-MIB:SNMPv2-MIB", f"udp:127.0.0.1:{port}"])
        self.wait(lambda: "NET-SNMP version" in self.daemons[name].text(),
                  "the receiver of notifications to start")

    @property
    def engine(self):
        """The process that holds the engine."""
        return self.daemons["agent" if self.host == "agentx" else "snmpd"]

    @property
    def engine_alive(self):
        """True when it runs and can be asked."""
        name = "agent" if self.host == "agentx" else "snmpd"
        return (name in self.daemons and self.daemons[name].running
                and self.snmp.answers())

    def kill(self, name, number=signal.SIGKILL):
        """Sends a signal; after one that kills, waits for the end."""
        daemon = self.daemons[name]
        if number in (signal.SIGKILL, signal.SIGTERM):
            self.expected_dead.add(name)
            daemon.signal(number)
            daemon.wait()
        else:
            daemon.signal(number)

    def kill_engine(self):
        self.kill(self.engine.name)

    def restart(self, name):
        """Starts a daemon again that has ended."""
        {"agent": self.start_engine, "snmpd": self.start_snmpd,
         "snmptrapd": self.start_snmptrapd, "sink": self.start_sink,
         **{m.daemon: functools.partial(self.start_simulator, m)
            for m in self.managers}}[name]()

    def restart_engine(self):
        self.restart(self.engine.name)
        self.wait_answers()

    def stop(self):
        """Ends everything in the order in which a machine would; idempotent."""
        for name in ("snmptrapd", "agent", "snmpd", "sink", "v3-sink",
                     *[manager.daemon for manager in self.managers]):
            if name in self.daemons:
                self.daemons[name].stop()
        if self.activation:
            self.activation.close()

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def problems(self):
        """What must never happen in any test: deaths, sanitizer reports, bad exits."""
        found = []
        for name, daemon in self.daemons.items():
            found += [f"{name}: {report}" for report in daemon.reports()]
            clean = (None, 0, -signal.SIGTERM)
            if name not in self.expected_dead and daemon.status not in clean:
                found.append(f"{name} ended with status {daemon.status}")
        return found

    # ---- conditions -----------------------------------------------------------------

    def watch(self):
        """Fails at once when a daemon died that should live."""
        for name, daemon in self.daemons.items():
            if daemon.status is not None and name not in self.expected_dead:
                raise AssertionError(f"{name} died with status {daemon.status}; its log "
                                     f"ends with:\n{tail(daemon.text())}")

    def wait(self, predicate, what, timeout=15.0):
        return wait_for(predicate, what, timeout, watch=self.watch)

    def wait_answers(self, timeout=15.0):
        """Waits until the engine answers through snmpd, with rows loaded."""
        self.wait(lambda: self.snmp.answers() and
                  self.snmp.get("nqEngineHealth.0") != "failed", "the engine to answer",
                  timeout)

    def cases(self):
        return self.snmp.table("nqVmTable")

    def wait_case(self, timeout=15.0, count=1, **columns):
        """Waits for a row with these columns, written without "nqVm"; returns it.

        The row has its index as "index". More than count rows fail at once.
        """
        wanted = {f"nqVm{name}": value for name, value in columns.items()}

        def find():
            rows = self.cases()
            assert len(rows) <= count, f"{len(rows)} rows, expected {count}: {rows}"
            for index, row in rows.items():
                if all(row.get(name) == value for name, value in wanted.items()):
                    return {"index": index, **row}
            find.rows = rows
            return None

        try:
            return self.wait(find, f"a case with {columns}", timeout)
        except AssertionError as error:
            raise AssertionError(f"{error}; rows: {getattr(find, 'rows', None)}") from None

    def traps(self):
        """The counters of nqTraps by the name of what they count."""
        text = self.snmp.run("snmpget", "-Oqv", self.snmp.address, *[
            self.snmp.qualified(f"nqTraps{name}.0") for name in counters.NAMES])
        return dict(zip(counters.NAMES, map(int, text.split())))

    def check_balance(self):
        """Nothing is silent: every trap is counted by what became of it."""
        traps = self.traps()
        assert traps["Received"] == sum(traps[name] for name in counters.PARTS), traps

    def notifications(self, station="sink", findings=False):
        """[(name, {"column.index": text})] that the management station received.

        Without findings: a laboratory is configured as no site should be.
        """
        found = []
        for line in self.daemons[station].text().splitlines():
            if not line.startswith("notification "):
                continue
            pairs = dict(pair.split(" = ", 1)
                         for pair in line[len("notification "):].split("\t") if " = " in pair)
            name = pairs.pop("snmpTrapOID.0", "")
            found.append((name, pairs))
        return [pair for pair in found if pair[0].startswith("nq")
                and (findings or not pair[0].startswith("nqFinding"))]

    def wait_notification(self, name, timeout=15.0):
        """Waits for the newest notification of that name; returns its objects."""
        def find():
            return [pairs for n, pairs in self.notifications(findings=True) if n == name]
        return self.wait(find, f"notification {name}", timeout)[-1]

    def fault_at_tag(self, **fault):
        """A fault at every way to add our tag."""
        for call in nsx_calls.WAYS_TO_TAG[self.nsx]:
            self.sim.fault(**self.calls[call], **fault)

    def requests(self, call):
        """Requests to the first manager that are for this; see nsx_calls.py."""
        wanted = self.calls[call]
        return [r for r in self.sim.requests() if r["method"] == wanted["method"]
                and r["path"].startswith(wanted["path"])
                and wanted.get("query", "") in r["path"]]

    def manager(self, index=1):
        """The row of nqManagerTable."""
        return self.snmp.table("nqManagerTable")[index]

    def manager_counts(self, index=1):
        """Its numbers, by the name of what they count."""
        row = self.manager(index)
        return {name: int(row[f"nqManager{name}"]) for name in (
            "Requests", "Errors", "Retries", "InFlight", "Queue", "Vms")}

    def wait_manager(self, state, timeout=15.0, index=1):
        """Waits until nqManagerState is that; returns the row."""
        def reached():
            row = self.manager(index)
            return row["nqManagerState"] == state and row
        return self.wait(reached, f"the manager to be {state}", timeout)

    def wait_inventory(self):
        self.wait(lambda: self.manager_counts()["Vms"] > 0, "the inventory")

    def wait_all_isolated(self, count, timeout=15.0):
        """Waits until there are count cases, all isolated."""
        self.wait(lambda: [row["nqVmOperState"] for row in self.cases().values()]
                  == ["isolated"] * count, f"{count} cases to be isolated", timeout)

    # ---- for people -----------------------------------------------------------------

    def logs(self):
        """[(name, text)] of everything that was started, our configuration included."""
        logs = [(name, daemon.text()) for name, daemon in self.daemons.items()]
        return [("nsx-quarantine.conf", read(self.conf))] + logs


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def tail(text, lines=15):
    return "\n".join(text.splitlines()[-lines:])
