/* SPDX-License-Identifier: Apache-2.0 */
/* tls.c: certificates by GnuTLS. */
#include "tls.h"

#include <gnutls/x509.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct identity {
    unsigned length;
    gnutls_pcert_st chain[SIM_CHAIN_MAX];
    gnutls_privkey_t key;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct identity *identities[SIM_CERTIFICATES_MAX];
static size_t identity_count;

static gnutls_datum_t datum(const char *text)
{
    return (gnutls_datum_t){.data = (unsigned char *)(uintptr_t)text,
                            .size = (unsigned)strlen(text)};
}

/* Credentials, unlike the parts of an identity, check that both belong together. */
static bool fit_together(const gnutls_datum_t *cert, const gnutls_datum_t *key)
{
    gnutls_certificate_credentials_t credentials;
    bool good;

    if (gnutls_certificate_allocate_credentials(&credentials) < 0) {
        abort(); /* memory */
    }
    good = gnutls_certificate_set_x509_key_mem(credentials, cert, key,
                                               GNUTLS_X509_FMT_PEM) >= 0;
    gnutls_certificate_free_credentials(credentials);
    return good;
}

static void identity_free(struct identity *identity)
{
    for (unsigned i = 0; i < identity->length; i++) {
        gnutls_pcert_deinit(&identity->chain[i]);
    }
    gnutls_privkey_deinit(identity->key);
    free(identity);
}

static struct identity *identity_new(const char *cert, const char *key,
                                     struct sim_err *err)
{
    const gnutls_datum_t cert_datum = datum(cert);
    const gnutls_datum_t key_datum = datum(key);
    struct identity *identity;

    if (!fit_together(&cert_datum, &key_datum)) {
        (void)sim_fail(err, "certificate and key are not PEM texts that fit together");
        return NULL;
    }
    identity = sim_alloc(1, sizeof(*identity));
    if (gnutls_privkey_init(&identity->key) < 0) {
        abort(); /* memory */
    }
    identity->length = SIM_CHAIN_MAX;
    if (gnutls_pcert_list_import_x509_raw(identity->chain, &identity->length, &cert_datum,
                                          GNUTLS_X509_FMT_PEM, 0) < 0) {
        identity->length = 0;
        (void)sim_fail(err, "a chain of more than %d certificates", SIM_CHAIN_MAX);
    } else if (gnutls_privkey_import_x509_raw(identity->key, &key_datum,
                                              GNUTLS_X509_FMT_PEM, NULL, 0) < 0) {
        (void)sim_fail(err, "the key cannot be used");
    } else {
        return identity;
    }
    identity_free(identity);
    return NULL;
}

bool sim_tls_set(const char *cert, const char *key, struct sim_err *err)
{
    struct identity *identity = identity_new(cert, key, err);
    bool full;

    if (identity == NULL) {
        return false;
    }
    (void)pthread_mutex_lock(&lock);
    full = identity_count == SIM_CERTIFICATES_MAX;
    if (!full) {
        identities[identity_count++] = identity;
    }
    (void)pthread_mutex_unlock(&lock);
    if (full) {
        identity_free(identity);
        return sim_fail(err, "more than %d certificates", SIM_CERTIFICATES_MAX);
    }
    return true;
}

void sim_tls_done(void)
{
    while (identity_count > 0) {
        identity_free(identities[--identity_count]);
    }
}

int sim_tls_retrieve(gnutls_session_t session, const gnutls_datum_t *authorities,
                     int authority_count, const gnutls_pk_algorithm_t *algorithms,
                     int algorithm_count, gnutls_pcert_st **ret_chain,
                     unsigned *ret_length, gnutls_privkey_t *ret_key)
{
    struct identity *identity;

    (void)authorities;
    (void)authority_count;
    (void)algorithms;
    (void)algorithm_count;
    (void)pthread_mutex_lock(&lock);
    identity = identities[identity_count - 1];
    (void)pthread_mutex_unlock(&lock);
    gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUEST);
    *ret_chain = identity->chain;
    *ret_length = identity->length;
    *ret_key = identity->key;
    return 0;
}

char *sim_tls_client_name(gnutls_session_t session)
{
    unsigned count = 0;
    const gnutls_datum_t *peers = gnutls_certificate_get_peers(session, &count);
    char name[256];
    size_t size = sizeof(name);
    gnutls_x509_crt_t cert;
    char *found = NULL;

    if (peers == NULL || count == 0) {
        return NULL;
    }
    if (gnutls_x509_crt_init(&cert) < 0) {
        abort(); /* memory */
    }
    if (gnutls_x509_crt_import(cert, &peers[0], GNUTLS_X509_FMT_DER) >= 0 &&
        gnutls_x509_crt_get_dn_by_oid(cert, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name,
                                      &size) >= 0) {
        found = sim_strndup(name, size);
    }
    gnutls_x509_crt_deinit(cert);
    return found;
}
