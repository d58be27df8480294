# SPDX-License-Identifier: Apache-2.0
"""The ways in: sessions, bearer tokens, client certificates; and each switched off."""

import re
import subprocess

import pytest

from support.nsx_client import VDI, VMS, check_error
from support.waiting import wait_for


def test_a_form_login_gives_a_cookie_and_a_token_that_open_the_api(nsx):
    answer = nsx.open_session()
    assert answer.status == 200
    assert re.match(r"JSESSIONID=[0-9A-F]{32}; Path=/; Secure; HttpOnly; SameSite=Lax",
                    answer.headers["Set-Cookie"])
    headers = {"Cookie": answer.headers["Set-Cookie"].split(";")[0],
               "X-XSRF-TOKEN": answer.headers["X-XSRF-TOKEN"]}
    again = nsx.send("GET", VMS, headers=headers)
    assert again.status == 200
    assert "Set-Cookie" not in again.headers
    headers["Cookie"] = "other=1; " + headers["Cookie"] + "; more=2"
    assert nsx.send("GET", VMS, headers=headers).status == 200


@pytest.mark.parametrize("token", [None, "", "wrong"])
def test_a_session_without_its_token_is_403_with_code_98(nsx, token):
    headers = nsx.session()
    headers["X-XSRF-TOKEN"] = token
    if token is None:
        del headers["X-XSRF-TOKEN"]
    check_error(nsx.send("GET", VMS, headers=headers), 403, 98)


def test_the_cookie_of_a_basic_login_does_not_replace_it(nsx):
    cookie = nsx.get(VMS).headers["Set-Cookie"].split(";")[0]
    check_error(nsx.send("GET", VMS, headers={"Cookie": cookie}), 403, 98)
    check_error(nsx.send("GET", VMS, headers={"Cookie": cookie, **nsx.login()}), 403, 98)


def test_an_unknown_session_is_401_or_403_as_the_settings_say(nsx):
    headers = {"Cookie": "JSESSIONID=" + "A" * 32, "X-XSRF-TOKEN": "x"}
    check_error(nsx.send("GET", VMS, headers=headers), 401, 403)
    assert nsx.send("GET", VMS, headers={**headers, **nsx.login()}).status == 200
    nsx.settings(unknown_session="403")
    check_error(nsx.send("GET", VMS, headers=headers), 403, 98)


def test_a_session_ends_by_a_call_or_when_it_is_idle(nsx):
    headers = nsx.session()
    other = nsx.session()
    assert nsx.send("POST", "/api/session/destroy", headers=headers).status == 200
    assert nsx.send("GET", VMS, headers=headers).status == 401
    assert nsx.send("GET", VMS, headers=other).status == 200
    nsx.settings(session_idle_ms=300)
    kept = nsx.session()
    idle = nsx.session()

    def ended():
        assert nsx.send("GET", VMS, headers=kept).status == 200, "it is in use"
        return nsx.journal()["requests"][-1]["time_ms"] > start + 400

    start = nsx.journal()["requests"][-1]["time_ms"]
    wait_for(ended, "the other session to be idle for so long")
    assert nsx.send("GET", VMS, headers=idle).status == 401


def test_a_session_is_known_to_its_node_only(make_nsx):
    nsx = make_nsx(nodes=2)
    headers = nsx.session(node=1)
    assert nsx.send("GET", VMS, headers=headers, node=1).status == 200
    assert nsx.send("GET", VMS, headers=headers, node=0).status == 401


def test_the_form_is_percent_decoded(nsx):
    nsx.settings(password="a&b+c%d=é")
    assert nsx.open_session(password="a&b+c%d=é").status == 200
    raw = nsx.send("POST", "/api/session/create", "j_username=admin&j_password=a&b+c%d",
                   {"Content-Type": "application/x-www-form-urlencoded"})
    assert raw.status in (400, 401)


@pytest.mark.parametrize("body, content_type", [
    ("j_username=admin&j_password=%zz", "application/x-www-form-urlencoded"),
    ("j_username=admin&j_password=x", "application/json"),
    ("{}", None),
])
def test_what_is_not_a_form_is_400(nsx, body, content_type):
    headers = {} if content_type is None else {"Content-Type": content_type}
    check_error(nsx.send("POST", "/api/session/create", body, headers), 400, 220)


def test_wrong_form_logins_lock_the_account_too(nsx):
    codes = [nsx.open_session(password="wrong").status for _ in range(6)]
    assert codes == [401] * 5 + [403]
    check_error(nsx.open_session(), 403, 403)
    assert nsx.get(VMS).status == 403
    nsx.settings()
    assert nsx.open_session().status == 200


def test_a_session_outlives_the_lock_out(nsx):
    headers = nsx.session()
    for _ in range(5):
        nsx.open_session(password="wrong")
    assert nsx.get(VMS).status == 403
    assert nsx.send("GET", VMS, headers=headers).status == 200


def test_basic_and_cookie_login_can_be_switched_off(nsx):
    nsx.settings(basic_login=False)
    headers = nsx.session()
    check_error(nsx.get(VMS), 401, 403)
    service = nsx.send("GET", "/api/v1/cluster/api-service", headers=headers).json
    assert service["basic_authentication_enabled"] is False
    assert service["cookie_based_authentication_enabled"] is True
    assert service["client_api_rate_limit"] == 100
    assert service["session_timeout"] == 1800
    for _ in range(9):
        nsx.get(VMS)
    assert nsx.open_session().status == 200, "a way that is closed locks nobody out"
    nsx.settings(basic_login=True, cookie_login=False)
    check_error(nsx.open_session(), 403, 403)
    assert nsx.get(VMS).status == 200


def test_bearer_tokens_are_those_of_the_settings(nsx):
    nsx.settings(bearer_tokens=["one", "two"])
    for token, status in (("one", 200), ("two", 200), ("three", 401), ("", 401)):
        answer = nsx.send("GET", VMS, headers={"Authorization": f"Bearer {token}"})
        assert answer.status == status, token
    for _ in range(9):
        nsx.send("GET", VMS, headers={"Authorization": "Bearer three"})
    assert nsx.get(VMS).status == 200, "tokens lock nobody out"


@pytest.fixture
def with_certificate(nsx):
    """Connections of nsx show a client certificate of the principal `robot`."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-keyout", "robot.key", "-out",
                    "robot.pem", "-days", "2", "-subj", "/O=test/CN=robot"],
                   cwd=nsx.folder, check=True, capture_output=True)
    nsx.context.load_cert_chain(nsx.path("robot.pem"), nsx.path("robot.key"))
    return nsx


def test_a_client_certificate_is_a_way_in(with_certificate):
    nsx = with_certificate
    assert nsx.send("GET", VMS, headers={}).status == 401
    nsx.settings(principals=["nobody", "robot"])
    assert nsx.send("GET", VMS, headers={}).status == 200
    nsx.settings(principals=["Robot", "rob"])
    assert nsx.send("GET", VMS, headers={}).status == 401


def test_a_password_wins_over_the_certificate(with_certificate):
    nsx = with_certificate
    nsx.settings(principals=["robot"])
    nsx.password = "wrong"
    assert nsx.get(VMS).status == 401
    nsx.password = VDI["password"]
    assert nsx.get(VMS).status == 200


def test_the_journal_tells_the_way_in_but_no_secret(nsx):
    nsx.get(VMS)
    nsx.send("GET", VMS, headers=nsx.session())
    nsx.send("GET", VMS, headers={"Accept": "text/xml", "If-Match": "7"})
    basic, login, session, nothing = [r["headers"] for r in nsx.requests()]
    assert basic == {"Authorization": "Basic", "Cookie": False, "X-XSRF-TOKEN": False,
                     "Content-Type": None, "Accept": None, "If-Match": None}
    assert login["Content-Type"] == "application/x-www-form-urlencoded"
    assert (session["Authorization"], session["Cookie"], session["X-XSRF-TOKEN"]) == (
        None, True, True)
    assert (nothing["Accept"], nothing["If-Match"]) == ("text/xml", "7")
