// A scheduled design, flat: what both printers print.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_HLS_NETLIST_H
#define BRISK_TARGETS_HLS_NETLIST_H

#include "targets/hls/Interval.h"
#include <string>

namespace brisk::hls {

class Netlist {
public:
  explicit Netlist(DesignOp design);

  /// What an argument or result of a node stands for.
  mlir::Value source(mlir::Value value) const {
    auto found = sources.find(value);
    return found == sources.end() ? value : found->second;
  }
  /// "n12".
  std::string name(mlir::Value value) const { return "n" + std::to_string(numbers.lookup(source(value))); }
  /// The cycle that a value is computed in.
  int64_t cycle(mlir::Value value) const;
  /// The last cycle that it is read in.
  int64_t lastRead(mlir::Value value) const { return reads.lookup(source(value)); }
  static bool isSigned(mlir::Value value) { return mlir::cast<mlir::IntegerType>(value.getType()).isSigned(); }
  static int64_t width(mlir::Value value) { return mlir::cast<mlir::IntegerType>(value.getType()).getWidth(); }

  DesignOp design;
  int64_t latency;
  std::vector<mlir::Operation *> ops; // without nodes
  mlir::SmallVector<mlir::Value> inputs, outputs;

private:
  llvm::DenseMap<mlir::Value, mlir::Value> sources;
  llvm::DenseMap<mlir::Value, int64_t> numbers, reads;
};

/// A module: a pipeline that takes new numbers every cycle; x and y are the elements side by side, the first in the
/// lowest bits.
std::string printVerilog(const Netlist &netlist, llvm::StringRef module);
/// A function per node and `top`, with a vendor's pragmas.
struct CppFiles {
  std::string header, source;
};
CppFiles printCpp(const Netlist &netlist);
/// The same as part of a larger file: functions of which the last, named like the stage, is the design. Their headers
/// tell of its ports: type and count of each.
struct CppStage {
  std::string source;
  std::vector<std::pair<std::string, int64_t>> inputs, outputs;
};
CppStage printCppStage(const Netlist &netlist, llvm::StringRef name);
/// What the functions of a file share.
llvm::StringRef cppPrologue();
/// The design's interface, what it takes by the model, and its nodes, as JSON.
std::string printReport(const Netlist &netlist, llvm::StringRef name, llvm::StringRef part);
/// An identifier like `name`.
std::string identifier(llvm::StringRef name);

} // namespace brisk::hls
#endif
