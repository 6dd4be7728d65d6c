// In: functions on the onnx dialect with quantized tensors, every type inferred, constants not yet dequantized.
// Out: products as sums of bytes with elementwise ops around them, data movement on bytes.
// Why here: scales and weights are constants that the next folding combines, and layouts are chosen for what remains.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/Compose.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Matchers.h"
#include "passes/narrow/Passes.h"
#include <cmath>

using namespace mlir;
using namespace brisk;

namespace brisk {
#define GEN_PASS_DEF_FORMINTEGERS
#include "passes/narrow/Passes.h.inc"
} // namespace brisk

namespace {

//===--- questions ----------------------------------------------------------===//

/// True when two parameters (scales or zero points) are known to be equal.
bool isSame(Value a, Value b) {
  if (a == b || (!isPresent(a) && !isPresent(b)))
    return true;
  ElementsAttr x, y;
  return a && b && a.getType() == b.getType() && matchPattern(a, m_Constant(&x)) && matchPattern(b, m_Constant(&y)) &&
         x == y;
}

bool isConversion(Operation *op, QuantizedForm::Kind kind) {
  if (!op)
    return false;
  QuantizedForm form = quantizedForm(op);
  return form.kind == kind && form.blockSize == 0 && op->getNumOperands() >= 3;
}

bool isPerTensor(Operation *op) { return quantizedForm(op).channelAxis == -1; }

/// The op that dequantizes (in one scale per tensor or along an axis) to give `value`; null if none does.
Operation *dequantizationOf(Value value) {
  Operation *op = value.getDefiningOp();
  return isConversion(op, QuantizedForm::Dequantize) ? op : nullptr;
}

bool haveSameParameters(Operation *a, Operation *b) {
  return isSame(a->getOperand(1), b->getOperand(1)) && isSame(a->getOperand(2), b->getOperand(2));
}

/// The number of a constant scalar.
std::optional<double> numberOf(Value value) {
  DenseElementsAttr attr;
  if (!isPresent(value) || !matchPattern(value, m_Constant(&attr)) || attr.getNumElements() != 1)
    return std::nullopt;
  if (isa<FloatType>(attr.getElementType()))
    return (*attr.value_begin<APFloat>()).convertToDouble();
  APInt number = *attr.value_begin<APInt>();
  return attr.getElementType().isUnsignedInteger() ? static_cast<double>(number.getZExtValue())
                                                   : static_cast<double>(number.getSExtValue());
}

/// The f32 scale of a quantization with one constant scale per tensor.
std::optional<double> constantScale(Operation *quantize) {
  if (!isPerTensor(quantize) || !getElementTypeOrSelf(quantize->getOperand(1).getType()).isF32() ||
      !getElementTypeOrSelf(quantize->getOperand(0).getType()).isF32())
    return std::nullopt;
  std::optional<double> scale = numberOf(quantize->getOperand(1));
  return scale && *scale > 0 && std::isfinite(*scale) ? scale : std::nullopt;
}

/// Whether quantization takes every real outside [low, high] to an end of its range.
bool saturates(Operation *quantize, double low, double high) {
  std::optional<double> scale = constantScale(quantize);
  auto type = dyn_cast<IntegerType>(getElementTypeOrSelf(quantize->getResult(0).getType()));
  Value zero = quantize->getOperand(2);
  std::optional<double> middle = isPresent(zero) ? numberOf(zero) : 0.0;
  if (!scale || !type || !middle)
    return false;
  double levels = std::ldexp(1.0, type.getWidth()), least = type.isUnsigned() ? 0 : -levels / 2;
  auto level = [&](double real) { return std::nearbyint(static_cast<float>(real) / static_cast<float>(*scale)) + *middle; };
  return level(low) <= least && level(high) >= least + levels - 1;
}

/// From so many elements on a matrix of weights is better read as the integers that it is made of.
constexpr int64_t kLargeMatrix = int64_t(1) << 18;
/// As far as so many rows share it.
constexpr int64_t kFewRows = 8;

/// True for what will be folded.
bool followsFromConstants(Value value) {
  Operation *op = value.getDefiningOp();
  return op && op->getNumRegions() == 0 && (op->getNumOperands() || op->hasTrait<OpTrait::ConstantLike>() || !isPresent(value)) &&
         llvm::all_of(op->getOperands(), followsFromConstants);
}

/// Rows of a product of matrices; open dims count as one.
int64_t rowsOf(Operation *product) {
  auto type = cast<ShapedType>(product->getResult(0).getType());
  int64_t rows = 1;
  for (int64_t size : type.getShape().drop_back())
    rows *= ShapedType::isDynamic(size) ? 1 : size;
  return rows;
}

//===--- rewrites -----------------------------------------------------------===//

class Integers {
public:
  explicit Integers(Operation *root) : root(root) { shapes.reserveUnknowns(root); }

  LogicalResult run() {
    if (failed(expandComposites()))
      return failure();
    for (bool changed = true; changed;)
      changed = sweep(&Integers::move);
    sweep(&Integers::dropBounds);
    sweep(&Integers::formSum);
    sweep(&Integers::formBlocks);
    sweep(&Integers::formAddition);
    sweep(&Integers::multiplyInsteadOfDivide);
    return success();
  }

private:
  LogicalResult expandComposites();
  /// Applies a rewrite to every op, and drops what it leaves without users; true if anything changed.
  bool sweep(bool (Integers::*rewrite)(Operation *));

  bool move(Operation *op) { return dropPair(op) || sinkDequantization(op) || hoistQuantization(op); }
  bool dropPair(Operation *op);
  bool sinkDequantization(Operation *op);
  bool hoistQuantization(Operation *op);
  bool dropBounds(Operation *op);
  bool formSum(Operation *op);
  bool formBlocks(Operation *op);
  bool formAddition(Operation *op);
  bool multiplyInsteadOfDivide(Operation *op);

  /// `op` again on other operands, its types inferred anew; null if they cannot be.
  Operation *remake(Operation *op, OpBuilder &b, ValueRange operands);
  void replace(Value old, Value with);
  void eraseDead();

  Operation *root;
  ShapeContext shapes;
};

Operation *Integers::remake(Operation *op, OpBuilder &b, ValueRange operands) {
  Operation *copy = b.clone(*op);
  copy->setOperands(operands);
  // What does not fit stays as it was: not the user's concern.
  ScopedDiagnosticHandler quiet(op->getContext(), [](Diagnostic &) { return success(); });
  if (succeeded(cast<InferShapesInterface>(copy).inferShapes(shapes)))
    return copy;
  copy->erase();
  return nullptr;
}

void Integers::replace(Value old, Value with) {
  // Equal shapes may be written in other symbols.
  if (with.getType() != old.getType() && isa<OpResult>(with) &&
      getElementTypeOrSelf(with.getType()) == getElementTypeOrSelf(old.getType()))
    with.setType(old.getType());
  old.replaceAllUsesWith(with);
}

void Integers::eraseDead() {
  SmallVector<Operation *> ops;
  root->walk<WalkOrder::PreOrder>([&](Operation *op) { ops.push_back(op); });
  // Users and what is inside come first.
  for (Operation *op : llvm::reverse(ArrayRef(ops).drop_front()))
    if (isOpTriviallyDead(op))
      op->erase();
}

bool Integers::sweep(bool (Integers::*rewrite)(Operation *)) {
  SmallVector<Operation *> ops;
  root->walk<WalkOrder::PreOrder>([&](Operation *op) { ops.push_back(op); });
  bool changed = false;
  for (Operation *op : ops)
    changed |= (this->*rewrite)(op);
  shapes.invalidate();
  if (changed)
    eraseDead();
  return changed;
}

LogicalResult Integers::expandComposites() {
  SmallVector<CompositeInterface> ops;
  root->walk([&](CompositeInterface op) { ops.push_back(op); });
  for (CompositeInterface op : ops) {
    onnx::OpMaker make(op, shapes);
    SmallVector<Value> results;
    if (failed(op.expand(make, results)) || make.failed())
      return failure();
    for (auto [old, value] : llvm::zip_equal(op->getResults(), results))
      if (value)
        replace(old, value);
    op->erase();
  }
  eraseDead();
  return success();
}

/// Quantization of what was dequantized with the same parameters.
bool Integers::dropPair(Operation *op) {
  if (!isConversion(op, QuantizedForm::Quantize) || !isPerTensor(op))
    return false;
  Operation *dequantize = dequantizationOf(op->getOperand(0));
  if (!dequantize || !haveSameParameters(op, dequantize) || op->use_empty() ||
      getElementTypeOrSelf(dequantize->getOperand(0).getType()) != getElementTypeOrSelf(op->getResult(0).getType()))
    return false;
  op->getResult(0).replaceAllUsesWith(dequantize->getOperand(0));
  return true;
}

/// Moving what was dequantized: moves bytes and dequantizes afterwards.
bool Integers::sinkDequantization(Operation *op) {
  QuantizedForm form = quantizedForm(op);
  if (form.kind != QuantizedForm::Move || op->getNumRegions() || op->use_empty())
    return false;
  Operation *first = nullptr;
  SmallVector<Value> operands(op->getOperands());
  for (unsigned i : form.activations) {
    Operation *dequantize = dequantizationOf(op->getOperand(i));
    if (!dequantize || !isPerTensor(dequantize) || (first && !haveSameParameters(first, dequantize)))
      return false;
    Value bytes = dequantize->getOperand(0);
    if (first && getElementTypeOrSelf(bytes.getType()) != getElementTypeOrSelf(first->getOperand(0).getType()))
      return false;
    first = first ? first : dequantize;
    operands[i] = bytes;
  }
  if (!first)
    return false;
  if (form.fill) {
    if (Value fill = op->getOperand(*form.fill); isPresent(fill) && numberOf(fill) != 0.0)
      return false; // may be no multiple of the scale
    operands[*form.fill] = first->getOperand(2);
  }
  OpBuilder b(op);
  Operation *moved = remake(op, b, operands);
  if (!moved)
    return false;
  for (auto [old, value] : llvm::zip_equal(op->getResults(), moved->getResults())) {
    if (old.use_empty())
      continue;
    Operation *real = remake(first, b, {value, first->getOperand(1), first->getOperand(2)});
    if (!real)
      return false;
    replace(old, real->getResult(0));
  }
  return true;
}

/// Whether moving makes fewer elements, or how many is not known.
bool shrinks(Operation *move, ArrayRef<unsigned> activations) {
  auto result = cast<ShapedType>(move->getResult(0).getType());
  int64_t moved = 0;
  for (unsigned i : activations) {
    auto type = cast<ShapedType>(move->getOperand(i).getType());
    if (!type.hasStaticShape())
      return true;
    moved += type.getNumElements();
  }
  return !result.hasStaticShape() || result.getNumElements() < moved;
}

/// Quantization of what was moved: quantizes first, which costs nothing for what was dequantized just before and
/// less where moving repeats elements or adds some, and moves bytes.
bool Integers::hoistQuantization(Operation *op) {
  if (!isConversion(op, QuantizedForm::Quantize) || !isPerTensor(op) || op->use_empty())
    return false;
  Operation *move = op->getOperand(0).getDefiningOp();
  // Nothing moves into a loop.
  if (!move || move->getNumResults() != 1 || !move->hasOneUse() || move->getNumRegions() ||
      move->getBlock() != op->getBlock())
    return false;
  QuantizedForm form = quantizedForm(move);
  if (form.kind != QuantizedForm::Move ||
      (shrinks(move, form.activations) &&
       llvm::none_of(form.activations, [&](unsigned i) { return dequantizationOf(move->getOperand(i)); })))
    return false;
  OpBuilder b(op);
  SmallVector<Value> operands(move->getOperands());
  if (form.fill) {
    Value &fill = operands[*form.fill];
    if (isPresent(fill)) {
      Operation *quantize = remake(op, b, {fill, op->getOperand(1), op->getOperand(2)});
      if (!quantize)
        return false;
      fill = quantize->getResult(0);
    } else {
      fill = op->getOperand(2);
    }
  }
  for (unsigned i : form.activations) {
    Operation *quantize = remake(op, b, {operands[i], op->getOperand(1), op->getOperand(2)});
    if (!quantize)
      return false;
    operands[i] = quantize->getResult(0);
  }
  Operation *moved = remake(move, b, operands);
  if (!moved)
    return false;
  replace(op->getResult(0), moved->getResult(0));
  return true;
}

/// Bounds outside of which quantization saturates anyway.
bool Integers::dropBounds(Operation *op) {
  if (!isConversion(op, QuantizedForm::Quantize))
    return false;
  auto clamp = op->getOperand(0).getDefiningOp<QuantizableInterface>();
  std::optional<std::pair<double, double>> bounds = clamp ? clamp.clampBounds() : std::nullopt;
  if (!bounds || !saturates(op, bounds->first, bounds->second))
    return false;
  op->setOperand(0, clamp->getOperand(0));
  return true;
}

/// A sum over dequantized operands: its integer form, quantized with one multiplication where that follows at once.
bool Integers::formSum(Operation *op) {
  QuantizedForm form = quantizedForm(op);
  if ((form.kind != QuantizedForm::Product && form.kind != QuantizedForm::Average) || op->use_empty() ||
      !getElementTypeOrSelf(op->getResult(0).getType()).isF32())
    return false;
  SmallVector<unsigned> operands(form.activations.begin(), form.activations.end());
  if (form.weight)
    operands.push_back(*form.weight);
  if (form.recurrent)
    operands.push_back(*form.recurrent);
  SmallVector<QuantizedValue> factors;
  for (unsigned i : operands) {
    Operation *dequantize = dequantizationOf(op->getOperand(i));
    if (!dequantize)
      return false;
    factors.push_back({dequantize->getOperand(0), dequantize->getOperand(1), dequantize->getOperand(2),
                       quantizedForm(dequantize).channelAxis});
  }
  auto iface = cast<QuantizableInterface>(op);
  onnx::OpMaker make(op, shapes);
  Operation *user = !form.recurrent && op->getResult(0).hasOneUse() ? *op->getResult(0).user_begin() : nullptr;
  std::optional<double> scale;
  if (isConversion(user, QuantizedForm::Quantize) && user->getOperand(0) == op->getResult(0))
    scale = constantScale(user);
  Type f32 = Float32Type::get(op->getContext());
  Value real = iface.buildQuantized(make, factors, scale ? make.scalar(f32, *scale) : Value());
  if (!real || make.failed())
    return false;
  if (!scale) {
    for (auto [old, with] : llvm::zip_first(op->getResults(), real.getDefiningOp()->getResults()))
      replace(old, with);
    return true;
  }
  user->setOperand(0, real);
  user->setOperand(1, make.scalar(f32, 1));
  return true;
}

/// A product of floats with a large matrix in blocks: its integers are read as they are, as few rows as there are. Many rows
/// do not wait for memory, and dequantizing anew for some of them at a time costs more than it saves.
bool Integers::formBlocks(Operation *op) {
  QuantizedForm form = quantizedForm(op);
  if (form.kind != QuantizedForm::Product || !form.weight || op->use_empty())
    return false;
  Operation *dequantize = op->getOperand(*form.weight).getDefiningOp();
  if (!dequantize || quantizedForm(dequantize).kind != QuantizedForm::Dequantize || dequantize->getNumOperands() < 3)
    return false;
  QuantizedForm blocks = quantizedForm(dequantize);
  if (!llvm::all_of(dequantize->getOperands(), followsFromConstants))
    return false;
  auto type = dyn_cast<RankedTensorType>(dequantize->getResult(0).getType());
  if (blocks.blockSize == 0 || blocks.channelAxis < 0 || !type || !type.hasStaticShape() || type.getRank() != 2 ||
      !type.getElementType().isF32() || type.getNumElements() < kLargeMatrix ||
      type.getDimSize(blocks.channelAxis) % blocks.blockSize || rowsOf(op) > kFewRows)
    return false;
  onnx::OpMaker make(op, shapes);
  Value real = cast<QuantizableInterface>(op).buildInBlocks(
      make, {dequantize->getOperand(0), dequantize->getOperand(1), dequantize->getOperand(2), blocks.channelAxis});
  if (!real || make.failed())
    return false;
  replace(op->getResult(0), real);
  return true;
}

/// Quantization of the sum of two dequantized tensors: (a sa/s + (b sb/s + constant)) rounded, two operations that round
/// once each. This is how onnxruntime adds on x86 (mlas, QLinearAdd), so that ties fall on the same side.
bool Integers::formAddition(Operation *op) {
  if (!isConversion(op, QuantizedForm::Quantize))
    return false;
  Operation *sum = op->getOperand(0).getDefiningOp();
  if (!sum || !sum->hasOneUse() || quantizedForm(sum).kind != QuantizedForm::Sum)
    return false;
  std::optional<double> scale = constantScale(op);
  auto zeroOf = [](Operation *conversion) {
    Value zero = conversion->getOperand(2);
    return isPresent(zero) ? numberOf(zero) : std::optional<double>(0);
  };
  std::optional<double> middle = zeroOf(op);
  if (!scale || !middle)
    return false;
  onnx::OpMaker make(op, shapes);
  Type f32 = Float32Type::get(op->getContext());
  Value reals[2];
  float factors[2], zeros[2];
  for (unsigned i : {0, 1}) {
    Operation *dequantize = dequantizationOf(sum->getOperand(i));
    std::optional<double> from = dequantize && isPerTensor(dequantize) ? numberOf(dequantize->getOperand(1)) : std::nullopt;
    std::optional<double> zero = dequantize ? zeroOf(dequantize) : std::nullopt;
    if (!from || !zero || getElementTypeOrSelf(dequantize->getOperand(0).getType()).getIntOrFloatBitWidth() != 8 ||
        !getElementTypeOrSelf(dequantize->getResult(0).getType()).isF32())
      return false;
    OpBuilder b(op);
    Operation *real = remake(dequantize, b, {dequantize->getOperand(0), make.scalar(f32, 1), make.none()});
    if (!real)
      return false;
    reals[i] = real->getResult(0);
    factors[i] = static_cast<float>(*from) / static_cast<float>(*scale);
    zeros[i] = static_cast<float>(*zero);
  }
  float constant = static_cast<float>(*middle) - std::fma(factors[0], zeros[0], factors[1] * zeros[1]);
  Value second = make.add(make.multiply(reals[1], make.scalar(f32, factors[1])), make.scalar(f32, constant));
  Value level = make.add(make.multiply(reals[0], make.scalar(f32, factors[0])), second);
  Value zero = make.scalar(getElementTypeOrSelf(op->getResult(0).getType()), 0);
  if (make.failed())
    return false;
  op->setOperands({level, make.scalar(f32, 1), zero});
  return true;
}

/// A constant scale as a factor: divisions take as long as a short sum of bytes.
bool Integers::multiplyInsteadOfDivide(Operation *op) {
  if (!isConversion(op, QuantizedForm::Quantize))
    return false;
  std::optional<double> scale = constantScale(op);
  Operation *real = op->getOperand(0).getDefiningOp();
  auto elementwise = dyn_cast_or_null<ElementwiseInterface>(real);
  // Only what is fused with arithmetic: elsewhere memory is slower than divisions.
  bool arithmetic = elementwise || (real && quantizedForm(real).kind == QuantizedForm::Dequantize);
  if (!scale || *scale == 1 || !arithmetic)
    return false;
  onnx::OpMaker make(op, shapes);
  Type f32 = Float32Type::get(op->getContext());
  Value product = make.multiply(op->getOperand(0), make.scalar(f32, 1.0f / static_cast<float>(*scale)));
  if (make.failed())
    return false;
  op->setOperand(0, product);
  op->setOperand(1, make.scalar(f32, 1));
  return true;
}

struct FormIntegers : brisk::impl::FormIntegersBase<FormIntegers> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!function.isExternal() && failed(Integers(function).run()))
        return signalPassFailure();
  }
};

} // namespace
