/* Statuses and the message of the last failure on a thread.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/internal.h"

static _Thread_local char last_message[BRISK_MESSAGE_SIZE];

const char *brisk_status_text(brisk_status status) {
  switch (status) {
  case BRISK_OK:
    return "ok";
  case BRISK_ERROR_ARGUMENT:
    return "wrong argument";
  case BRISK_ERROR_INPUT:
    return "wrong input";
  case BRISK_ERROR_OUTPUT:
    return "wrong output";
  case BRISK_ERROR_FILE:
    return "unusable file";
  case BRISK_ERROR_VERSION:
    return "wrong version";
  case BRISK_ERROR_ISA:
    return "unsupported processor";
  case BRISK_ERROR_MEMORY:
    return "out of memory";
  case BRISK_ERROR_SYSTEM:
    return "system failure";
  case BRISK_ERROR_MODEL:
    return "model failure";
  }
  return "unknown status";
}

const char *brisk_error_message(void) { return last_message; }

brisk_status brisk_fail(brisk_status status, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(last_message, sizeof last_message, format, args);
  va_end(args);
  return status;
}
