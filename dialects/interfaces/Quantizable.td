// What an op can do on quantized tensors.
#ifndef BRISK_DIALECTS_INTERFACES_QUANTIZABLE_TD
#define BRISK_DIALECTS_INTERFACES_QUANTIZABLE_TD

include "mlir/IR/OpBase.td"

def QuantizableInterface : OpInterface<"QuantizableInterface"> {
  let description = [{
    Facts about an op on quantized tensors (see Quantized.h). An op that only
    moves elements of its first operand declares the interface and nothing
    else. Ask `brisk::quantizedForm(op)`, which also knows elementwise ops.
  }];
  let cppNamespace = "::brisk";
  let methods = [
    InterfaceMethod<"The part that the op plays and which operands play theirs.", "::brisk::QuantizedForm",
                    "quantizedForm", (ins), "", [{
      ::brisk::QuantizedForm form;
      form.kind = ::brisk::QuantizedForm::Move;
      form.activations = {0};
      return form;
    }]>,
    InterfaceMethod<[{
        Of a Product or Average: makes the integer form of the op and returns its first result in floats, of the
        result's shape, which belongs to an op with as many results. `factors` holds the quantized activations, then
        the weight and what multiplies states; other operands (the bias) are taken from the op. With a `divisor` (a
        scalar, else null; null for ops with states) it is divided by that. Null where these factors have no integer form; what was made until then has no users.
      }], "::mlir::Value", "buildQuantized",
      (ins "::brisk::onnx::OpMaker &":$make, "::llvm::ArrayRef<::brisk::QuantizedValue>":$factors,
           "::mlir::Value":$divisor), "", [{ return {}; }]>,
    InterfaceMethod<[{
        Of a Product whose weight, a matrix, alone is quantized, with a scale for each block along the summed axis (as many
        as `weight.scale` has there, all of one length): the form that reads its integers. Null where there is none.
      }], "::mlir::Value", "buildInBlocks",
      (ins "::brisk::onnx::OpMaker &":$make, "const ::brisk::QuantizedValue &":$weight), "", [{ return {}; }]>,
    InterfaceMethod<[{
        Of a Pointwise op that is min(max(x, low), high): low and high, infinite where there is no such bound.
        nullopt for all others.
      }], "std::optional<std::pair<double, double>>", "clampBounds", (ins), "", [{ return std::nullopt; }]>,
  ];
}

def CompositeInterface : OpInterface<"CompositeInterface"> {
  let description = [{
    An op that is short for others of its dialect. The quantize stage writes it
    out, so that what follows sees quantization, arithmetic and products on their own.
  }];
  let cppNamespace = "::brisk";
  let methods = [
    InterfaceMethod<"Makes the ops that this one stands for and gives each result's value in `results`, or fails.",
                    "::llvm::LogicalResult", "expand",
                    (ins "::brisk::onnx::OpMaker &":$make, "::llvm::SmallVectorImpl<::mlir::Value> &":$results)>,
  ];
}

#endif
