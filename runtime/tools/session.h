/* What brisk-run holds while it works.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef BRISK_RUNTIME_TOOLS_SESSION_H
#define BRISK_RUNTIME_TOOLS_SESSION_H

#include "runtime/tools/array.h"
#include "runtime/tools/options.h"

typedef struct brisk_session {
  brisk_run_options options;
  brisk_model *model;
  brisk_context *context;
  int32_t num_inputs, num_outputs;
  brisk_tensor *inputs, *outputs; /* `data` of both is owned where `owned` */
  int64_t **input_dims;           /* owned */
  void **output_buffers;          /* owned; NULL for open outputs */
  int64_t **whole_dims;           /* owned; of outputs that --stream joined */
  uint64_t open_ns, first_ns;
} brisk_session;

/* All return a status and set brisk_error_message. */

/* inputs.c: fills `inputs` from the files and the random generator. */
brisk_status brisk_session_inputs(brisk_session *session);

/* stream.c: zeros for the states of a step over time that no file gives; steps
 * over whole sequences, which are then the outputs, and the mean time of one. */
brisk_status brisk_stream_states(brisk_session *session);
brisk_status brisk_session_stream(brisk_session *session, uint64_t *ns);

/* compare.c: compares the outputs with a .npz file. */
brisk_status brisk_session_compare(const brisk_session *session,
                                   const char *path);

/* print.c: --info, and what a run without other wishes shows. */
void brisk_session_info(const brisk_session *session);
void brisk_session_summary(const brisk_session *session);

#endif
