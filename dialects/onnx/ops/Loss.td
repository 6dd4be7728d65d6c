// Losses of classification.
include "dialects/onnx/Base.td"

def Onnx_NegativeLogLikelihoodLossOp : Onnx_Op<"NegativeLogLikelihoodLoss", [Pure]> {
  let summary = "-input at the target class, weighted (ONNX NegativeLogLikelihoodLoss, opset 22)";
  let description = [{
    Targets outside the classes, which ONNX forbids unless they equal
    `ignore_index`, are brought to the nearest class.
  }];
  let arguments = (ins AnyTensor:$input, AnyTensor:$target, Onnx_Value:$weight, OptionalAttr<I64Attr>:$ignore_index,
                   DefaultValuedAttr<StrAttr, "\"mean\"">:$reduction);
  let results = (outs AnyTensor:$loss);
}

def Onnx_SoftmaxCrossEntropyLossOp : Onnx_Op<"SoftmaxCrossEntropyLoss", [Pure]> {
  let summary = "Negative log likelihood of log(softmax(scores)) (ONNX SoftmaxCrossEntropyLoss, opset 13)";
  let arguments = (ins AnyTensor:$scores, AnyTensor:$labels, Onnx_Value:$weights,
                   OptionalAttr<I64Attr>:$ignore_index,
                   DefaultValuedAttr<StrAttr, "\"mean\"">:$reduction);
  let results = (outs AnyTensor:$output, AnyTensor:$log_prob);
}
