// From object files to what the user asked for: a shared object, one object with its header, or a program.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/cpu/Link.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <dlfcn.h>

using namespace llvm;
using namespace brisk;
using namespace brisk::cpu;

std::string cpu::descriptorSymbol(const EmitRequest &request) {
  return request.kind == "obj" ? "brisk_artifact_" + request.name : "brisk_model";
}

/// libm of the machine at hand, so that the artifact names it as needed; "" if it is not found.
static std::string findLibm() {
  for (StringRef folder : {"/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64", "/usr/lib"}) {
    std::string path = (folder + "/libm.so.6").str();
    if (sys::fs::exists(path))
      return path;
  }
  return "";
}

/// A static library of the runtime: it lies beside the compiler's own.
static Expected<std::string> findRuntime(StringRef name) {
  Dl_info info;
  if (!dladdr(reinterpret_cast<void *>(&findRuntime), &info) || !info.dli_fname)
    return createStringError("cannot tell where the compiler's library lies");
  SmallString<128> path = sys::path::parent_path(info.dli_fname);
  sys::path::append(path, name);
  if (!sys::fs::exists(path))
    return createStringError("cannot find the runtime for --emit=exe at " + path);
  return std::string(path);
}

/// The header that goes with OUT.o.
static std::string headerText(const EmitRequest &request) {
  std::string symbol = descriptorSymbol(request), guard = StringRef(symbol).upper() + "_H";
  return "/* Model \"" + request.name + "\" compiled by Brisk: link the object beside this header and the runtime. */\n#ifndef " +
         guard + "\n#define " + guard + "\n\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\nstruct brisk_abi_model;\n" +
         "/* brisk_model_from_abi(&" + symbol + ", &model) opens it. */\nextern const struct brisk_abi_model " + symbol +
         ";\n\n#ifdef __cplusplus\n}\n#endif\n#endif\n";
}

/// The linker's command line up to the objects.
static Expected<std::vector<std::string>> linkerFor(StringRef kind) {
  if (kind == "so")
    return sharedLinker();
  // A program needs the C library's start files, which a compiler driver knows.
  auto tool = kind == "exe" ? findTool({"clang", "clang-22", "cc"}) : findTool({"ld.lld", "ld.lld-22"});
  if (!tool)
    return tool.takeError();
  if (kind == "exe")
    return std::vector<std::string>{*tool, "-Wl,--gc-sections", "-Wl,-z,noexecstack", "-Wl,--strip-all", "-Wl,--build-id=none"};
  return std::vector<std::string>{*tool, "-r"};
}

Error cpu::link(ArrayRef<SmallVector<char, 0>> objects, const TemporaryFolder &folder, const EmitRequest &request) {
  auto command = linkerFor(request.kind);
  if (!command)
    return command.takeError();
  std::string result = folder.file("linked");
  command->insert(command->end(), {"-o", result});
  for (auto [i, object] : enumerate(objects)) {
    std::string path = folder.file("part" + std::to_string(i) + ".o");
    if (Error error = writeFile(path, StringRef(object.data(), object.size())))
      return error;
    command->push_back(path);
  }
  if (request.kind == "exe") {
    for (StringRef name : {"libbrisk_run_main.a", "libbrisk_runtime.a"}) {
      auto library = findRuntime(name);
      if (!library)
        return library.takeError();
      command->push_back(*library);
    }
    command->insert(command->end(), {"-lz", "-lm", "-lpthread", "-ldl"});
  } else if (std::string libm = findLibm(); request.kind == "so" && !libm.empty()) {
    command->push_back(libm);
  }
  if (Error error = runTool(*command))
    return error;
  if (request.kind != "obj")
    return moveFile(result, request.output);
  // The header first: an object beside an old header would be worse than the reverse.
  if (Error error = writeFile(request.output + ".h", headerText(request)))
    return error;
  return moveFile(result, request.output + ".o");
}
