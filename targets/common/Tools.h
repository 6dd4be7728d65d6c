// Files and external programs, as all targets use them.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_COMMON_TOOLS_H
#define BRISK_TARGETS_COMMON_TOOLS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace brisk {

/// A folder that vanishes with the object.
class TemporaryFolder {
public:
  static llvm::Expected<TemporaryFolder> create();
  TemporaryFolder(TemporaryFolder &&other) : path(std::move(other.path)) { other.path.clear(); }
  ~TemporaryFolder();
  /// A path inside.
  std::string file(llvm::StringRef name) const;

private:
  explicit TemporaryFolder(std::string path) : path(std::move(path)) {}
  std::string path;
};

/// Writes `content` to `path` under a temporary name, then renames it; a device or pipe is written to as it is, and
/// "-" is standard output.
llvm::Error writeFile(llvm::StringRef path, llvm::StringRef content);
/// Moves a finished file to its place, across file systems and into devices and pipes too.
llvm::Error moveFile(llvm::StringRef from, llvm::StringRef to);
/// Runs a program; on failure the error holds the command and what it printed.
llvm::Error runTool(llvm::ArrayRef<std::string> command);
/// The first of `names` found beside LLVM 22 or on PATH.
llvm::Expected<std::string> findTool(llvm::ArrayRef<llvm::StringRef> names);
/// The command line that links a shared object, up to -o.
llvm::Expected<std::vector<std::string>> sharedLinker();

} // namespace brisk
#endif
