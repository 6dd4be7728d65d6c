// Shape inference: what an op knows about the types of its results.
#ifndef BRISK_DIALECTS_INTERFACES_INFERSHAPES_TD
#define BRISK_DIALECTS_INTERFACES_INFERSHAPES_TD

include "mlir/IR/OpBase.td"

def InferShapesInterface : OpInterface<"InferShapesInterface"> {
  let description = [{
    The facts from which the types of an op's results follow. `inferShapes`
    sets the type of every result (element type, rank, static and symbolic
    dims) through the context or fails with a diagnostic; it must not change
    anything else. `inferContent` gives the elements of a small integer result
    as symbolic dims, so that shapes computed inside the model are known.
  }];
  let cppNamespace = "::brisk";
  let methods = [
    InterfaceMethod<"Sets the types of all results.", "::mlir::LogicalResult", "inferShapes",
                    (ins "::brisk::ShapeContext &":$context)>,
    InterfaceMethod<"Elements, in row-major order, of result `index` of rank 0 or 1 and integer type, where they follow from the operands.",
                    "std::optional<::brisk::Dims>", "inferContent",
                    (ins "::brisk::ShapeContext &":$context, "unsigned":$index), "", [{ return std::nullopt; }]>,
  ];
}

#endif
