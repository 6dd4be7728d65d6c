// What this processor is: instruction sets and caches as it states them, typical speeds of its kind.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/cpu/Emit.h"
#include "targets/cpu/VectorUnit.h"

#include "runtime/runtime.h"
#include <unistd.h>

using namespace brisk;
using namespace brisk::cpu;

namespace {

/// GHz that a server core holds under vector load; calibration replaces what follows from it.
constexpr double kClock = 3.5;

/// Bytes of a cache as the system tells them, or a common size.
double cacheBytes(int name, double otherwise) {
  long bytes = sysconf(name);
  return bytes > 0 ? static_cast<double>(bytes) : otherwise;
}

} // namespace

machine::Description cpu::describeHost() {
  machine::Description host;
  host.name = "host";
  host.isas.clear();
  for (const char *name : {"x86-64-v3", "x86-64-v4", "x86-64-v4-vnni", "x86-64-v4-bf16"}) {
    // The first is stated on any machine, so that artifacts can be predicted where they do not run.
    if (!host.isas.empty() && brisk_cpu_isa() < brisk_isa_from_name(name))
      continue;
    VectorUnit unit = *VectorUnit::get(name);
    // Two multiply-adds a cycle; without an instruction for them, narrow factors are widened first.
    double f32 = kClock * 2 * 2 * static_cast<double>(unit.lanes(32));
    host.isas.push_back({name,
                         unit.vectorBits,
                         {{"f32", f32}, {"i8", f32 * (unit.dotBytes ? 4 : 1.5)}, {"bf16", f32 * (unit.dotBf16 ? 2 : 0.7)}}});
  }
  host.memory = {{"L1", cacheBytes(_SC_LEVEL1_DCACHE_SIZE, 32 << 10), 64 * kClock},
                 {"L2", cacheBytes(_SC_LEVEL2_CACHE_SIZE, 1 << 20), 24 * kClock},
                 {"L3", cacheBytes(_SC_LEVEL3_CACHE_SIZE, 16 << 20), 10 * kClock},
                 {"memory", 0, 15}};
  return host;
}
