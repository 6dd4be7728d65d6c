// Making onnx ops whose types are inferred, and the decomposition of an op into others.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/Compose.h"

#include "dialects/onnx/ops/Constant.h"
#include "dialects/onnx/ops/Elementwise.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

Value OpMaker::make(StringRef name, ValueRange operands, ArrayRef<NamedAttribute> attributes) {
  Operation *op = makeOp(name, operands, attributes, 1);
  // After a failure a number stands in for what cannot be made, so that callers may go on asking about it.
  return op ? op->getResult(0) : scalar(b.getF32Type(), 0);
}

Operation *OpMaker::makeOp(StringRef name, ValueRange operands, ArrayRef<NamedAttribute> attributes,
                           unsigned numResults) {
  if (hasFailed || llvm::is_contained(operands, Value())) {
    hasFailed = true;
    return nullptr;
  }
  // The placeholder of a result whose type is inferred next.
  Type unknown = UnrankedTensorType::get(b.getF32Type());
  OperationState state(loc, name, operands, SmallVector<Type>(numResults, unknown), attributes);
  Operation *op = b.create(state);
  onCreated(op);
  if (mlir::failed(cast<InferShapesInterface>(op).inferShapes(shapes)) || mlir::failed(onTyped(op))) {
    hasFailed = true;
    return nullptr;
  }
  return op;
}

Value OpMaker::constant(ElementsAttr value) {
  auto op = ConstantOp::create(b, loc, value);
  onCreated(op);
  if (mlir::failed(onTyped(op)))
    hasFailed = true;
  return op.getOutput();
}

Value OpMaker::integers(ArrayRef<int64_t> values) {
  auto type = RankedTensorType::get({static_cast<int64_t>(values.size())}, b.getI64Type());
  return constant(DenseElementsAttr::get(type, values));
}

Value OpMaker::scalar(Type element, double value) {
  auto type = RankedTensorType::get({}, element);
  Attribute number = isa<FloatType>(element) ? Attribute(b.getFloatAttr(element, value))
                                             : b.getIntegerAttr(element, static_cast<int64_t>(value));
  return constant(DenseElementsAttr::get(type, number));
}

Value OpMaker::none() {
  auto op = NoneOp::create(b, loc, b.getNoneType());
  onCreated(op);
  return op;
}

Value OpMaker::multiply(Value a, Value b) { return make<MulOp>({a, b}); }
Value OpMaker::add(Value a, Value b) { return make<AddOp>({a, b}); }

LogicalResult Composer::finish(Value result, Value value) {
  if (hasFailed)
    return failure();
  d.setResult(result, d(value));
  return success();
}

namespace {

/// Makes ops for their types only.
class Draft : public OpMaker {
public:
  using OpMaker::OpMaker;
  ~Draft() override {
    for (Operation *op : llvm::reverse(ops))
      op->erase();
    // What is known of erased values must not meet new ones at their addresses.
    shapes.invalidate();
  }

private:
  void onCreated(Operation *op) override { ops.push_back(op); }
  SmallVector<Operation *> ops;
};

} // namespace

LogicalResult onnx::single(OpMaker &make, Value result, SmallVectorImpl<Value> &results) {
  results.push_back(result);
  return success(result && !make.failed());
}

LogicalResult onnx::inferComposite(Operation *op, ShapeContext &context) {
  Draft draft(op, context);
  SmallVector<Value> results;
  if (failed(cast<CompositeInterface>(op).expand(draft, results)) || draft.failed())
    return failure();
  for (auto [result, value] : llvm::zip_equal(op->getResults(), results))
    context.setType(result, context.elementType(value), context.dims(value));
  return success();
}

LogicalResult onnx::decomposeComposite(Operation *op, Decomposer &d) {
  Composer composer(d, op);
  SmallVector<Value> results;
  if (failed(cast<CompositeInterface>(op).expand(composer, results)) || composer.failed())
    return failure();
  for (auto [result, value] : llvm::zip_equal(op->getResults(), results))
    if (value && failed(composer.finish(result, value)))
      return failure();
  return success();
}
