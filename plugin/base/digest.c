/* SPDX-License-Identifier: Apache-2.0 */
/* digest.c: the digest by OpenSSL's libcrypto; the only file that knows it. */
#include "base/digest.h"

#include <openssl/evp.h>

bool nq_digest(const void *octets, size_t len, char out[NQ_DIGEST_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    out[0] = '\0';
    if (EVP_Digest(octets, len, hash, &size, EVP_sha256(), NULL) != 1 ||
        2 * size != NQ_DIGEST_TEXT - 1) {
        return false;
    }
    for (unsigned int i = 0; i < size; i++) {
        out[2 * i] = digits[hash[i] >> 4];
        out[2 * i + 1] = digits[hash[i] & 15];
    }
    out[NQ_DIGEST_TEXT - 1] = '\0';
    return true;
}
