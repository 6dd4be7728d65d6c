// Artifacts for NVIDIA GPUs.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/IR/Diagnostics.h"
#include "runtime/abi.h"
#include "targets/common/Codegen.h"
#include "targets/common/Descriptor.h"
#include "targets/common/Tools.h"
#include "targets/cuda/Emit.h"
#include "targets/cuda/device/plan.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace brisk;
using namespace brisk::cuda;

namespace {

/// The kernels for one chip, as brisk_cuda_image has them.
struct Image {
  uint32_t chip;
  int32_t kind;
  std::string bytes;
};

/// brisk_cuda_kernel rows, and the index of each by name.
SmallVector<Constant *> kernelRows(Tables &t, mlir::ModuleOp module, StringMap<int32_t> &indices) {
  SmallVector<Constant *> rows;
  for (auto kernel : module.getOps<mlir::func::FuncOp>()) {
    auto number = [&](StringRef name) { return t.int32(kernel->getAttrOfType<mlir::IntegerAttr>(name).getInt()); };
    if (!kernel->hasAttr("cuda.units"))
      continue;
    indices[kernel.getName()] = rows.size();
    rows.push_back(t.row({t.text(kernel.getName()), number("cuda.blocks"), number("cuda.threads"), t.int32(0),
                          t.int32(kernel.getNumArguments())}));
  }
  return rows;
}

/// The brisk_cuda_plan of a module (device/plan.h).
void addPlan(Tables &t, mlir::ModuleOp module, ArrayRef<Image> images, ArrayRef<Constant *> imageData, uint64_t weightBytes) {
  SmallVector<Constant *> imageRows, launches, checks;
  for (auto [image, data] : zip(images, imageData))
    imageRows.push_back(t.row({t.int32(image.chip), t.int32(image.kind), t.int64(image.bytes.size()), data}));
  StringMap<int32_t> indices;
  SmallVector<Constant *> kernels = kernelRows(t, module, indices);
  launches.resize(module->getAttrOfType<mlir::ArrayAttr>("cuda.kernels").size() / 2, t.int32(0));
  module.lookupSymbol<mlir::func::FuncOp>("main").walk([&](mlir::func::CallOp call) {
    launches[call->getAttrOfType<mlir::IntegerAttr>("cuda.launch").getInt()] = t.int32(indices.lookup(call.getCallee()));
  });
  auto texts = module->getAttrOfType<mlir::ArrayAttr>("cuda.checks").getAsValueRange<mlir::StringAttr>();
  SmallVector<StringRef> lines(texts.begin(), texts.end());
  for (size_t i = 0; i + 1 < lines.size(); i += 2)
    checks.push_back(t.row({t.text(lines[i]), t.text(lines[i + 1])}));
  auto *run = Function::Create(FunctionType::get(Type::getVoidTy(t.context), {t.ptr}, false), GlobalValue::ExternalLinkage,
                               "brisk_cuda_run", t.module);
  run->setVisibility(GlobalValue::HiddenVisibility);
  int64_t arena = module->getAttrOfType<mlir::IntegerAttr>("cuda.arena_size").getInt();
  auto *plan = t.global(t.row({t.int32(BRISK_CUDA_VERSION), t.int32(imageRows.size()), t.int32(kernels.size()),
                               t.int32(launches.size()), t.int32(checks.size()), t.int32(0), t.table(imageRows),
                               t.table(kernels), t.table(launches), t.table(checks), t.declared("brisk_model_weights"),
                               t.int64(weightBytes), t.int64(arena), run}),
                        GlobalValue::ExternalLinkage, "brisk_cuda");
  plan->setSection(BRISK_CUDA_SECTION);
}

class CudaTarget : public brisk::Target {
public:
  StringRef name() const override { return "cuda"; }
  ArrayRef<StringRef> artifacts() const override {
    static const StringRef kinds[] = {"so", "ptx", "cubin", "llvm"};
    return kinds;
  }
  LogicalResult checkMarch(StringRef march, std::string &message) const override {
    auto chips = chipsOf(march);
    if (chips)
      return success();
    message = toString(chips.takeError());
    return failure();
  }
  machine::Description describe() const override {
    // From the data sheet (108 multiprocessors at 1.41 GHz, four instructions of 32 lanes each a cycle); plain kernels are taken to
    // reach two fifths of 19.5 TFLOP/s. Nothing was measured.
    machine::Description machine;
    machine.name = "A100 by its data sheet";
    machine.isas = {{"sm_80", 1024, {{"f32", 8000}}}};
    machine.memory = {{"L2", 40e6, 4000}, {"memory", 0, 1555}};
    for (auto [key, value] : std::initializer_list<std::pair<const char *, double>>{
             {"access", 150}, {"simple", 600}, {"convert", 150}, {"divide", 75}, {"function", 600}, {"library", 1000},
             {"gather", 1000}, {"scalar", 0.5}, {"host", 4}})
      machine.rates[key] = value;
    // A launch inside a graph, and beginning and ending one.
    for (auto [key, value] : std::initializer_list<std::pair<const char *, double>>{
             {"run", 8000}, {"kernel", 1300}, {"entry", 0}, {"tile", 0}, {"horizontal", 0}, {"launch", 0}})
      machine.overheads[key] = value;
    return machine;
  }
  void addPasses(mlir::OpPassManager &passes, bool plain) const override { addTensorPasses(passes, plain); }
  LogicalResult emit(mlir::ModuleOp module, const EmitRequest &request) const override {
    return diagnosed(module, emitChecked(module, request));
  }

private:
  Error emitChecked(mlir::ModuleOp module, const EmitRequest &request) const {
    auto chips = chipsOf(request.march);
    if (!chips)
      return chips.takeError();
    LLVMContext context;
    auto kernels = buildKernels(module, context);
    if (!kernels)
      return kernels.takeError();
    if (request.kind == "llvm") {
      std::string text;
      raw_string_ostream stream(text);
      (*kernels)->print(stream, nullptr);
      return writeFile(request.output, text);
    }
    auto images = makeImages(module, **kernels, *chips, request.kind);
    if (!images)
      return images.takeError();
    if (request.kind == "so")
      return link(module, *images, request);
    if (images->size() != 1)
      return createStringError("--emit=" + request.kind + " writes the code of one chip: give one to --march");
    return writeFile(request.output, images->front().bytes);
  }

  /// For an artifact the machine code of each chip and PTX for what is newer; else what `kind` says.
  static Expected<std::vector<Image>> makeImages(mlir::ModuleOp module, const Module &kernels, ArrayRef<const Chip *> chips,
                                                 StringRef kind) {
    std::vector<Image> images;
    for (const Chip *chip : chips) {
      if (!chip->number) {
        if (kind != "so")
          return createStringError("--march=emu is for shared objects only");
        auto twin = emitTwin(kernels);
        if (!twin)
          return twin.takeError();
        images.push_back({0, BRISK_CUDA_TWIN, std::move(*twin)});
        continue;
      }
      auto ptx = emitPtx(kernels, *chip);
      if (!ptx)
        return ptx.takeError();
      if (kind != "ptx") {
        if (auto tool = findTool({"ptxas"})) {
          auto cubin = assemble(*ptx, *chip);
          if (!cubin)
            return cubin.takeError();
          images.push_back({chip->number, BRISK_CUDA_CUBIN, std::move(*cubin)});
        } else if (kind == "cubin") {
          return tool.takeError();
        } else {
          consumeError(tool.takeError());
          mlir::emitWarning(module.getLoc()) << "ptxas is not installed: the driver will compile " << chip->name
                                             << " code when the artifact is opened";
        }
      }
      // Code with the suffix runs on its own generation only.
      if (kind == "ptx" || (kind == "so" && !chip->name.ends_with("a"))) {
        if (kind == "so")
          ptx->push_back('\0');
        images.push_back({chip->number, BRISK_CUDA_PTX, std::move(*ptx)});
      }
    }
    return images;
  }

  static Error link(mlir::ModuleOp module, ArrayRef<Image> images, const EmitRequest &request) {
    auto folder = TemporaryFolder::create();
    if (!folder)
      return folder.takeError();
    auto host = emitHost(module, "brisk_cuda_run");
    if (!host)
      return host.takeError();
    std::string weights = folder->file("weights.bin");
    if (Error error = writeConstants(module->getAttrOfType<mlir::ArrayAttr>("cuda.weights"),
                                     module->getAttrOfType<mlir::DenseI64ArrayAttr>("cuda.weight_offsets").asArrayRef(), weights))
      return error;
    uint64_t weightBytes = 0;
    if (std::error_code code = sys::fs::file_size(weights, weightBytes))
      return createStringError(code, "cannot read the weights again");
    LLVMContext context;
    auto machine = makeMachine("x86_64-unknown-linux-gnu", "x86-64", "");
    if (!machine)
      return machine.takeError();
    Module descriptor("descriptor", context);
    descriptor.setTargetTriple((*machine)->getTargetTriple());
    descriptor.setDataLayout((*machine)->createDataLayout());
    Tables tables(descriptor);
    addFile(descriptor, "brisk_model_weights", weights);
    SmallVector<Constant *> data;
    for (auto [i, image] : enumerate(images)) {
      std::string symbol = "brisk_cuda_image_" + std::to_string(i), path = folder->file(symbol);
      if (Error error = writeFile(path, image.bytes))
        return error;
      addFile(descriptor, symbol, path);
      data.push_back(tables.declared(symbol));
    }
    addPlan(tables, module, images, data, weightBytes);
    addDescriptor(tables, module, module->getAttrOfType<mlir::ArrayAttr>("cuda.kernels"), /*arena=*/0, {}, request, "brisk_model");
    auto object = generate(descriptor, **machine, /*assembly=*/false);
    if (!object)
      return object.takeError();
    auto command = sharedLinker();
    if (!command)
      return command.takeError();
    std::string result = folder->file("linked"), first = folder->file("descriptor.o"), second = folder->file("host.o");
    if (Error error = writeFile(first, StringRef(object->data(), object->size())))
      return error;
    if (Error error = writeFile(second, StringRef(host->data(), host->size())))
      return error;
    command->insert(command->end(), {"-o", result, first, second});
    if (Error error = runTool(*command))
      return error;
    return moveFile(result, request.output);
  }
};

} // namespace

namespace brisk {
void registerCudaTarget(TargetRegistry &targets) {
  auto target = std::make_unique<CudaTarget>();
  targets[target->name().str()] = std::move(target);
}
} // namespace brisk
