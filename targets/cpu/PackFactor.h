// The factor of a contraction that is packed: as what, and how.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_CPU_PACKFACTOR_H
#define BRISK_TARGETS_CPU_PACKFACTOR_H

#include "targets/cpu/SumOfProducts.h"
#include "targets/cpu/ir/Cpu.h"

namespace brisk::cpu {

/// What is multiplied and added.
struct Product {
  int64_t group = 1;              // factors that lie together for one lane
  std::optional<ByteProduct> bytes = {};
  std::optional<bool> unsignedWeights = {}; // f32 times bytes
};

struct Choice {
  unsigned column, a, b; // the columns' loop and which input plays which factor
  bool pack;
  Product product;
  std::optional<unsigned> grouped = {}; // the sum whose factors lie together
  bool panels = true;                   // packed in panels of columns, not with all of them in a row
};

/// The factor in panels, with its map.
struct Packed {
  mlir::Value factor;
  mlir::AffineMap map;
  mlir::Value columnSums; // of bytes, where they were asked for
  mlir::AffineMap columnSumsMap;
  int64_t length; // of the grouped sum
};

/// True for a constant tensor, under whatever shape.
bool isConstantFactor(mlir::Value value);

/// Packs the factor as [other parallel loops..., column / 32, sums..., 32], or with groups of g
/// [..., sums..., last sum / g, 32, g], zero past the last column and the last of a group. Without panels:
/// [..., sums..., last sum / g, column, g]. Constants are packed now, others by ops of static shape at run time.
Packed packFactor(mlir::OpBuilder &b, mlir::linalg::GenericOp op, const Choice &choice);

/// Makes a cpu.contract of a sum of products with a constant matrix of weights whose blocks have scales; false for
/// anything else.
bool formBlockContraction(mlir::linalg::GenericOp op, mlir::Value init);

} // namespace brisk::cpu
#endif
