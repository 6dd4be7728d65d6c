// The report as a page.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_COMPILER_REPORTPAGE_H
#define BRISK_COMPILER_REPORTPAGE_H

#include "llvm/Support/JSON.h"
#include <string>

namespace brisk {

/// One file that needs no other and no network: the report's JSON, and a script that draws plots and sortable tables of
/// it. Names from the model enter as text only.
std::string reportPage(const llvm::json::Object &report, llvm::StringRef title);

} // namespace brisk
#endif
