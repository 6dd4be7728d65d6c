// The model's interface: names, dtypes and dims of inputs and outputs.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Signature.h"

#include "dialects/interfaces/ShapeContext.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace brisk;

// Numbers of onnx.proto's TensorProto.DataType.
int32_t brisk::onnxDataType(Type element) {
  return llvm::TypeSwitch<Type, int32_t>(element)
      .Case<IntegerType>([](IntegerType type) {
        bool u = type.isUnsigned();
        switch (type.getWidth()) {
        case 1:
          return 9;
        case 2:
          return u ? 25 : 26;
        case 4:
          return u ? 21 : 22;
        case 8:
          return u ? 2 : 3;
        case 16:
          return u ? 4 : 5;
        case 32:
          return u ? 12 : 6;
        case 64:
          return u ? 13 : 7;
        }
        return 0;
      })
      .Case<Float32Type>([](Type) { return 1; })
      .Case<Float16Type>([](Type) { return 10; })
      .Case<Float64Type>([](Type) { return 11; })
      .Case<BFloat16Type>([](Type) { return 16; })
      .Case<Float8E4M3FNType>([](Type) { return 17; })
      .Case<Float8E4M3FNUZType>([](Type) { return 18; })
      .Case<Float8E5M2Type>([](Type) { return 19; })
      .Case<Float8E5M2FNUZType>([](Type) { return 20; })
      .Case<Float4E2M1FNType>([](Type) { return 23; })
      .Case<Float8E8M0FNUType>([](Type) { return 24; })
      .Default([](Type) { return 0; });
}

/// One row of the interface.
static Attribute describe(Builder &b, StringRef name, Type type) {
  SmallVector<int64_t> dims;
  SmallVector<Attribute> symbols;
  for (const Dim &dim : dimsOf(type)) {
    std::optional<int64_t> fixed = dim.constant();
    dims.push_back(fixed ? *fixed : -1);
    symbols.push_back(b.getStringAttr(fixed ? "" : dim.str()));
  }
  return b.getDictionaryAttr({b.getNamedAttr("name", b.getStringAttr(name)),
                              b.getNamedAttr("dtype", b.getI32IntegerAttr(onnxDataType(getElementTypeOrSelf(type)))),
                              b.getNamedAttr("dims", b.getDenseI64ArrayAttr(dims)),
                              b.getNamedAttr("symbols", b.getArrayAttr(symbols))});
}

LogicalResult brisk::recordSignature(ModuleOp module) {
  auto main = module.lookupSymbol<func::FuncOp>("main");
  if (!main)
    return module.emitError("has no function @main");
  Builder b(module.getContext());
  SmallVector<Attribute> inputs, outputs;
  auto nameOf = [&](StringAttr name, StringRef kind, unsigned i) {
    return name ? name.getValue().str() : (kind + Twine(i)).str();
  };
  auto check = [&](Type type, StringRef name) -> LogicalResult {
    if (isa<RankedTensorType>(type) && onnxDataType(getElementTypeOrSelf(type)) != 0)
      return success();
    return main.emitError() << "'" << name << "' has type " << type << ", which artifacts cannot take or return";
  };
  for (unsigned i = 0; i < main.getNumArguments(); ++i) {
    std::string name = nameOf(main.getArgAttrOfType<StringAttr>(i, "onnx.name"), "input", i);
    if (failed(check(main.getArgumentTypes()[i], name)))
      return failure();
    inputs.push_back(describe(b, name, main.getArgumentTypes()[i]));
  }
  for (unsigned i = 0; i < main.getNumResults(); ++i) {
    std::string name = nameOf(main.getResultAttrOfType<StringAttr>(i, "onnx.name"), "output", i);
    if (failed(check(main.getResultTypes()[i], name)))
      return failure();
    outputs.push_back(describe(b, name, main.getResultTypes()[i]));
  }
  module->setAttr("brisk.inputs", b.getArrayAttr(inputs));
  module->setAttr("brisk.outputs", b.getArrayAttr(outputs));
  return success();
}
