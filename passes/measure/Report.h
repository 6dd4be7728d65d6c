// What the compress stage decided, for people and for programs.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_PASSES_MEASURE_REPORT_H
#define BRISK_PASSES_MEASURE_REPORT_H

#include "llvm/Support/JSON.h"
#include <string>

namespace brisk {

/// Every pass adds its part.
struct CompressReport {
  std::string table;
  llvm::json::Object json;
  bool budgetMissed = false; ///< a search found nothing that meets its budget
};

} // namespace brisk
#endif
