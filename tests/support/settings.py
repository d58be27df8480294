# SPDX-License-Identifier: Apache-2.0
"""The configuration files of the laboratory: ours, snmpd's and the one of the receiver of
notifications. What depends on the way of a trap stands in ways.py."""

from support.snmp import AUTH_KEY, PRIV_KEY, READ_COMMUNITY, WRITE_USER

# RFC 5612 reserves this arc for documentation. A DSM's own OIDs are not published.
EXAMPLE = ".1.3.6.1.4.1.32473.1"
ALERT_TRAP = f"{EXAMPLE}.0.190"
EVENT_NUMBER = f"{EXAMPLE}.1.1.1.0"
DESCRIPTION = f"{EXAMPLE}.1.1.2.0"

# Short times, so that a retry, a pause or a deadline is over soon; Lab(conf={...}) changes
# single values.
DEFAULTS = {
    "mode": "enforce",
    "resolve_timeout_s": 2.0,
    "prove_timeout_s": 10.0,
    "verify_interval_s": 1.0,
    "group_interval_s": 0.5,
    "statistics_interval_s": 0.5,
    "retry_first_s": 0.1,
    "retry_most_s": 0.5,
    "timeout_s": 5.0,
    "auth_pause_s": 2.0,
    "inventory_interval_s": 60.0,
    "finding_delay_s": 60.0,
    "reconcile_s": 1.0,
    "removed_tag": "restore",
    "recreated_vm": "leave",
    # Laboratories infect many VMs at once; tests of the governor set budgets of their own.
    "governor": "per_minute = 0; per_hour = 0; per_day = 0; percent_per_hour = 0;"
                " percent_per_day = 0; same_cause = 0;",
    "protect": "",
    "release": "",
    "auth": "basic",
    "trust": 'ca_file = "{ca_file}";',
    "more_of_engine": "",
    "more_of_timing": "",
    "more_of_manager": "",
    "more_of_trigger": "",
    "more": "",
    "trap": ALERT_TRAP,
    "description": DESCRIPTION,
    "nsx_user": "admin",
}

OURS = """\
# nsx-quarantine of a laboratory: short times, NSX is the simulator.
engine = {{
    mode = "{mode}";
    state_directory = "{folder}/state";
    {more_of_engine}
}};
timing = {{
    resolve_timeout_s = {resolve_timeout_s};
    prove_timeout_s = {prove_timeout_s};
    verify_interval_s = {verify_interval_s};
    group_interval_s = {group_interval_s};
    statistics_interval_s = {statistics_interval_s};
    retry_first_s = {retry_first_s};
    retry_most_s = {retry_most_s};
    {more_of_timing}
    finding_delay_s = {finding_delay_s};
}};
reconcile = {{
    interval_s = {reconcile_s};
    removed_tag = "{removed_tag}";
    recreated_vm = "{recreated_vm}";
}};
governor = {{ {governor} }};
release = {{ {release} }};
managers = ( {managers} );
protect = {{ {protect} }};
groups = ( {groups} );
triggers = ( {{
    name = "malware";
    trap_oid = "{trap}";
    conditions = ( {{ oid = "{description}"; matches = "^Alert: .*Malware"; }} );
    computer = {{ oid = "{description}"; key = "Subject"; }};
    cause = {{ oid = "{description}"; key = "Alert"; }};
    severity = {{ oid = "{description}"; key = "Severity"; }};
    {more_of_trigger}
}} );
{ways}
{more}
"""

MANAGER = """{{
    name = "{name}";
    type = "{nsx}";
    url = [ {urls} ];
    auth = "{auth}";
    {account}
    {trust}
    timeout_s = {timeout_s};
    auth_pause_s = {auth_pause_s};
    inventory_interval_s = {inventory_interval_s};
    {more_of_manager}
}}"""

GROUP = '{{ name = "{name}"; manager = "{manager}"; role = "{role}"; path = "{path}"; }}'

# What the world files of the simulator call the same groups.
GROUPS = {
    "policy": {"quarantine": "/infra/domains/default/groups/quarantine",
               "vdi": "/infra/domains/default/groups/vdi"},
    "vsphere": {"quarantine": "securitygroup-10", "vdi": "securitygroup-11"},
}

# What each auth of a manager needs; Lab writes the files.
ACCOUNTS = {
    "basic": 'user = "{nsx_user}"; password_file = "{folder}/nsx-password";',
    "session": 'user = "{nsx_user}"; password_file = "{folder}/nsx-password";',
    "certificate": 'certificate_file = "{folder}/client.pem";'
                   ' key_file = "{folder}/client.key";',
    "token": 'token_file = "{folder}/nsx-token";',
}


def ours(folder, managers, ways, values):
    """Our configuration. managers: [(name, generation, ports of its nodes)]; ways: the
    blocks that say how traps come in."""
    values = {"folder": folder, **values,
              "trust": values["trust"].format(**values)}
    account = ACCOUNTS[values["auth"]].format(**values)
    blocks, groups = [], []
    for name, nsx, ports in managers:
        # Names of groups are unique over all managers.
        prefix = "" if not blocks else f"{name} "
        urls = ", ".join(f'"https://127.0.0.1:{port}"' for port in ports)
        blocks.append(MANAGER.format(name=name, nsx=nsx, urls=urls, account=account, **values))
        for group, path in GROUPS[nsx].items():
            role = "watched" if group == "vdi" else "quarantine"
            groups.append(GROUP.format(name=prefix + group, manager=name, role=role, path=path))
    return OURS.format(managers=", ".join(blocks), groups=",\n    ".join(groups), ways=ways,
                       **values)


SNMPD = """\
# The recommended access: everybody who knows the community may read our tree, and only
# one SNMPv3 user with authentication and encryption may write it.
agentAddress udp:127.0.0.1:{port}
createUser {user} SHA-256 "{auth}" AES "{priv}"
view nsxquarantine included .{root}
view nsxquarantine included .1.3.6.1.2.1.1.3
rwuser {user} authpriv -V nsxquarantine
rocommunity {community} 127.0.0.1 -V nsxquarantine
dontLogTCPWrappersConnects yes
{sink}
{host}
"""

SNMPD_AGENTX = """\
master agentx
agentXSocket unix:{folder}/agentx.sock
"""

SNMPD_DLMOD = """\
dlmod nsxQuarantine {module}
nsxQuarantineConfig {conf}
"""

# trapsess takes them from its line, so they have no blanks.
SINK_USER, SINK_AUTH, SINK_PRIV = "nqsink", "sink-authentication", "sink-encryption"

# An inform is secured with the engine of its receiver.
V3_SINK = """\
createUser {user} SHA-256 {auth} AES {priv}
authUser log {user} priv
"""

SINK = """\
authCommunity log {community}
"""


def alert(computer, name="Malware Detected", severity="Critical"):
    """The text that Deep Security Manager gives an alert."""
    return f"Alert: {name}\nSubject: {computer}\nSeverity: {severity}"


def snmpd_conf(port, sink_port, root, host):
    """sink_port None: snmpd sends no notifications."""
    sink = f"trap2sink 127.0.0.1:{sink_port} {READ_COMMUNITY}" if sink_port else ""
    return SNMPD.format(port=port, sink=sink, root=root, host=host, user=WRITE_USER,
                        auth=AUTH_KEY, priv=PRIV_KEY, community=READ_COMMUNITY)


def sink_conf():
    return SINK.format(community=READ_COMMUNITY)


def v3_sink_conf():
    return V3_SINK.format(user=SINK_USER, auth=SINK_AUTH, priv=SINK_PRIV)


def v3_sink_line(port):
    """For snmpd.conf; port None: there is no such station."""
    return (f"trapsess -Ci -v 3 -u {SINK_USER} -l authPriv -a SHA-256 -A {SINK_AUTH} -x AES"
            f" -X {SINK_PRIV} 127.0.0.1:{port}\n" if port else "")
