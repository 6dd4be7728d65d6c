// What a machine can do: the description that decisions are taken from.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// As JSON (`--machine=FILE`) and as the module attribute machine.desc:
//
//   {"name": "...", "threads": 1,
//    "isas": [{"name": "x86-64-v4", "vector_bits": 512, "compute": {"f32": 120, "i8": 400}}],   rising; G operations/s
//    "memory": [{"name": "L1", "bytes": 49152, "gb_per_s": 300}, ..., {"name": "memory", "gb_per_s": 15}],
//    "rates": {"simple": 8, ...}, "overheads": {"kernel": 8, ...}, "scales": {"contraction": 1, ...}}
//
// Speeds are those of one thread. The keys of rates (billions a second), overheads (ns) and scales (factors on
// predicted times) are in Numbers.def. What is left out has the value of a middling processor.
#ifndef BRISK_DIALECTS_MACHINE_MACHINE_H
#define BRISK_DIALECTS_MACHINE_MACHINE_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Dialect.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"
#include <map>
#include <string>
#include <vector>

#include "dialects/machine/Machine.Dialect.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/machine/Machine.Attrs.h.inc"

namespace brisk {
void registerMachineDialect(mlir::DialectRegistry &registry);

namespace machine {

struct Isa {
  std::string name;
  int64_t vectorBits = 256;
  std::map<std::string, double> compute; // G operations/s of contractions, by dtype; a multiply-add counts 2
};

struct MemoryLevel {
  std::string name;
  double bytes = 0; // 0: no end
  double gbPerS = 0;
};

struct Description {
  std::string name = "unnamed";
  int64_t threads = 1;
  std::vector<Isa> isas;           // rising
  std::vector<MemoryLevel> memory; // nearest first; the last one has no end
  std::map<std::string, double> rates, overheads, scales;

  /// A middling processor.
  Description();
  /// The highest instruction set, or the one of that name; null if there is none.
  const Isa *isa(llvm::StringRef name = "") const;
  /// Operations/ns of contractions on `dtype`: as fast as f32 times what its width allows where it is not stated.
  double computeRate(const Isa &isa, llvm::StringRef dtype) const;

  static llvm::Expected<Description> fromJson(const llvm::json::Value &value);
  /// Reads a machine file; messages begin with its path.
  static llvm::Expected<Description> read(llvm::StringRef path);
  llvm::json::Value toJson() const;
  /// Indented, with a newline at the end: what machine files hold.
  std::string text() const;

  DescAttr toAttribute(mlir::MLIRContext *context) const;
  static llvm::Expected<Description> fromAttribute(DescAttr attribute);
};

/// Name of the module attribute.
inline constexpr llvm::StringLiteral kAttribute = "machine.desc";

} // namespace machine
} // namespace brisk
#endif
