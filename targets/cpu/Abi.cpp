// Building LLVM-dialect code against runtime/abi.h.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/cpu/Abi.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/BuiltinOps.h"
#include "runtime/abi.h"
#include "llvm/Support/xxhash.h"
#include <cstddef>

using namespace mlir;
using namespace brisk;
using namespace brisk::cpu;

// The struct is read by offset on x86-64, the only host of this target.
static int64_t offsetOf(CallField field) {
  switch (field) {
  case CallField::Inputs:
    return offsetof(brisk_call, inputs);
  case CallField::InputDims:
    return offsetof(brisk_call, input_dims);
  case CallField::Outputs:
    return offsetof(brisk_call, outputs);
  case CallField::OutputDims:
    return offsetof(brisk_call, output_dims);
  case CallField::Arena:
    return offsetof(brisk_call, arena);
  case CallField::Reserve:
    return offsetof(brisk_call, reserve);
  case CallField::Allocate:
    return offsetof(brisk_call, allocate);
  case CallField::Parallel:
    return offsetof(brisk_call, parallel);
  case CallField::Enter:
    return offsetof(brisk_call, enter);
  case CallField::Leave:
    return offsetof(brisk_call, leave);
  case CallField::Fail:
    return offsetof(brisk_call, fail);
  }
  return 0;
}

Value cpu::i64(OpBuilder &b, Location loc, int64_t value) {
  return LLVM::ConstantOp::create(b, loc, b.getI64Type(), b.getI64IntegerAttr(value));
}

Value cpu::toI64(OpBuilder &b, Location loc, Value index) {
  return arith::IndexCastOp::create(b, loc, b.getI64Type(), index);
}

Value cpu::toIndex(OpBuilder &b, Location loc, Value i64) {
  return arith::IndexCastOp::create(b, loc, b.getIndexType(), i64);
}

Value cpu::offsetPointer(OpBuilder &b, Location loc, Value pointer, int64_t bytes) {
  if (bytes == 0)
    return pointer;
  return LLVM::GEPOp::create(b, loc, pointer.getType(), b.getI8Type(), pointer,
                             ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(bytes)});
}

Value cpu::offsetPointer(OpBuilder &b, Location loc, Value pointer, Value bytes) {
  return LLVM::GEPOp::create(b, loc, pointer.getType(), b.getI8Type(), pointer, ArrayRef<LLVM::GEPArg>{bytes});
}

Value cpu::loadPointer(OpBuilder &b, Location loc, Value table, int64_t index) {
  return LLVM::LoadOp::create(b, loc, LLVM::LLVMPointerType::get(b.getContext()),
                              offsetPointer(b, loc, table, index * static_cast<int64_t>(sizeof(void *))));
}

Value cpu::loadCallField(OpBuilder &b, Location loc, Value call, CallField field) {
  return LLVM::LoadOp::create(b, loc, LLVM::LLVMPointerType::get(b.getContext()),
                              offsetPointer(b, loc, call, offsetOf(field)));
}

Value cpu::memrefOver(OpBuilder &b, Location loc, Value pointer, MemRefType type, ValueRange sizes) {
  MLIRContext *context = b.getContext();
  int64_t rank = type.getRank();
  auto ptr = LLVM::LLVMPointerType::get(context);
  SmallVector<Type> fields = {ptr, ptr, b.getI64Type()};
  if (rank > 0) {
    auto array = LLVM::LLVMArrayType::get(b.getI64Type(), rank);
    fields.append({array, array});
  }
  auto structure = LLVM::LLVMStructType::getLiteral(context, fields);
  Value descriptor = LLVM::UndefOp::create(b, loc, structure);
  auto insert = [&](Value value, ArrayRef<int64_t> at) {
    descriptor = LLVM::InsertValueOp::create(b, loc, descriptor, value, at);
  };
  insert(pointer, {0});
  insert(pointer, {1});
  insert(i64(b, loc, 0), {2});
  Value stride = i64(b, loc, 1);
  unsigned open = llvm::count(type.getShape(), ShapedType::kDynamic);
  for (int64_t axis = rank - 1; axis >= 0; --axis) {
    Value size = type.isDynamicDim(axis) ? toI64(b, loc, sizes[--open]) : i64(b, loc, type.getDimSize(axis));
    insert(size, {3, axis});
    insert(stride, {4, axis});
    if (axis > 0)
      stride = LLVM::MulOp::create(b, loc, stride, size);
  }
  return UnrealizedConversionCastOp::create(b, loc, type, descriptor).getResult(0);
}

Value cpu::pointerOf(OpBuilder &b, Location loc, Value memref) {
  Value address = memref::ExtractAlignedPointerAsIndexOp::create(b, loc, memref);
  return LLVM::IntToPtrOp::create(b, loc, LLVM::LLVMPointerType::get(b.getContext()), toI64(b, loc, address));
}

Value cpu::callField(OpBuilder &b, Location loc, Value call, CallField field, Type result, ValueRange args) {
  Value function = loadCallField(b, loc, call, field);
  SmallVector<Value> operands = {function};
  operands.append(args.begin(), args.end());
  auto type = LLVM::LLVMFunctionType::get(result ? result : LLVM::LLVMVoidType::get(b.getContext()),
                                          llvm::to_vector(args.getTypes()));
  auto op = LLVM::CallOp::create(b, loc, type, operands);
  return result ? op.getResult() : Value();
}

Value cpu::stringConstant(OpBuilder &b, Location loc, Operation *module, StringRef text) {
  std::string name = "brisk_text_" + llvm::utohexstr(llvm::xxh3_64bits(text));
  std::string bytes = text.str() + '\0';
  auto global = dyn_cast_if_present<LLVM::GlobalOp>(SymbolTable::lookupSymbolIn(module, name));
  if (!global) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&module->getRegion(0).front());
    global = LLVM::GlobalOp::create(b, loc, LLVM::LLVMArrayType::get(b.getI8Type(), bytes.size()), /*isConstant=*/true,
                                    LLVM::Linkage::Private, name, b.getStringAttr(bytes));
  }
  return LLVM::AddressOfOp::create(b, loc, global);
}
