/* SPDX-License-Identifier: Apache-2.0 */
/* What NSX Manager for vSphere says about itself and its errors, in XML and in JSON, and
 * the bodies that we send it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "nsx/asker.h"
#include "nsx/vsphere/judge.h"
#include "nsx/vsphere/manager_xml.h"

static struct nq_err err;

/* ---- version ----------------------------------------------------------------------- */

static bool version_is(const char *body, const char *version)
{
    char text[NQ_VERSION_MAX] = "";
    return nq_vsphere_dialect.read_version(body, strlen(body), text, sizeof(text)) &&
           strcmp(text, version) == 0;
}

static void reads_the_version_in_all_its_forms(void **state)
{
    (void)state;
    assert_true(version_is(
        "<globalInfo><currentLoggedInUser>admin</currentLoggedInUser><versionInfo>"
        "<majorVersion>6</majorVersion><minorVersion>2</minorVersion><patchVersion>5"
        "</patchVersion><buildNumber>4818372</buildNumber></versionInfo></globalInfo>",
        "6.2.5"));
    assert_true(
        version_is("{\"currentLoggedInUser\":\"admin\",\"versionInfo\":{\"majorVersion\":"
                   "\"6\",\"minorVersion\":\"2\",\"patchVersion\":\"2\",\"buildNumber\":"
                   "\"1\"}}",
                   "6.2.2"));
    assert_true(
        version_is("{\"versionInfo\":{\"majorVersion\":6,\"minorVersion\":1}}", "6.1"));
    assert_true(version_is("<vsmGlobalConfig><version>6.4.5</version></vsmGlobalConfig>",
                           "6.4.5"));
    assert_false(version_is("<globalInfo/>", ""));
    assert_false(version_is("<html/>", ""));
    assert_false(version_is("", ""));
}

/* ---- the connection to vCenter ----------------------------------------------------- */

static void knows_whether_nsx_sees_its_vcenter(void **state)
{
    static const char yes[] = "<vcConfigStatus><connected>true</connected>"
                              "<lastInventorySyncTime>1</lastInventorySyncTime>"
                              "</vcConfigStatus>";
    static const char no[] = "<vcConfigStatus><connected>false</connected>"
                             "</vcConfigStatus>";
    bool connected = false;
    (void)state;
    assert_true(nq_xml_vcenter_connected(yes, strlen(yes), &connected, &err));
    assert_true(connected);
    assert_true(nq_xml_vcenter_connected(no, strlen(no), &connected, &err));
    assert_false(connected);
    assert_false(nq_xml_vcenter_connected("<vcConfigStatus/>", 17, &connected, &err));
    assert_int_equal(err.code, NQ_NSX_ANSWER);
}

static void reads_where_vcenter_is(void **state)
{
    static const char body[] =
        "<vcInfo>\n<ipAddress>vcsa-01a.corp.local</ipAddress>"
        "<userName>administrator@vsphere.local</userName></vcInfo>";
    static const char *const others[] = {"<vcInfo><ipAddress/></vcInfo>", "<vcInfo/>",
                                         "<other><ipAddress>x</ipAddress></other>",
                                         "{\"ipAddress\":\"x\"}"};
    char host[NQ_HTTP_HOST_MAX + 1] = "before";
    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_false(nq_xml_vcenter_host(others[i], strlen(others[i]), host, &err));
        assert_int_equal(err.code, NQ_NSX_ANSWER);
        assert_string_equal(host, "before");
    }
    assert_true(nq_xml_vcenter_host(body, strlen(body), host, &err));
    assert_string_equal(host, "vcsa-01a.corp.local");
}

/* ---- token ------------------------------------------------------------------------- */

static void a_token_comes_without_the_line_breaks(void **state)
{
    static const char body[] = "<authToken>\n<value>eyJ0.eyJz\n   .bXPV</value>\n"
                               "</authToken>";
    (void)state;
    char *token = nq_xml_auth_token(body, strlen(body), &err);
    assert_non_null(token);
    assert_string_equal(token, "eyJ0.eyJz.bXPV");
    free(token);
}

static void what_holds_no_token_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "<authToken/>",
        "<authToken><value> </value></authToken>",
        "<html/>",
        "<authToken><value>a</value>",
        "<authToken><value>a</value><value>b</value></authToken>"};
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_null(nq_xml_auth_token(bad[i], strlen(bad[i]), &err));
        assert_int_equal(err.code, NQ_NSX_ANSWER);
    }
}

/* ---- errors ------------------------------------------------------------------------ */

static void reads_an_error_in_every_form(void **state)
{
    static const char *const forms[] = {
        "<error><details>The object vm-9 cannot be found.</details>"
        "<errorCode>202</errorCode><moduleName>core-services</moduleName></error>",
        "<errors><error><moduleName>core-services</moduleName><errorCode>202</errorCode>"
        "<details>The object vm-9 cannot be found.</details></error><error>"
        "<errorCode>9</errorCode></error></errors>",
        "{\"errorCode\":202,\"details\":\"The object vm-9 cannot be found.\","
        "\"rootCauseString\":null,\"moduleName\":\"core-services\"}",
        "{\"errorCode\":\"202\",\"rootCauseString\":\"The object vm-9 cannot be found.\","
        "\"moduleName\":\"core-services\"}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct nq_fault fault;
        assert_true(nq_vsphere_fault(forms[i], strlen(forms[i]), &fault));
        assert_int_equal(fault.code, 202);
        assert_string_equal(fault.message, "The object vm-9 cannot be found.");
        assert_string_equal(fault.module, "core-services");
    }
}

static void what_is_no_error_of_nsx_has_no_code(void **state)
{
    static const char *const other[] = {
        "",         "<html><body>403</body></html>",           "{}",
        "<error/>", "<error><errorCode>x</errorCode></error>", "nginx",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
        struct nq_fault fault = {.code = 7};
        assert_false(nq_vsphere_fault(other[i], strlen(other[i]), &fault));
        assert_int_equal(fault.code, 0);
    }
}

static void knows_a_conflict_by_the_words_for_it(void **state)
{
    static const char *const words[] = {
        "<error><details>Concurrent object access error. Refresh UI or fetch the latest "
        "copy of the object and retry operation.</details><errorCode>1</errorCode>"
        "</error>",
        "<html>javax.persistence.OptimisticLockException: Batch update</html>",
        "org.hibernate.StaleObjectStateException: Row was updated",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        struct nq_fault fault;
        assert_true(nq_vsphere_fault(words[i], strlen(words[i]), &fault));
        assert_int_equal(nq_judge_vsphere(400, fault.code), NQ_NSX_SERVER);
        assert_true(fault.message[0] != '\0');
    }
}

/* ---- what was made, and what we send ----------------------------------------------- */

static void reads_a_new_id_bare_or_in_its_object(void **state)
{
    static const char *const good[] = {
        "securitytag-12", "securitytag-12\n",
        "<securityTag><name>x</name><objectId>securitytag-12</objectId></securityTag>"};
    static const char *const bad[] = {
        "", "two words", "<html>", "<securityTag/>", "{\"objectId\":1}", "a/../b"};
    char id[NQ_OBJECT_ID_MAX + 1];
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(nq_xml_new_id(good[i], strlen(good[i]), id, &err));
        assert_string_equal(id, "securitytag-12");
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(nq_xml_new_id(bad[i], strlen(bad[i]), id, &err));
    }
}

static void names_and_passwords_are_escaped(void **state)
{
    (void)state;
    char *body = nq_xml_tag_body("a<b>&'c'=\"d\"");
    assert_non_null(strstr(
        body, "<name>a&lt;b&gt;&amp;&apos;c&apos;=&quot;d&quot;</name><isUniversal>false"
              "</isUniversal><description>"));
    free(body);
    body = nq_xml_credentials("admin@x", "p&w");
    assert_string_equal(body, "<credentials><username>admin@x</username><password>p&amp;w"
                              "</password></credentials>");
    free(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_version_in_all_its_forms),
        cmocka_unit_test(knows_whether_nsx_sees_its_vcenter),
        cmocka_unit_test(reads_where_vcenter_is),
        cmocka_unit_test(a_token_comes_without_the_line_breaks),
        cmocka_unit_test(what_holds_no_token_is_refused),
        cmocka_unit_test(reads_an_error_in_every_form),
        cmocka_unit_test(what_is_no_error_of_nsx_has_no_code),
        cmocka_unit_test(knows_a_conflict_by_the_words_for_it),
        cmocka_unit_test(reads_a_new_id_bare_or_in_its_object),
        cmocka_unit_test(names_and_passwords_are_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
