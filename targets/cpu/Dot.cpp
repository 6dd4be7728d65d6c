// How sums of products step along the sum, for each kind of factors and machine.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/cpu/Dot.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "targets/cpu/ir/Cpu.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::cpu;

namespace {

/// The bits of `value` as a vector of `element`.
Value recast(OpBuilder &b, Location loc, Value value, Type element) {
  auto type = cast<VectorType>(value.getType());
  int64_t bits = type.getNumElements() * type.getElementTypeBitWidth();
  return vector::BitCastOp::create(b, loc, VectorType::get({bits / element.getIntOrFloatBitWidth()}, element), value);
}

Value constantLike(OpBuilder &b, Location loc, Value like, int64_t number) {
  auto type = cast<VectorType>(like.getType());
  Attribute value = b.getIntegerAttr(type.getElementType(), APInt(type.getElementTypeBitWidth(), number, false, true));
  return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, value));
}

/// An instruction named by the width of its vectors: 128, 256 or 512 bits.
Value instruction(OpBuilder &b, Location loc, std::array<StringRef, 3> names, Type result, ValueRange operands) {
  auto type = cast<VectorType>(result);
  int64_t bits = type.getNumElements() * type.getElementTypeBitWidth();
  StringRef name = names[bits == 128 ? 0 : bits == 256 ? 1 : 2];
  return LLVM::CallIntrinsicOp::create(b, loc, result, b.getStringAttr(name), operands).getResult(0);
}

struct DotF32 : Dot {
  Type sumType(OpBuilder &b) const override { return b.getF32Type(); }
  SmallVector<Value> columns(OpBuilder &, Location, Value raw) const override { return {raw}; }
  SmallVector<Value> row(OpBuilder &, Location, Value raw) const override { return {raw}; }
  Value add(OpBuilder &b, Location loc, Value sum, ValueRange row, ValueRange columns) const override {
    return vector::FMAOp::create(b, loc, row[0], columns[0], sum);
  }
};

/// Weights as bytes: converted once for all rows.
struct DotWeights : DotF32 {
  bool isUnsigned;

  explicit DotWeights(const Factors &factors) : isUnsigned(factors.unsignedB) {}
  SmallVector<Value> columns(OpBuilder &b, Location loc, Value raw) const override {
    Type type = cast<VectorType>(raw.getType()).clone(b.getF32Type());
    if (isUnsigned)
      return {arith::UIToFPOp::create(b, loc, type, raw)};
    return {arith::SIToFPOp::create(b, loc, type, raw)};
  }
};

/// Weights of 4 bits, eight to a lane.
struct DotNibbles : DotF32 {
  DotNibbles() { group = kNibbles; }
  SmallVector<Value> columns(OpBuilder &b, Location loc, Value raw) const override {
    SmallVector<Value> result;
    for (int64_t i = 0; i < group; ++i)
      result.push_back(column(b, loc, raw, i));
    return result;
  }
  Value column(OpBuilder &b, Location loc, Value raw, int64_t i) const override {
    if (i)
      raw = arith::ShRUIOp::create(b, loc, raw, constantLike(b, loc, raw, 4 * i));
    auto type = cast<VectorType>(raw.getType()).clone(b.getF32Type());
    if (type.getNumElements() == 16) {
      // The low four bits of each lane choose among sixteen floats.
      SmallVector<float> levels;
      for (int level = 0; level < 16; ++level)
        levels.push_back(static_cast<float>(level));
      Value table = arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, ArrayRef<float>(levels)));
      return LLVM::CallIntrinsicOp::create(b, loc, type, b.getStringAttr("llvm.x86.avx512.permvar.sf.512"),
                                           ValueRange{table, raw})
          .getResult(0);
    }
    if (i + 1 < group)
      raw = arith::AndIOp::create(b, loc, raw, constantLike(b, loc, raw, 15));
    return arith::SIToFPOp::create(b, loc, type, raw);
  }
};

/// One instruction adds four products of unsigned by signed bytes to a lane. Where both factors are of one
/// signedness, those of the row are shifted by 128: sum((a + 128) * w) = sum(a * w) + 128 * sum(w).
struct DotBytesVnni : Dot {
  bool rowIsUnsigned, shift;

  explicit DotBytesVnni(const Factors &factors)
      : rowIsUnsigned(!factors.unsignedB), shift(factors.unsignedA == factors.unsignedB) {
    group = 4;
    rowRegisters = shift ? 2 : 1;
    columnSumFactor = !shift ? 0 : factors.unsignedA ? 1 : -1;
  }
  Type sumType(OpBuilder &b) const override { return b.getI32Type(); }
  SmallVector<Value> columns(OpBuilder &, Location, Value raw) const override { return {raw}; }
  SmallVector<Value> row(OpBuilder &b, Location loc, Value raw) const override {
    if (shift)
      raw = arith::XOrIOp::create(b, loc, raw, constantLike(b, loc, raw, int32_t(0x80808080)));
    return {recast(b, loc, raw, b.getI8Type())};
  }
  Value add(OpBuilder &b, Location loc, Value sum, ValueRange row, ValueRange columns) const override {
    Value x = row[0], y = columns[0];
    if (!rowIsUnsigned)
      std::swap(x, y);
    return instruction(b, loc,
                       {"llvm.x86.avx512.vpdpbusd.128", "llvm.x86.avx512.vpdpbusd.256", "llvm.x86.avx512.vpdpbusd.512"},
                       sum.getType(), {sum, x, y});
  }
};

/// Even and odd bytes as 16-bit numbers; an instruction adds the products of neighbouring ones, exactly.
struct DotBytesPairs : Dot {
  bool unsignedA, unsignedB;

  explicit DotBytesPairs(const Factors &factors) : unsignedA(factors.unsignedA), unsignedB(factors.unsignedB) {
    group = 4;
    columnRegisters = 2;
    rowRegisters = 3;
  }
  Type sumType(OpBuilder &b) const override { return b.getI32Type(); }
  static SmallVector<Value> split(OpBuilder &b, Location loc, Value raw, bool isUnsigned) {
    Value pairs = recast(b, loc, raw, b.getI16Type());
    Value eight = constantLike(b, loc, pairs, 8);
    if (isUnsigned)
      return {arith::AndIOp::create(b, loc, pairs, constantLike(b, loc, pairs, 0xff)),
              arith::ShRUIOp::create(b, loc, pairs, eight)};
    return {arith::ShRSIOp::create(b, loc, arith::ShLIOp::create(b, loc, pairs, eight), eight),
            arith::ShRSIOp::create(b, loc, pairs, eight)};
  }
  SmallVector<Value> columns(OpBuilder &b, Location loc, Value raw) const override {
    return split(b, loc, raw, unsignedB);
  }
  SmallVector<Value> row(OpBuilder &b, Location loc, Value raw) const override { return split(b, loc, raw, unsignedA); }
  Value add(OpBuilder &b, Location loc, Value sum, ValueRange row, ValueRange columns) const override {
    for (auto [x, y] : llvm::zip_equal(row, columns))
      sum = arith::AddIOp::create(
          b, loc, sum,
          instruction(b, loc, {"llvm.x86.sse2.pmadd.wd", "llvm.x86.avx2.pmadd.wd", "llvm.x86.avx512.pmaddw.d.512"},
                      sum.getType(), {x, y}));
    return sum;
  }
};

struct DotBf16 : Dot {
  DotBf16() { group = 2; }
  Type sumType(OpBuilder &b) const override { return b.getF32Type(); }
  SmallVector<Value> columns(OpBuilder &, Location, Value raw) const override { return {raw}; }
  SmallVector<Value> row(OpBuilder &b, Location loc, Value raw) const override {
    return {recast(b, loc, raw, b.getBF16Type())};
  }
  Value add(OpBuilder &b, Location loc, Value sum, ValueRange row, ValueRange columns) const override {
    return instruction(b, loc,
                       {"llvm.x86.avx512bf16.dpbf16ps.128", "llvm.x86.avx512bf16.dpbf16ps.256",
                        "llvm.x86.avx512bf16.dpbf16ps.512"},
                       sum.getType(), {sum, row[0], columns[0]});
  }
};

/// A bf16 is the high half of an f32.
struct DotBf16Halves : Dot {
  DotBf16Halves() {
    group = 2;
    columnRegisters = 2;
    rowRegisters = 2;
  }
  Type sumType(OpBuilder &b) const override { return b.getF32Type(); }
  SmallVector<Value> row(OpBuilder &b, Location loc, Value raw) const override {
    Value bits = recast(b, loc, raw, b.getI32Type());
    Value low = arith::ShLIOp::create(b, loc, bits, constantLike(b, loc, bits, 16));
    Value high = arith::AndIOp::create(b, loc, bits, constantLike(b, loc, bits, int32_t(0xffff0000)));
    return {recast(b, loc, low, b.getF32Type()), recast(b, loc, high, b.getF32Type())};
  }
  SmallVector<Value> columns(OpBuilder &b, Location loc, Value raw) const override { return row(b, loc, raw); }
  Value add(OpBuilder &b, Location loc, Value sum, ValueRange row, ValueRange columns) const override {
    for (auto [x, y] : llvm::zip_equal(row, columns))
      sum = vector::FMAOp::create(b, loc, x, y, sum);
    return sum;
  }
};

} // namespace

std::unique_ptr<Dot> Dot::get(const Factors &factors, const VectorUnit &unit) {
  if (factors.element.isInteger(8)) {
    if (unit.dotBytes)
      return std::make_unique<DotBytesVnni>(factors);
    return std::make_unique<DotBytesPairs>(factors);
  }
  if (factors.element.isBF16()) {
    if (unit.dotBf16)
      return std::make_unique<DotBf16>();
    return std::make_unique<DotBf16Halves>();
  }
  if (factors.weight.isInteger(32))
    return std::make_unique<DotNibbles>();
  if (factors.weight.isInteger(8))
    return std::make_unique<DotWeights>(factors);
  return std::make_unique<DotF32>();
}
