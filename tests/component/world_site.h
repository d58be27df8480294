/* SPDX-License-Identifier: Apache-2.0 */
/* world_site.h: a site with one NSX manager, which is the simulator, and the backend of its
 * generation open to it; and its calls, each as a function that waits for the answer. */
#ifndef NQ_TESTS_WORLD_SITE_H
#define NQ_TESTS_WORLD_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "nsx/backend.h"
#include "world_manager.h"

/* VMs of the seed scenario. */
#define VDI_01 "50221a4c-7f10-4b6e-8a01-5d2c9e7b0a01"
#define VDI_02 "50221a4c-7f10-4b6e-8a02-5d2c9e7b0a02"
#define VDI_03 "50221a4c-7f10-4b6e-8a03-5d2c9e7b0a03"
#define EDGE   "50221a4c-7f10-4b6e-8a90-5d2c9e7b0a90"
#define NO_VM  "00000000-0000-0000-0000-000000000000"

/* Beginnings of the calls that the backend makes. */
#define VMS         "/api/v1/fabric/virtual-machines"
#define ALL_VMS     VMS "?sort_by"
#define ONE_VM      VMS "?external_id"
#define NAMED_VM    VMS "?display_name"
#define VIFS        "/api/v1/fabric/vifs"
#define OPERATIONS  "/policy/api/v1/infra/tags/tag-operations/"
#define MEMBERS     "/policy/api/v1/infra/domains/default/groups/"
#define STATUS      "/policy/api/v1/infra/realized-state/status"
#define EXCLUDED    "/policy/api/v1/infra/settings/firewall/security/exclude-list"
#define SITE_GROUPS "/infra/domains/default/groups/"

/* A configuration as the file would give it; tests change it before they open. */
struct site {
    struct manager *sim;
    struct nq_backend *backend; /* NULL before site_open() */
    int64_t ahead_ms;           /* of the backend's clocks before the real ones */
    struct nq_config conf;
    struct nq_manager_conf manager;
    struct nq_group_conf groups[2];
    struct nq_protected_group_conf protected_groups[2];
    struct nq_tag_conf protected_tags[1], watched_tags[1];
    char *urls[1];
    char name[16], url[64], user[16], password_file[64], ca_file[64], scope[32],
        value[64];
    char names[2][16], paths[2][64];
};

extern struct site site;

void site_set_text(char *out, size_t size, const char *text);

/* Setup and teardown of a test; begin() takes the seed scenario. */
int site_begin(void **state);
int site_begin_with(const char *world);
int site_end(void **state);

#define SITE_TEST(test) cmocka_unit_test_setup_teardown(test, site_begin, site_end)

/* The same scenario with NSX for vSphere. */
int site_begin_vsphere(void **state);

/* Before site_open(): a manager of NSX for vSphere with other settings, as a JSON object
 * of members of the world file. */
void site_vsphere_settings(const char *settings);

#define VSPHERE_TEST(test)                                                               \
    cmocka_unit_test_setup_teardown(test, site_begin_vsphere, site_end)

/* Before site_open(): protects a group, or VMs with a tag, and watches a tag. */
void site_protect_group(const char *path);
void site_protect_tag(const char *scope, const char *value);
void site_watch_tag(const char *scope, const char *value);

void site_open(void);

/* A reply, copied. */
struct site_reply {
    bool over;
    int calls;
    enum nq_code code;
    char detail[NQ_ERR_DETAIL];
    size_t vm_count;
    char vms[2048];      /* "id matched type tagged regular" of each, with ; */
    char addresses[256]; /* of the last VM, as the next two */
    char uuids[256];
    unsigned tags;
    unsigned rungs;
    unsigned provable;
    char missing[256];
    char protector[64]; /* "" when there is none */
    size_t group_count;
    char groups[2048]; /* "members tagged realized first last" of each, with ; */
};

/* Each is checked not to call back before it returns. */
struct nq_call *site_start_find(const char *first, const char *second,
                                struct site_reply *seen);
struct nq_call *site_start_query(const struct nq_vm_query *query,
                                 struct site_reply *seen);
struct nq_call *site_start_read(const char *id, struct site_reply *seen);
struct nq_call *site_start_change(enum nq_tag_change change, const char *id,
                                  struct site_reply *seen);
struct nq_call *site_start_prove(const char *id, struct site_reply *seen);
struct nq_call *site_start_groups(struct site_reply *seen);
struct nq_call *site_start_tagged(struct site_reply *seen);
struct nq_call *site_start_protector(const char *id, struct site_reply *seen);

/* The one answer of a call. */
void site_wait(struct site_reply *seen);
void site_expect_good(struct site_reply *seen);
void site_expect_failure(struct site_reply *seen, enum nq_code code);

void site_find(const char *first, const char *second, struct site_reply *seen);
void site_change(enum nq_tag_change change_to, const char *id);

/* Where the backend says that NSX and vCenter are: all of it, with ; behind each. */
const char *site_servers(void); /* static storage until the next call */

/* Until the first sync is over and nothing is under way any more. */
void site_rest(void);

enum nq_manager_state site_state_of(const struct nq_backend *any);
void site_expect_state(enum nq_manager_state state, enum nq_code last);

#endif
