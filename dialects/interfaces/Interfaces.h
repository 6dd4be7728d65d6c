// All op interfaces of Brisk's dialects.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_DIALECTS_INTERFACES_INTERFACES_H
#define BRISK_DIALECTS_INTERFACES_INTERFACES_H

#include "dialects/interfaces/Decomposer.h"
#include "dialects/interfaces/Frames.h"
#include "dialects/interfaces/ImportedNode.h"
#include "dialects/interfaces/Quantized.h"
#include "dialects/interfaces/ShapeContext.h"
#include "dialects/interfaces/Slices.h"
#include "mlir/IR/OpDefinition.h"

#include "dialects/interfaces/Cost.h.inc"
#include "dialects/interfaces/Decompose.h.inc"
#include "dialects/interfaces/Elementwise.h.inc"
#include "dialects/interfaces/InferShapes.h.inc"
#include "dialects/interfaces/Permute.h.inc"
#include "dialects/interfaces/Prunable.h.inc"
#include "dialects/interfaces/Quantizable.h.inc"
#include "dialects/interfaces/RegionArguments.h.inc"
#include "dialects/interfaces/Streamable.h.inc"
#include "dialects/interfaces/Upgrade.h.inc"

#endif
