// Normalizations.
include "dialects/onnx/Spatial.td"

def Onnx_BatchNormalizationOp : Onnx_ChannelWise<"BatchNormalization", [Upgradable, Onnx_Slices<>]> {
  let summary = "(X - mean) / sqrt(var + epsilon) * scale + B by channel (ONNX BatchNormalization, opset 15)";
  let description = [{
    One multiplication and one addition by channel, with factors that are
    computed at compile time where the parameters are constants, and part of
    the weights where a convolution with constant ones comes before. With
    `training_mode` the statistics are those of the batch, and two more results
    are the running ones.
  }];
  let arguments = (ins AnyTensor:$X, AnyTensor:$scale, AnyTensor:$B, AnyTensor:$input_mean, AnyTensor:$input_var,
                       DefaultValuedAttr<F32Attr, "1e-5f">:$epsilon, DefaultValuedAttr<F32Attr, "0.9f">:$momentum,
                       DefaultValuedAttr<I64Attr, "0">:$training_mode, UnitAttr:$channels_last);
  let results = (outs AnyTensor:$Y, Variadic<AnyTensor>:$statistics);
  let hasCanonicalizer = 1;
}

def Onnx_InstanceNormalizationOp : Onnx_ChannelWise<"InstanceNormalization", [Onnx_Slices<>]> {
  let summary = "Normalization of each channel of each sample (ONNX InstanceNormalization, opset 22)";
  let arguments = (ins AnyTensor:$input, AnyTensor:$scale, AnyTensor:$B,
                       DefaultValuedAttr<F32Attr, "1e-5f">:$epsilon, UnitAttr:$channels_last);
  let results = (outs AnyTensor:$output);
}

def Onnx_GroupNormalizationOp : Onnx_ChannelWise<"GroupNormalization"> {
  let summary = "Normalization of groups of channels (ONNX GroupNormalization, opset 21)";
  let description = [{
    `scale` and `bias` have one number for each channel, or (opset 18) for each
    group.
  }];
  let arguments = (ins AnyTensor:$X, AnyTensor:$scale, AnyTensor:$bias,
                       DefaultValuedAttr<F32Attr, "1e-5f">:$epsilon, I64Attr:$num_groups,
                       DefaultValuedAttr<I64Attr, "1">:$stash_type, UnitAttr:$channels_last);
  let results = (outs AnyTensor:$Y);
}

def Onnx_LayerNormalizationOp : Onnx_Op<"LayerNormalization", [Pure, Onnx_Slices<>]> {
  let summary = "Normalization over the axes from `axis` on (ONNX LayerNormalization, opset 17)";
  let description = [{
    The second and third result are the mean and the inverse of the standard
    deviation of each row, as floats of `stash_type`, in which everything up to
    the scaling is computed.
  }];
  let arguments = (ins AnyTensor:$X, AnyTensor:$Scale, Onnx_Value:$B, DefaultValuedAttr<I64Attr, "-1">:$axis,
                       DefaultValuedAttr<F32Attr, "1e-5f">:$epsilon, DefaultValuedAttr<I64Attr, "1">:$stash_type);
  let results = (outs AnyTensor:$Y, Variadic<AnyTensor>:$statistics);
}

def Onnx_RMSNormalizationOp : Onnx_Op<"RMSNormalization", [Pure, Onnx_Slices<>]> {
  let summary = "X / sqrt(mean(X^2) + epsilon) * scale over the axes from `axis` on (ONNX RMSNormalization, opset 23)";
  let arguments = (ins AnyTensor:$X, AnyTensor:$scale, DefaultValuedAttr<I64Attr, "-1">:$axis,
                       DefaultValuedAttr<F32Attr, "1e-5f">:$epsilon, DefaultValuedAttr<I64Attr, "1">:$stash_type);
  let results = (outs AnyTensor:$Y);
}

def Onnx_MeanVarianceNormalizationOp : Onnx_Op<"MeanVarianceNormalization", [Pure]> {
  let summary = "(X - mean) / standard deviation over `axes` (ONNX MeanVarianceNormalization, opset 13)";
  let arguments = (ins AnyTensor:$X, DefaultValuedAttr<DenseI64ArrayAttr, "::llvm::ArrayRef<int64_t>({0, 2, 3})">:$axes);
  let results = (outs AnyTensor:$Y);
}

def Onnx_LpNormalizationOp : Onnx_Op<"LpNormalization", [Pure]> {
  let summary = "input / (sum |input|^p)^(1/p) over one axis, 0 where the norm is (ONNX LpNormalization, opset 22)";
  let arguments = (ins AnyTensor:$input, DefaultValuedAttr<I64Attr, "-1">:$axis, DefaultValuedAttr<I64Attr, "2">:$p);
  let results = (outs AnyTensor:$output);
}

def Onnx_LRNOp : Onnx_ChannelWise<"LRN"> {
  let summary = "X / (bias + alpha / size * sum of squares of `size` near channels)^beta (ONNX LRN, opset 13)";
  let arguments = (ins AnyTensor:$X, DefaultValuedAttr<F32Attr, "1e-4f">:$alpha,
                       DefaultValuedAttr<F32Attr, "0.75f">:$beta, DefaultValuedAttr<F32Attr, "1.0f">:$bias,
                       I64Attr:$size, UnitAttr:$channels_last);
  let results = (outs AnyTensor:$Y);
}
