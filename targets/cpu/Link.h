// From object files to what the user asked for: a shared object, one object with its header, or a program.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_TARGETS_CPU_LINK_H
#define BRISK_TARGETS_CPU_LINK_H

#include "targets/Target.h"
#include "targets/common/Tools.h"

namespace brisk::cpu {

/// The symbol of the model's descriptor. Programs may hold several static objects, so theirs carry the model's name;
/// no function of runtime.h begins like this.
std::string descriptorSymbol(const EmitRequest &request);
/// Links the parts, which lie in `folder` afterwards, and writes the artifact of `request.kind`: so, obj or exe.
llvm::Error link(llvm::ArrayRef<llvm::SmallVector<char, 0>> objects, const TemporaryFolder &folder,
                 const EmitRequest &request);

} // namespace brisk::cpu
#endif
