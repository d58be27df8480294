# SPDX-License-Identifier: Apache-2.0
"""The NSX requests of one case, by what they are for: targets for faults."""

VM_LIST = {"method": "GET", "path": "/api/v1/fabric/virtual-machines",
           "query": "sort_by="}
VIFS = {"method": "GET", "path": "/api/v1/fabric/vifs"}
ADD_TAGS = {"method": "POST", "path": "/api/v1/fabric/virtual-machines",
            "query": "action=add_tags"}
REMOVE_TAGS = {"method": "POST", "path": "/api/v1/fabric/virtual-machines",
               "query": "action=remove_tags"}
READ_BACK = {"method": "GET", "path": "/api/v1/fabric/virtual-machines",
             "query": "external_id="}
ASSOCIATIONS = {"method": "GET",
                "path": "/policy/api/v1/infra/virtual-machine-group-associations"}
REALIZED = {"method": "GET", "path": "/policy/api/v1/infra/realized-state/status"}
EXCLUDED = {"method": "GET",
            "path": "/policy/api/v1/infra/settings/firewall/security/exclude-list"}
EVERYTHING = {}
