/* SPDX-License-Identifier: Apache-2.0 */
/* usm.c: see usm.h. libnetsnmp reads createUser only for programs called snmpd and snmptrapd;
 * the function that does it is exported. */
#include "trap/usm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/library/lcd_time.h>
#include <net-snmp/library/snmpusm.h>

#include "base/mem.h"
#include "base/secret.h"

#define DIRECTIVE "createUser"

struct nq_usm {
    struct usmUser *users[NQ_USM_USERS_MAX];
    size_t count;
};

/* ---- users -------------------------------------------------------------------------- */

static bool is_ours(const struct nq_usm *usm, const struct usmUser *user)
{
    for (size_t i = 0; i < usm->count; i++) {
        if (usm->users[i] == user) {
            return true;
        }
    }
    return false;
}

static size_t count_users(void)
{
    size_t count = 0;
    for (const struct usmUser *user = usm_get_userList(); user; user = user->next) {
        count++;
    }
    return count;
}

/* The one user that was not in the table before: the function that adds it returns
 * nothing. */
static struct usmUser *find_new(struct usmUser *const *before, size_t count)
{
    for (struct usmUser *user = usm_get_userList(); user; user = user->next) {
        bool known = false;
        for (size_t i = 0; i < count && !known; i++) {
            known = before[i] == user;
        }
        if (!known) {
            return user;
        }
    }
    return NULL;
}

/* The library writes into the line. */
static bool add_user(struct nq_usm *usm, char *words)
{
    const size_t count = count_users();
    struct usmUser **before = nq_calloc(count + 1, sizeof(struct usmUser *));
    size_t i = 0;
    for (struct usmUser *user = usm_get_userList(); user; user = user->next) {
        before[i++] = user;
    }
    usm_parse_create_usmUser(DIRECTIVE, words);
    struct usmUser *user = find_new(before, count);
    free(before);
    if (user) {
        /* snmpd would write it to its own file, where it would outlive our configuration. */
        user->userStorageType = ST_VOLATILE;
        usm->users[usm->count++] = user;
    }
    return user;
}

/* NULL, or what is wrong with the line. */
static const char *read_line(struct nq_usm *usm, char *line)
{
    line += strspn(line, " \t\r");
    if (*line == '\0' || *line == '#') {
        return NULL;
    }
    const size_t word = sizeof(DIRECTIVE) - 1;
    const bool is_user = strncmp(line, DIRECTIVE, word) == 0;
    const size_t blanks = is_user ? strspn(line + word, " \t") : 0;
    if (blanks == 0 || strchr("\r", line[word + blanks])) { /* which also finds the NUL */
        return "it does not begin with " DIRECTIVE " and a name";
    }
    if (usm->count == NQ_USM_USERS_MAX) {
        return "there are too many users";
    }
    line += word + blanks;
    line[strcspn(line, "\r")] = '\0';
    return add_user(usm, line)
               ? NULL
               : "libnetsnmp does not take it: use createUser NAME SHA-256 \"AUTH "
                 "PASSPHRASE\" AES \"PRIV PASSPHRASE\" with 8 characters at least, each "
                 "name once";
}

struct nq_usm *nq_usm_open(const char *file, struct nq_err *reterr)
{
    struct nq_secret text = {0};
    if (!nq_secret_load(&text, file, reterr)) {
        return NULL;
    }
    struct nq_usm *usm = nq_calloc(1, sizeof(*usm));
    size_t number = 0;
    for (char *line = text.data; usm && line;) {
        char *end = strchr(line, '\n');
        if (end) {
            *end = '\0';
        }
        number++;
        const char *mistake = read_line(usm, line);
        if (mistake) {
            nq_fail(reterr, NQ_SECRET_FILE, "%s:%zu: %s", file, number, mistake);
            usm = nq_usm_close(usm);
        }
        line = end ? end + 1 : NULL;
    }
    nq_secret_done(&text);
    return usm;
}

/* The table may have been emptied meanwhile: snmpd does that at SIGHUP. */
struct nq_usm *nq_usm_close(struct nq_usm *usm)
{
    if (!usm) {
        return NULL;
    }
    for (struct usmUser *user = usm_get_userList(); user;) {
        struct usmUser *next = user->next;
        if (is_ours(usm, user)) {
            usm_remove_user(user);
            usm_free_user(user);
        }
        user = next;
    }
    free(usm);
    return NULL;
}

/* ---- engine ------------------------------------------------------------------------- */

/* RFC 3411, SnmpEngineID: the enterprise number with its first bit set, then format 5,
 * octets that the administrator chose. The number is Net-SNMP's: it is its engine. */
#define ENGINE_ID_LEN 13

bool nq_usm_set_engine(uint64_t number, uint32_t boots, struct nq_err *reterr)
{
    u_char id[ENGINE_ID_LEN] = {0x80, 0x00, 0x1f, 0x88, 0x05};
    for (size_t i = 0; i < 8; i++) {
        id[5 + i] = (u_char)(number >> (56 - 8 * i));
    }
    if (set_exact_engineID(id, sizeof(id)) != SNMPERR_SUCCESS) {
        return nq_fail(reterr, NQ_HOST, "the SNMP engine ID cannot be set");
    }
    /* The library counts one up from what it reads, as from its own file. */
    char *line = nq_sprintf("engineBoots %u", boots > 0 ? boots - 1 : 0);
    (void)netsnmp_config(line);
    free(line);
    if (set_enginetime(id, sizeof(id), (u_int)snmpv3_local_snmpEngineBoots(),
                       (u_int)snmpv3_local_snmpEngineTime(), TRUE) != SNMPERR_SUCCESS) {
        return nq_fail(reterr, NQ_HOST, "the SNMP engine's clock cannot be set");
    }
    return true;
}
