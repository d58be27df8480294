# SPDX-License-Identifier: Apache-2.0
"""The NSX requests of one case, by what they are for, for each generation of NSX: targets
for the simulator's faults. Lab.calls holds those of a laboratory."""

VMS = "/api/v1/fabric/virtual-machines"
SECURITY = "/policy/api/v1/infra/settings/firewall/security"
POLICIES = "/policy/api/v1/infra/domains/default/security-policies/"
TAG_OPERATIONS = "/policy/api/v1/infra/tags/tag-operations/"
TAGS = "/api/2.0/services/securitytags"
GROUPS = "/api/2.0/services/securitygroup"

CALLS = {
    "policy": {
        "list of VMs": {"method": "GET", "path": VMS, "query": "sort_by="},
        "list of addresses": {"method": "GET", "path": "/api/v1/fabric/vifs"},
        "add tag": {"method": "POST", "path": VMS, "query": "action=add_tags"},
        "tag operation": {"method": "PUT", "path": TAG_OPERATIONS},
        "remove tag": {"method": "POST", "path": VMS, "query": "action=remove_tags"},
        "read back": {"method": "GET", "path": VMS, "query": "external_id="},
        "groups of the VM": {
            "method": "GET",
            "path": "/policy/api/v1/infra/virtual-machine-group-associations"},
        "realization": {"method": "GET",
                        "path": "/policy/api/v1/infra/realized-state/status"},
        "exclude list": {"method": "GET", "path": f"{SECURITY}/exclude-list"},
        "counters": {"method": "GET", "path": POLICIES, "query": "/statistics"},
        "everything": {},
    },
    "vsphere": {
        "list of VMs": {"method": "GET",
                        "path": f"{GROUPS}/scope/globalroot-0/members/VirtualMachine"},
        "list of addresses": {"method": "GET",
                              "path": "/api/2.0/services/translation/virtualmachine/"},
        "add tag": {"method": "PUT", "path": f"{TAGS}/tag/"},
        "remove tag": {"method": "DELETE", "path": f"{TAGS}/tag/"},
        "read back": {"method": "GET", "path": f"{TAGS}/vm/"},
        "groups of the VM": {"method": "GET", "path": f"{GROUPS}/lookup/virtualmachine/"},
        "realization": {"method": "GET", "path": "/api/4.0/firewall/globalroot-0/status"},
        "exclude list": {"method": "GET", "path": "/api/2.1/app/excludelist"},
        "counters": {"method": "GET", "path": "/api/4.0/firewall/stats/rules/"},
        "everything": {},
    },
}

# What adds our tag: where the first way is refused, the client tries the next one.
WAYS_TO_TAG = {"policy": ("add tag", "tag operation"), "vsphere": ("add tag",)}
