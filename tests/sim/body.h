/* SPDX-License-Identifier: Apache-2.0 */
/* body.h: a reply as libmicrohttpd sends it: whole, cut, padded or slow.
 *
 * Owns    nothing; the exchange must outlive the response.
 * Blocks  the response while it is sent, as slow as the delivery says.
 * Thread  that of the connection.
 * Fails   never.
 * Limits  none of its own: a padded body is made while it is sent.
 */
#ifndef SIM_BODY_H
#define SIM_BODY_H

#include <microhttpd.h>

#include "exchange.h"

struct MHD_Response *sim_body_response(struct sim *sim,
                                       const struct sim_exchange *exchange);

#endif
