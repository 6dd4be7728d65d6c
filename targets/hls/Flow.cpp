// A flow with the designs of its stages.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/hls/Flow.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::hls;

StageForm::StageForm(StageOp stage)
    : rows(stage.getFrom()[0]), columns(stage.getFrom()[1]), toRows(stage.getTo()[0]), toColumns(stage.getTo()[1]),
      accumulates(stage.getAccumulate()) {
  std::copy_n(stage.getKernel().begin(), 2, kernel);
  std::copy_n(stage.getStride().begin(), 2, stride);
  std::copy_n(stage.getBefore().begin(), 2, before);
  isWindow = stage.getFrames().size() == 1;
}

std::vector<Place> hls::placesOf(RankedTensorType frame, ArrayRef<int64_t> axes) {
  ArrayRef<int64_t> shape = frame.getShape();
  int64_t columns = axes[1] < 0 ? 1 : shape[axes[1]];
  std::vector<Place> places;
  SmallVector<int64_t> index(shape.size(), 0);
  for (int64_t number = 0; number < frame.getNumElements(); ++number) {
    int64_t rest = number;
    for (int64_t dim = int64_t(shape.size()) - 1; dim >= 0; --dim) {
      index[dim] = rest % shape[dim];
      rest /= shape[dim];
    }
    Place place{(axes[0] < 0 ? 0 : index[axes[0]]) * columns + (axes[1] < 0 ? 0 : index[axes[1]]), 0};
    for (int64_t dim = 0; dim < int64_t(shape.size()); ++dim)
      if (dim != axes[0] && dim != axes[1])
        place.element = place.element * shape[dim] + index[dim];
    places.push_back(place);
  }
  return places;
}

FlowNetlist::FlowNetlist(FlowOp flow) : flow(flow) {
  interval = flow->getAttrOfType<IntegerAttr>("interval").getInt();
  latency = flow->getAttrOfType<IntegerAttr>("latency").getInt();
  DenseMap<Value, int64_t> numbers;
  Block &block = flow.getBody().front();
  numbers[block.getArgument(0)] = 0;
  for (StageOp op : block.getOps<StageOp>()) {
    Stage stage{op, StageForm(op), SymbolTable::lookupNearestSymbolFrom<DesignOp>(flow, op.getDesignAttr()), {}};
    for (Value frame : op.getFrames()) {
      stage.frames.push_back(numbers.lookup(frame));
      if (stage.frames.back() == 0)
        inputOp = op;
    }
    numbers[op.getResult()] = int64_t(stages.size()) + 1;
    stages.push_back(std::move(stage));
  }
}

RankedTensorType FlowNetlist::frameType(int64_t frame) const {
  Value value = frame == 0 ? Value(FlowOp(flow).getBody().front().getArgument(0)) : Value(StageOp(stages[frame - 1].op).getResult());
  return cast<RankedTensorType>(value.getType());
}

int64_t FlowNetlist::pixels(int64_t frame) const {
  if (frame == 0)
    return StageForm(inputOp).pixels();
  const StageForm &form = stages[frame - 1].form;
  return form.accumulates ? 1 : form.windows();
}

ArrayRef<int64_t> FlowNetlist::outputAxes() const {
  return FlowOp(flow)->getAttrOfType<DenseI64ArrayAttr>("output_axes").asArrayRef();
}

std::vector<std::array<int64_t, 3>> FlowNetlist::arguments(const Stage &stage, int64_t operand) const {
  auto input = cast<DictionaryAttr>(DesignOp(stage.design).getInputs()[operand]);
  ArrayRef<int64_t> dims = input.getAs<DenseI64ArrayAttr>("dims").asArrayRef();
  auto type = RankedTensorType::get(dims, IndexType::get(FlowOp(flow).getContext()));
  std::vector<std::array<int64_t, 3>> result;
  // A stage that reads a whole frame reads it in the frame's own form.
  for (Place place : placesOf(type, StageOp(stage.op).getAxes()))
    result.push_back({place.pixel / stage.form.kernel[1], place.pixel % stage.form.kernel[1], place.element});
  return result;
}
