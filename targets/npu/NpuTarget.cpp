// The NPU target: Qualcomm Hexagon with HVX, linked by lld, no vendor SDK.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/Target.h"

#include "mlir/IR/Diagnostics.h"
#include "targets/common/Codegen.h"
#include "targets/common/Tools.h"
#include "targets/npu/Emit.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace brisk;
using namespace brisk::npu;

static const Version kVersions[] = {
    {"v66", "+hvxv66,+hvx-length128b"}, {"v67", "+hvxv67,+hvx-length128b"}, {"v68", "+hvxv68,+hvx-length128b"},
    {"v69", "+hvxv69,+hvx-length128b"}, {"v71", "+hvxv71,+hvx-length128b"}, {"v73", "+hvxv73,+hvx-length128b"}};

Expected<const Version *> npu::versionOf(StringRef march) {
  StringRef name = march.empty() || march == "native" ? "v67" : march;
  name.consume_front("hexagon");
  for (const Version &version : kVersions)
    if (version.name == name)
      return &version;
  return createStringError("unknown --march=" + march + " for the npu target: expects native (hexagonv67), hexagonv66, " +
                           "hexagonv68, hexagonv69, hexagonv71 or hexagonv73");
}

namespace {

class NpuTarget : public brisk::Target {
public:
  StringRef name() const override { return "npu"; }
  ArrayRef<StringRef> artifacts() const override {
    static const StringRef kinds[] = {"elf", "obj", "asm", "llvm"};
    return kinds;
  }
  LogicalResult checkMarch(StringRef march, std::string &message) const override {
    auto version = versionOf(march);
    if (version)
      return success();
    message = toString(version.takeError());
    return failure();
  }
  machine::Description describe() const override {
    machine::Description machine;
    machine.name = "hexagon";
    // Two vrmpy a packet; a packet is no unit of time, so speeds are those of 1 G packets/s.
    machine.isas = {{"hexagonv67", 1024, {{"i8", 512}, {"f32", 1}}}};
    return machine;
  }
  void addPasses(mlir::OpPassManager &passes, bool plain) const override { addTensorPasses(passes, plain, settings); }
  std::string report(mlir::ModuleOp module) const override { return reportOf(module); }
  LogicalResult set(StringRef key, StringRef value, std::string &message) override {
    if (key == "fallback") {
      settings.failOnScalar = value == "error";
      if (settings.failOnScalar || value == "scalar")
        return success();
      message = ("--npu-fallback expects scalar or error, but got " + value).str();
      return failure();
    }
    if (key == "rounding") {
      settings.isExact = value == "exact";
      if (settings.isExact || value == "near")
        return success();
      message = ("--npu-rounding expects near or exact, but got " + value).str();
      return failure();
    }
    StringRef number = value;
    int64_t unit = number.consume_back("K") ? 1 << 10 : number.consume_back("M") ? 1 << 20 : 1, size;
    if (!number.getAsInteger(10, size) && size >= 0 && size <= 1 << 20) {
      settings.vtcm = size * unit;
      return success();
    }
    message = ("--npu-vtcm expects a size such as 256K or 2M, but got " + value).str();
    return failure();
  }
  LogicalResult emit(mlir::ModuleOp module, const EmitRequest &request) const override {
    return diagnosed(module, emitChecked(module, request));
  }

private:
  Settings settings;

  Error emitChecked(mlir::ModuleOp module, const EmitRequest &request) const {
    auto version = versionOf(request.march);
    if (!version)
      return version.takeError();
    auto machine =
        makeMachine("hexagon-unknown-linux-musl", ("hexagon" + (*version)->name).str(), (*version)->features);
    if (!machine)
      return machine.takeError();
    (*machine)->Options.FunctionSections = true; // what a model does not call is left out
    LLVMContext context;
    auto llvmModule = buildModule(module, request, context, **machine, **version);
    if (!llvmModule)
      return llvmModule.takeError();
    optimize(**llvmModule, **machine);
    if (request.kind == "llvm") {
      std::string text;
      raw_string_ostream stream(text);
      (*llvmModule)->print(stream, nullptr);
      return writeFile(request.output, text);
    }
    auto code = generate(**llvmModule, **machine, request.kind == "asm");
    if (!code)
      return code.takeError();
    StringRef bytes(code->data(), code->size());
    if (request.kind == "asm" || request.kind == "obj")
      return writeFile(request.kind == "obj" ? request.output + ".o" : request.output, bytes);
    return link(bytes, request);
  }

  static Error link(StringRef object, const EmitRequest &request) {
    auto tool = findTool({"ld.lld", "ld.lld-22"});
    if (!tool)
      return tool.takeError();
    auto folder = TemporaryFolder::create();
    if (!folder)
      return folder.takeError();
    std::string input = folder->file("model.o"), result = folder->file("model.elf");
    if (Error error = writeFile(input, object))
      return error;
    if (Error error = runTool({*tool, "-static", "--gc-sections", "--build-id=none", "-z", "noexecstack", "-e", "_start", "-o", result, input}))
      return error;
    return moveFile(result, request.output);
  }
};

} // namespace

namespace brisk {
void registerNpuTarget(TargetRegistry &targets) {
  auto target = std::make_unique<NpuTarget>();
  targets[target->name().str()] = std::move(target);
}
} // namespace brisk
