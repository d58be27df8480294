# SPDX-License-Identifier: Apache-2.0
"""NSX for vSphere: logins, roles, forms of answers, the manager itself, vCenter."""

import base64
import json

import pytest

from vsphere_client import (AUTH, CONFIG, INFECTED, TAGS, check_error, fields, make_vsphere,
                            parse, texts, vsphere)

__all__ = ["make_vsphere", "vsphere"]

INFO = "/api/1.0/appliance-management/global/info"
LIST = f"{TAGS}/tag"
CREDENTIALS = "/api/3.0/services/auth/token"
OLD_VMS = "/rest/vcenter/vm"


def basic(user, password):
    code = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": "Basic " + code, "Accept": "application/xml"}


def token_headers(token):
    return {"Authorization": "AUTHTOKEN " + "".join(token.split()),
            "Accept": "application/xml"}


def credentials(nsx, password=None):
    return (f"<credentials><username>{nsx.user}</username>"
            f"<password>{password or nsx.password}</password></credentials>")


def test_no_login_and_a_wrong_one_are_401(vsphere):
    assert vsphere.send("GET", LIST, headers={}).status == 401
    assert vsphere.send("GET", LIST, headers=basic("admin", "wrong")).status == 401
    assert vsphere.send("GET", LIST, headers={"Authorization": "Bearer x"}).status == 401


def test_five_wrong_passwords_lock_the_account(vsphere):
    for _ in range(5):
        vsphere.send("GET", LIST, headers=basic("admin", "wrong"))
    assert vsphere.get(LIST).status == 403
    vsphere.settings(lockout_failures=0)
    assert vsphere.get(LIST).status == 200


@pytest.mark.parametrize("form, begin", [
    ("xml", "<?xml"), ("html", "<html>"), ("empty", "")])
def test_a_refused_login_has_several_bodies(make_vsphere, form, begin):
    answer = make_vsphere(login_body=form).send("GET", LIST,
                                                headers={"Accept": "application/xml"})
    assert answer.status == 401
    assert answer.text.startswith(begin) and (begin or not answer.text)


def test_a_user_without_a_role_may_do_nothing(make_vsphere):
    answer = make_vsphere(role="none").get(LIST)
    assert answer.status == 403
    assert "VC user does not have any role on NSX Manager" in answer.text


def test_an_auditor_may_only_look(make_vsphere):
    nsx = make_vsphere(role="auditor")
    assert nsx.get(LIST).status == 200
    assert nsx.attach().status == 403
    assert nsx.changes() == []


def test_the_appliance_is_not_for_users_of_the_directory(make_vsphere):
    nsx = make_vsphere(user="nsx@corp.example")
    nsx.user = "nsx@corp.example"
    assert nsx.get(INFO).status == 403
    assert nsx.get("/api/2.0/services/vcconfig/status").status == 403
    assert nsx.get("/api/2.0/nwfabric/features").status == 200


def test_a_token_is_as_good_as_the_password(vsphere):
    token = fields(parse(vsphere.post(f"{AUTH}/token")))["value"]
    assert vsphere.send("GET", LIST, headers=token_headers(token)).status == 200
    assert vsphere.send("GET", LIST, headers=token_headers(token + "x")).status == 401


def test_a_token_may_be_wrapped(make_vsphere):
    nsx = make_vsphere(token_wrapped=True)
    token = fields(parse(nsx.post(f"{AUTH}/token")))["value"]
    assert "\n" in token
    assert nsx.send("GET", LIST, headers=token_headers(token)).status == 200


def test_a_token_ends(make_vsphere):
    nsx = make_vsphere(token_minutes=0)
    token = fields(parse(nsx.post(f"{AUTH}/token")))["value"]
    assert nsx.send("GET", LIST, headers=token_headers(token)).status == 401
    longer = fields(parse(nsx.post(f"{AUTH}/token", expiresInMinutes=1)))["value"]
    assert nsx.send("GET", LIST, headers=token_headers(longer)).status == 200


@pytest.mark.parametrize("minutes", ["0", "1441", "x"])
def test_the_life_of_a_token_has_limits(vsphere, minutes):
    check_error(vsphere.post(f"{AUTH}/token", expiresInMinutes=minutes), 400, 226)


def test_tokens_can_be_invalidated(vsphere):
    token = fields(parse(vsphere.post(f"{AUTH}/token")))["value"]
    assert vsphere.post(f"{AUTH}/tokeninvalidation", userId="admin").status == 200
    assert vsphere.send("GET", LIST, headers=token_headers(token)).status == 401


def test_without_basic_only_credentials_give_a_token(make_vsphere):
    nsx = make_vsphere(basic_login=False)
    assert nsx.get(LIST).status == 401
    assert nsx.post(f"{AUTH}/token").status == 401
    answer = nsx.send("POST", CREDENTIALS, credentials(nsx), {
        "Content-Type": "application/xml", "Accept": "application/xml"})
    token = fields(parse(answer))["value"]
    assert nsx.send("GET", LIST, headers=token_headers(token)).status == 200
    root = parse(nsx.send("GET", f"{AUTH}/basic", headers=token_headers(token)))
    assert fields(root) == {"disableBasicAuth": "true"}


def test_wrong_credentials_count_to_the_lock_out(make_vsphere):
    nsx = make_vsphere(lockout_failures=1)
    assert nsx.post(CREDENTIALS, credentials(nsx, "wrong")).status == 401
    assert nsx.get(LIST).status == 403


@pytest.mark.parametrize("version, path", [
    ("6.3.6", f"{AUTH}/token"), ("6.4.1", CREDENTIALS)])
def test_tokens_are_younger_than_some_managers(make_vsphere, version, path):
    assert make_vsphere(version=version).post(path).status == 404


@pytest.mark.parametrize("version, accept, kind", [
    ("6.4.6", "application/xml", "xml"), ("6.4.6", "text/xml", "xml"),
    ("6.4.6", "application/json", "json"), ("6.4.6", None, "json"),
    ("6.4.6", "*/*", "json"), ("6.4.4", None, "xml"), ("6.4.4", "*/*", "xml"),
    ("6.3.6", "application/json", "xml"), ("6.4.4", "application/*+xml", "xml"),
    ("6.4.6", "application/json;q=0.5, application/xml", "xml")])
def test_the_form_of_an_answer_depends_on_accept_and_version(make_vsphere, version, accept,
                                                             kind):
    nsx = make_vsphere(version=version)
    headers = nsx.login()
    del headers["Accept"]
    if accept:
        headers["Accept"] = accept
    for path, status in ((LIST, 200), (f"{TAGS}/tag/securitytag-99/vm", 404)):
        answer = nsx.send("GET", path, headers=headers)
        assert answer.status == status
        assert answer.headers["Content-Type"].startswith("application/" + kind)


def test_an_error_in_json_has_the_same_members(vsphere):
    headers = {**vsphere.login(), "Accept": "application/json"}
    error = vsphere.send("GET", f"{TAGS}/tag/securitytag-99/vm", headers=headers).json
    assert error["errorCode"] == 202
    assert set(error) == {"errorCode", "details", "rootCauseString", "moduleName"}


@pytest.mark.parametrize("version, accept, status", [
    ("6.4.6", "application/*+xml", 406), ("6.4.6", "image/png", 406)])
def test_what_cannot_be_answered_is_406(make_vsphere, version, accept, status):
    nsx = make_vsphere(version=version)
    assert nsx.send("GET", LIST, headers={**nsx.login(), "Accept": accept}).status == status


def test_errors_may_come_as_a_list(make_vsphere):
    root = parse(make_vsphere(error_form="errors").get(f"{TAGS}/tag/securitytag-99/vm"), 404)
    assert (root.tag, texts(root, "error/errorCode")) == ("errors", ["202"])


def test_a_path_that_is_not_there_is_a_page_of_a_web_server(vsphere):
    answer = vsphere.get("/api/2.0/services/nothing")
    assert answer.status == 404 and answer.text.startswith("<html>")
    assert vsphere.send("PATCH", LIST).status == 405


def test_the_version_of_the_manager(make_vsphere):
    nsx = make_vsphere(version="6.4.13", build="17997889")
    root = nsx.xml(INFO)
    assert fields(root)["currentLoggedInUser"] == "admin"
    assert fields(root.find("versionInfo")) == {
        "majorVersion": "6", "minorVersion": "4", "patchVersion": "13",
        "buildNumber": "17997889"}
    assert fields(nsx.xml("/api/2.0/services/vsmconfig"))["version"] == "6.4.13"


def test_before_623_the_version_was_json(make_vsphere):
    info = make_vsphere(version="6.2.2").get(INFO).json
    assert info["versionInfo"]["patchVersion"] == "2"


def test_the_link_to_vcenter_and_its_age(vsphere):
    path = "/api/2.0/services/vcconfig/status"
    assert fields(vsphere.xml(path))["connected"] == "true"
    vsphere.settings(vcenter_connected=False)
    first = fields(vsphere.xml(path))
    assert first["connected"] == "false"
    assert fields(vsphere.xml(path)) == first  # the time of the last sync stands still


def test_the_fabric_says_where_the_firewall_runs(vsphere):
    def firewall(cluster):
        root = vsphere.xml("/api/2.0/nwfabric/status", resource=cluster)
        (status,) = [fields(f) for f in root.iter("nwFabricFeatureStatus")
                     if fields(f)["featureId"] == "com.vmware.vshield.firewall"]
        return status["installed"], status["status"]

    assert firewall("domain-c7") == ("true", "GREEN")
    assert firewall("domain-c30") == ("false", "UNKNOWN")
    vsphere.put_list("clusters", [{"id": "domain-c7", "name": "x", "status": "RED"}])
    assert firewall("domain-c7") == ("true", "RED")
    check_error(vsphere.get("/api/2.0/nwfabric/status", resource="domain-c9"), 404, 202)


def test_a_wrong_version_in_the_world_is_named(make_vsphere):
    with pytest.raises(AssertionError, match="version: must be 6.2.0 to 6.4.99"):
        make_vsphere(version="7.0.0")


@pytest.mark.parametrize("members, text", [
    ({"nonsense": 1}, "nonsense: no such member"),
    ({"role": "boss"}, "role: must be one of"),
    ({"virtual_machines": [{"external_id": "x", "display_name": "x"}]}, "must be a MoRef"),
    ({"security_groups": [{"id": "securitygroup-10", "name": "x", "members": ["vm-9"]}]},
     "there is no vm-9")])
def test_a_mistake_in_the_world_is_named(make_vsphere, members, text):
    with pytest.raises(AssertionError, match=text):
        make_vsphere(**members)


def test_the_world_that_is_shown_is_a_world_file(vsphere, make_vsphere):
    vsphere.attach()
    world = vsphere.control("GET", "world")
    again = make_vsphere(**world)
    assert again.control("GET", "world") == world
    assert again.members() == ["VDI-01"]
    assert texts(again.xml(CONFIG), ".//rule/name") == texts(vsphere.xml(CONFIG), ".//rule/name")


class Vcenter:
    """The REST API of vCenter on the same port."""

    def __init__(self, nsx, new=False):
        self.nsx = nsx
        self.session_path = "/api/session" if new else "/rest/com/vmware/cis/session"
        answer = nsx.send("POST", self.session_path,
                          headers=basic("nsx@vsphere.local", "vCenter1!"))
        assert answer.status in (200, 201), answer.text
        self.id = answer.json if new else answer.json["value"]

    def send(self, method, path):
        return self.nsx.send(method, path, headers={"vmware-api-session-id": self.id})

    def get(self, path):
        return self.send("GET", path)


def test_vcenter_finds_vms_by_exact_names(vsphere):
    vcenter = Vcenter(vsphere)
    vms = vcenter.get(OLD_VMS + "?filter.names.1=VDI-01&filter.names.2=vdi-02").json
    assert [(vm["vm"], vm["power_state"]) for vm in vms["value"]] == [
        (INFECTED, "POWERED_ON")]
    assert len(vcenter.get(OLD_VMS + "?filter.names=VDI-02").json["value"]) == 1


def test_vcenter_70_has_bare_answers_beside_the_old_ones(make_vsphere):
    nsx = make_vsphere(vcenter_form="7.0")
    vcenter = Vcenter(nsx, new=True)
    vms = vcenter.get("/api/vcenter/vm?names=VDI-01&names=VDI-02").json
    assert [vm["name"] for vm in vms] == ["VDI-01", "VDI-02"]
    assert vcenter.get("/api/vcenter/vm/vm-101").json["identity"]["instance_uuid"].endswith("0a01")
    assert Vcenter(nsx).get(OLD_VMS).status == 200
    assert Vcenter(make_vsphere()).get("/api/vcenter/vm").status == 404


def test_vcenter_shows_uuids_since_67(make_vsphere):
    value = Vcenter(make_vsphere()).get(f"{OLD_VMS}/{INFECTED}").json["value"]
    assert value["identity"]["bios_uuid"].endswith("0a01")
    old = Vcenter(make_vsphere(vcenter_form="6.5"))
    assert "identity" not in old.get(f"{OLD_VMS}/{INFECTED}").json["value"]
    assert old.get(f"{OLD_VMS}/{INFECTED}/guest/identity").status == 404


def test_vcenter_asks_vmware_tools_for_the_guest(vsphere):
    path = f"{OLD_VMS}/{INFECTED}/guest/identity"
    vcenter = Vcenter(vsphere)
    value = vcenter.get(path).json["value"]
    assert (value["host_name"], value["ip_address"]) == ("vdi-01.corp.example", "192.0.2.11")
    vsphere.patch_vm(power_state="POWERED_OFF")
    error = vcenter.get(path)
    assert error.status == 503
    assert error.json["type"] == "com.vmware.vapi.std.errors.service_unavailable"


def test_too_many_vms_are_an_error_and_not_a_shorter_list(make_vsphere):
    vcenter = Vcenter(make_vsphere(vcenter_cap=5))
    answer = vcenter.get(OLD_VMS)
    assert answer.status == 500
    assert answer.json["type"].endswith("unable_to_allocate_resource")
    assert vcenter.get(OLD_VMS + "?filter.names.1=VDI-01").status == 200


def test_vcenter_has_its_own_login_and_sessions(vsphere):
    assert vsphere.send("POST", "/rest/com/vmware/cis/session").status == 401
    assert vsphere.send("GET", OLD_VMS, headers={}).status == 401
    vcenter = Vcenter(vsphere)
    assert vcenter.send("DELETE", vcenter.session_path).status == 200
    answer = vcenter.get(OLD_VMS)
    assert answer.status == 401
    assert json.loads(answer.text)["type"].endswith("unauthenticated")


def test_vcenter_knows_a_vm_before_nsx_does(vsphere):
    vsphere.settings(inventory_delay_ms=60000)
    vsphere.control("POST", "vms", {"external_id": "vm-500", "display_name": "VDI-09"})
    assert Vcenter(vsphere).get(f"{OLD_VMS}/vm-500").status == 200
    check_error(vsphere.attach("vm-500"), 404, 202)
