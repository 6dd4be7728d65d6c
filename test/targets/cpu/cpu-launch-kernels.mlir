// RUN: brisk-opt --cpu-launch-kernels %s | FileCheck %s

// A shared kernel gets a part function that reads its arguments from memory; @run asks the runtime to run it over all units.
// CHECK-LABEL: llvm.func @run(
// CHECK-SAME: %[[CALL:.*]]: !llvm.ptr
// CHECK: %[[BLOCK:.*]] = llvm.alloca %{{.*}} x !llvm.struct<(ptr, i64)>
// CHECK: llvm.store %{{.*}}, %{{.*}} : !llvm.ptr, !llvm.ptr
// CHECK: llvm.store %{{.*}}, %{{.*}} : i64, !llvm.ptr
// CHECK: %[[PART:.*]] = llvm.mlir.addressof @kernel_0_part
// CHECK: llvm.call %{{.*}}(%[[CALL]], %[[PART]], %[[BLOCK]], %{{.*}}) : !llvm.ptr
// CHECK-NOT: llvm.call @kernel_0(
// The other kernel is called as it is.
// CHECK: llvm.call @kernel_1(
llvm.func @run(%call: !llvm.ptr) -> i32 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %units = llvm.mlir.constant(12 : i64) : i64
  %status = llvm.mlir.constant(0 : i32) : i32
  llvm.call @kernel_0(%call, %units, %zero, %units) : (!llvm.ptr, i64, i64, i64) -> ()
  llvm.call @kernel_1(%call) : (!llvm.ptr) -> ()
  llvm.return %status : i32
}
// CHECK-LABEL: llvm.func internal @kernel_0_part(
// CHECK-SAME: %[[ARGS:.*]]: !llvm.ptr, %[[BEGIN:.*]]: i64, %[[END:.*]]: i64
// CHECK: llvm.call @kernel_0(%{{.*}}, %{{.*}}, %[[BEGIN]], %[[END]])
llvm.func internal @kernel_0(%a: !llvm.ptr, %n: i64, %begin: i64, %end: i64) attributes {cpu.split} {
  llvm.return
}
llvm.func internal @kernel_1(%a: !llvm.ptr) {
  llvm.return
}
