/* SPDX-License-Identifier: Apache-2.0 */
/* settings.h: defaults, reading and writing of struct sim_settings.
 *
 * Owns    the texts of the settings.
 * Blocks  never.
 * Thread  under the lock of the simulator.
 * Fails   sim_settings_read(): false and a sentence; then nothing was changed.
 * Limits  none of its own.
 */
#ifndef SIM_SETTINGS_H
#define SIM_SETTINGS_H

#include "world.h"

void sim_settings_init(struct sim_settings *settings);
void sim_settings_done(struct sim_settings *settings);

bool sim_settings_is_member(const char *name);
bool sim_settings_read(struct sim_settings *settings, const cJSON *json,
                       struct sim_err *err) __attribute__((warn_unused_result));
void sim_settings_write(const struct sim_settings *settings, cJSON *json);

#endif
