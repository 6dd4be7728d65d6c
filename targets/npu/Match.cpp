// What linalg ops are, as far as kernels can take them over.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/npu/Match.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "targets/npu/Body.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::npu;

std::optional<Extent> npu::extentOf(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || !tensor.hasStaticShape() || tensor.getRank() < 2 || tensor.getRank() > 4 || tensor.getNumElements() == 0)
    return std::nullopt;
  ArrayRef<int64_t> dims = tensor.getShape();
  if (tensor.getRank() == 4 && dims[0] != 1)
    return std::nullopt;
  dims = tensor.getRank() == 4 ? dims.drop_front() : dims;
  return Extent{dims.size() == 3 ? dims[0] : 1, dims[dims.size() - 2], dims.back()};
}

/// The byte that a tensor is filled with.
static std::optional<uint8_t> fillOf(Value value) {
  auto op = value.getDefiningOp<linalg::GenericOp>();
  if (!op || !op.getDpsInputs().empty() || op.getNumResults() != 1)
    return std::nullopt;
  IntegerAttr attr;
  Value yielded = op.getBody()->getTerminator()->getOperand(0);
  if (!yielded.getType().isInteger(8) || !matchPattern(yielded, m_Constant(&attr)))
    return std::nullopt;
  return static_cast<uint8_t>(attr.getValue().getZExtValue());
}

Padded npu::paddedOf(Value value) {
  const Padded none{value, {}, 0};
  Padded result = none;
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!value.getDefiningOp<tensor::InsertSliceOp>() || !type || type.getRank() != 4)
    return none;
  bool found = false;
  std::optional<uint8_t> fill;
  Value at = value;
  while (auto insert = at.getDefiningOp<tensor::InsertSliceOp>()) {
    if (!llvm::all_of(insert.getStaticStrides(), [](int64_t s) { return s == 1; }) ||
        insert.getSourceType().getRank() != 4 || ShapedType::isDynamicShape(insert.getStaticOffsets()))
      return none;
    if (auto byte = fillOf(insert.getSource())) {
      if (fill && *fill != *byte)
        return none;
      fill = byte;
    } else {
      ArrayRef<int64_t> offsets = insert.getStaticOffsets(), sizes = insert.getStaticSizes();
      if (found || offsets[0] || offsets[3] || sizes[3] != type.getDimSize(3))
        return none;
      found = true;
      result.source = insert.getSource();
      result.border = {offsets[1], offsets[2], type.getDimSize(1) - offsets[1] - sizes[1],
                       type.getDimSize(2) - offsets[2] - sizes[2]};
    }
    at = insert.getDest();
  }
  if (auto byte = fillOf(at)) {
    if (fill && *fill != *byte)
      return none;
    fill = byte;
  } else if (!at.getDefiningOp<tensor::EmptyOp>()) {
    return none;
  }
  if (!found || !fill)
    return none;
  result.fill = *fill;
  return result;
}

std::vector<Value> npu::joinedOf(Value value) {
  std::vector<Value> parts;
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || type.getRank() != 4)
    return {};
  int64_t end = type.getDimSize(3);
  Value at = value;
  // The last part was inserted last.
  while (auto insert = at.getDefiningOp<tensor::InsertSliceOp>()) {
    ArrayRef<int64_t> offsets = insert.getStaticOffsets(), sizes = insert.getStaticSizes();
    if (insert.getSourceType().getRank() != 4 || ShapedType::isDynamicShape(offsets) || offsets[0] || offsets[1] ||
        offsets[2] || sizes[1] != type.getDimSize(1) || sizes[2] != type.getDimSize(2) || offsets[3] + sizes[3] != end ||
        offsets[3] % 4 || !llvm::all_of(insert.getStaticStrides(), [](int64_t s) { return s == 1; }))
      return {};
    end = offsets[3];
    parts.insert(parts.begin(), insert.getSource());
    at = insert.getDest();
  }
  return end == 0 && at.getDefiningOp<tensor::EmptyOp>() ? parts : std::vector<Value>{};
}

/// expr as sum of dims times factors.
static bool linearOf(AffineExpr expr, SmallVectorImpl<int64_t> &factors) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
    factors[dim.getPosition()] += 1;
    return true;
  }
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return constant.getValue() == 0;
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return false;
  if (binary.getKind() == AffineExprKind::Add)
    return linearOf(binary.getLHS(), factors) && linearOf(binary.getRHS(), factors);
  auto dim = dyn_cast<AffineDimExpr>(binary.getLHS());
  auto factor = dyn_cast<AffineConstantExpr>(binary.getRHS());
  if (binary.getKind() != AffineExprKind::Mul || !dim || !factor)
    return false;
  factors[dim.getPosition()] += factor.getValue();
  return true;
}

/// sum + extended byte * extended byte: how each is read.
static bool matchBody(linalg::GenericOp op, bool &isSignedA, bool &isSignedB) {
  Block &body = *op.getBody();
  auto add = body.getTerminator()->getOperand(0).getDefiningOp<arith::AddIOp>();
  if (!add)
    return false;
  Value product = add.getLhs() == body.getArgument(2) ? add.getRhs() : add.getLhs();
  if (add.getLhs() != body.getArgument(2) && add.getRhs() != body.getArgument(2))
    return false;
  auto multiply = product.getDefiningOp<arith::MulIOp>();
  if (!multiply)
    return false;
  bool seen[2] = {};
  for (Value factor : multiply->getOperands()) {
    Operation *extend = factor.getDefiningOp();
    if (!extend || !isa<arith::ExtSIOp, arith::ExtUIOp>(extend))
      return false;
    auto argument = dyn_cast<BlockArgument>(extend->getOperand(0));
    if (!argument || argument.getArgNumber() > 1)
      return false;
    (argument.getArgNumber() ? isSignedB : isSignedA) = isa<arith::ExtSIOp>(extend);
    seen[argument.getArgNumber()] = true;
  }
  return seen[0] && seen[1];
}

/// Whether sums start at zero.
static bool startsAtZero(Value init) {
  auto fill = init.getDefiningOp<linalg::GenericOp>();
  if (!fill || !fill.getDpsInputs().empty())
    return false;
  return matchPattern(fill.getBody()->getTerminator()->getOperand(0), m_Zero());
}

/// Reads how the first input is walked: the loops of its channels and of the window (-1: none), stride and dilation.
static bool matchWindow(linalg::GenericOp op, Products &p, int &channel, int (&window)[2]) {
  Value a = op.getDpsInputs()[0];
  auto yType = cast<RankedTensorType>(op.getResult(0).getType());
  auto input = extentOf(a.getType()), output = extentOf(yType);
  unsigned loops = op.getNumLoops(), rank = yType.getRank();
  AffineMap in = op.getIndexingMapsArray().front(), out = op.getIndexingMapsArray().back();
  if (!input || !output || !out.isProjectedPermutation() || in.getNumResults() != rank)
    return false;
  for (unsigned i = 0; i < rank; ++i)
    if (out.getDimPosition(i) != i)
      return false;
  SmallVector<int64_t> ranges = op.getStaticLoopRanges(), factors;
  auto row = [&](unsigned result) {
    factors.assign(loops, 0);
    return linearOf(in.getResult(result), factors);
  };
  // Channels of the input: a loop of their own, or those of the output.
  if (!row(rank - 1))
    return false;
  channel = -1;
  for (unsigned d = 0; d < loops; ++d)
    if (factors[d]) {
      if (factors[d] != 1 || channel >= 0)
        return false;
      channel = d;
    }
  if (channel < 0)
    return false;
  p.isDepthwise = static_cast<unsigned>(channel) == rank - 1;
  // Rows and columns: the output's times stride, plus the window's times dilation.
  window[0] = window[1] = -1;
  int64_t stride[2] = {1, 1}, dilation[2] = {1, 1};
  for (unsigned i = 0; i + 1 < rank; ++i) {
    if (!row(i))
      return false;
    int axis = static_cast<int>(i) - (rank == 4 ? 1 : rank == 3 ? 0 : -1); // 0: rows, 1: columns
    for (unsigned d = 0; d < loops; ++d) {
      if (!factors[d])
        continue;
      if (d == i && axis >= 0) {
        stride[axis] = factors[d];
      } else if (d >= rank && rank == 4 && axis >= 0 && window[axis] < 0 && static_cast<int>(d) != channel) {
        window[axis] = d;
        dilation[axis] = factors[d];
      } else if (d != i || factors[d] != 1) {
        return false;
      }
    }
  }
  p.kernelHeight = window[0] < 0 ? 1 : ranges[window[0]];
  p.kernelWidth = window[1] < 0 ? 1 : ranges[window[1]];
  p.stride = stride[1];
  p.dilation = p.kernelWidth > 1 ? dilation[1] : dilation[0];
  p.input = a;
  p.input_ = *input;
  p.output = *output;
  bool sameStride = stride[0] == stride[1] || (input->height == 1 && stride[0] == 1 && stride[1] == 1);
  bool sameDilation = p.kernelHeight == 1 || p.kernelWidth == 1 || dilation[0] == dilation[1];
  // Every other loop of the reduction would be one that kernels do not know.
  unsigned known = rank + (p.isDepthwise ? 0 : 1) + (window[0] >= 0) + (window[1] >= 0);
  return sameStride && sameDilation && loops == known;
}

std::optional<Products> npu::productsOf(linalg::GenericOp op) {
  if (op.getNumDpsInputs() != 2 || op.getNumResults() != 1 || !op.hasPureTensorSemantics())
    return std::nullopt;
  Value a = op.getDpsInputs()[0], w = op.getDpsInputs()[1];
  auto aType = cast<RankedTensorType>(a.getType()), wType = cast<RankedTensorType>(w.getType());
  auto yType = dyn_cast<RankedTensorType>(op.getResult(0).getType());
  bool isSignedW = false;
  Products p{};
  int channel, window[2];
  if (!yType || !yType.getElementType().isInteger(32) || !aType.getElementType().isInteger(8) ||
      !wType.getElementType().isInteger(8) || !wType.hasStaticShape() || !matchBody(op, p.isSigned, isSignedW) ||
      !isSignedW || !startsAtZero(op.getDpsInits()[0]) || !matchWindow(op, p, channel, window))
    return std::nullopt;
  auto weights = constantNumbers(w);
  if (!weights)
    return std::nullopt;
  unsigned loops = op.getNumLoops(), rank = yType.getRank();
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  // Weights: each axis a loop.
  int64_t outputs = p.output.channels, inputs = p.isDepthwise ? 1 : p.input_.channels;
  p.bytes.assign(outputs * inputs * p.kernelHeight * p.kernelWidth, 0);
  SmallVector<unsigned> dims;
  for (AffineExpr expr : maps[1].getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (!dim)
      return std::nullopt;
    dims.push_back(dim.getPosition());
  }
  for (unsigned d : dims)
    if (d != rank - 1 && static_cast<int>(d) != channel && static_cast<int>(d) != window[0] && static_cast<int>(d) != window[1])
      return std::nullopt;
  SmallVector<int64_t> index(loops, 0);
  for (double number : *weights) {
    int64_t y = window[0] < 0 ? 0 : index[window[0]], x = window[1] < 0 ? 0 : index[window[1]];
    int64_t k = p.isDepthwise ? 0 : index[channel];
    p.bytes[((index[rank - 1] * p.kernelHeight + y) * p.kernelWidth + x) * inputs + k] = static_cast<int8_t>(number);
    for (unsigned i = dims.size(); i-- > 0;) {
      if (++index[dims[i]] < ranges[dims[i]])
        break;
      index[dims[i]] = 0;
    }
  }
  return p;
}

std::optional<Products> npu::poolOf(linalg::GenericOp op) {
  // The second input is only there for its shape.
  if (op.getNumDpsInputs() != 2 || op.getNumResults() != 1 || !op.hasPureTensorSemantics())
    return std::nullopt;
  Block &body = *op.getBody();
  Operation *largest = body.getTerminator()->getOperand(0).getDefiningOp();
  if (!largest || !isa<arith::MaxUIOp, arith::MaxSIOp>(largest) || largest->getOperand(0) == largest->getOperand(1) ||
      !llvm::all_of(largest->getOperands(), [&](Value v) { return v == body.getArgument(0) || v == body.getArgument(2); }))
    return std::nullopt;
  Products p{};
  int channel, window[2];
  p.isSigned = isa<arith::MaxSIOp>(largest);
  if (!matchWindow(op, p, channel, window) || !p.isDepthwise)
    return std::nullopt;
  // It must start at the least byte, which then changes nothing.
  auto least = fillOf(op.getDpsInits()[0]);
  if (!least || *least != (p.isSigned ? 0x80 : 0))
    return std::nullopt;
  return p;
}

bool npu::isProductOfBytes(linalg::GenericOp op, bool &isSignedA, bool &isSignedB) {
  if (op.getNumDpsInputs() != 2 || op.getNumResults() != 1 || !op.hasPureTensorSemantics() ||
      op.getNumReductionLoops() != 1 || !getElementTypeOrSelf(op.getResult(0).getType()).isInteger(32))
    return false;
  for (Value input : op.getDpsInputs())
    if (!getElementTypeOrSelf(input.getType()).isInteger(8))
      return false;
  return matchBody(op, isSignedA, isSignedB) && startsAtZero(op.getDpsInits()[0]);
}

bool npu::isElementwise(linalg::GenericOp op) {
  if (op.getNumParallelLoops() != op.getNumLoops() || op.getNumResults() != 1 || !op.hasPureTensorSemantics())
    return false;
  return op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isIdentity();
}
