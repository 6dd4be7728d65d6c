// What this processor is: instruction sets and caches as it states them, typical speeds of its kind.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/cpu/Emit.h"
#include "targets/cpu/VectorUnit.h"

#include "runtime/runtime.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace brisk;
using namespace brisk::cpu;

namespace {

/// GHz that a server core holds under vector load; calibration replaces what follows from it.
constexpr double kClock = 3.5;

/// Bytes of the cache at place `index` as the system tells them, or a common size.
double cacheBytes(int index, double otherwise) {
  std::string path = "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index) + "/size";
  auto buffer = llvm::MemoryBuffer::getFileAsStream(path);
  llvm::StringRef text = buffer ? (*buffer)->getBuffer().trim() : "";
  double unit = text.consume_back("K") ? 1024 : text.consume_back("M") ? 1024 * 1024 : 1, size = 0;
  return text.getAsDouble(size) || size <= 0 ? otherwise : size * unit;
}

} // namespace

machine::Description cpu::describeHost() {
  machine::Description host;
  host.name = "host";
  host.isas.clear();
  for (const char *name : {"x86-64-v3", "x86-64-v3-vnni", "x86-64-v4", "x86-64-v4-vnni", "x86-64-v4-bf16"}) {
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
  host.memory = {{"L1", cacheBytes(0, 32 << 10), 64 * kClock},
                 {"L2", cacheBytes(2, 1 << 20), 48 * kClock},
                 {"L3", cacheBytes(3, 16 << 20), 24 * kClock},
                 {"memory", 0, 25}};
  return host;
}
