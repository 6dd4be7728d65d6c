// In: a model on the onnx dialect, types inferred. Out: a step of it over time, with states as arguments and results.
// Why here: compression judges the whole model on whole samples; the stages behind it do not care.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/stream/Passes.h"
#include "passes/stream/Stepper.h"

#include "dialects/onnx/Onnx.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
using namespace brisk;

namespace brisk {
#define GEN_PASS_DEF_STREAMMODEL
#include "passes/stream/Passes.h.inc"
} // namespace brisk

namespace {

/// No step is longer.
constexpr int64_t kMostFrames = int64_t(1) << 20;

/// The axes of arguments that `along` names, or a diagnostic.
FailureOr<TimeAxes> findAxes(func::FuncOp main, StringRef along) {
  TimeAxes axes;
  SmallVector<StringRef> entries;
  along.split(entries, ',');
  for (StringRef entry : entries) {
    bool isFound = false;
    int64_t axis;
    // Names may hold ':' themselves.
    auto [name, number] = entry.rsplit(':');
    bool isNamed = entry.contains(':') && !number.getAsInteger(10, axis), isAxis = !entry.getAsInteger(10, axis);
    for (BlockArgument argument : main.getArguments()) {
      auto type = dyn_cast<RankedTensorType>(argument.getType());
      auto called = main.getArgAttrOfType<StringAttr>(argument.getArgNumber(), "onnx.name");
      if (!type || (isNamed && (!called || called.getValue() != name)))
        continue;
      int64_t found = -1;
      if (isNamed || isAxis)
        found = axis < 0 ? axis + type.getRank() : axis;
      else
        for (auto [i, dim] : llvm::enumerate(dimsOf(type)))
          if (!dim.constant() && dim.str() == entry)
            found = i;
      if (found < 0 || found >= type.getRank())
        continue;
      axes[argument] = found;
      isFound = true;
    }
    if (!isFound)
      return main.emitError("--stream=") << along << ": no input has '" << entry
                                         << "'; expects an axis, the name of an open dim, or INPUT:AXIS";
  }
  // One clock for all of them.
  std::optional<Dim> frames;
  for (auto [argument, axis] : axes) {
    Dim dim = dimsOf(argument.getType())[axis];
    if (frames && *frames != dim)
      return main.emitError("--stream=") << along << ": inputs have different numbers of frames, " << frames->str() << " and "
                                         << dim.str();
    frames = dim;
  }
  return axes;
}

struct StreamModel : brisk::impl::StreamModelBase<StreamModel> {
  using StreamModelBase::StreamModelBase;

  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (along.empty() || !main || main.isExternal())
      return;
    FailureOr<TimeAxes> axes = findAxes(main, along);
    if (failed(axes))
      return signalPassFailure();
    int64_t frames = step > 0 ? int64_t(step) : 1;
    while (true) {
      Stepper stepper(main, *axes, frames, delay);
      if (func::FuncOp made = stepper.run()) {
        record(stepper, frames);
        main.erase();
        made.setName("main");
        return;
      }
      frames *= stepper.neededFactor();
      if (stepper.neededFactor() == 1)
        return signalPassFailure();
      if (step > 0 || frames > kMostFrames) {
        stepper.factorNode()->emitError("--stream-step=") << int64_t(step) << ": expects a multiple of " << frames << " frames";
        return signalPassFailure();
      }
    }
  }

  void record(const Stepper &stepper, int64_t frames) {
    auto list = [](ArrayRef<int64_t> numbers) { return llvm::json::Array(numbers); };
    std::string text;
    llvm::raw_string_ostream(text) << llvm::json::Value(
        llvm::json::Object{{"delays", list(stepper.delays)},
                           {"inputs", list(stepper.inputs)},
                           {"outputs", list(stepper.outputs)},
                           {"states", static_cast<int64_t>(stepper.states())},
                           {"step", frames}});
    getOperation()->setAttr(kStreamAttr, StringAttr::get(&getContext(), text));
  }
};

} // namespace
