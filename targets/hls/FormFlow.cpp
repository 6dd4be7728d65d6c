// In: @main, linalg on tensors. Out: an hls.flow of stages, each a function that makes one pixel. Here, before designs are
// formed, because what a design lays out in space is what such a function computes.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "targets/hls/Passes.h"
#include "targets/hls/ir/Hls.h"
#include "llvm/ADT/SetVector.h"

namespace brisk {
#define GEN_PASS_DEF_HLSFORMFLOW
#include "targets/hls/Passes.h.inc"
} // namespace brisk

using namespace mlir;
using namespace brisk;
using namespace brisk::hls;

namespace {

/// What of a dimension one pixel needs: from pixel * stride + offset on, or all of it.
struct Extent {
  int axis = -1; // 0: rows, 1: columns, -1: all
  int64_t stride = 0, offset = 0, size = 0;
};
using Tile = SmallVector<Extent, 4>;

RankedTensorType typeOf(Value value) { return dyn_cast<RankedTensorType>(value.getType()); }

/// Constants, empty tensors, and tensors that hold one number everywhere.
bool isFixed(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return false;
  if (isa<arith::ConstantOp, tensor::EmptyOp>(op))
    return true;
  auto structured = dyn_cast<linalg::LinalgOp>(op);
  return structured && llvm::all_of(structured.getDpsInputs(), [](Value input) { return isFixed(input); }) &&
         llvm::all_of(structured.getDpsInits(), [](Value init) { return isFixed(init); });
}

/// The number that a tensor holds everywhere.
std::optional<int64_t> numberIn(Value value) {
  auto fill = value.getDefiningOp<linalg::LinalgOp>();
  if (!fill || !fill.getDpsInputs().empty())
    return std::nullopt;
  auto yield = cast<linalg::YieldOp>(fill.getBlock()->getTerminator());
  APInt number;
  if (yield.getNumOperands() != 1 || !matchPattern(yield.getOperand(0), m_ConstantInt(&number)))
    return std::nullopt;
  return number.getSExtValue();
}

/// Factor of each loop in a linear expression; nothing with a constant, or if it is not linear.
std::optional<SmallVector<int64_t>> factorsOf(AffineExpr expression, unsigned loops) {
  SmallVector<int64_t> point(loops, 0), factors;
  auto at = [&]() {
    auto map = AffineMap::get(loops, 0, expression);
    return map.compose(point)[0];
  };
  if (!expression.isPureAffine() || at() != 0)
    return std::nullopt;
  int64_t sum = 0;
  for (unsigned loop = 0; loop < loops; ++loop) {
    point[loop] = 1;
    int64_t factor = at();
    point[loop] = 1000003;
    if (factor < 0 || at() != factor * 1000003)
      return std::nullopt;
    point[loop] = 0;
    factors.push_back(factor);
    sum += factor;
  }
  point.assign(loops, 1);
  return at() == sum ? std::optional(factors) : std::nullopt;
}

/// Cuts a function of one input and one output into stages.
class Cutter {
public:
  Cutter(func::FuncOp main) : main(main), module(main->getParentOfType<ModuleOp>()), builder(main) {}

  /// Whether it could; if not, nothing is changed.
  bool run() {
    auto done = cast<func::ReturnOp>(main.getBody().front().getTerminator());
    if (main.getNumArguments() != 1 || done.getNumOperands() != 1 || !typeOf(done.getOperand(0)))
      return false;
    findOutputAxes(done.getOperand(0));
    if (!findCuts(done))
      return false;
    Location loc = main.getLoc();
    flow = FlowOp::create(builder, loc, "model");
    Block &block = flow.getBody().emplaceBlock();
    frames[main.getArgument(0)] = block.addArgument(main.getArgumentTypes()[0], loc);
    for (Operation &op : main.getBody().front()) {
      for (Value result : op.getResults())
        if ((cuts.contains(result) || result == done.getOperand(0)) && !formStage(result))
          return undo();
    }
    if (!firstUsed)
      return undo();
    flow->setAttr("output_axes", builder.getDenseI64ArrayAttr({outputAxes.first, outputAxes.second}));
    main.erase();
    return true;
  }

private:
  bool undo() {
    for (func::FuncOp stage : stages)
      stage.erase();
    flow.erase();
    return false;
  }

  /// The dimensions that are rows and columns; -1 for none.
  std::pair<int64_t, int64_t> axesOf(Value value) const {
    if (value == output)
      return outputAxes;
    RankedTensorType type = typeOf(value);
    if (type.getRank() == 4 && type.getDimSize(1) * type.getDimSize(2) > 1)
      return {1, 2};
    if (type.getRank() == 3 && type.getDimSize(1) > 1)
      return {-1, 1};
    return {-1, -1};
  }
  bool hasPixels(Value value) const { return axesOf(value) != std::pair<int64_t, int64_t>(-1, -1); }

  /// The model's output may have its channels first: its pixels are where those of what it is made from are.
  void findOutputAxes(Value value) {
    outputAxes = axesOf(value);
    output = value;
    auto op = value.getDefiningOp<linalg::LinalgOp>();
    if (!op)
      return;
    AffineMap out = op.getIndexingMapMatchingResult(op->getResult(0));
    for (OpOperand *operand : op.getDpsInputOperands()) {
      if (!typeOf(operand->get()) || isFixed(operand->get()) || !hasPixels(operand->get()))
        continue;
      AffineMap in = op.getMatchingIndexingMap(operand);
      auto placeOf = [&](int64_t dim) -> int64_t {
        for (auto [place, expression] : llvm::enumerate(out.getResults()))
          if (dim >= 0 && in.getResult(dim) == expression)
            return place;
        return -1;
      };
      auto [rows, columns] = axesOf(operand->get());
      std::pair<int64_t, int64_t> found = {placeOf(rows), placeOf(columns)};
      if ((found.first >= 0) == (rows >= 0) && (found.second >= 0) == (columns >= 0))
        outputAxes = found;
      return;
    }
  }

  bool cut(Value value) {
    auto insert = value.getDefiningOp<tensor::InsertSliceOp>();
    if (isFixed(value) || (insert && numberIn(insert.getDest())))
      return true;
    if (isa<BlockArgument>(value) || typeOf(value).getElementType().isInteger()) {
      cuts.insert(value);
      return true;
    }
    return false;
  }

  /// Values that become frames of their own.
  bool findCuts(func::ReturnOp done) {
    for (Operation &op : main.getBody().front()) {
      for (Value result : op.getResults())
        if (typeOf(result) && !isFixed(result) && !result.hasOneUse() && typeOf(result).getElementType().isInteger())
          cut(result);
      if (auto insert = dyn_cast<tensor::InsertSliceOp>(op)) {
        if (!cut(insert.getSource()))
          return false;
        continue;
      }
      if (isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op) && hasPixels(op.getOperand(0)) && !cut(op.getOperand(0)))
        return false;
      auto structured = dyn_cast<linalg::LinalgOp>(op);
      if (!structured || isFixed(op.getResult(0)))
        continue;
      SetVector<Value> variables;
      for (Value input : structured.getDpsInputs())
        if (typeOf(input) && !isFixed(input))
          variables.insert(input);
      if (variables.size() <= 2 && isSumOfPixels(structured)) {
        for (Value variable : variables)
          if (!cut(variable))
            return false;
        cuts.insert(op.getResult(0));
        sums.insert(op.getResult(0));
        continue;
      }
      for (OpOperand *operand : structured.getDpsInputOperands())
        if (variables.contains(operand->get()) && (variables.size() > 1 || !isPointwise(structured, *operand)))
          if (!cut(operand->get()))
            return false;
    }
    return true;
  }

  /// Whether it adds something of each pixel up: pixels can come one after the other.
  bool isSumOfPixels(linalg::LinalgOp op) const {
    if (op->getNumResults() != 1 || hasPixels(op->getResult(0)) || op.getNumDpsInits() != 1)
      return false;
    for (OpOperand *operand : op.getDpsInputOperands()) {
      if (!typeOf(operand->get()) || isFixed(operand->get()))
        continue;
      if (!hasPixels(operand->get()))
        return false;
      auto [rows, columns] = axesOf(operand->get());
      AffineMap map = op.getMatchingIndexingMap(operand);
      for (int64_t dim : {rows, columns})
        if (dim >= 0 && !isa<AffineDimExpr>(map.getResult(dim)))
          return false;
    }
    Block &block = *op.getBlock();
    Value sum = block.getTerminator()->getOperand(0), before = op.getRegionOutputArgs()[0];
    Operation *add = sum.getDefiningOp();
    Operation *fill = op.getDpsInits()[0].getDefiningOp();
    auto filled = dyn_cast_or_null<linalg::LinalgOp>(fill);
    return add && isa<arith::AddFOp, arith::AddIOp>(add) && before.hasOneUse() && llvm::is_contained(add->getOperands(), before) &&
           filled && filled.getDpsInputs().empty() &&
           (matchPattern(filled.getBlock()->getTerminator()->getOperand(0), m_AnyZeroFloat()) ||
            matchPattern(filled.getBlock()->getTerminator()->getOperand(0), m_Zero()));
  }

  /// Whether each pixel of the result reads the same pixel of the operand.
  bool isPointwise(linalg::LinalgOp op, OpOperand &operand) const {
    if (!hasPixels(operand.get()))
      return true;
    auto from = axesOf(operand.get()), to = axesOf(op->getResult(0));
    AffineMap in = op.getMatchingIndexingMap(&operand), out = op.getIndexingMapMatchingResult(op->getResult(0));
    auto isSame = [&](int64_t a, int64_t b) { return a < 0 ? b < 0 : b >= 0 && in.getResult(a) == out.getResult(b); };
    return isSame(from.first, to.first) && isSame(from.second, to.second);
  }

  struct Read {
    Value value;
    Tile tile;
    std::optional<int64_t> fill;
  };

  bool formStage(Value root) {
    auto [rows, columns] = axesOf(root);
    Tile tile;
    for (auto [dim, size] : llvm::enumerate(typeOf(root).getShape())) {
      int axis = int64_t(dim) == rows ? 0 : int64_t(dim) == columns ? 1 : -1;
      tile.push_back({axis, 1, 0, axis < 0 ? size : 1});
    }
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(main);
    auto stage = func::FuncOp::create(builder, root.getLoc(), "stage" + std::to_string(stages.size()),
                                      builder.getFunctionType({}, {}));
    stages.push_back(stage);
    body = stage.addEntryBlock();
    builder.setInsertionPointToEnd(body);
    reads.clear();
    made.clear();
    this->root = root;
    Value result = make(root, tile, std::nullopt);
    if (!result || reads.empty())
      return false;
    func::ReturnOp::create(builder, root.getLoc(), result);
    stage.setType(builder.getFunctionType(body->getArgumentTypes(), result.getType()));
    for (auto [number, read] : llvm::enumerate(reads))
      if (isa<BlockArgument>(read.value)) {
        firstUsed = true;
        if (Attribute name = main.getArgAttr(0, "onnx.name"))
          stage.setArgAttr(number, "onnx.name", name);
      }
    if (Attribute name = main.getResultAttr(0, "onnx.name"); name && root == main.getBody().front().getTerminator()->getOperand(0))
      stage.setResultAttr(0, "onnx.name", name);
    return formStageOp(root, stage);
  }

  bool formStageOp(Value root, func::FuncOp stage) {
    // Rows and columns of a value, of which a tile says which dimensions they are.
    struct Window {
      int64_t from[2] = {1, 1}, kernel[2] = {1, 1}, stride[2] = {1, 1}, before[2] = {0, 0}, axes[2] = {-1, -1};
    };
    auto [rows, columns] = axesOf(root);
    int64_t to[2] = {rows < 0 ? 1 : typeOf(root).getDimSize(rows), columns < 0 ? 1 : typeOf(root).getDimSize(columns)};
    Window window;
    SmallVector<Value> operands;
    int64_t fill = 0;
    for (auto [number, read] : llvm::enumerate(reads)) {
      Window own;
      bool isTiled = false;
      for (auto [dim, extent] : llvm::enumerate(read.tile)) {
        if (extent.axis < 0)
          continue;
        isTiled = true;
        own.from[extent.axis] = typeOf(read.value).getDimSize(dim);
        own.kernel[extent.axis] = extent.size;
        own.stride[extent.axis] = extent.stride;
        own.before[extent.axis] = -extent.offset;
        own.axes[extent.axis] = dim;
      }
      if (!isTiled && hasPixels(read.value)) {
        // A frame as a whole.
        if (hasPixels(root) || sums.contains(root))
          return false;
        auto [r, c] = axesOf(read.value);
        for (auto [axis, dim] : {std::pair(0, r), std::pair(1, c)})
          if (dim >= 0) {
            own.from[axis] = own.kernel[axis] = typeOf(read.value).getDimSize(dim);
            own.axes[axis] = dim;
          }
      } else if (!isTiled && hasPixels(root)) {
        return false; // a frame of one pixel, read again for each
      }
      if (sums.contains(root))
        std::copy(own.from, own.from + 2, to);
      for (int axis : {0, 1})
        if (own.before[axis] >= own.kernel[axis])
          return false; // windows of nothing but what is outside
      bool isPlain = own.kernel[0] == 1 && own.kernel[1] == 1 && own.stride[0] == 1 && own.stride[1] == 1;
      if (reads.size() > 1 && (!isPlain || own.from[0] != to[0] || own.from[1] != to[1]))
        return false;
      window = own;
      fill = read.fill.value_or(0);
      operands.push_back(frames.lookup(read.value));
      if (!operands.back())
        return false;
    }
    builder.setInsertionPointToEnd(&flow.getBody().front());
    auto op = StageOp::create(builder, root.getLoc(), root.getType(), stage.getName(), operands, window.from, to, window.kernel,
                              window.stride, window.before, window.axes, fill);
    op.setAccumulate(sums.contains(root));
    frames[root] = op.getResult();
    return true;
  }

  static RankedTensorType tileType(Value value, const Tile &tile) {
    SmallVector<int64_t> shape;
    for (const Extent &extent : tile)
      shape.push_back(extent.size);
    return RankedTensorType::get(shape, typeOf(value).getElementType());
  }
  static bool isWhole(const Tile &tile) {
    return llvm::all_of(tile, [](const Extent &extent) { return extent.axis < 0; });
  }
  static Tile whole(Value value) {
    Tile tile;
    for (int64_t size : typeOf(value).getShape())
      tile.push_back({-1, 0, 0, size});
    return tile;
  }
  static bool isSame(const Tile &a, const Tile &b) {
    return llvm::all_of(llvm::zip_equal(a, b), [](auto pair) {
      auto &[x, y] = pair;
      return std::tie(x.axis, x.stride, x.offset, x.size) == std::tie(y.axis, y.stride, y.offset, y.size);
    });
  }

  /// The tile of a value in the stage; null if there is none. `fill` is what lies outside of the value.
  Value make(Value value, const Tile &tile, std::optional<int64_t> fill) {
    if (value != root && (isa<BlockArgument>(value) || cuts.contains(value))) {
      for (auto [number, read] : llvm::enumerate(reads))
        if (read.value == value && isSame(read.tile, tile) && read.fill == fill)
          return body->getArgument(number);
      reads.push_back({value, tile, fill});
      return body->addArgument(tileType(value, tile), value.getLoc());
    }
    for (auto &[known, of, result] : made)
      if (known == value && isSame(of, tile))
        return result;
    Value result = makeOp(value, tile);
    if (result)
      made.push_back({value, tile, result});
    return result;
  }

  Value makeOp(Value value, const Tile &tile) {
    Operation *op = value.getDefiningOp();
    if (auto empty = dyn_cast<tensor::EmptyOp>(op))
      return tensor::EmptyOp::create(builder, op->getLoc(), tileType(value, tile).getShape(), typeOf(value).getElementType());
    if (auto structured = dyn_cast<linalg::LinalgOp>(op))
      return makeStructured(structured, tile);
    if (auto insert = dyn_cast<tensor::InsertSliceOp>(op))
      return makePadded(insert, tile);
    if (!isWhole(tile) || op->getNumResults() != 1)
      return nullptr;
    IRMapping mapping;
    for (Value operand : op->getOperands()) {
      Value made = typeOf(operand) ? make(operand, whole(operand), std::nullopt) : nullptr;
      if (!made)
        return nullptr;
      mapping.map(operand, made);
    }
    return builder.clone(*op, mapping)->getResult(0);
  }

  /// A tensor inside one that holds one number: that number is what lies outside of it.
  Value makePadded(tensor::InsertSliceOp op, const Tile &tile) {
    auto fill = numberIn(op.getDest());
    if (!fill || isWhole(tile) || typeOf(op.getSource()).getRank() != typeOf(op.getDest()).getRank() ||
        op->getNumOperands() != 2 || llvm::any_of(op.getStaticStrides(), [](int64_t stride) { return stride != 1; }))
      return nullptr;
    Tile source(tile);
    for (auto [dim, extent] : llvm::enumerate(source)) {
      extent.offset -= op.getStaticOffsets()[dim];
      if (extent.axis < 0 && extent.offset != 0)
        return nullptr;
    }
    return make(op.getSource(), source, fill);
  }

  Value makeStructured(linalg::LinalgOp op, const Tile &tile) {
    if (op->getNumResults() != 1)
      return nullptr;
    SmallVector<int64_t> ranges = op.getStaticLoopRanges();
    AffineMap out = op.getIndexingMapMatchingResult(op->getResult(0));
    SmallVector<Extent> loops;
    for (int64_t range : ranges)
      loops.push_back({-1, 0, 0, range});
    for (auto [dim, extent] : llvm::enumerate(tile)) {
      if (extent.axis < 0)
        continue;
      auto loop = dyn_cast<AffineDimExpr>(out.getResult(dim));
      if (!loop)
        return nullptr;
      loops[loop.getPosition()] = extent;
    }
    if (op->getResult(0) == root && sums.contains(root))
      for (OpOperand *operand : op.getDpsInputOperands())
        if (typeOf(operand->get()) && !isFixed(operand->get())) {
          auto [rows, columns] = axesOf(operand->get());
          AffineMap map = op.getMatchingIndexingMap(operand);
          for (auto [axis, dim] : {std::pair(0, rows), std::pair(1, columns)})
            if (dim >= 0)
              loops[cast<AffineDimExpr>(map.getResult(dim)).getPosition()] = {axis, 1, 0, 1};
        }
    // What depends on where it is differs from pixel to pixel.
    for (Operation &inner : *op.getBlock())
      if (auto index = dyn_cast<linalg::IndexOp>(inner); index && loops[index.getDim()].axis >= 0)
        return nullptr;
    SmallVector<Value> operands;
    IRMapping scalars;
    for (OpOperand &operand : op->getOpOperands()) {
      Value value = operand.get();
      if (!typeOf(value)) {
        Operation *constant = value.getDefiningOp<arith::ConstantOp>();
        if (!constant)
          return nullptr;
        operands.push_back(builder.clone(*constant)->getResult(0));
        continue;
      }
      AffineMap map = op.getMatchingIndexingMap(&operand);
      Tile part;
      for (auto [dim, expression] : llvm::enumerate(map.getResults())) {
        Extent extent{-1, 0, 0, typeOf(value).getDimSize(dim)};
        auto factors = factorsOf(expression, loops.size());
        for (unsigned loop = 0; loop < loops.size(); ++loop) {
          if (!factors) {
            if (expression.isFunctionOfDim(loop) && loops[loop].axis >= 0)
              return nullptr;
            continue;
          }
          int64_t factor = (*factors)[loop];
          if (loops[loop].axis < 0 || factor == 0)
            continue;
          if (extent.axis >= 0)
            return nullptr;
          extent = {loops[loop].axis, factor * loops[loop].stride, factor * loops[loop].offset, 1};
        }
        if (extent.axis >= 0)
          for (unsigned loop = 0; loop < loops.size(); ++loop)
            extent.size += (*factors)[loop] * (loops[loop].size - 1);
        part.push_back(extent);
      }
      Value made = make(value, part, std::nullopt);
      if (!made)
        return nullptr;
      operands.push_back(made);
    }
    Operation *copy = mlir::clone(builder, op.getOperation(), tileType(op->getResult(0), tile), operands);
    // Constants that the body reads from outside.
    copy->walk([&](Operation *inner) {
      for (OpOperand &operand : inner->getOpOperands())
        if (Operation *constant = operand.get().getDefiningOp();
            constant && constant->getBlock() == &main.getBody().front() && isa<arith::ConstantOp>(constant)) {
          OpBuilder::InsertionGuard guard(builder);
          builder.setInsertionPoint(copy);
          operand.set(builder.clone(*constant)->getResult(0));
        }
    });
    return copy->getResult(0);
  }

  func::FuncOp main;
  ModuleOp module;
  OpBuilder builder;
  FlowOp flow;
  Value output;
  std::pair<int64_t, int64_t> outputAxes = {-1, -1};
  llvm::SetVector<Value> cuts;
  DenseSet<Value> sums; // of all pixels of a frame
  DenseMap<Value, Value> frames;
  SmallVector<func::FuncOp> stages;
  // Of the stage that is being formed:
  Block *body = nullptr;
  Value root;
  SmallVector<Read> reads;
  SmallVector<std::tuple<Value, Tile, Value>> made;
  bool firstUsed = false;
};

struct HlsFormFlow : brisk::impl::HlsFormFlowBase<HlsFormFlow> {
  using Base::Base;

  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main || !main.getBody().hasOneBlock())
      return;
    int64_t total = 0;
    main.walk([&](linalg::LinalgOp op) {
      int64_t count = 1;
      for (int64_t range : op.getStaticLoopRanges())
        count = ShapedType::isDynamic(range) || count > (int64_t(1) << 40) ? int64_t(1) << 40 : count * range;
      total += count;
    });
    if (total > steps && llvm::all_of(main.getArgumentTypes(), [](Type type) {
          auto tensor = dyn_cast<RankedTensorType>(type);
          return tensor && tensor.hasStaticShape();
        }))
      Cutter(main).run();
  }
};

} // namespace
