// The types of the arguments of a region, before its body exists.
#ifndef BRISK_DIALECTS_INTERFACES_REGIONARGUMENTS_TD
#define BRISK_DIALECTS_INTERFACES_REGIONARGUMENTS_TD

include "mlir/IR/OpBase.td"

def RegionArgumentsInterface : OpInterface<"RegionArgumentsInterface"> {
  let description = [{
    Implemented by ops whose regions take arguments (the bodies of loops). At
    import a region is made with one block whose arguments have the types that
    the model declares (`none` where it declares no rank, open dims with names
    of their own). `inferRegionArguments` replaces them by what follows from
    the op's operands; the body is imported after that, and `inferShapes` of
    the op last of all.
  }];
  let cppNamespace = "::brisk";
  let methods = [
    InterfaceMethod<"Sets the types of the arguments of region `index`.", "::mlir::LogicalResult",
                    "inferRegionArguments", (ins "unsigned":$index, "::brisk::ShapeContext &":$context)>,
  ];
}

#endif
