// RUN: dlc-opt %s --dlc-form-kernels --dlc-recompute=memory-limit=20000 --mlir-print-local-scope | FileCheck %s
// RUN: dlc-opt %s --dlc-form-kernels --dlc-recompute=memory-limit=30000 | FileCheck %s --check-prefix=ROOM
// RUN: dlc-opt %s --dlc-form-kernels --dlc-recompute | FileCheck %s --check-prefix=ROOM
// RUN: not dlc-opt %s --dlc-form-kernels --dlc-recompute=memory-limit=8000 2>&1 | FileCheck %s --check-prefix=TIGHT

// Three tensors of 4 kB wait for the way back, beside what is at work. The limit has no room for one of them: the cheapest to
// compute from what is there goes, and comes again before its reader.
// CHECK-LABEL: func.func @run
// CHECK: %[[A:.*]] = dlc.kernel "exp"
// CHECK: %[[B:.*]] = dlc.kernel "relu" {{.*}}(%[[A]]
// CHECK: %[[C:.*]] = dlc.kernel "exp" {{.*}}(%[[B]]
// CHECK: dlc.kernel "relu.again" {{.*}}(%[[A]]
// ROOM-NOT: .again
// TIGHT: error: 'run' takes {{.*}} kB, more than --memory-limit allows (8.0 kB): {{.*}} kB for tensors, though {{[0-9]+}} kernels run again to keep fewer; a smaller batch takes less
func.func @run(%x: tensor<1024xf32> {dlc.name = "x"}) -> (tensor<1024xf32> {dlc.name = "y"}) {
  %a = dlc.exp %x : tensor<1024xf32> -> tensor<1024xf32>
  %b = dlc.relu %a : tensor<1024xf32> -> tensor<1024xf32>
  %c = dlc.exp %b : tensor<1024xf32> -> tensor<1024xf32>
  %d = dlc.softmax %c {axes = array<i64: 0>} : tensor<1024xf32> -> tensor<1024xf32>
  %e = dlc.softmax %d {axes = array<i64: 0>} : tensor<1024xf32> -> tensor<1024xf32>
  %f = dlc.softmax %e {axes = array<i64: 0>} : tensor<1024xf32> -> tensor<1024xf32>
  %g = dlc.matmul %f, %c : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<f32>
  %h = dlc.matmul %f, %b : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<f32>
  %i = dlc.matmul %f, %a : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<f32>
  %gh = dlc.add %g, %h : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %ghi = dlc.add %gh, %i : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %y = dlc.mul %f, %ghi : (tensor<1024xf32>, tensor<f32>) -> tensor<1024xf32>
  return %y : tensor<1024xf32>
}
