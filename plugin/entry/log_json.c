/* SPDX-License-Identifier: Apache-2.0 */
/* log_json.c: one entry, one object, one line (cJSON). */
#include "entry/log_json.h"

#include <cjson/cJSON.h>
#include <time.h>

#include "base/text.h"

/* RFC 3339, UTC. */
static const char *time_text(int64_t wall_ms, char out[48])
{
    const time_t seconds = (time_t)(wall_ms / 1000);
    char date[32];
    struct tm parts;
    if (wall_ms < 0 || !gmtime_r(&seconds, &parts) ||
        strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &parts) == 0) {
        (void)snprintf(date, sizeof(date), "?");
    }
    (void)snprintf(out, 48, "%s.%03dZ", date, (int)(wall_ms % 1000));
    return out;
}

/* What we wrote is escaped already and stays as it is; what somebody else wrote becomes valid
 * UTF-8 here. */
static bool add_text(cJSON *object, const char *name, const char *text)
{
    char safe[NQ_EVIDENCE_MAX + 1];
    if (!text) {
        return cJSON_AddNullToObject(object, name) != NULL;
    }
    return cJSON_AddStringToObject(object, name,
                                   nq_text_escape(text, safe, sizeof(safe))) != NULL;
}

bool nq_log_json_print(FILE *out, const struct nq_log_row *row)
{
    const struct nq_log_entry *entry = &row->entry;
    char when[48];
    char *line = NULL;
    cJSON *object = cJSON_CreateObject();
    if (object && cJSON_AddNumberToObject(object, "number", entry->number) &&
        cJSON_AddStringToObject(object, "time", time_text(entry->at_ms, when)) &&
        cJSON_AddNumberToObject(object, "at_ms", (double)entry->at_ms) &&
        cJSON_AddNumberToObject(object, "case_id", entry->case_id) &&
        cJSON_AddNumberToObject(object, "kept_from", row->kept_from) &&
        add_text(object, "event", entry->event) &&
        add_text(object, "actor", entry->actor) &&
        add_text(object, "text", entry->text) &&
        add_text(object, "evidence", entry->evidence) &&
        add_text(object, "hash", row->hash)) {
        line = cJSON_PrintUnformatted(object);
    }
    const bool printed = line && fprintf(out, "%s\n", line) > 0;
    cJSON_free(line);
    cJSON_Delete(object);
    return printed;
}
