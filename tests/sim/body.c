/* SPDX-License-Identifier: Apache-2.0 */
/* body.c: makes the response of a reply, and hands out its body piece by piece. */
#include "body.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK 65536

struct stream {
    struct sim *sim;
    const struct sim_exchange *exchange;
    uint64_t length;
    uint64_t started_ms;
};

/* Spaces follow the body: JSON and XML allow them at their end. */
static void copy(const struct sim_reply *reply, uint64_t position, char *buffer,
                 size_t count)
{
    size_t own = 0;

    if (position < reply->length) {
        own = reply->length - (size_t)position;
        own = own < count ? own : count;
        memcpy(buffer, reply->body + position, own);
    }
    memset(buffer + own, ' ', count - own);
}

static ssize_t read_some(void *arg, uint64_t position, char *buffer, size_t room)
{
    const struct stream *stream = arg;
    const struct sim_delivery *delivery = &stream->exchange->delivery;
    uint64_t end = stream->length;

    if (delivery->cut && delivery->cut_at < end) {
        end = delivery->cut_at;
    }
    if (position >= end) {
        return position < stream->length ? MHD_CONTENT_READER_END_WITH_ERROR
                                         : MHD_CONTENT_READER_END_OF_STREAM;
    }
    if (end - position < room) {
        room = (size_t)(end - position);
    }
    if (delivery->bytes_per_s > 0) {
        size_t allowed = sim_exchange_pace(stream->sim, stream->exchange,
                                           stream->started_ms, position);

        if (allowed == 0) {
            return MHD_CONTENT_READER_END_WITH_ERROR;
        }
        room = allowed < room ? allowed : room;
    }
    copy(&stream->exchange->reply, position, buffer, room);
    return (ssize_t)room;
}

static bool is_plain(const struct sim_exchange *exchange)
{
    const struct sim_delivery *delivery = &exchange->delivery;

    return !delivery->cut && !delivery->chunked && delivery->bytes_per_s == 0 &&
           delivery->pad_to <= exchange->reply.length;
}

static struct MHD_Response *start_stream(struct sim *sim,
                                         const struct sim_exchange *exchange)
{
    const struct sim_delivery *delivery = &exchange->delivery;
    struct stream *stream = sim_alloc(1, sizeof(*stream));

    *stream = (struct stream){
        .sim = sim,
        .exchange = exchange,
        .length = exchange->reply.length,
        .started_ms = sim_now_ms(),
    };
    if (delivery->pad_to > stream->length) {
        stream->length = delivery->pad_to;
    }
    return MHD_create_response_from_callback(delivery->chunked ? MHD_SIZE_UNKNOWN
                                                               : stream->length,
                                             BLOCK, read_some, stream, free);
}

struct MHD_Response *sim_body_response(struct sim *sim,
                                       const struct sim_exchange *exchange)
{
    const struct sim_reply *reply = &exchange->reply;
    struct MHD_Response *response;

    if (is_plain(exchange)) {
        response = MHD_create_response_from_buffer(
            reply->length, reply->body == NULL ? (void *)(uintptr_t) "" : reply->body,
            MHD_RESPMEM_PERSISTENT);
    } else {
        response = start_stream(sim, exchange);
    }
    if (response == NULL) {
        abort(); /* memory */
    }
    if (reply->body != NULL) {
        const char *type = reply->content_type;

        (void)MHD_add_response_header(response, "Content-Type",
                                      type == NULL ? SIM_JSON_TYPE : type);
    }
    for (size_t i = 0; i < reply->header_count; i++) {
        (void)MHD_add_response_header(response, reply->headers[i].name,
                                      reply->headers[i].value);
    }
    return response;
}
