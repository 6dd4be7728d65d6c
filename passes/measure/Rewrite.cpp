// What variants of a model are made with: constants read and written, outputs and arguments added.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/measure/Rewrite.h"

#include "dialects/onnx/Build.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace brisk;

std::string brisk::labelOf(Location loc) {
  if (auto call = dyn_cast<CallSiteLoc>(loc))
    loc = call.getCallee();
  if (auto name = dyn_cast<NameLoc>(loc))
    return name.getName().str();
  return "";
}

Location brisk::labeled(MLIRContext *context, StringRef name, StringRef suffix) {
  return NameLoc::get(StringAttr::get(context, name + "_" + suffix));
}

std::vector<float> brisk::constantFloats(Value value) {
  ElementsAttr attr;
  if (!matchPattern(value, m_Constant(&attr)) || !attr.getElementType().isF32())
    return {};
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attr)) {
    ArrayRef<char> data = resource.getRawHandle().getBlob()->getData();
    std::vector<float> values(data.size() / sizeof(float));
    memcpy(values.data(), data.data(), values.size() * sizeof(float));
    return values;
  }
  auto range = cast<DenseElementsAttr>(attr).getValues<float>();
  return std::vector<float>(range.begin(), range.end());
}

ElementsAttr brisk::rawAttr(RankedTensorType type, ArrayRef<char> bytes, StringRef name) {
  if (bytes.size() <= 4096 || type.getElementType().getIntOrFloatBitWidth() < 8)
    return DenseElementsAttr::getFromRawBuffer(type, bytes);
  return DenseResourceElementsAttr::get(type, name, HeapAsmResourceBlob::allocateAndCopyWithAlign(bytes, 64, false));
}

ElementsAttr brisk::floatsAttr(MLIRContext *context, ArrayRef<int64_t> shape, ArrayRef<float> values) {
  return rawAttr(RankedTensorType::get(shape, Float32Type::get(context)),
                   ArrayRef(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(float)), "scale");
}

void brisk::addOutputs(ModuleOp module, ArrayRef<Value> values) {
  auto main = module.lookupSymbol<func::FuncOp>("main");
  Operation *terminator = main.getBody().front().getTerminator();
  SmallVector<Value> results(terminator->getOperands());
  llvm::append_range(results, values);
  terminator->setOperands(results);
  SmallVector<DictionaryAttr> names;
  main.getAllResultAttrs(names);
  names.resize(results.size());
  for (size_t i = results.size() - values.size(); i < results.size(); ++i) {
    Builder b(module.getContext());
    names[i] = b.getDictionaryAttr(b.getNamedAttr("onnx.name", b.getStringAttr("probe:" + std::to_string(i))));
  }
  main.setFunctionType(FunctionType::get(module.getContext(), main.getArgumentTypes(), ValueRange(results).getTypes()));
  main.setAllResultAttrs(names);
}

Value brisk::addArgument(func::FuncOp main, ArrayRef<int64_t> shape, StringRef kind, Location loc) {
  Builder b(main.getContext());
  auto type = RankedTensorType::get(shape, b.getF32Type());
  std::string name = (kind + ":" + Twine(main.getNumArguments())).str();
  auto attrs = b.getDictionaryAttr(b.getNamedAttr("onnx.name", b.getStringAttr(name)));
  [[maybe_unused]] LogicalResult inserted = main.insertArgument(main.getNumArguments(), type, attrs, loc);
  return main.getArguments().back();
}

Value brisk::addShift(const Shiftable &product, Value shift) {
  Operation *op = product.op;
  OpBuilder b(op);
  Value result = op->getResult(0);
  // In space the bias is the only place that names channels; a matrix product has them last.
  if (product.resultAxis == 1 && product.bias && cast<RankedTensorType>(result.getType()).getRank() >= 3) {
    Value bias = op->getOperand(*product.bias);
    Location loc = labeled(b.getContext(), product.name, "shift_bias");
    op->setOperand(*product.bias, isPresent(bias) ? onnx::createAdd(b, loc, bias, shift) : shift);
    return result;
  }
  b.setInsertionPointAfter(op);
  Value sum = onnx::createAdd(b, labeled(b.getContext(), product.name, "add_shift"), result, shift);
  result.replaceAllUsesExcept(sum, sum.getDefiningOp());
  return sum;
}
