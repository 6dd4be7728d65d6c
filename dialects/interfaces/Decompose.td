// Decomposition to linalg, tensor, arith, math and scf on tensors.
#ifndef BRISK_DIALECTS_INTERFACES_DECOMPOSE_TD
#define BRISK_DIALECTS_INTERFACES_DECOMPOSE_TD

include "mlir/IR/OpBase.td"

def DecomposeInterface : OpInterface<"DecomposeInterface"> {
  let description = [{
    How an op is written with linalg, tensor, arith, math and scf. The op is
    not changed: its operands' lowered values come from the decomposer, which
    also takes the lowered results. See Decomposer.h for the type rules.
  }];
  let cppNamespace = "::brisk";
  let methods = [
    InterfaceMethod<"Emits the op's computation and hands over every used result, or fails with a diagnostic.",
                    "::mlir::LogicalResult", "decompose", (ins "::brisk::Decomposer &":$decomposer)>,
  ];
}

#endif
