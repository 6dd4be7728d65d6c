// Older spellings of an ONNX op, brought to the newest one at import.
#ifndef BRISK_DIALECTS_INTERFACES_UPGRADE_TD
#define BRISK_DIALECTS_INTERFACES_UPGRADE_TD

include "mlir/IR/OpBase.td"

def UpgradeInterface : OpInterface<"UpgradeInterface"> {
  let description = [{
    Implemented by ops whose form changed between ONNX opsets. `upgrade` sees
    the node as the file has it, with the opset it was written for, and brings
    operands and attributes to the newest form (an attribute that became an
    input becomes a constant). It may rename the node; the importer then looks
    the new name up and asks again.
  }];
  let cppNamespace = "::brisk";
  let methods = [
    StaticInterfaceMethod<"Rewrites `node` to the newest form, or fails with a diagnostic through it.",
                          "::mlir::LogicalResult", "upgrade", (ins "::brisk::ImportedNode &":$node)>,
  ];
}

#endif
