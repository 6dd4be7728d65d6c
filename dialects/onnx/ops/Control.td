// Ops with subgraphs. Regions end in onnx.Yield and use values from outside directly.
include "dialects/onnx/Base.td"
include "dialects/interfaces/RegionArguments.td"

class Onnx_Region<string mnemonic, list<Trait> traits = []>
    : Onnx_Op<mnemonic, !listconcat([RecursiveMemoryEffects], traits)>;

def Onnx_IfOp : Onnx_Region<"If"> {
  let summary = "One of two subgraphs (ONNX If, opset 25)";
  let description = [{
    Branches may differ in shape: dims on which they differ are open in the
    result. Where they differ in rank the result is that of the first branch, and
    a run that takes the other fails. A constant condition leaves only its branch.

    Example:
    ```
    %y = onnx.If %c : (tensor<i1>) -> tensor<2xf32> then {
      onnx.Yield %a : tensor<2xf32>
    } else {
      onnx.Yield %b : tensor<2xf32>
    }
    ```
  }];
  let arguments = (ins AnyTensor:$cond);
  let results = (outs Variadic<AnyTensor>:$outputs);
  let regions = (region SizedRegion<1>:$then_branch, SizedRegion<1>:$else_branch);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results) `then` $then_branch `else` $else_branch";
  let hasCanonicalizer = 1;
}

def Onnx_LoopOp : Onnx_Region<"Loop", [DeclareOpInterfaceMethods<RegionArgumentsInterface>]> {
  let summary = "Repeats a subgraph (ONNX Loop, opset 25)";
  let description = [{
    Runs the body for iterations 0 to M - 1 (without end if M is absent) while
    its condition holds. Arguments of the body: iteration, condition, carried
    values; it yields the next condition, the carried values and one element of
    each scan output. Results: the last carried values, then the scan outputs,
    stacked along a new first axis.
  }];
  let arguments = (ins Onnx_Value:$M, Onnx_Value:$cond, Variadic<AnyTensor>:$v_initial);
  let results = (outs Variadic<AnyTensor>:$v_final_and_scan_outputs);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results) $body";
}

def Onnx_ScanOp : Onnx_Region<"Scan", [Upgradable, DeclareOpInterfaceMethods<RegionArgumentsInterface>]> {
  let summary = "Runs a subgraph over the slices of its inputs (ONNX Scan, opset 25)";
  let description = [{
    The last `num_scan_inputs` operands are taken apart along their
    `scan_input_axes`, those before are states. Arguments of the body: states and
    slices; it yields the states and one slice of each scan output.
  }];
  let arguments = (ins Variadic<AnyTensor>:$initial_state_and_scan_inputs, I64Attr:$num_scan_inputs,
                       OptionalAttr<DenseI64ArrayAttr>:$scan_input_axes,
                       OptionalAttr<DenseI64ArrayAttr>:$scan_input_directions,
                       OptionalAttr<DenseI64ArrayAttr>:$scan_output_axes,
                       OptionalAttr<DenseI64ArrayAttr>:$scan_output_directions);
  let results = (outs Variadic<AnyTensor>:$final_state_and_scan_outputs);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results) $body";
}
