/* SPDX-License-Identifier: Apache-2.0 */
/* tls.h: the certificate that the server shows, which may change while it runs, and the
 * name in the certificate of a client. The only users of GnuTLS are here.
 *
 * Owns    every certificate that was ever shown: a handshake may still use an old one.
 * Blocks  never.
 * Thread  any; GnuTLS hands its callback no context, so there is one per process.
 * Fails   sim_tls_set(): false and a sentence; then the certificate stays as it was.
 * Limits  SIM_CERTIFICATES_MAX changes, SIM_CHAIN_MAX certificates in a chain.
 */
#ifndef SIM_TLS_H
#define SIM_TLS_H

#include <gnutls/abstract.h>

#include "base.h"

#define SIM_CERTIFICATES_MAX 1000
#define SIM_CHAIN_MAX        8

/* PEM texts. From now on every handshake shows this certificate. */
bool sim_tls_set(const char *cert, const char *key, struct sim_err *err)
    __attribute__((warn_unused_result));
void sim_tls_done(void);

/* What GnuTLS asks for the certificate. Also asks the client for its own; a client
 * without one may go on. */
int sim_tls_retrieve(gnutls_session_t session, const gnutls_datum_t *authorities,
                     int authority_count, const gnutls_pk_algorithm_t *algorithms,
                     int algorithm_count, gnutls_pcert_st **ret_chain,
                     unsigned *ret_length, gnutls_privkey_t *ret_key);

/* The common name in the client's certificate, or NULL; the caller frees it. */
char *sim_tls_client_name(gnutls_session_t session);

#endif
