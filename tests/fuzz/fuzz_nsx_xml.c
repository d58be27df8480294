/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_nsx_xml.c: whatever an NSX for vSphere or its vCenter answers, the readers stay in
 * bounds and keep the promises of their headers. The first byte chooses the reader.
 * test_fuzz_nsx_xml.c replays the corpus. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nsx/asker.h"
#include "nsx/vsphere/vcenter_json.h"
#include "nsx/vsphere/firewall_xml.h"
#include "nsx/vsphere/groups_xml.h"
#include "nsx/vsphere/judge.h"
#include "nsx/vsphere/manager_xml.h"
#include "nsx/vsphere/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* A reader that fails must say why. */
static void check_end(bool good, const struct nq_err *err)
{
    require(good || (err->code == NQ_NSX_ANSWER && err->detail[0] != '\0'));
}

/* ---- lists ------------------------------------------------------------------------- */

static void see_text(void *arg, const char *text)
{
    (void)arg;
    require(text != NULL);
}

static void see_tag(void *arg, const struct nq_tag_facts *tag)
{
    (void)arg;
    require(nq_xml_is_id(tag->id) && strlen(tag->id) <= NQ_OBJECT_ID_MAX);
    require(strlen(tag->name) <= NQ_INVENTORY_NAME_MAX);
}

static void see_vm(void *arg, const struct nq_xml_vm *vm)
{
    (void)arg;
    require(nq_xml_is_id(vm->moref) && strlen(vm->moref) <= NQ_OBJECT_ID_MAX);
    require(strlen(vm->name) <= NQ_INVENTORY_NAME_MAX);
    require(vm->cluster && vm->instance_uuid && vm->bios_uuid);
}

static void read_tags(const char *body, size_t len)
{
    struct nq_err err = {0};
    struct nq_xml_page page;
    const bool good = nq_xml_tags(body, len, see_tag, NULL, &page, &err);
    require(!good || (page.start >= 0 && page.total >= -1));
    check_end(good, &err);
}

static void read_vms(const char *body, size_t len)
{
    struct nq_err err = {0};
    check_end(nq_xml_vms(body, len, see_vm, NULL, &err), &err);
}

static void read_object(const char *body, size_t len)
{
    struct nq_err err = {0};
    check_end(nq_xml_object(body, len, see_vm, NULL, &err), &err);
}

static void read_addresses(const char *body, size_t len)
{
    struct nq_err err = {0};
    check_end(nq_xml_addresses(body, len, see_text, NULL, &err), &err);
}

/* ---- the manager ------------------------------------------------------------------- */

static void read_connected(const char *body, size_t len)
{
    struct nq_err err = {0};
    bool connected = false;
    char host[NQ_HTTP_HOST_MAX + 1] = "";
    check_end(nq_xml_vcenter_connected(body, len, &connected, &err), &err);
    err = (struct nq_err){0};
    check_end(nq_xml_vcenter_host(body, len, host, &err), &err);
    require(memchr(host, '\0', sizeof(host)));
}

static void read_version(const char *body, size_t len)
{
    char version[NQ_VERSION_MAX];
    memset(version, 'x', sizeof(version));
    if (nq_vsphere_dialect.read_version(body, len, version, sizeof(version))) {
        require(version[0] != '\0' && memchr(version, '\0', sizeof(version)));
    }
}

static void read_token(const char *body, size_t len)
{
    struct nq_err err = {0};
    char *token = nq_xml_auth_token(body, len, &err);
    require(!token || (*token && strcspn(token, " \t\r\n") == strlen(token)));
    check_end(token != NULL, &err);
    free(token);
}

static void read_fault(const char *body, size_t len)
{
    struct nq_fault fault;
    if (nq_vsphere_fault(body, len, &fault)) {
        require(fault.code != 0 || fault.message[0] != '\0');
    }
    (void)nq_judge_vsphere(400, fault.code);
}

static void read_new_id(const char *body, size_t len)
{
    struct nq_err err = {0};
    char id[NQ_OBJECT_ID_MAX + 1];
    const bool good = nq_xml_new_id(body, len, id, &err);
    require(!good || nq_xml_is_id(id));
    check_end(good, &err);
}

/* ---- groups and the firewall ------------------------------------------------------- */

#define GROUP "securitygroup-10"

static void see_id(void *arg, const char *id)
{
    (void)arg;
    require(*id != '\0' && strlen(id) <= NQ_EXTERNAL_ID_MAX);
}

static void see_part(void *arg, const struct nq_vsphere_part *part)
{
    enum nq_vsphere_mention *mention = arg;
    const enum nq_vsphere_mention before = *mention;
    *mention = nq_vsphere_mention(before, part, "securitytag-12", "isolated");
    require(*mention >= before);
}

static void read_groups(const char *body, size_t len)
{
    struct nq_err err = {0};
    enum nq_vsphere_mention mention = NQ_MENTION_NONE;
    check_end(nq_xml_security_groups(body, len, see_id, NULL, &err), &err);
    check_end(nq_xml_group_definition(body, len, see_part, &mention, &err), &err);
    check_end(nq_xml_vm_nodes(body, len, see_id, NULL, &err), &err);
    check_end(nq_xml_exclude_list(body, len, see_id, NULL, &err), &err);
}

/* One rule alone closes and allows what it says, and never the same. */
static void see_rule(void *arg, const struct nq_vsphere_rule *rule)
{
    uint32_t *sequence = arg;
    struct nq_vsphere_rule copy;
    struct nq_vsphere_verdict verdict;
    const struct nq_vsphere_subject subject = {GROUP, "vm-101", "domain-c7", true};
    require(rule->sequence == *sequence + 1 && rule->id[0] != '\0');
    require((rule->packets & ~NQ_PACKETS_ALL) == 0);
    *sequence = rule->sequence;
    nq_vsphere_rule_copy(rule, &copy);
    nq_vsphere_judge(&copy, 1, &subject, &verdict);
    require((verdict.closed & ~rule->packets) == 0 && !verdict.allowed);
    require(!verdict.closed || nq_vsphere_rule_cuts_off(rule, GROUP));
    nq_vsphere_rule_done(&copy);
}

static void read_rules(const char *body, size_t len)
{
    struct nq_err err = {0};
    uint32_t sequence = 0;
    check_end(nq_xml_rules(body, len, see_rule, &sequence, &err), &err);
}

static void see_publication(void *arg, const struct nq_vsphere_publication *publication)
{
    bool *whole = arg;
    require(!*whole);
    require(publication->generation >= 0 && publication->generation_obj >= 0);
    require(memchr(publication->cluster, '\0', sizeof(publication->cluster)));
}

static void read_state(const char *body, size_t len)
{
    struct nq_err err = {0};
    bool flag = false;
    struct nq_vsphere_feature feature;
    check_end(nq_xml_firewall_status(body, len, see_publication, &flag, &err), &err);
    check_end(nq_xml_firewall_state(body, len, &flag, &err), &err);
    check_end(nq_xml_firewall_feature(body, len, &feature, &err), &err);
}

static void read_hosts(const char *body, size_t len)
{
    struct nq_err err = {0};
    struct nq_vsphere_holding holding = {0};
    uint64_t hits = 0;
    bool counts = false;
    check_end(nq_xml_vm_containers(body, len, GROUP, &holding, &err), &err);
    require(holding.by_filter <= NQ_HELD_YES && holding.by_address <= NQ_HELD_YES);
    check_end(nq_xml_rule_hits(body, len, &hits, &err), &err);
    check_end(nq_xml_counts_hits(body, len, &counts, &err), &err);
}

/* ---- vCenter ----------------------------------------------------------------------- */

static void read_vcenter(const char *body, size_t len)
{
    struct nq_err err = {0};
    struct nq_fault fault;
    struct nq_vcenter_facts facts = {0};
    check_end(nq_vcenter_json_vm(body, len, &facts, &err), &err);
    check_end(nq_vcenter_json_guest(body, len, &facts, &err), &err);
    (void)nq_vcenter_json_fault(body, len, &fault);
    char *session = nq_vcenter_json_session(body, len, &err);
    check_end(session != NULL, &err);
    free(session);
}

static const struct {
    char letter;
    void (*read)(const char *body, size_t len);
} readers[] = {
    {'t', read_tags},      {'v', read_vms},     {'o', read_object}, {'a', read_addresses},
    {'c', read_connected}, {'n', read_version}, {'k', read_token},  {'e', read_fault},
    {'i', read_new_id},    {'j', read_vcenter}, {'G', read_groups}, {'R', read_rules},
    {'S', read_state},     {'H', read_hosts},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    char *body = nq_strndup((const char *)data + 1, size - 1); /* ends as http.h says */
    for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
        if (readers[i].letter == (char)data[0]) {
            readers[i].read(body, size - 1);
        }
    }
    free(body);
    return 0;
}
