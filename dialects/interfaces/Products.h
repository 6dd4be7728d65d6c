// Structured ops that sum products of their first two operands.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_DIALECTS_INTERFACES_PRODUCTS_H
#define BRISK_DIALECTS_INTERFACES_PRODUCTS_H

#include "mlir/Dialect/Utils/StructuredOpsUtils.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/OpDefinition.h"

#include "dialects/interfaces/Products.h.inc"

#endif
