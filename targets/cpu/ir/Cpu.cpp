// The cpu dialect: structured ops that linalg has no form for.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/cpu/ir/Cpu.h"

#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"
#include "targets/common/Buffers.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::cpu;

#include "targets/cpu/ir/Cpu.Dialect.cpp.inc"
#include "targets/cpu/ir/Epilogue.cpp.inc"

#define GET_OP_CLASSES
#include "targets/cpu/ir/Cpu.cpp.inc"

void CpuDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "targets/cpu/ir/Cpu.cpp.inc"
      >();
}

std::optional<unsigned> ContractOp::packedLoop() {
  for (AffineExpr expr : maps()[1].getResults())
    if (auto binary = dyn_cast<AffineBinaryOpExpr>(expr); binary && binary.getKind() == AffineExprKind::FloorDiv)
      if (auto dim = dyn_cast<AffineDimExpr>(binary.getLHS());
          dim && iterators()[dim.getPosition()] == utils::IteratorType::parallel)
        return dim.getPosition();
  return std::nullopt;
}

std::optional<std::pair<unsigned, int64_t>> ContractOp::groupedLoop() {
  AffineMap map = maps()[1];
  if (getElementTypeOrSelf(getInputs()[1].getType()).isInteger(32))
    for (AffineExpr expr : map.getResults())
      if (auto part = dyn_cast<AffineBinaryOpExpr>(expr); part && part.getKind() == AffineExprKind::FloorDiv)
        if (auto dim = dyn_cast<AffineDimExpr>(part.getLHS());
            dim && iterators()[dim.getPosition()] == utils::IteratorType::reduction)
          return std::make_pair(dim.getPosition(), kNibbles);
  auto binary = map.getNumResults() ? dyn_cast<AffineBinaryOpExpr>(map.getResults().back()) : nullptr;
  if (!binary || binary.getKind() != AffineExprKind::Mod)
    return std::nullopt;
  auto dim = dyn_cast<AffineDimExpr>(binary.getLHS());
  auto size = dyn_cast<AffineConstantExpr>(binary.getRHS());
  if (!dim || !size || iterators()[dim.getPosition()] == utils::IteratorType::parallel)
    return std::nullopt;
  return std::make_pair(dim.getPosition(), size.getValue());
}

Type ContractOp::getSumType() {
  bool isInteger = getElementTypeOrSelf(getInputs()[0].getType()).isInteger();
  return isInteger ? Type(IntegerType::get(getContext(), 32)) : Type(Float32Type::get(getContext()));
}

/// What all ops with an epilogue obey.
static LogicalResult verifyLoops(EpilogueOpInterface op, Type value) {
  SmallVector<AffineMap> all = op.maps();
  unsigned operands = op->getNumOperands(), factors = op.getNumFactors();
  if (operands < factors + 1)
    return op->emitOpError("expects at least ") << factors << " inputs, but got " << operands - 1;
  if (all.size() != operands)
    return op->emitOpError("expects one indexing map per operand, but got ")
           << all.size() << " for " << operands << " operands";
  size_t loops = op.iterators().size();
  for (auto [operand, map] : llvm::zip_equal(op->getOperands(), all)) {
    if (map.getNumDims() != loops || map.getNumSymbols())
      return op->emitOpError("expects indexing maps over ") << loops << " loops, but got " << AffineMapAttr::get(map);
    auto type = cast<ShapedType>(operand.getType());
    if (type.getRank() != static_cast<int64_t>(map.getNumResults()))
      return op->emitOpError("expects operands of the rank of their maps, but got ")
             << type << " for " << AffineMapAttr::get(map);
  }
  Block &epilogue = op.getEpilogue().front();
  if (epilogue.getNumArguments() != operands - factors)
    return op->emitOpError("expects an epilogue of ")
           << operands - factors << " arguments, but got " << epilogue.getNumArguments();
  if (epilogue.getArgument(0).getType() != value)
    return op->emitOpError("expects an epilogue of a value of ")
           << value << ", but got " << epilogue.getArgument(0).getType();
  if (!isa<YieldOp>(epilogue.getTerminator()))
    return op->emitOpError("expects an epilogue that ends in cpu.yield");
  return success();
}

LogicalResult ReduceOp::verify() {
  Type value = getInitial().getType();
  if (failed(verifyLoops(*this, value)))
    return failure();
  Block &block = getBody().front();
  if (block.getNumArguments() != getNumFactors() + 1 || block.getArguments().back().getType() != value)
    return emitOpError("expects a body of ") << getNumFactors() << " elements and a value of " << value;
  if (!isa<YieldOp>(block.getTerminator()) || block.getTerminator()->getOperand(0).getType() != value)
    return emitOpError("expects a body that yields ") << value;
  return success();
}

LogicalResult ContractOp::verify() {
  if (getInputs().size() < getNumFactors())
    return emitOpError("expects at least ") << getNumFactors() << " inputs, but got " << getInputs().size();
  if (failed(verifyLoops(*this, getSumType())))
    return failure();
  SmallVector<AffineMap> all = maps();
  Type a = getElementTypeOrSelf(getInputs()[0].getType()), b = getElementTypeOrSelf(getInputs()[1].getType());
  bool isWeighted = a.isF32() && packedLoop() && (b.isInteger(8) || (b.isInteger(32) && getBlockParameters()));
  if (!isWeighted && (a != b || !(a.isF32() || a.isInteger(8) || a.isBF16())))
    return emitOpError("expects two factors of f32, bf16 or i8, or f32 and packed i8, but got ") << a << " and " << b;
  auto parameter = [&](unsigned i) { return getElementTypeOrSelf(getInputs()[i].getType()); };
  if (unsigned count = getBlockParameters();
      count && (count > 2 || !isWeighted || !parameter(2).isF32() || (count == 2 && !parameter(3).isInteger(8))))
    return emitOpError("expects scales of f32, and bytes that are subtracted, of packed weights");
  auto group = groupedLoop();
  if (a.isF32() ? group.has_value() != b.isInteger(32) : !group || group->second * a.getIntOrFloatBitWidth() != 32)
    return emitOpError("expects narrow factors, and no others, in groups of 32 bits, but got ")
           << AffineMapAttr::get(all[1]);
  if (group && !packedLoop() && !getGroupLength())
    return emitOpError("expects a group length where groups are not in panels");
  if (getColumnSums() && !getElementTypeOrSelf(getInputs()[2].getType()).isInteger(32))
    return emitOpError("expects sums of columns of i32, but got ") << getInputs()[2].getType();
  return success();
}

using Effects = SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>;

void ContractOp::getEffects(Effects &effects) { addBufferEffects(*this, effects); }
void ReduceOp::getEffects(Effects &effects) { addBufferEffects(*this, effects); }

namespace {

template <typename Op>
struct EpilogueBuffers : bufferization::DstBufferizableOpInterfaceExternalModel<EpilogueBuffers<Op>, Op> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand, const bufferization::AnalysisState &) const {
    return operand.getOperandNumber() + 1 < op->getNumOperands();
  }
  LogicalResult bufferize(Operation *op, RewriterBase &rewriter, const bufferization::BufferizationOptions &options,
                          bufferization::BufferizationState &state) const {
    if (op->getNumResults() == 0)
      return success();
    FailureOr<SmallVector<Value>> buffers = buffersOf(op, rewriter, options, state);
    if (failed(buffers))
      return failure();
    OperationState lowered(op->getLoc(), op->getName(), *buffers, TypeRange(), op->getAttrs());
    for (Region &region : op->getRegions())
      lowered.addRegion()->takeBody(region);
    rewriter.create(lowered);
    bufferization::replaceOpWithBufferizedValues(rewriter, op, buffers->back());
    return success();
  }
};

} // namespace

void brisk::registerCpuDialect(DialectRegistry &registry) {
  registry.insert<CpuDialect>();
  registry.addExtension(
      +[](MLIRContext *context, CpuDialect *) {
    ContractOp::attachInterface<EpilogueBuffers<ContractOp>>(*context);
    ReduceOp::attachInterface<EpilogueBuffers<ReduceOp>>(*context);
  });
}
