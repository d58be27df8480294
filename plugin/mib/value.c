/* SPDX-License-Identifier: Apache-2.0 */
/* value.c: see value.h. */
#include "mib/value.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MS_PER_S       1000
#define S_PER_MINUTE   60
#define MINUTES_PER_H  60
#define DATE_UNKNOWN   8 /* octets of a DateAndTime without zone; all zero: not known */
#define DATE_WITH_ZONE 11
#define BITS_PER_OCTET 8

void nq_value_u32(const void *field, struct nq_value *ret_value)
{
    uint32_t number;
    memcpy(&number, field, sizeof(number));
    ret_value->as.number = number;
    ret_value->len = sizeof(ret_value->as.number);
}

void nq_value_u64(const void *field, struct nq_value *ret_value)
{
    uint64_t number;
    memcpy(&number, field, sizeof(number));
    ret_value->as.counter.high = (u_long)(number >> 32);
    ret_value->as.counter.low = (u_long)(number & UINT32_MAX);
    ret_value->len = sizeof(ret_value->as.counter);
}

void nq_value_text(const void *field, struct nq_value *ret_value)
{
    const char *text;
    memcpy(&text, field, sizeof(text));
    char *out = (char *)ret_value->as.octets;
    ret_value->len = strlen(nq_text_escape(text, out, sizeof(ret_value->as.octets)));
}

void nq_value_date(const void *field, struct nq_value *ret_value)
{
    int64_t ms;
    memcpy(&ms, field, sizeof(ms));
    u_char *const octets = ret_value->as.octets;
    const time_t seconds = (time_t)(ms / MS_PER_S);
    struct tm local;
    if (ms <= 0 || !localtime_r(&seconds, &local)) {
        memset(octets, 0, DATE_UNKNOWN);
        ret_value->len = DATE_UNKNOWN;
        return;
    }
    const int year = local.tm_year + 1900;
    const long zone_minutes = labs(local.tm_gmtoff) / S_PER_MINUTE;
    octets[0] = (u_char)(year >> BITS_PER_OCTET);
    octets[1] = (u_char)(year & UINT8_MAX);
    octets[2] = (u_char)(local.tm_mon + 1);
    octets[3] = (u_char)local.tm_mday;
    octets[4] = (u_char)local.tm_hour;
    octets[5] = (u_char)local.tm_min;
    octets[6] = (u_char)local.tm_sec;
    octets[7] = (u_char)(ms % MS_PER_S / 100);
    octets[8] = local.tm_gmtoff < 0 ? '-' : '+';
    octets[9] = (u_char)(zone_minutes / MINUTES_PER_H);
    octets[10] = (u_char)(zone_minutes % MINUTES_PER_H);
    ret_value->len = DATE_WITH_ZONE;
}

void nq_value_seconds(const void *field, struct nq_value *ret_value)
{
    int64_t ms;
    memcpy(&ms, field, sizeof(ms));
    const int64_t seconds = ms > 0 ? ms / MS_PER_S : 0;
    ret_value->as.number = seconds < UINT32_MAX ? (u_long)seconds : UINT32_MAX;
    ret_value->len = sizeof(ret_value->as.number);
}

/* Bit 0 of BITS is the highest bit of the first octet (RFC 2578 section 7.1.4). */
void nq_value_bits(const void *field, struct nq_value *ret_value)
{
    uint32_t set;
    memcpy(&set, field, sizeof(set));
    unsigned octet = 0;
    for (unsigned bit = 0; bit < BITS_PER_OCTET; bit++) {
        if (set & 1U << bit) {
            octet |= 0x80U >> bit;
        }
    }
    ret_value->as.octets[0] = (u_char)octet;
    ret_value->len = 1;
}
