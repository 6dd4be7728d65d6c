// The hls dialect: a design of integer arithmetic, laid out in space.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "targets/hls/ir/Hls.h"

using namespace mlir;
using namespace brisk;
using namespace brisk::hls;

#include "targets/hls/ir/Hls.Dialect.cpp.inc"

#define GET_OP_CLASSES
#include "targets/hls/ir/Hls.cpp.inc"

void HlsDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "targets/hls/ir/Hls.cpp.inc"
      >();
}

LogicalResult SumOp::verify() {
  if (getTerms().size() != getFactors().size())
    return emitOpError("expects a factor for each of ") << getTerms().size() << " terms, but got " << getFactors().size();
  return success();
}

LogicalResult AddOp::verify() {
  if (getNegateLhs() && getNegateRhs())
    return emitOpError("expects one side at most to be negated");
  return success();
}

void brisk::registerHlsDialect(DialectRegistry &registry) { registry.insert<HlsDialect>(); }
