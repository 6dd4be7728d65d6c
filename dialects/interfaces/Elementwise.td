// Elementwise ops: one scalar expression, numpy broadcasting.
#ifndef BRISK_DIALECTS_INTERFACES_ELEMENTWISE_TD
#define BRISK_DIALECTS_INTERFACES_ELEMENTWISE_TD

include "mlir/IR/OpBase.td"

def ElementwiseInterface : OpInterface<"ElementwiseInterface"> {
  let description = [{
    An op whose every result element depends only on the operand elements at
    the same (broadcast) position. Shape inference and decomposition are shared
    by all such ops; each states only its scalar expression.
  }];
  let cppNamespace = "::brisk";
  let methods = [
    InterfaceMethod<[{
        Emits the expression for one element. `args` holds one scalar per
        operand that is present, in operand order: floats as they are, integers
        signless, booleans as i1 (see `brisk::storageType`); the signedness is
        read off the op's own operand types. Returns a scalar of the result's type.
      }], "::mlir::Value", "emitScalar",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc, "::mlir::ValueRange":$args)>,
    InterfaceMethod<"Element type of the result.", "::mlir::Type", "resultElementType", (ins), "",
      [{ return ::mlir::getElementTypeOrSelf($_op->getOperand(0).getType()); }]>,
    InterfaceMethod<"Operands that broadcast; the others are parameters that `emitScalar` reads from attributes or constants.",
      "unsigned", "numBroadcastOperands", (ins), "", [{ return $_op->getNumOperands(); }]>,
  ];
}

#endif
