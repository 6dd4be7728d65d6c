// Definitions of the generated interfaces.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/interfaces/Interfaces.h"

#include "dialects/interfaces/Cost.cpp.inc"
#include "dialects/interfaces/Decompose.cpp.inc"
#include "dialects/interfaces/Elementwise.cpp.inc"
#include "dialects/interfaces/InferShapes.cpp.inc"
#include "dialects/interfaces/Permute.cpp.inc"
#include "dialects/interfaces/RegionArguments.cpp.inc"
#include "dialects/interfaces/Upgrade.cpp.inc"
