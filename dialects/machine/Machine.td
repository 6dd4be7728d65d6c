// The machine dialect: what a machine can do, as an attribute on the module.
#ifndef BRISK_DIALECTS_MACHINE_MACHINE_TD
#define BRISK_DIALECTS_MACHINE_MACHINE_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/DialectBase.td"

def Machine_Dialect : Dialect {
  let name = "machine";
  let cppNamespace = "::brisk::machine";
  let summary = "Descriptions of machines";
  let useDefaultAttributePrinterParser = 1;
}

def Machine_DescAttr : AttrDef<Machine_Dialect, "Desc"> {
  let mnemonic = "desc";
  let summary = "Speeds and sizes of a machine";
  let description = [{
    The module attribute `machine.desc`: the keys and units of a machine file
    (`briskc --machine=FILE`), which Machine.h explains. Numbers may be left
    out; they then have the value of a middling processor.

    ```mlir
    module attributes {machine.desc = #machine.desc<{
      isas = [{name = "x86-64-v3", vector_bits = 256 : i64, compute = {f32 = 50.0}}], overheads = {kernel = 20.0}}>} {}
    ```
  }];
  let parameters = (ins "::mlir::DictionaryAttr":$fields);
  let assemblyFormat = "`<` $fields `>`";
  let genVerifyDecl = 1;
}

#endif
