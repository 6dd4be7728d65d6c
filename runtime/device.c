/* The devices that this build knows beside its own processor.
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/internal.h"

#define BRISK_DEVICE(name) extern const brisk_device brisk_device_##name;
#include "Devices.def"
#undef BRISK_DEVICE

static const brisk_device *const devices[] = {
#define BRISK_DEVICE(name) &brisk_device_##name,
#include "Devices.def"
    NULL};

const brisk_device *brisk_device_of(const char *path) {
  for (const brisk_device *const *device = devices; *device; ++device)
    if ((*device)->claims(path))
      return *device;
  return NULL;
}
