// What the emitters need to know of an instruction set.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_CPU_VECTORUNIT_H
#define BRISK_TARGETS_CPU_VECTORUNIT_H

#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>

namespace brisk::cpu {

struct VectorUnit {
  int64_t vectorBits; // width of a register
  int64_t registers;  // how many there are
  bool masks;         // masked loads and stores of any element width are one instruction

  /// Lanes of an element of `bits` bits in one register.
  int64_t lanes(int64_t bits) const { return vectorBits / bits; }

  /// `x86-64-v3` or `x86-64-v4`.
  static std::optional<VectorUnit> get(llvm::StringRef name) {
    if (name == "x86-64-v4")
      return VectorUnit{512, 32, true};
    if (name == "x86-64-v3")
      return VectorUnit{256, 16, false};
    return std::nullopt;
  }
};

} // namespace brisk::cpu
#endif
