// In: functions on the onnx dialect, every type inferred.
// Out: the same functions on linalg, tensor, arith, math and scf, with storage types.
// Why here: passes up to this point reason about ONNX ops, those after it about loops.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/interfaces/Interfaces.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/lower/Passes.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace brisk;

namespace brisk {
#define GEN_PASS_DEF_LOWERONNX
#include "passes/lower/Passes.h.inc"
} // namespace brisk

namespace {

/// Bits of an element that the caller's buffers hold packed, low bits first; 0 for whole bytes.
unsigned packedBits(Type onnx) {
  unsigned bits = getElementTypeOrSelf(onnx).getIntOrFloatBitWidth();
  return bits < 8 && bits > 1 ? bits : 0;
}

int64_t packedBytes(int64_t elements, int64_t bits) { return llvm::divideCeil(elements * bits, 8); }

/// How a value of ONNX type `onnx` crosses the function's boundary.
RankedTensorType boundaryType(Type onnx) {
  auto type = storageTensorType(onnx);
  if (unsigned bits = packedBits(onnx))
    return RankedTensorType::get({packedBytes(type.getNumElements(), bits)}, type.getElementType());
  return type;
}

Value binary(OpBuilder &b, Location loc, StringRef op, Value x, int64_t y) {
  Value constant = arith::ConstantOp::create(b, loc, b.getIntegerAttr(x.getType(), y));
  OperationState state(loc, op, {x, constant}, x.getType());
  return b.create(state)->getResult(0);
}

/// One byte per element from packed ones.
Value unpack(Decomposer &d, Value packed, Type onnx) {
  int64_t bits = packedBits(onnx), perByte = 8 / bits;
  auto type = storageTensorType(onnx);
  bool isUnsigned = isUnsignedElement(type.getElementType()) || isUnsignedElement(getElementTypeOrSelf(onnx)) ||
                    !isa<IntegerType>(getElementTypeOrSelf(onnx));
  Value flat = d.generate(d.empty(type.getElementType(), {d.b.getIndexAttr(type.getNumElements())}),
                          [&](OpBuilder &b, Location loc, ValueRange at) -> Value {
                            Value byte = tensor::ExtractOp::create(b, loc, packed, binary(b, loc, "arith.divui", at[0], perByte));
                            // The element moves to the top of the byte, then down with its sign or zeros.
                            Value below = binary(b, loc, "arith.muli", binary(b, loc, "arith.remui", at[0], perByte), -bits);
                            Value up = arith::IndexCastOp::create(b, loc, byte.getType(), binary(b, loc, "arith.addi", below, 8 - bits));
                            Value top = arith::ShLIOp::create(b, loc, byte, up);
                            return binary(b, loc, isUnsigned ? "arith.shrui" : "arith.shrsi", top, 8 - bits);
                          });
  SmallVector<OpFoldResult> sizes;
  for (int64_t size : type.getShape())
    sizes.push_back(d.b.getIndexAttr(size));
  return d.reshape(flat, sizes);
}

/// Packed elements from one byte per element.
Value pack(Decomposer &d, Value value, Type onnx) {
  int64_t bits = packedBits(onnx), perByte = 8 / bits;
  auto type = storageTensorType(onnx);
  int64_t count = type.getNumElements();
  Value flat = d.reshape(value, {OpFoldResult(d.b.getIndexAttr(count))});
  Value init = d.empty(type.getElementType(), {d.b.getIndexAttr(packedBytes(count, bits))});
  return d.generate(init, [&](OpBuilder &b, Location loc, ValueRange at) -> Value {
    Value byte = arith::ConstantOp::create(b, loc, b.getI8IntegerAttr(0));
    Value first = binary(b, loc, "arith.muli", at[0], perByte);
    for (int64_t k = 0; k < perByte; ++k) {
      Value index = binary(b, loc, "arith.addi", first, k);
      Value last = arith::ConstantIndexOp::create(b, loc, std::max<int64_t>(count - 1, 0));
      Value inside = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ule, index, last);
      Value element = tensor::ExtractOp::create(b, loc, flat, Value(arith::MinUIOp::create(b, loc, index, last)));
      element = binary(b, loc, "arith.shli", binary(b, loc, "arith.andi", element, (1 << bits) - 1), k * bits);
      Value zero = arith::ConstantOp::create(b, loc, b.getI8IntegerAttr(0));
      byte = arith::OrIOp::create(b, loc, byte, arith::SelectOp::create(b, loc, inside, element, zero));
    }
    return byte;
  });
}

/// Packed buffers need sizes that are known now.
LogicalResult checkBoundary(func::FuncOp function, TypeRange types) {
  for (Type type : types)
    if (packedBits(type) && !cast<RankedTensorType>(type).hasStaticShape())
      return function.emitError() << "expects inputs and outputs of " << getElementTypeOrSelf(type)
                                  << " to have static shapes, but got " << type;
  return success();
}

/// Rebuilds the body of `function` in a new block, then drops the old one.
LogicalResult lowerFunction(func::FuncOp function) {
  Block &old = function.getBody().front();
  if (failed(checkBoundary(function, old.getArgumentTypes())) ||
      failed(checkBoundary(function, old.getTerminator()->getOperandTypes())))
    return failure();
  SmallVector<Type> inputs = llvm::map_to_vector(old.getArgumentTypes(), [](Type t) -> Type { return boundaryType(t); });
  auto *block = new Block();
  function.getBody().push_back(block);
  OpBuilder builder = OpBuilder::atBlockEnd(block);
  Decomposer decomposer(builder);
  for (BlockArgument argument : old.getArguments()) {
    Value given = block->addArgument(inputs[argument.getArgNumber()], argument.getLoc());
    decomposer.bind(argument, packedBits(argument.getType()) ? unpack(decomposer, given, argument.getType()) : given);
  }
  for (Operation &op : old.without_terminator())
    if (failed(decomposer.lower(&op)))
      return failure();
  SmallVector<Value> results;
  for (Value value : old.getTerminator()->getOperands())
    results.push_back(packedBits(value.getType()) ? pack(decomposer, decomposer(value), value.getType())
                                                  : decomposer(value));
  func::ReturnOp::create(builder, old.getTerminator()->getLoc(), results);
  old.dropAllDefinedValueUses();
  old.dropAllReferences();
  old.erase();
  function.setFunctionType(builder.getFunctionType(inputs, ValueRange(results).getTypes()));
  return success();
}

struct LowerOnnx : brisk::impl::LowerOnnxBase<LowerOnnx> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!function.isExternal() && failed(lowerFunction(function)))
        return signalPassFailure();
  }
};

} // namespace
