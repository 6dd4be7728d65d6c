// Files and external programs, as all targets use them.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/common/Tools.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace brisk;

static Error fileError(StringRef path, std::error_code code) {
  return createStringError(code, path + ": " + code.message());
}

Expected<TemporaryFolder> TemporaryFolder::create() {
  SmallString<128> path;
  if (std::error_code code = sys::fs::createUniqueDirectory("brisk", path))
    return fileError(path, code);
  return TemporaryFolder(std::string(path));
}

TemporaryFolder::~TemporaryFolder() {
  if (!path.empty())
    sys::fs::remove_directories(path);
}

std::string TemporaryFolder::file(StringRef name) const {
  SmallString<128> file(path);
  sys::path::append(file, name);
  return std::string(file);
}

/// A device, a pipe, a socket or standard output: it is written to, a file renamed over it would replace it.
static bool isSpecial(StringRef path) {
  if (path == "-")
    return true;
  sys::fs::file_status status;
  return !sys::fs::status(path, status) && sys::fs::exists(status) && !sys::fs::is_regular_file(status) &&
         !sys::fs::is_directory(status);
}

static Error writeInPlace(StringRef path, StringRef content) {
  std::error_code code;
  raw_fd_ostream stream(path, code, sys::fs::CD_OpenExisting);
  if (code)
    return fileError(path, code);
  stream << content;
  if (path == "-")
    stream.flush();
  else
    stream.close();
  code = stream.error();
  stream.clear_error();
  return code ? fileError(path, code) : Error::success();
}

Error brisk::writeFile(StringRef path, StringRef content) {
  if (isSpecial(path))
    return writeInPlace(path, content);
  SmallString<128> temporary;
  int descriptor;
  if (std::error_code code = sys::fs::createUniqueFile(path + ".%%%%%%", descriptor, temporary, sys::fs::OF_None, 0644))
    return fileError(path, code);
  raw_fd_ostream stream(descriptor, /*shouldClose=*/true);
  stream << content;
  stream.close();
  std::error_code code = stream.error();
  stream.clear_error();
  if (!code)
    code = sys::fs::rename(temporary, path);
  if (code) {
    sys::fs::remove(temporary);
    return fileError(path, code);
  }
  return Error::success();
}

Error brisk::moveFile(StringRef from, StringRef to) {
  if (isSpecial(to)) {
    auto content = MemoryBuffer::getFile(from);
    return content ? writeInPlace(to, (*content)->getBuffer()) : fileError(from, content.getError());
  }
  SmallString<128> temporary;
  // Reserve a name beside the destination: only a rename within a folder is atomic.
  if (std::error_code code = sys::fs::createUniqueFile(to + ".%%%%%%", temporary))
    return fileError(to, code);
  std::error_code code = sys::fs::rename(from, temporary);
  if (code)
    code = sys::fs::copy_file(from, temporary);
  if (!code)
    code = sys::fs::rename(temporary, to);
  if (code) {
    sys::fs::remove(temporary);
    return fileError(to, code);
  }
  return Error::success();
}

Error brisk::runTool(ArrayRef<std::string> command) {
  SmallVector<StringRef> args(command.begin(), command.end());
  SmallString<128> log;
  if (std::error_code code = sys::fs::createTemporaryFile("brisk", "log", log))
    return fileError(log, code);
  std::optional<StringRef> redirects[] = {StringRef(""), log.str(), log.str()};
  std::string message;
  int status = sys::ExecuteAndWait(args.front(), args, std::nullopt, redirects, 0, 0, &message);
  std::string output;
  if (auto buffer = MemoryBuffer::getFile(log))
    output = (*buffer)->getBuffer().rtrim().str();
  sys::fs::remove(log);
  if (status == 0)
    return Error::success();
  return createStringError("command failed: " + join(command, " ") + (message.empty() ? "" : ": " + message) +
                           (output.empty() ? "" : "\n" + output));
}

Expected<std::string> brisk::findTool(ArrayRef<StringRef> names) {
  for (StringRef name : names) {
    if (auto path = sys::findProgramByName(name, {"/usr/lib/llvm-22/bin"}))
      return *path;
    if (auto path = sys::findProgramByName(name))
      return *path;
  }
  return createStringError("cannot find " + join(names, " or ") + ": scripts/setup installs it");
}

Expected<std::vector<std::string>> brisk::sharedLinker() {
  auto tool = findTool({"ld.lld", "ld.lld-22"});
  if (!tool)
    return tool.takeError();
  return std::vector<std::string>{*tool, "-shared", "--hash-style=gnu", "--build-id=none", "-z", "noexecstack", "-z", "relro",
                                  "-z", "now", "--as-needed", "--gc-sections", "--strip-debug"};
}
