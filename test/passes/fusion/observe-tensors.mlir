// RUN: dlc-opt %s --split-input-file --dlc-form-kernels --dlc-observe-tensors | FileCheck %s

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

// -----

// A layer of two kernels is what the second one computes.
// CHECK-LABEL: func.func @layer_of_two
func.func @layer_of_two(%x: tensor<4xf32>) -> (tensor<4xf32> {dlc.name = "y"}) {
  // CHECK: dlc.kernel "linear"
  // CHECK: %[[SECOND:.*]] = dlc.kernel "linear"
  // CHECK: %[[Y:.*]] = dlc.kernel "y"
  // CHECK: return %[[Y]], %[[SECOND]]
  %product = dlc.exp %x : tensor<4xf32> -> tensor<4xf32> loc("linear")
  %linear = dlc.abs %product : tensor<4xf32> -> tensor<4xf32> loc("linear")
  %y = dlc.neg %linear : tensor<4xf32> -> tensor<4xf32> loc("y")
  return %y : tensor<4xf32>
}
