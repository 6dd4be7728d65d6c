// The cpu dialect: structured ops that linalg has no form for.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/cpu/ir/Cpu.h"

#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::cpu;

#include "targets/cpu/ir/Cpu.Dialect.cpp.inc"

#define GET_OP_CLASSES
#include "targets/cpu/ir/Cpu.cpp.inc"

void CpuDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "targets/cpu/ir/Cpu.cpp.inc"
      >();
}

SmallVector<utils::IteratorType> ContractOp::iterators() {
  SmallVector<utils::IteratorType> result;
  for (StringRef name : getIteratorTypes().getAsValueRange<StringAttr>())
    result.push_back(name == "parallel" ? utils::IteratorType::parallel : utils::IteratorType::reduction);
  return result;
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

LogicalResult ContractOp::verify() {
  SmallVector<AffineMap> all = maps();
  if (getInputs().size() < getNumFactors())
    return emitOpError("expects at least ") << getNumFactors() << " inputs, but got " << getInputs().size();
  if (all.size() != getInputs().size() + 1)
    return emitOpError("expects one indexing map per operand, but got ")
           << all.size() << " for " << getInputs().size() + 1 << " operands";
  for (auto [operand, map] : llvm::zip_equal(getOperands(), all)) {
    if (map.getNumDims() != getIteratorTypes().size() || map.getNumSymbols())
      return emitOpError("expects indexing maps over ")
             << getIteratorTypes().size() << " loops, but got " << AffineMapAttr::get(map);
    auto type = cast<ShapedType>(operand.getType());
    if (type.getRank() != static_cast<int64_t>(map.getNumResults()))
      return emitOpError("expects operands of the rank of their maps, but got ")
             << type << " for " << AffineMapAttr::get(map);
  }
  Type a = getElementTypeOrSelf(getInputs()[0].getType()), b = getElementTypeOrSelf(getInputs()[1].getType());
  if (a != b || !(a.isF32() || a.isInteger(8) || a.isBF16()))
    return emitOpError("expects two factors of f32, bf16 or i8, but got ") << a << " and " << b;
  auto group = groupedLoop();
  if (a.isF32() ? group.has_value() : !group || group->second * a.getIntOrFloatBitWidth() != 32)
    return emitOpError("expects narrow factors, and no others, in groups of 32 bits, but got ")
           << AffineMapAttr::get(all[1]);
  if (group && !packedLoop() && !getGroupLength())
    return emitOpError("expects a group length where groups are not in panels");
  if (getColumnSums() && !getElementTypeOrSelf(getInputs()[2].getType()).isInteger(32))
    return emitOpError("expects sums of columns of i32, but got ") << getInputs()[2].getType();
  if (getEpilogue().getNumArguments() != getInputs().size() - getNumFactors() + 1)
    return emitOpError("expects an epilogue of ") << getInputs().size() - getNumFactors() + 1 << " arguments, but got "
                                                  << getEpilogue().getNumArguments();
  if (getEpilogue().getArgument(0).getType() != getSumType())
    return emitOpError("expects an epilogue of a sum of ")
           << getSumType() << ", but got " << getEpilogue().getArgument(0).getType();
  if (!isa<YieldOp>(getEpilogue().front().getTerminator()))
    return emitOpError("expects an epilogue that ends in cpu.yield");
  return success();
}

void ContractOp::getEffects(SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  for (OpOperand &operand : getOperation()->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    bool isInit = operand.getOperandNumber() == getInputs().size();
    effects.emplace_back(isInit ? static_cast<MemoryEffects::Effect *>(MemoryEffects::Write::get())
                                : MemoryEffects::Read::get(),
                         &operand, SideEffects::DefaultResource::get());
  }
}

namespace {

struct ContractBuffers : bufferization::DstBufferizableOpInterfaceExternalModel<ContractBuffers, ContractOp> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand, const bufferization::AnalysisState &) const {
    return operand.getOperandNumber() < cast<ContractOp>(op).getInputs().size();
  }
  LogicalResult bufferize(Operation *op, RewriterBase &rewriter, const bufferization::BufferizationOptions &options,
                          bufferization::BufferizationState &state) const {
    auto contract = cast<ContractOp>(op);
    if (contract.getOutputs().empty())
      return success();
    SmallVector<Value> buffers;
    for (Value operand : contract->getOperands()) {
      FailureOr<Value> buffer = bufferization::getBuffer(rewriter, operand, options, state);
      if (failed(buffer))
        return failure();
      buffers.push_back(*buffer);
    }
    auto lowered = ContractOp::create(rewriter, op->getLoc(), TypeRange(), ValueRange(buffers).drop_back(),
                                      buffers.back(), contract.getIndexingMaps(), contract.getIteratorTypes(),
                                      contract.getUnsignedA(), contract.getUnsignedB(), contract.getColumnSums(),
                                      contract.getGroupLengthAttr());
    lowered->setDiscardableAttrs(contract->getDiscardableAttrDictionary());
    rewriter.inlineRegionBefore(contract.getEpilogue(), lowered.getEpilogue(), lowered.getEpilogue().begin());
    bufferization::replaceOpWithBufferizedValues(rewriter, op, buffers.back());
    return success();
  }
};

} // namespace

void brisk::registerCpuDialect(DialectRegistry &registry) {
  registry.insert<CpuDialect>();
  registry.addExtension(
      +[](MLIRContext *context, CpuDialect *) { ContractOp::attachInterface<ContractBuffers>(*context); });
}
