// What keeps a model from being compiled, all at once.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/IR/TypeUtilities.h"

#include "compiler/import/Check.h"

#include "compiler/import/Types.h"
#include "dialects/interfaces/Interfaces.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace brisk;

static ImportProblem describe(Operation *op, StringRef message) {
  ImportProblem problem;
  problem.kind = ImportProblem::Kind::Unsupported;
  if (auto name = dyn_cast<NameLoc>(op->getLoc()))
    problem.node = name.getName().str();
  problem.op = op->getName().stripDialect().str();
  if (op->getNumOperands() > 0 && isPresent(op->getOperand(0)))
    problem.dtype = dataTypeName(dataTypeOf(getElementTypeOrSelf(op->getOperand(0).getType())));
  // "'onnx.Conv' op ..." names what the problem names already.
  if (message.starts_with("'onnx."))
    message = message.drop_front().split('\'').second.ltrim();
  message.consume_front("op ");
  problem.reason = message.empty() ? "has no decomposition" : message.str();
  return problem;
}

void brisk::checkLowering(ModuleOp module, std::vector<ImportProblem> &problems) {
  OwningOpRef<ModuleOp> copy = module.clone();
  MLIRContext *context = module.getContext();
  bool printOps = context->shouldPrintOpOnDiagnostic();
  context->printOpOnDiagnostic(false);
  std::string message;
  ScopedDiagnosticHandler handler(context, [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error && message.empty())
      message = diagnostic.str();
    return success();
  });
  for (auto function : copy->getOps<func::FuncOp>()) {
    if (function.isExternal())
      continue;
    Block &old = function.getBody().front();
    Block *block = &function.getBody().emplaceBlock();
    OpBuilder builder = OpBuilder::atBlockEnd(block);
    Decomposer decomposer(builder);
    for (BlockArgument argument : old.getArguments())
      decomposer.bind(argument, block->addArgument(storageTensorType(argument.getType()), argument.getLoc()));
    for (Operation &op : old.without_terminator()) {
      message.clear();
      if (succeeded(decomposer.lower(&op)))
        continue;
      problems.push_back(describe(&op, message));
      // Later ops are tried with a value that stands for the missing one.
      for (Value result : op.getResults())
        if (isa<RankedTensorType>(result.getType()))
          decomposer.bind(result, UnrealizedConversionCastOp::create(
                                      builder, op.getLoc(), storageTensorType(result.getType()), ValueRange())
                                      .getResult(0));
    }
  }
  context->printOpOnDiagnostic(printOps);
}

std::string brisk::printable(StringRef text, size_t limit) {
  bool cut = text.size() > limit;
  std::string clean;
  for (char c : llvm::json::fixUTF8(text.take_front(limit))) {
    // The second byte of C1 controls, which follow C2 in UTF-8.
    bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    control |= !clean.empty() && clean.back() == '\xc2' && static_cast<unsigned char>(c) < 0xa0;
    if (control && !clean.empty() && clean.back() == '\xc2')
      clean.pop_back();
    clean.push_back(control ? '?' : c);
  }
  return cut ? clean + "..." : clean;
}

std::string brisk::lineOf(const ImportProblem &problem) {
  std::string text;
  if (!problem.node.empty())
    text = printable(problem.node) + ": " + printable(problem.op) + ": ";
  text += printable(problem.reason, 800);
  if (!problem.alternative.empty())
    text += " (the nearest is " + problem.alternative + ")";
  return text;
}

static std::vector<std::string> cellsOf(const ImportProblem &problem) {
  bool isNode = !problem.op.empty();
  return {printable(problem.node),
          printable(problem.op),
          isNode && problem.domain.empty() ? "ai.onnx" : printable(problem.domain),
          problem.opset ? std::to_string(problem.opset) : "",
          problem.dtype,
          problem.alternative,
          printable(problem.reason, 800)};
}

std::string brisk::tableOf(StringRef model, ArrayRef<ImportProblem> problems) {
  if (problems.empty())
    return (model + ": supported\n").str();
  std::vector<std::vector<std::string>> rows = {{"node", "op", "domain", "opset", "dtype", "nearest", "reason"}};
  for (const ImportProblem &problem : problems.take_front(1000))
    rows.push_back(cellsOf(problem));
  std::vector<size_t> widths(rows[0].size());
  for (const auto &row : rows)
    for (auto [width, cell] : llvm::zip(widths, row))
      width = std::max(width, cell.size());
  std::string text = llvm::formatv("{0}: {1} problem{2}\n", model, problems.size(), problems.size() == 1 ? "" : "s");
  for (const auto &row : rows) {
    std::string line = " ";
    for (auto [width, cell] : llvm::zip(widths, row)) {
      if (width)
        line += " " + cell + std::string(width - cell.size() + 1, ' ');
    }
    text += StringRef(line).rtrim().str() + "\n";
  }
  return text;
}

std::string brisk::jsonOf(StringRef model, ArrayRef<ImportProblem> problems) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::json::OStream json(stream, 2);
  // Names in a model need not be UTF-8; JSON must be.
  auto string = [&](StringRef key, StringRef value) { json.attribute(key, llvm::json::fixUTF8(value)); };
  json.object([&] {
    string("model", model);
    json.attribute("supported", problems.empty());
    json.attributeArray("problems", [&] {
      for (const ImportProblem &problem : problems)
        json.object([&] {
          string("node", problem.node);
          string("op", problem.op);
          string("domain", problem.op.empty() || !problem.domain.empty() ? StringRef(problem.domain) : "ai.onnx");
          json.attribute("opset", problem.opset);
          string("dtype", problem.dtype);
          string("kind", problem.kind == ImportProblem::Kind::Unsupported ? "unsupported" : "invalid");
          string("reason", problem.reason);
          string("alternative", problem.alternative);
        });
    });
  });
  text += "\n";
  return text;
}
