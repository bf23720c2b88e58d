// RUN: dlc-opt %s --dlc-form-kernels --dlc-eager-optimizer-updates --mlir-print-local-scope --split-input-file | FileCheck %s

// Each weight is updated as soon as its gradient is available; the second one waits for the reader of its old value.
// CHECK-LABEL: func.func @train_step
// CHECK: %[[H:.*]] = dlc.kernel "matmul" {{.*}}(%arg0, %arg1
// CHECK: %[[Y:.*]] = dlc.kernel "matmul" {{.*}}(%[[H]], %arg2
// CHECK: %[[DH:.*]] = dlc.kernel "matmul" {{.*}}(%[[Y]], %arg2
// CHECK: %[[DW1:.*]] = dlc.kernel "matmul" {{.*}}(%arg0, %[[DH]]
// CHECK: %[[W1:.*]] = dlc.kernel "w1.update" {{.*}}(%arg1, %[[DW1]]
// CHECK: %[[DW2:.*]] = dlc.kernel "matmul" {{.*}}(%[[H]], %[[Y]]
// CHECK: %[[W2:.*]] = dlc.kernel "w2.update" {{.*}}(%arg2, %[[DW2]]
// CHECK: return %[[W1]], %[[W2]]
func.func @train_step(%x: tensor<8x4xf32> {dlc.name = "x"}, %w1: tensor<4x4xf32> {dlc.variable = "w1"}, %w2: tensor<4x4xf32> {dlc.variable = "w2"})
    -> (tensor<4x4xf32> {dlc.variable = "w1"}, tensor<4x4xf32> {dlc.variable = "w2"}) {
  %h = dlc.matmul %x, %w1 : (tensor<8x4xf32>, tensor<4x4xf32>) -> tensor<8x4xf32>
  %y = dlc.matmul %h, %w2 : (tensor<8x4xf32>, tensor<4x4xf32>) -> tensor<8x4xf32>
  %dh = dlc.matmul %y, %w2 {transpose_rhs = true} : (tensor<8x4xf32>, tensor<4x4xf32>) -> tensor<8x4xf32>
  %dw1 = dlc.matmul %x, %dh {transpose_lhs = true} : (tensor<8x4xf32>, tensor<8x4xf32>) -> tensor<4x4xf32>
  %dw2 = dlc.matmul %h, %y {transpose_lhs = true} : (tensor<8x4xf32>, tensor<8x4xf32>) -> tensor<4x4xf32>
  %new1 = dlc.sub %w1, %dw1 : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %new2 = dlc.sub %w2, %dw2 : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  return %new1, %new2 : tensor<4x4xf32>, tensor<4x4xf32>
}

// -----

// A factor that looks at all gradients keeps them; what an entry point gives its caller stays where it is.
// CHECK-LABEL: func.func @clipped
// CHECK: "exp" {{.*}}(%arg0
// CHECK: "log" {{.*}}(%arg1
// CHECK: %[[N:.*]] = dlc.kernel "mul"
// CHECK: "a.update" {{.*}}(%arg0, %[[N]]
// CHECK: "b.update" {{.*}}(%arg1, %[[N]]
// CHECK: "sqrt"
func.func @clipped(%a: tensor<4xf32> {dlc.variable = "a"}, %b: tensor<4xf32> {dlc.variable = "b"})
    -> (tensor<4xf32> {dlc.name = "loss"}, tensor<4xf32> {dlc.variable = "a"}, tensor<4xf32> {dlc.variable = "b"}) {
  %da = dlc.exp %a : tensor<4xf32> -> tensor<4xf32>
  %db = dlc.log %b : tensor<4xf32> -> tensor<4xf32>
  %n = dlc.mul %da, %db : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %loss = dlc.sqrt %n : tensor<4xf32> -> tensor<4xf32>
  %new_a = dlc.sub %a, %n : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %new_b = dlc.sub %b, %n : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %loss, %new_a, %new_b : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}
