// Cost facts: arithmetic and memory traffic of one op.
#ifndef BRISK_DIALECTS_INTERFACES_COST_TD
#define BRISK_DIALECTS_INTERFACES_COST_TD

include "mlir/IR/OpBase.td"

def CostInterface : OpInterface<"CostInterface"> {
  let description = [{
    What the op costs whatever the machine. Bytes are not asked for: they
    follow from operand and result types.
  }];
  let cppNamespace = "::brisk";
  let methods = [
    InterfaceMethod<"Arithmetic operations (a multiply-add counts 2) as a function of the symbolic dims.",
                    "::brisk::Dim", "arithmeticOperations", (ins "::brisk::ShapeContext &":$context)>,
  ];
}

#endif
