// Frames that are kept from step to step.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/stream/Stepper.h"

#include "dialects/onnx/Build.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>

using namespace mlir;
using namespace brisk;

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

/// Not -0, which is another number where it is moved only.
bool Stepper::isZero(Value value) {
  DenseElementsAttr attr;
  if (!matchPattern(value, m_Constant(&attr)) || !attr.isSplat())
    return false;
  if (isa<FloatType>(attr.getElementType()))
    return attr.getSplatValue<APFloat>().isPosZero();
  return isa<IntegerType>(attr.getElementType()) && attr.getSplatValue<APInt>().isZero();
}

//===--- before the first step ----------------------------------------------===//

Value Stepper::filled(Value like, int64_t axis, int64_t frames, double fill) {
  SmallVector<int64_t> shape(typeOf(like).getShape());
  shape[axis] = frames;
  return numbers(RankedTensorType::get(shape, typeOf(like).getElementType()), fill);
}

Value Stepper::numbers(RankedTensorType type, double value) {
  Type element = type.getElementType();
  if (auto number = dyn_cast<FloatType>(element)) {
    APFloat exact(value);
    bool lost;
    exact.convert(number.getFloatSemantics(), APFloat::rmNearestTiesToEven, &lost);
    return onnx::createConstant(b, loc, DenseElementsAttr::get(type, exact));
  }
  unsigned width = element.getIntOrFloatBitWidth();
  bool isUnsigned = element.isUnsignedInteger() || width == 1;
  APInt exact = std::isinf(value) ? (isUnsigned ? APInt::getZero(width) : APInt::getSignedMinValue(width))
                                  : APInt(width, static_cast<int64_t>(value), !isUnsigned, /*implicitTrunc=*/true);
  return onnx::createConstant(b, loc, DenseElementsAttr::get(type, exact));
}

Value Stepper::before(const Stream &stream, int64_t begin, int64_t end, double fill) {
  SmallVector<Value> parts;
  if (begin < 0)
    parts.push_back(filled(stream.value, stream.axis, std::min<int64_t>(end, 0) - begin, fill));
  if (end > 0)
    parts.push_back(cut(stream.known, stream.axis, std::max<int64_t>(begin, 0), end));
  return joined(parts, stream.axis);
}

//===--- states -------------------------------------------------------------===//

Value Stepper::addState(Type type) {
  [[maybe_unused]] LogicalResult inserted = made.insertArgument(made.getNumArguments(), type, {}, loc);
  kept.push_back({made.getArguments().back(), {}});
  return kept.back().past;
}

void Stepper::keep(Value past, Value next) {
  llvm::find_if(kept, [&](const State &state) { return state.past == past; })->next = next;
}

Value Stepper::steps() {
  if (!counter)
    counter = addState(RankedTensorType::get({1}, b.getI64Type()));
  return counter;
}

Value Stepper::from(int64_t step, Value initial, Value value) {
  Value limit = numbers(RankedTensorType::get({1}, b.getI64Type()), static_cast<double>(step));
  return onnx::createSelect(b, loc, onnx::createLess(b, loc, steps(), limit), initial, value);
}

Value Stepper::history(const Stream &stream, int64_t frames, double fill) {
  for (const History &history : histories)
    if (history.of == stream.value && history.frames == frames && history.fill == fill)
      return history.past;
  SmallVector<int64_t> shape(typeOf(stream.value).getShape());
  shape[stream.axis] = frames;
  Value state = addState(RankedTensorType::get(shape, typeOf(stream.value).getElementType())), past = state;
  // States are zeros before the first step; where they should be something else, they are replaced then.
  if (fill != 0 || (stream.delay < 0 && !isZero(stream.known)))
    past = from(1, before(stream, -stream.delay - frames, -stream.delay, fill), past);
  Value next = frames <= stream.count
                   ? cut(stream.value, stream.axis, stream.count - frames, stream.count)
                   : joined({cut(past, stream.axis, stream.count, frames), stream.value}, stream.axis);
  keep(state, next);
  histories.push_back({stream.value, past, frames, fill});
  return past;
}

Stream Stepper::delayed(const Stream &stream, int64_t delay) {
  int64_t shift = delay - stream.delay;
  if (shift == 0)
    return stream;
  Stream later = stream;
  Value past = history(stream, shift, 0);
  later.value = shift >= stream.count
                    ? cut(past, stream.axis, 0, stream.count)
                    : joined({past, cut(stream.value, stream.axis, 0, stream.count - shift)}, stream.axis);
  later.delay = delay;
  later.known = delay < 0 ? before(stream, 0, -delay, 0) : Value();
  return later;
}

Value Stepper::masked(const Stream &stream, double fill) {
  // Frame i of a step is before frame 0 until step (delay - i) / count.
  SmallVector<int64_t> shape(typeOf(stream.value).getRank(), 1), limits;
  shape[stream.axis] = stream.count;
  for (int64_t i = 0; i < stream.count; ++i)
    limits.push_back(llvm::divideCeilSigned(stream.delay - i, stream.count));
  Value limit = onnx::createConstant(b, loc, DenseElementsAttr::get(RankedTensorType::get(shape, b.getI64Type()), ArrayRef(limits)));
  Value padding = numbers(RankedTensorType::get({}, typeOf(stream.value).getElementType()), fill);
  return onnx::createSelect(b, loc, onnx::createLess(b, loc, steps(), limit), padding, stream.value);
}

//===--- moves --------------------------------------------------------------===//

Value Stepper::joined(ValueRange parts, int64_t axis) {
  return parts.size() == 1 ? parts.front() : onnx::createConcat(b, loc, parts, axis);
}

Value Stepper::cut(Value value, int64_t axis, int64_t begin, int64_t end) {
  if (begin == 0 && end == typeOf(value).getDimSize(axis))
    return value;
  return onnx::createSlice(b, loc, value, axis, begin, end);
}
