// Einstein summation.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/ops/Contraction.h"
#include "dialects/onnx/ops/MatMul.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::onnx;

namespace {

/// An equation with its axes numbered: letters by their character code, the axes of `...` from
/// kEllipsis on, counted from the last one.
struct Equation {
  static constexpr int64_t kEllipsis = 1000;
  SmallVector<SmallVector<int64_t>> operands;
  SmallVector<int64_t> result;
  llvm::SmallDenseMap<int64_t, Dim> dims;
};

/// Labels of one term, for an operand of `rank` axes (or for as many as the ellipsis of the
/// operands has). Fails on anything but letters and one ellipsis.
std::optional<SmallVector<int64_t>> parseTerm(StringRef term, int64_t ellipsisRank) {
  SmallVector<int64_t> labels;
  bool seen = false;
  while (!term.empty()) {
    if (term.consume_front("...")) {
      if (seen || ellipsisRank < 0)
        return std::nullopt;
      seen = true;
      for (int64_t i = ellipsisRank; i-- > 0;)
        labels.push_back(Equation::kEllipsis + i);
      continue;
    }
    if (!llvm::isAlpha(term.front()))
      return std::nullopt;
    labels.push_back(static_cast<unsigned char>(term.front()));
    term = term.drop_front();
  }
  return labels;
}

FailureOr<Equation> parseEquation(EinsumOp op, ShapeContext &shapes) {
  std::string text;
  for (char c : op.getEquation())
    if (!llvm::isSpace(c))
      text += c;
  auto invalid = [&]() -> InFlightDiagnostic {
    return op.emitOpError("expects an einsum equation, but got '") << op.getEquation() << "'";
  };
  bool isExplicit = StringRef(text).contains("->");
  auto [left, right] = StringRef(text).split("->");
  SmallVector<StringRef> terms;
  left.split(terms, ',');
  if (terms.size() != op.getInputs().size())
    return op.emitOpError("expects an equation of ")
           << op.getInputs().size() << " terms, but got '" << op.getEquation() << "'";
  Equation equation;
  int64_t ellipsis = 0;
  llvm::SmallDenseMap<int64_t, int64_t> count;
  for (auto [term, operand] : llvm::zip(terms, op.getInputs())) {
    Dims dims = shapes.dims(operand);
    int64_t letters = llvm::count_if(term, llvm::isAlpha);
    int64_t rest = static_cast<int64_t>(dims.size()) - letters;
    std::optional<SmallVector<int64_t>> labels = parseTerm(term, rest);
    if (!labels)
      return invalid();
    if (labels->size() != dims.size())
      return op.emitOpError("expects an operand of rank ")
             << labels->size() << " for '" << term << "', but got rank " << dims.size();
    if (term.contains("..."))
      ellipsis = std::max(ellipsis, rest);
    for (auto [label, dim] : llvm::zip(*labels, dims)) {
      ++count[label];
      auto [it, isNew] = equation.dims.try_emplace(label, dim);
      std::optional<Dim> both = isNew ? dim : broadcastDims(it->second, dim);
      if (!both)
        return op.emitOpError("expects equal dims under one letter, but got ")
               << it->second.str() << " and " << dim.str();
      it->second = *both;
    }
    equation.operands.push_back(*labels);
  }
  if (isExplicit) {
    std::optional<SmallVector<int64_t>> labels = parseTerm(right, ellipsis);
    if (!labels)
      return invalid();
    for (auto [i, label] : llvm::enumerate(*labels))
      if (!equation.dims.contains(label) || llvm::is_contained(ArrayRef(*labels).take_front(i), label))
        return invalid();
    equation.result = *labels;
    return equation;
  }
  for (int64_t i = ellipsis; i-- > 0;)
    equation.result.push_back(Equation::kEllipsis + i);
  for (int64_t letter = 'A'; letter <= 'z'; ++letter)
    if (count.lookup(letter) == 1)
      equation.result.push_back(letter);
  return equation;
}

} // namespace

LogicalResult EinsumOp::inferShapes(ShapeContext &context) {
  if (getInputs().empty())
    return emitOpError("expects at least one operand");
  FailureOr<Equation> equation = parseEquation(*this, context);
  if (failed(equation))
    return failure();
  Dims dims;
  for (int64_t label : equation->result)
    dims.push_back(equation->dims.lookup(label));
  context.setType(getOutput(), context.elementType(getInputs()[0]), dims);
  return success();
}

LogicalResult EinsumOp::decompose(Decomposer &d) {
  FailureOr<Equation> equation = parseEquation(*this, d.shapes);
  if (failed(equation))
    return failure();
  SmallVector<Value> operands;
  for (auto [operand, labels] : llvm::zip(getInputs(), equation->operands)) {
    Dims want, have = d.shapes.dims(operand);
    for (int64_t label : labels)
      want.push_back(equation->dims.lookup(label));
    // A dim that is 1 or more only at run time is brought to its size first.
    SmallVector<Value> values{d(operand)};
    d.broadcast(values, {have}, want);
    operands.push_back(values[0]);
  }
  if (operands.size() == 1) {
    Value sum = contract(d, operands[0], equation->operands[0], equation->result);
    d.setResult(getOutput(), narrow(d, sum, storageType(d.shapes.elementType(getOutput()))));
    return success();
  }
  // Pairwise from the left; a label is summed once nothing to the right needs it.
  Value left = operands[0];
  SmallVector<int64_t> labels = equation->operands[0];
  for (size_t i = 1; i < operands.size(); ++i) {
    bool isLast = i + 1 == operands.size();
    SmallVector<int64_t> out;
    auto isNeeded = [&](int64_t label) {
      return llvm::is_contained(equation->result, label) ||
             llvm::any_of(ArrayRef(equation->operands).drop_front(i + 1),
                          [&](const auto &later) { return llvm::is_contained(later, label); });
    };
    for (ArrayRef<int64_t> list : {ArrayRef(labels), ArrayRef(equation->operands[i])})
      for (int64_t label : list)
        if (isNeeded(label) && !llvm::is_contained(out, label))
          out.push_back(label);
    if (isLast)
      out = equation->result;
    left = contract(d, left, labels, operands[i], equation->operands[i], out);
    labels = out;
  }
  d.setResult(getOutput(), narrow(d, left, storageType(d.shapes.elementType(getOutput()))));
  return success();
}
