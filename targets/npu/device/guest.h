/* What the program on the device and the host's side of the pipe agree on, and what files of the device share.
 *
 * Host to device: GUEST_RUN, then the bytes of every input. Device to host: GUEST_DONE and 0, then the bytes of every
 * output; or GUEST_FAILED and the length of a message, then the message. Words are little-endian.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef BRISK_TARGETS_NPU_DEVICE_GUEST_H
#define BRISK_TARGETS_NPU_DEVICE_GUEST_H

#include <stdint.h>

enum { GUEST_RUN = 0x316e7572, GUEST_DONE = 0x656e6f64, GUEST_FAILED = 0x6c696166, GUEST_MAX_VALUES = 256 };

/* The file that a marking close() names: this and the kernel's index. */
#define GUEST_MARK 0x42000000u
#define GUEST_NO_KERNEL 0xffffff

#endif
