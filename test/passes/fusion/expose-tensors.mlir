// RUN: dlc-opt %s --dlc-form-kernels --dlc-expose-tensors | FileCheck %s

// CHECK-LABEL: func.func @run
// CHECK-SAME: -> (tensor<4xf32> {dlc.name = "y"}, tensor<4xf32> {dlc.kept, dlc.name = "hidden"})
func.func @run(%x: tensor<4xf32>) -> (tensor<4xf32> {dlc.name = "y"}) {
  // CHECK: %[[H:.*]] = dlc.kernel "hidden"
  // CHECK: %[[Y:.*]] = dlc.kernel "y"
  // CHECK: return %[[Y]], %[[H]]
  %h = dlc.exp %x : tensor<4xf32> -> tensor<4xf32> loc("hidden")
  %y = dlc.neg %h : tensor<4xf32> -> tensor<4xf32> loc("y")
  return %y : tensor<4xf32>
}
