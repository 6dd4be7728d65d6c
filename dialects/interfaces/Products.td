// Structured ops that fold their first operands over loops.
#ifndef BRISK_DIALECTS_INTERFACES_PRODUCTS_TD
#define BRISK_DIALECTS_INTERFACES_PRODUCTS_TD

include "mlir/IR/OpBase.td"

def ProductsInterface : OpInterface<"ProductsInterface"> {
  let description = [{
    A destination-style op that, at every point of its parallel loops, folds its
    first operands over its reduction loops and then applies its last region to
    the result and the elements of the other operands. What folds is a sum of
    products of two operands, or the first region.
  }];
  let cppNamespace = "::brisk";
  let methods = [
    InterfaceMethod<"One map from the loops to the place in each operand.",
                    "::llvm::SmallVector<::mlir::AffineMap>", "maps">,
    InterfaceMethod<"The loops' kinds.", "::llvm::SmallVector<::mlir::utils::IteratorType>", "iterators">,
    InterfaceMethod<"False where the first region tells how to fold.", "bool", "sumsProducts">,
  ];
}

#endif
