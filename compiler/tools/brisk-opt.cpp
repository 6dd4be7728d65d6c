// brisk-opt: mlir-opt with Brisk's dialects and passes, for tests and contributors.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Registry.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  brisk::registerAllDialects(registry);
  mlir::registerAllPasses();
  brisk::registerAllPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "Brisk optimizer driver\n", registry));
}
