// In: @main, linalg on tensors. Out: an hls.design of integers, a node per layer.
// Here every integer gets its range, from the weights and from the ranges of the inputs.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "targets/hls/Elaborate.h"
#include "targets/hls/Passes.h"

namespace brisk {
#define GEN_PASS_DEF_HLSFORMDESIGN
#include "targets/hls/Passes.h.inc"
} // namespace brisk

using namespace mlir;
using namespace brisk;
using namespace brisk::hls;

/// Steps of loops that are laid out in space; beyond, no device has the place.
static constexpr int64_t kMostSteps = 1 << 22;

static std::string nameOf(Location loc) {
  if (auto name = dyn_cast<NameLoc>(loc))
    return name.getName().str();
  if (auto fused = dyn_cast<FusedLoc>(loc))
    for (Location part : fused.getLocations())
      if (std::string name = nameOf(part); !name.empty())
        return name;
  return "";
}

namespace {

/// Each index within `shape`, the last one fastest.
template <typename Visit> LogicalResult forEachIndex(ArrayRef<int64_t> shape, Visit visit) {
  SmallVector<int64_t> index(shape.size(), 0);
  if (llvm::is_contained(shape, 0))
    return success();
  while (true) {
    if (failed(visit(index)))
      return failure();
    int64_t dim = shape.size() - 1;
    for (; dim >= 0 && ++index[dim] == shape[dim]; --dim)
      index[dim] = 0;
    if (dim < 0)
      return success();
  }
}

struct Input {
  std::string name;
  RankedTensorType type;
  int64_t firstNumber = 0; // of its elements among those of all float inputs
  std::optional<InputForm> form;
  int64_t firstSignal = 0;
};

class Elaborator {
public:
  Elaborator(func::FuncOp main, DesignOp design)
      : main(main), design(design), builder(design),
        runner(builder, [this](const Real &real) { return quantizeInput(real); }) {}

  LogicalResult run() {
    for (BlockArgument argument : main.getArguments())
      if (failed(addInput(argument)))
        return failure();
    for (Operation &op : main.getBody().front()) {
      if (auto done = dyn_cast<func::ReturnOp>(op))
        return finish(done);
      if (op.getNumResults() == 1 && isa<RankedTensorType>(op.getResult(0).getType()) &&
          !cast<ShapedType>(op.getResult(0).getType()).hasStaticShape())
        return op.emitError("expects static shapes, but got ") << op.getResult(0).getType();
      builder.beginNode(op.getLoc(), nameOf(op.getLoc()));
      if (failed(runOp(op)))
        return failure();
      keepSums(op);
      builder.endNode([this](int64_t signal) { return read.contains(signal); });
      read.clear();
    }
    return failure();
  }

private:
  LogicalResult addInput(BlockArgument argument) {
    Input input;
    auto name = main.getArgAttrOfType<StringAttr>(argument.getArgNumber(), "onnx.name");
    input.name = name ? name.str() : "x" + std::to_string(argument.getArgNumber());
    input.type = dyn_cast<RankedTensorType>(argument.getType());
    if (!input.type || !input.type.hasStaticShape())
      return main.emitError("input '") << input.name << "' has type " << argument.getType() << "; a circuit has static shapes";
    Elements elements;
    elements.shape.assign(input.type.getShape().begin(), input.type.getShape().end());
    int64_t count = input.type.getNumElements();
    if (auto range = main.getArgAttrOfType<DenseI64ArrayAttr>(argument.getArgNumber(), "hls.range")) {
      // Integers that an earlier stage made, whatever type they have here.
      input.form.emplace();
      input.form->range = {range[0], range[1]};
      allocate(input);
      bool isFloat = input.type.getElementType().isF32();
      for (int64_t i = input.firstSignal; i < input.firstSignal + count; ++i)
        elements.values.push_back(isFloat ? Scalar(RealNode::signal(RealNode::Leaf, i)) : Scalar(Linear::signal(i)));
    } else if (input.type.getElementType().isF32()) {
      input.firstNumber = numbers;
      for (int64_t i = 0; i < count; ++i)
        elements.values.push_back(RealNode::signal(RealNode::Input, numbers++));
    } else if (auto integer = dyn_cast<IntegerType>(input.type.getElementType()); integer && integer.getWidth() <= 32) {
      input.form.emplace();
      input.form->range = rangeOf(IntegerType::get(main.getContext(), integer.getWidth(),
                                                   isUnsigned(argument.getArgNumber()) ? IntegerType::Unsigned
                                                                                       : IntegerType::Signed));
      allocate(input);
      for (int64_t i = 0; i < count; ++i)
        elements.values.push_back(Linear::signal(input.firstSignal + i));
    } else {
      return main.emitError("input '") << input.name << "' has element type " << input.type.getElementType()
                                       << ", which has no form in integers";
    }
    inputs.push_back(std::move(input));
    tensors[argument] = std::move(elements);
    return success();
  }

  /// Signs are in the model's interface; types have lost them. 2, 4, 12: ONNX's unsigned types; 9: bool.
  bool isUnsigned(unsigned argument) {
    auto interface = main->getParentOfType<ModuleOp>()->getAttrOfType<ArrayAttr>("brisk.inputs");
    if (!interface || argument >= interface.size())
      return false;
    auto dtype = cast<DictionaryAttr>(interface[argument]).getAs<IntegerAttr>("dtype");
    return dtype && llvm::is_contained({2, 4, 9, 12}, dtype.getInt());
  }

  void allocate(Input &input) {
    for (int64_t i = 0; i < input.type.getNumElements(); ++i) {
      int64_t signal = builder.addInput(input.form->range, main.getLoc());
      if (i == 0)
        input.firstSignal = signal;
    }
    order.push_back(inputs.size() && &input >= inputs.data() && &input < inputs.data() + inputs.size()
                        ? &input - inputs.data()
                        : inputs.size());
  }

  FailureOr<int64_t> quantizeInput(const Real &real) {
    const RealNode *node = real.get();
    while (node->kind != RealNode::Input)
      node = readsInput(node->a) ? node->a.get() : node->b.get();
    Input *input = nullptr;
    for (Input &candidate : inputs)
      if (candidate.type.getElementType().isF32() && candidate.firstNumber <= node->leaf)
        input = &candidate;
    std::optional<InputForm> form = inputFormOf(real);
    if (!form)
      return main.emitError("input '") << input->name << "' is read as floating-point numbers; quantize it first";
    if (!input->form) {
      input->form = form;
      allocate(*input);
    } else if (*input->form != *form) {
      return main.emitError("input '") << input->name << "' is quantized in two ways";
    }
    return input->firstSignal + node->leaf - input->firstNumber;
  }

  void note(const Scalar &scalar) {
    if (const auto *linear = std::get_if<Linear>(&scalar))
      for (auto [signal, factor] : linear->terms)
        read.insert(signal);
    if (const auto *real = std::get_if<Real>(&scalar))
      for (int64_t leaf : leavesOf(*real))
        read.insert(leaf);
  }

  /// What several ops read is added once.
  void keepSums(Operation &op) {
    for (OpResult result : op.getResults()) {
      auto found = tensors.find(result);
      if (found == tensors.end())
        continue;
      for (Scalar &scalar : found->second.values) {
        auto *linear = std::get_if<Linear>(&scalar);
        bool isPlain = linear && linear->terms.size() <= 1 && linear->bias == 0 &&
                       (linear->terms.empty() || linear->terms[0].second == 1);
        if (linear && !linear->isNumber() && !isPlain && !result.hasOneUse())
          *linear = Linear::signal(builder.materialize(*linear));
        note(scalar);
      }
    }
  }

  LogicalResult runOp(Operation &op) {
    if (auto structured = dyn_cast<linalg::LinalgOp>(op))
      return runStructured(structured);
    if (auto constant = dyn_cast<arith::ConstantOp>(op))
      return constant.getType().isIntOrIndexOrFloat() ? success() : runConstant(constant);
    if (isa<tensor::EmptyOp>(op)) {
      tensors[op.getResult(0)] = blank(op.getResult(0).getType());
      return success();
    }
    if (isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp, tensor::ReshapeOp, tensor::CastOp>(op)) {
      Elements elements = tensors[op.getOperand(0)];
      ArrayRef<int64_t> shape = cast<RankedTensorType>(op.getResult(0).getType()).getShape();
      elements.shape.assign(shape.begin(), shape.end());
      tensors[op.getResult(0)] = std::move(elements);
      return success();
    }
    if (auto pad = dyn_cast<tensor::PadOp>(op))
      return runPad(pad);
    if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op))
      return runSlice(slice, slice.getSource(), nullptr, slice.getStaticOffsets(), slice.getStaticSizes(), slice.getStaticStrides(),
                      slice.getDroppedDims());
    if (auto slice = dyn_cast<tensor::InsertSliceOp>(op))
      return runSlice(slice, slice.getDest(), slice.getSource(), slice.getStaticOffsets(), slice.getStaticSizes(),
                      slice.getStaticStrides(), slice.getDroppedDims());
    if (auto concat = dyn_cast<tensor::ConcatOp>(op))
      return runConcat(concat);
    return op.emitError() << "'" << op.getName() << "' has no form in a circuit";
  }

  Elements blank(Type type) {
    auto ranked = cast<RankedTensorType>(type);
    Elements elements;
    elements.shape.assign(ranked.getShape().begin(), ranked.getShape().end());
    elements.values.assign(ranked.getNumElements(), Scalar(Linear::number(0)));
    return elements;
  }

  LogicalResult runConstant(arith::ConstantOp op) {
    auto contents = dyn_cast<ElementsAttr>(op.getValue());
    if (!contents)
      return op.emitError("holds a constant that is no tensor");
    Elements elements = blank(op.getType());
    int64_t place = 0;
    if (auto resource = dyn_cast<DenseResourceElementsAttr>(contents)) {
      if (failed(readResource(resource, elements)))
        return op.emitError("holds a constant of elements that have no form in integers");
      tensors[op.getResult()] = std::move(elements);
      return success();
    }
    for (Attribute attribute : contents.getValues<Attribute>()) {
      FailureOr<Scalar> scalar = constantOf(attribute, op.getLoc());
      if (failed(scalar))
        return failure();
      elements.values[place++] = std::move(*scalar);
    }
    tensors[op.getResult()] = std::move(elements);
    return success();
  }

  /// Large constants lie outside of the IR.
  static LogicalResult readResource(DenseResourceElementsAttr resource, Elements &elements) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    Type type = resource.getType().getElementType();
    if (!blob || !type.isIntOrFloat() || type.getIntOrFloatBitWidth() % 8)
      return failure();
    size_t width = type.getIntOrFloatBitWidth() / 8;
    ArrayRef<char> data = blob->getData();
    if (data.size() != width * elements.values.size() || !(type.isF32() || isa<IntegerType>(type)) || width > 8)
      return failure();
    for (auto [place, scalar] : llvm::enumerate(elements.values)) {
      uint64_t bits = 0; // as the machine keeps them: least byte first
      std::memcpy(&bits, data.data() + place * width, width);
      if (type.isF32())
        scalar = RealNode::number(llvm::bit_cast<float>(uint32_t(bits)));
      else
        scalar = Linear::number(llvm::SignExtend64(bits, width * 8));
    }
    return success();
  }

  LogicalResult runStructured(linalg::LinalgOp op) {
    SmallVector<int64_t> ranges = op.getStaticLoopRanges();
    int64_t count = 1;
    for (int64_t range : ranges)
      count *= range;
    if ((steps += count) > kMostSteps)
      return op->emitError("does not fit in space: more than ") << kMostSteps << " steps of loops up to here";
    SmallVector<Elements *> operands;
    std::vector<Elements> results;
    for (Value init : op.getDpsInits())
      results.push_back(tensors.contains(init) ? tensors[init] : blank(init.getType()));
    for (OpOperand &operand : op->getOpOperands()) {
      unsigned number = operand.getOperandNumber();
      if (number >= op.getNumDpsInputs())
        operands.push_back(&results[number - op.getNumDpsInputs()]);
      else if (isa<RankedTensorType>(operand.get().getType()))
        operands.push_back(&tensors[operand.get()]);
      else
        operands.push_back(nullptr);
    }
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    Block &body = *op.getBlock();
    auto yield = cast<linalg::YieldOp>(body.getTerminator());
    DenseMap<Value, Scalar> values;
    LogicalResult done = forEachIndex(ranges, [&](ArrayRef<int64_t> index) -> LogicalResult {
      values.clear();
      SmallVector<int64_t> places;
      for (auto [operand, map, argument] : llvm::zip_equal(operands, maps, body.getArguments())) {
        places.push_back(operand ? operand->at(map.compose(index)) : 0);
        bool isResult = argument.getArgNumber() >= op.getNumDpsInputs();
        if (argument.use_empty())
          continue;
        if (!operand) {
          Attribute constant;
          if (!matchPattern(op->getOperand(argument.getArgNumber()), m_Constant(&constant)))
            return op->emitError("reads a number that is no constant");
          FailureOr<Scalar> scalar = constantOf(constant, op->getLoc());
          if (failed(scalar))
            return failure();
          values[argument] = std::move(*scalar);
          continue;
        }
        Scalar &element = operand->values[places.back()];
        // It is written again below.
        values[argument] = isResult ? std::move(element) : element;
      }
      if (failed(runner.run(body, values, index)))
        return failure();
      for (auto [number, value] : llvm::enumerate(yield.getOperands())) {
        Scalar &element = results[number].values[places[op.getNumDpsInputs() + number]];
        auto found = values.find(value);
        if (found != values.end()) {
          element = found->second;
          continue;
        }
        Attribute constant;
        if (!matchPattern(value, m_Constant(&constant)))
          return op->emitError("yields what it does not compute");
        FailureOr<Scalar> scalar = constantOf(constant, op->getLoc());
        if (failed(scalar))
          return failure();
        element = std::move(*scalar);
      }
      return success();
    });
    if (failed(done))
      return failure();
    for (auto [result, elements] : llvm::zip_equal(op->getResults(), results))
      tensors[result] = std::move(elements);
    return success();
  }

  LogicalResult runPad(tensor::PadOp op) {
    Attribute attribute;
    Value fill = op.getConstantPaddingValue();
    if (!fill || !matchPattern(fill, m_Constant(&attribute)) || !op.getLow().empty() || !op.getHigh().empty())
      return op.emitError("expects constant padding");
    FailureOr<Scalar> scalar = constantOf(attribute, op.getLoc());
    if (failed(scalar))
      return failure();
    Elements padded = blank(op.getType());
    const Elements &source = tensors[op.getSource()];
    std::fill(padded.values.begin(), padded.values.end(), *scalar);
    (void)forEachIndex(source.shape, [&](ArrayRef<int64_t> index) {
      SmallVector<int64_t> to(index);
      for (auto [position, low] : llvm::zip_equal(to, op.getStaticLow()))
        position += low;
      padded.values[padded.at(to)] = source.values[source.at(index)];
      return success();
    });
    tensors[op.getResult()] = std::move(padded);
    return success();
  }

  /// Takes a part of `whole` out, or puts `part` in.
  LogicalResult runSlice(Operation *op, Value whole, Value part, ArrayRef<int64_t> offsets, ArrayRef<int64_t> sizes,
                         ArrayRef<int64_t> strides, const llvm::SmallBitVector &dropped) {
    if (op->getNumOperands() > (part ? 2 : 1))
      return op->emitError("expects a constant place");
    Elements result = part ? tensors[whole] : blank(op->getResult(0).getType());
    const Elements &from = tensors[part ? part : whole];
    (void)forEachIndex(sizes, [&](ArrayRef<int64_t> index) {
      SmallVector<int64_t> outer, inner;
      for (unsigned dim = 0; dim < index.size(); ++dim) {
        outer.push_back(offsets[dim] + index[dim] * strides[dim]);
        if (!dropped.test(dim))
          inner.push_back(index[dim]);
      }
      if (part)
        result.values[result.at(outer)] = from.values[from.at(inner)];
      else
        result.values[result.at(inner)] = from.values[from.at(outer)];
      return success();
    });
    tensors[op->getResult(0)] = std::move(result);
    return success();
  }

  LogicalResult runConcat(tensor::ConcatOp op) {
    Elements result = blank(op.getType());
    int64_t offset = 0;
    for (Value part : op.getInputs()) {
      const Elements &from = tensors[part];
      (void)forEachIndex(from.shape, [&](ArrayRef<int64_t> index) {
        SmallVector<int64_t> to(index);
        to[op.getDim()] += offset;
        result.values[result.at(to)] = from.values[from.at(index)];
        return success();
      });
      offset += from.shape[op.getDim()];
    }
    tensors[op.getResult()] = std::move(result);
    return success();
  }

  /// Of the first element that is a scaled integer and no constant.
  static std::pair<double, double> scaleOf(const Elements &elements) {
    for (const Scalar &scalar : elements.values)
      if (const auto *real = std::get_if<Real>(&scalar))
        if (auto affine = affineOf(*real); affine && affine->factors.size() == 1)
          return {affine->factors[0].second, affine->constant};
    return {1, 0};
  }

  LogicalResult finish(func::ReturnOp op) {
    NodeBuilder &b = builder;
    b.beginNode(op.getLoc(), "outputs");
    SmallVector<int64_t> signals;
    SmallVector<Attribute> outputs;
    OpBuilder attributes(op.getContext());
    for (auto [number, value] : llvm::enumerate(op.getOperands())) {
      auto name = main.getResultAttrOfType<StringAttr>(number, "onnx.name");
      std::string called = name ? name.str() : "y" + std::to_string(number);
      SmallVector<double> scales, offsets;
      auto [commonScale, commonOffset] = scaleOf(tensors[value]);
      for (const Scalar &scalar : tensors[value].values) {
        double scale = commonScale, offset = commonOffset;
        if (const auto *linear = std::get_if<Linear>(&scalar)) {
          signals.push_back(b.materialize(*linear));
        } else {
          const auto *real = std::get_if<Real>(&scalar);
          auto affine = real ? affineOf(*real) : std::nullopt;
          if (!affine || affine->factors.size() > 1 || readsInput(*real))
            return op.emitError("output '") << called << "' is no scaled integer; quantize it";
          if (affine->factors.empty()) { // of weights that are all zero
            double number = std::nearbyint((affine->constant - offset) / scale);
            offset = affine->constant - number * scale;
            signals.push_back(b.materialize(Linear::number(int64_t(number))));
          } else {
            signals.push_back(affine->factors[0].first);
            scale = affine->factors[0].second;
            offset = affine->constant;
          }
        }
        scales.push_back(scale);
        offsets.push_back(offset);
      }
      for (auto *numbers : {&scales, &offsets})
        if (llvm::all_equal(*numbers))
          numbers->resize(1);
      outputs.push_back(attributes.getDictionaryAttr(
          {attributes.getNamedAttr("name", attributes.getStringAttr(called)),
           attributes.getNamedAttr("dims", attributes.getDenseI64ArrayAttr(tensors[value].shape)),
           attributes.getNamedAttr("scale", attributes.getDenseF64ArrayAttr(scales)),
           attributes.getNamedAttr("offset", attributes.getDenseF64ArrayAttr(offsets))}));
    }
    b.endNode([&](int64_t signal) { return llvm::is_contained(signals, signal); });
    b.finish(signals);
    design.setOutputsAttr(attributes.getArrayAttr(outputs));
    SmallVector<Attribute> told;
    for (size_t place : order) {
      const Input &input = inputs[place];
      told.push_back(attributes.getDictionaryAttr(
          {attributes.getNamedAttr("name", attributes.getStringAttr(input.name)),
           attributes.getNamedAttr("dims", attributes.getDenseI64ArrayAttr(input.type.getShape())),
           attributes.getNamedAttr("scale", attributes.getF64FloatAttr(input.form->scale)),
           attributes.getNamedAttr("zero", attributes.getI64IntegerAttr(input.form->zero)),
           attributes.getNamedAttr("low", attributes.getI64IntegerAttr(input.form->range.low)),
           attributes.getNamedAttr("high", attributes.getI64IntegerAttr(input.form->range.high))}));
    }
    design.setInputsAttr(attributes.getArrayAttr(told));
    return success();
  }

  func::FuncOp main;
  DesignOp design;
  NodeBuilder builder;
  BodyRunner runner;
  DenseMap<Value, Elements> tensors;
  std::vector<Input> inputs;
  std::vector<size_t> order; // of the design's arguments
  DenseSet<int64_t> read;
  int64_t numbers = 0, steps = 0;
};

/// All that the elements of a design's output can be.
Interval outputRange(DesignOp design) {
  Interval all{0, 1};
  for (Value value : design.getBody().front().getTerminator()->getOperands()) {
    Interval range = rangeOf(value.getType());
    all = {std::min(all.low, range.low), std::max(all.high, range.high)};
  }
  return all;
}

struct HlsFormDesign : brisk::impl::HlsFormDesignBase<HlsFormDesign> {
  void runOnOperation() override {
    auto flows = getOperation().getOps<FlowOp>();
    if (!flows.empty()) {
      if (failed(formStages(*flows.begin())))
        signalPassFailure();
      return;
    }
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main || !main.getBody().hasOneBlock()) {
      getOperation().emitError("expects a function @main of one block");
      return signalPassFailure();
    }
    if (failed(form(main, "model")))
      return signalPassFailure();
  }

  static FailureOr<DesignOp> form(func::FuncOp function, StringRef name) {
    OpBuilder builder(function);
    auto design = DesignOp::create(builder, function.getLoc(), name, builder.getArrayAttr({}), builder.getArrayAttr({}));
    design.getBody().emplaceBlock();
    if (failed(Elaborator(function, design).run()))
      return failure();
    eraseUnread(design);
    function.erase();
    return design;
  }

  /// What stands for pixels outside of a frame, with the sign that its reader gives it.
  static int64_t fillOf(StageOp stage, func::FuncOp function) {
    Type element = cast<RankedTensorType>(function.getArgumentTypes()[0]).getElementType();
    int64_t fill = stage.getFill();
    bool isUnsigned = false;
    function.walk([&](Operation *op) {
      if (isa<arith::ExtUIOp, arith::UIToFPOp, arith::MaxUIOp, arith::MinUIOp>(op))
        isUnsigned |= op->getOperand(0).getType() == element;
    });
    if (!isUnsigned || fill >= 0 || !element.isInteger())
      return fill;
    return fill + (int64_t(1) << element.getIntOrFloatBitWidth());
  }

  /// In the order of the flow: what a stage makes tells the next one's ranges.
  static LogicalResult formStages(FlowOp flow) {
    auto typed = [](Value frames, Interval range) {
      auto type = cast<RankedTensorType>(frames.getType());
      frames.setType(RankedTensorType::get(type.getShape(), typeOf(type.getContext(), range)));
    };
    DenseMap<Value, Interval> ranges;
    DenseMap<Value, Interval> fills; // of frames that are read beyond their ends
    for (StageOp stage : flow.getBody().front().getOps<StageOp>()) {
      if (stage.getFrames().size() > 1)
        continue;
      int64_t fill = fillOf(stage, SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(flow, stage.getDesignAttr()));
      stage.setFill(fill);
      Interval &of = fills[stage.getFrames()[0]];
      of = {std::min(of.low, fill), std::max(of.high, fill)};
    }
    for (StageOp stage : flow.getBody().front().getOps<StageOp>()) {
      auto function = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(flow, stage.getDesignAttr());
      for (auto [number, frame] : llvm::enumerate(stage.getFrames()))
        if (auto known = ranges.find(frame); known != ranges.end())
          function.setArgAttr(number, "hls.range", DenseI64ArrayAttr::get(flow.getContext(), {known->second.low, known->second.high}));
      FailureOr<DesignOp> design = form(function, stage.getDesign());
      if (failed(design))
        return failure();
      for (auto [frame, input] : llvm::zip_equal(stage.getFrames(), design->getInputs()))
        if (!ranges.contains(frame)) {
          auto told = cast<DictionaryAttr>(input);
          ranges[frame] = {told.getAs<IntegerAttr>("low").getInt(), told.getAs<IntegerAttr>("high").getInt()};
          if (!rangeOf(typeOf(flow.getContext(), ranges[frame])).holds(fills.lookup(frame)))
            return stage.emitError("has numbers around its input that are none of its input's");
          typed(frame, ranges[frame]);
        }
      Interval range = outputRange(*design);
      if (stage.getAccumulate())
        range = multiplyAdd(range, stage.getTo()[0] * stage.getTo()[1], {0, 0});
      Interval fill = fills.lookup(stage.getResult());
      range = {std::min(range.low, fill.low), std::max(range.high, fill.high)};
      ranges[stage.getResult()] = range;
      typed(stage.getResult(), range);
    }
    return success();
  }
};

} // namespace
