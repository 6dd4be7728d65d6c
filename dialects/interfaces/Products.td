// Structured ops that sum products of their first two operands.
#ifndef BRISK_DIALECTS_INTERFACES_PRODUCTS_TD
#define BRISK_DIALECTS_INTERFACES_PRODUCTS_TD

include "mlir/IR/OpBase.td"

def ProductsInterface : OpInterface<"ProductsInterface"> {
  let description = [{
    A destination-style op that, at every point of its parallel loops, sums
    products of its first two operands over its reduction loops and then applies
    its region to the sum and the elements of the other operands.
  }];
  let cppNamespace = "::brisk";
  let methods = [
    InterfaceMethod<"One map from the loops to the place in each operand.",
                    "::llvm::SmallVector<::mlir::AffineMap>", "maps">,
    InterfaceMethod<"The loops' kinds.", "::llvm::SmallVector<::mlir::utils::IteratorType>", "iterators">,
  ];
}

#endif
