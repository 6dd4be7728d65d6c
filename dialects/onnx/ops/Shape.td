// Ops that ask for or change the shape of a tensor and keep its elements.
include "dialects/onnx/Base.td"

def Onnx_ShapeOp : Onnx_Op<"Shape", [Pure, InfersContent, Onnx_Frames<>]> {
  let summary = "Dims start .. end-1 of a tensor (ONNX Shape, opset 25)";
  let arguments = (ins AnyTensor:$data, OptionalAttr<I64Attr>:$end, DefaultValuedAttr<I64Attr, "0">:$start);
  let results = (outs AnyTensor:$shape);
}

def Onnx_SizeOp : Onnx_Op<"Size", [Pure, InfersContent, Onnx_Frames<>]> {
  let summary = "Number of elements of a tensor (ONNX Size, opset 25)";
  let arguments = (ins AnyTensor:$data);
  let results = (outs AnyTensor:$size);
}

def Onnx_ReshapeOp : Onnx_Op<"Reshape", [Pure, InfersContent, Upgradable, MovesElements,
                                        Onnx_Slices<["resizeResults"]>, Onnx_Frames<["keepFrames"]>]> {
  let summary = "The same elements in another shape (ONNX Reshape, opset 25)";
  let description = [{
    One target dim may be -1 (whatever is left); 0 copies the dim at the same
    axis unless `allowzero`. A target that is only known at run time gives dims
    that are too; its length must be static.

    Example: `%1 = onnx.Reshape %0, %shape : (tensor<2x6xf32>, tensor<2xi64>) -> tensor<3x4xf32>`
  }];
  let arguments = (ins AnyTensor:$data, AnyTensor:$shape, DefaultValuedAttr<I64Attr, "0">:$allowzero);
  let results = (outs AnyTensor:$reshaped);
  let hasFolder = 1;
}

def Onnx_FlattenOp : Onnx_Op<"Flatten", [Pure, MovesElements, Onnx_Slices<>]> {
  let summary = "A matrix of the axes before `axis` by those from it on (ONNX Flatten, opset 25)";
  let arguments = (ins AnyTensor:$input, DefaultValuedAttr<I64Attr, "1">:$axis);
  let results = (outs AnyTensor:$output);
  let hasFolder = 1;
}

def Onnx_SqueezeOp : Onnx_Op<"Squeeze", [Pure, InfersContent, Upgradable, MovesElements, Onnx_Slices<>]> {
  let summary = "Drops axes of size 1 (ONNX Squeeze, opset 25)";
  let arguments = (ins AnyTensor:$data, Onnx_Value:$axes);
  let results = (outs AnyTensor:$squeezed);
}

def Onnx_UnsqueezeOp : Onnx_Op<"Unsqueeze", [Pure, InfersContent, Upgradable, MovesElements, Onnx_Slices<>]> {
  let summary = "Inserts axes of size 1 (ONNX Unsqueeze, opset 25)";
  let arguments = (ins AnyTensor:$data, AnyTensor:$axes);
  let results = (outs AnyTensor:$expanded);
}

def Onnx_TransposeOp : Onnx_Op<"Transpose", [Pure, InfersContent, MovesElements, Onnx_Slices<>]> {
  let summary = "Permutes axes: result axis i is axis perm[i] (ONNX Transpose, opset 25)";
  let arguments = (ins AnyTensor:$data, OptionalAttr<DenseI64ArrayAttr>:$perm);
  let results = (outs AnyTensor:$transposed);
  let hasFolder = 1;
  let hasCanonicalizer = 1;
  let extraClassDeclaration = [{
    /// `perm`, or the reversal of all axes that it defaults to.
    ::llvm::SmallVector<int64_t> permutation();
  }];
}

def Onnx_ExpandOp : Onnx_Op<"Expand", [Pure, InfersContent, MovesElements,
                                       Onnx_Slices<["resizeResults"]>, Onnx_Frames<["keepFrames"]>]> {
  let summary = "Broadcasts a tensor with a shape (ONNX Expand, opset 13)";
  let arguments = (ins AnyTensor:$input, AnyTensor:$shape);
  let results = (outs AnyTensor:$output);
  let hasFolder = 1;
}

def Onnx_TileOp : Onnx_Op<"Tile", [Pure, InfersContent, Upgradable, MovesElements]> {
  let summary = "Repeats a tensor along its axes (ONNX Tile, opset 13)";
  let arguments = (ins AnyTensor:$input, AnyTensor:$repeats);
  let results = (outs AnyTensor:$output);
  let hasFolder = 1;
}
