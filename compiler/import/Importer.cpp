// The model as a whole: inputs, outputs, metadata, problems.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/import/Importer.h"

#include "compiler/import/Check.h"
#include "compiler/import/Types.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace brisk;

Importer::Importer(MLIRContext *context, const Model &model, const ImportOptions &options,
                   std::vector<ImportProblem> &problems)
    : context(context), model(model), options(options), problems(problems), builder(context),
      weights(context, model.folder) {
  context->loadDialect<onnx::OnnxDialect, func::FuncDialect>();
}

//===--- problems -----------------------------------------------------------===//

LogicalResult Importer::problem(ImportProblem::Kind kind, const Node &node, std::string reason) {
  ImportProblem problem;
  problem.kind = kind;
  problem.node = node.name;
  problem.op = node.proto.op_type();
  problem.domain = node.domain;
  problem.opset = node.opset;
  problem.reason = std::move(reason);
  for (Value operand : node.operands)
    if (operand && isa<TensorType>(operand.getType()) && problem.dtype.empty())
      problem.dtype = dataTypeName(dataTypeOf(getElementTypeOrSelf(operand.getType())));
  if (!findOp(node.domain, node.proto.op_type()))
    problem.alternative = nearest(node.proto.op_type());
  problems.push_back(std::move(problem));
  return failure();
}

LogicalResult Importer::problem(ImportProblem::Kind kind, std::string reason) {
  ImportProblem problem;
  problem.kind = kind;
  problem.reason = std::move(reason);
  problems.push_back(std::move(problem));
  return failure();
}

std::string Importer::takeMessage() {
  std::string message = messages.empty() ? "is not supported" : messages.front();
  messages.clear();
  StringRef text = message;
  // "'onnx.Conv' op expects ..." or "Conv: expects ...": the node is named already.
  if (text.starts_with("'onnx.")) {
    text = text.drop_front().split('\'').second.ltrim();
    text.consume_front("op ");
  } else if (size_t colon = text.find(": "); colon != StringRef::npos && !text.take_front(colon).contains(' ')) {
    text = text.drop_front(colon + 2);
  }
  return text.ltrim().str();
}

std::string Importer::nearest(StringRef op) {
  std::string best;
  // A third of the letters may differ at most.
  unsigned limit = std::max<size_t>(1, op.size() / 3);
  for (RegisteredOperationName name : context->getRegisteredOperations()) {
    if (name.getDialectNamespace() != "onnx")
      continue;
    StringRef known = name.getStringRef().rsplit('.').second;
    unsigned distance = op.lower() == known.lower() ? 0 : op.edit_distance(known, true, limit);
    if (distance <= limit && (best.empty() || distance < limit)) {
      limit = distance;
      best = name.getStringRef().drop_front(strlen("onnx.")).str();
    }
  }
  return best;
}

//===--- inputs -------------------------------------------------------------===//

/// Dims with a plain name are entered first: expressions over them are read against these.
void Importer::collectDimNames(const ::onnx::GraphProto &graph) {
  for (const auto &input : graph.input())
    for (const auto &dim : input.type().tensor_type().shape().dim()) {
      std::optional<Dim> parsed = Dim::parse(dim.dim_param());
      if (!dim.dim_param().empty() && parsed && parsed->symbolName() == dim.dim_param() &&
          !StringRef(dim.dim_param()).starts_with("?") && dims.try_emplace(dim.dim_param(), *parsed).second)
        dimNames.insert(dim.dim_param());
    }
}

Dim Importer::dimOf(const ::onnx::TensorShapeProto::Dimension &dim, StringRef input, size_t axis) {
  auto fresh = [&](StringRef stem) {
    std::string name = Dim::symbol(stem.ltrim('?')).symbolName().str();
    for (unsigned suffix = 1; !dimNames.insert(name).second; ++suffix)
      name = Dim::symbol(stem.ltrim('?')).symbolName().str() + "_" + std::to_string(suffix);
    return Dim::symbol(name);
  };
  if (dim.dim_param().empty() || StringRef(dim.dim_param()).trim() == "?")
    return fresh((input + "_dim" + Twine(axis)).str());
  auto known = dims.find(dim.dim_param());
  if (known != dims.end())
    return known->second;
  // An exporter's expression, "past + 1" or "4*s0": kept if what it is made of is known.
  std::string text = dim.dim_param();
  for (auto [from, to] : {std::pair("Max(", "max("), std::pair("Min(", "min(")})
    for (size_t at = 0; (at = text.find(from, at)) != std::string::npos;)
      text.replace(at, strlen(from), to);
  std::optional<Dim> parsed = text.size() < 256 ? Dim::parse(text) : std::nullopt;
  bool defined = parsed && !parsed->isInvalid() && !parsed->isConstant();
  if (defined)
    parsed->forEachSymbol([&](StringRef symbol) { defined &= dims.contains(symbol); });
  return dims[dim.dim_param()] = defined ? *parsed : fresh(dim.dim_param());
}

Type Importer::inputType(const ::onnx::ValueInfoProto &input) {
  const ::onnx::TypeProto &type = input.type();
  auto refuse = [&](ImportProblem::Kind kind, const Twine &reason) {
    (void)problem(kind, ("input '" + StringRef(input.name()) + "' " + reason).str());
    return Type();
  };
  if (!type.has_tensor_type())
    return refuse(ImportProblem::Kind::Unsupported, "is a " + kindName(type) + ": only tensors are supported");
  Type element = elementTypeOf(type.tensor_type().elem_type(), context);
  if (!element || isa<ComplexType>(element))
    return refuse(ImportProblem::Kind::Unsupported, "has the unsupported element type " +
                                                        dataTypeName(type.tensor_type().elem_type()));
  Dims shape;
  auto given = options.shapes.find(input.name());
  if (!type.tensor_type().has_shape()) {
    if (given == options.shapes.end())
      return refuse(ImportProblem::Kind::Unsupported,
                    "has no declared rank: give its dims with --shape " + StringRef(input.name()) + "=...");
    for (size_t axis = 0; axis < given->second.size(); ++axis)
      shape.push_back(dimOf({}, input.name(), axis));
  }
  for (const auto &[axis, dim] : llvm::enumerate(type.tensor_type().shape().dim())) {
    if (dim.has_dim_value() && dim.dim_value() < -1)
      return refuse(ImportProblem::Kind::Invalid, "has the negative dim " + Twine(dim.dim_value()));
    // Some exporters write -1 for an open dim.
    shape.push_back(dim.has_dim_value() && dim.dim_value() >= 0 ? Dim(dim.dim_value()) : dimOf(dim, input.name(), axis));
  }
  if (given != options.shapes.end()) {
    if (given->second.size() != shape.size())
      return refuse(ImportProblem::Kind::Invalid, "has rank " + Twine(shape.size()) + ", but --shape gives it rank " +
                                                      Twine(given->second.size()));
  }
  SmallVector<int64_t> sizes;
  for (auto [axis, dim] : llvm::enumerate(shape)) {
    bool open = !dim.isConstant();
    dim = dim.substitute([&](StringRef name) {
      auto fixed = fixedDims.find(name);
      return fixed == fixedDims.end() ? Dim::symbol(name) : Dim(fixed->second);
    });
    if (given != options.shapes.end() && given->second[axis] >= 0) {
      Dim size(given->second[axis]);
      if (open && dim.isConstant() && dim != size)
        return refuse(ImportProblem::Kind::Invalid,
                      "gets the size " + size.str() + " for a dim from --shape, but it is " + dim.str());
      dim = size;
    }
    if (dim.isInvalid() || (dim.isConstant() && dim.value() < 0))
      return refuse(ImportProblem::Kind::Invalid, "has a dim that --shape makes negative");
    sizes.push_back(dim.constant().value_or(1));
  }
  if (llvm::Expected<int64_t> count = elementCount(sizes); !count)
    return refuse(ImportProblem::Kind::Invalid, llvm::toString(count.takeError()));
  return makeTensorType(element, shape);
}

/// Dims that --shape fixes are fixed wherever the model uses the same name.
void Importer::fixDims(const ::onnx::GraphProto &graph) {
  for (const auto &entry : options.shapes) {
    auto input = llvm::find_if(graph.input(), [&](const auto &input) { return input.name() == entry.getKey(); });
    if (input == graph.input().end()) {
      (void)problem(ImportProblem::Kind::Invalid, "has no input '" + entry.getKey().str() + "', for which --shape gives dims");
      continue;
    }
    for (auto [dim, size] : llvm::zip(input->type().tensor_type().shape().dim(), entry.getValue())) {
      auto known = dims.find(dim.dim_param());
      if (size < 0 || dim.dim_param().empty() || known == dims.end())
        continue;
      auto [fixed, inserted] = fixedDims.try_emplace(known->second.symbolName(), size);
      if (!inserted && fixed->second != size)
        (void)problem(ImportProblem::Kind::Invalid, "gets two sizes for the dim '" + dim.dim_param() + "' from --shape: " +
                                                        std::to_string(fixed->second) + " and " + std::to_string(size));
    }
  }
}

LogicalResult Importer::signature(const ::onnx::GraphProto &graph, Scope &scope) {
  collectDimNames(graph);
  fixDims(graph);
  SmallVector<Type> types;
  SmallVector<DictionaryAttr> names;
  SmallVector<const ::onnx::ValueInfoProto *> inputs;
  unsigned constants = 0;
  for (const auto &input : graph.input()) {
    bool constant = scope.tensors.contains(input.name()) || scope.sparseTensors.contains(input.name());
    if (constant && !options.initializersAsInputs) {
      ++constants;
      continue;
    }
    Type type = inputType(input);
    if (!type) {
      scope.values[input.name()] = Value();
      continue;
    }
    inputs.push_back(&input);
    types.push_back(type);
    names.push_back(builder.getDictionaryAttr(builder.getNamedAttr("onnx.name", builder.getStringAttr(input.name()))));
  }
  if (constants && model.proto->ir_version() >= 4)
    emitRemark(function.getLoc()) << constants << " inputs have initializers and are taken as constants";
  function.setFunctionType(builder.getFunctionType(types, {}));
  Block *entry = function.addEntryBlock();
  function.setAllArgAttrs(names);
  for (auto [input, argument] : llvm::zip_equal(inputs, entry->getArguments())) {
    argument.setLoc(NameLoc::get(builder.getStringAttr(printable(input->name()))));
    scope.values[input->name()] = argument;
  }
  scope.block = entry;
  builder.setInsertionPointToEnd(entry);
  return success(problems.empty());
}

//===--- outputs ------------------------------------------------------------===//

LogicalResult Importer::finish(const ::onnx::GraphProto &graph, Scope &scope) {
  SmallVector<Value> results;
  SmallVector<DictionaryAttr> names;
  for (const auto &output : graph.output()) {
    std::optional<Value> value = lookup(output.name(), scope);
    if (!value)
      return problem(ImportProblem::Kind::Invalid, "has the output '" + output.name() + "', which no node makes");
    if (!*value)
      continue;
    if (!isPresent(*value)) {
      (void)problem(ImportProblem::Kind::Invalid, "has the output '" + output.name() + "', which a function leaves out");
      continue;
    }
    checkDeclared(output, *value);
    results.push_back(*value);
    names.push_back(builder.getDictionaryAttr(builder.getNamedAttr("onnx.name", builder.getStringAttr(output.name()))));
  }
  if (graph.output().empty())
    return problem(ImportProblem::Kind::Invalid, "has no outputs");
  if (!problems.empty())
    return failure();
  func::ReturnOp::create(builder, function.getLoc(), results);
  function.setFunctionType(builder.getFunctionType(function.getArgumentTypes(), ValueRange(results).getTypes()));
  function.setAllResultAttrs(names);
  return success();
}

void Importer::checkDeclared(const ::onnx::ValueInfoProto &info, Value value) {
  if (!info.type().has_tensor_type())
    return;
  auto type = cast<RankedTensorType>(value.getType());
  Type element = elementTypeOf(info.type().tensor_type().elem_type(), context);
  if (element && element != type.getElementType()) {
    (void)problem(ImportProblem::Kind::Invalid, "output '" + info.name() + "' is declared " +
                                                    dataTypeName(info.type().tensor_type().elem_type()) + ", but is " +
                                                    dataTypeName(dataTypeOf(type.getElementType())));
    return;
  }
  if (!info.type().tensor_type().has_shape())
    return;
  const auto &shape = info.type().tensor_type().shape();
  bool agrees = shape.dim_size() == type.getRank();
  for (int axis = 0; agrees && axis < shape.dim_size(); ++axis)
    agrees = !shape.dim(axis).has_dim_value() || shape.dim(axis).dim_value() < 0 || type.isDynamicDim(axis) ||
             shape.dim(axis).dim_value() == type.getDimSize(axis);
  if (agrees)
    return;
  Dims declared;
  for (const auto &dim : shape.dim())
    declared.push_back(dim.has_dim_value() ? Dim(dim.dim_value()) : Dim::symbol(dim.dim_param()));
  auto dimsText = [](ArrayRef<Dim> dims) { return dims.empty() ? "none" : toString(dims); };
  std::string text = "output '" + info.name() + "' is declared with dims " + dimsText(declared) + ", but has " +
                     dimsText(dimsOf(type));
  // With dims of the user's choice the model's word counts less.
  if (options.shapes.empty())
    (void)problem(ImportProblem::Kind::Invalid, text);
  else
    emitWarning(function.getLoc()) << text;
}

void Importer::metadata() {
  const ::onnx::ModelProto &proto = *model.proto;
  auto text = [&](StringRef name, const std::string &value) {
    if (!value.empty())
      (*module)->setAttr(name, builder.getStringAttr(value));
  };
  text("onnx.graph", proto.graph().name());
  text("onnx.producer", proto.producer_name());
  text("onnx.producer_version", proto.producer_version());
  text("onnx.domain", proto.domain());
  if (proto.model_version())
    (*module)->setAttr("onnx.model_version", builder.getI64IntegerAttr(proto.model_version()));
  NamedAttrList versions, properties;
  for (const auto &entry : opsets)
    versions.set(entry.getKey().empty() ? "ai.onnx" : entry.getKey(), builder.getI64IntegerAttr(entry.getValue()));
  (*module)->setAttr("onnx.opsets", versions.getDictionary(context));
  for (const auto &entry : proto.metadata_props())
    if (!entry.key().empty())
      properties.set(entry.key(), builder.getStringAttr(entry.value()));
  if (!properties.empty())
    (*module)->setAttr("onnx.metadata", properties.getDictionary(context));
}

OwningOpRef<ModuleOp> Importer::run() {
  const ::onnx::ModelProto &proto = *model.proto;
  for (const auto &import : proto.opset_import())
    opsets[canonicalDomain(import.domain())] = import.version();
  if (opsets.empty())
    opsets[""] = 1;
  for (const auto &entry : proto.functions())
    functions.try_emplace(functionKey(entry.domain(), entry.name(), entry.overload()), &entry);

  Location loc = NameLoc::get(builder.getStringAttr(proto.graph().name().empty() ? "main" : printable(proto.graph().name())));
  module = ModuleOp::create(loc);
  builder.setInsertionPointToEnd(module->getBody());
  function = func::FuncOp::create(builder, loc, "main", builder.getFunctionType({}, {}));
  metadata();

  // Ops complain through diagnostics; each becomes the reason of a problem.
  bool printOps = context->shouldPrintOpOnDiagnostic();
  context->printOpOnDiagnostic(false);
  {
    ScopedDiagnosticHandler handler(context, [&](Diagnostic &diagnostic) {
      if (diagnostic.getSeverity() != DiagnosticSeverity::Error)
        return failure();
      messages.push_back(diagnostic.str());
      return success();
    });
    Scope scope;
    scope.opsets = &opsets;
    scope.owner = model.proto;
    enterGraph(proto.graph(), scope);
    (void)signature(proto.graph(), scope);
    importNodes(proto.graph().node(), scope);
    if (!stopped)
      (void)finish(proto.graph(), scope);
    if (problems.empty() && failed(verify(*module)))
      (void)problem(ImportProblem::Kind::Invalid, "does not verify: " + takeMessage());
  }
  context->printOpOnDiagnostic(printOps);
  if (!problems.empty())
    return nullptr;
  return std::move(module);
}

//===--- entry points -------------------------------------------------------===//

static FailureOr<OwningOpRef<ModuleOp>> import(llvm::Expected<Model> model, StringRef name, MLIRContext *context,
                                               const ImportOptions &options, std::vector<ImportProblem> *problems) {
  std::vector<ImportProblem> found;
  OwningOpRef<ModuleOp> module;
  auto refuse = [&](llvm::Error error) {
    ImportProblem problem;
    problem.reason = llvm::toString(std::move(error));
    found.push_back(std::move(problem));
  };
  if (!model)
    refuse(model.takeError());
  else if (llvm::Error error = checkLimits(*model->proto))
    refuse(std::move(error));
  else if (llvm::Error error = checkModel(*model))
    refuse(std::move(error));
  else
    module = Importer(context, *model, options, found).run();
  if (module)
    return std::move(module);
  if (problems) {
    llvm::append_range(*problems, found);
    return failure();
  }
  for (const ImportProblem &problem : found)
    emitError(UnknownLoc::get(context)) << name << ": " << lineOf(problem);
  return failure();
}

FailureOr<OwningOpRef<ModuleOp>> brisk::importModel(StringRef path, MLIRContext *context, const ImportOptions &options,
                                                    std::vector<ImportProblem> *problems) {
  return import(readModel(path), path, context, options, problems);
}

FailureOr<OwningOpRef<ModuleOp>> brisk::importModelBytes(StringRef bytes, StringRef name, StringRef folder,
                                                         MLIRContext *context, const ImportOptions &options,
                                                         std::vector<ImportProblem> *problems) {
  return import(parseModel(bytes, folder), name, context, options, problems);
}
