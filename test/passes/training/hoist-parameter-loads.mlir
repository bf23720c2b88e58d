// RUN: dlc-opt %s --split-input-file --dlc-hoist-parameter-loads | FileCheck %s

dlc.parameter @w : tensor<3x3xf32>
// CHECK-LABEL: func.func private @step
// CHECK-SAME: %[[W:[a-z0-9]*]]: tensor<3x3xf32>) -> tensor<2x3xf32>
// CHECK: dlc.matmul %{{.*}}, %[[W]]
func.func private @step(%step: tensor<i64>, %h: tensor<2x3xf32>, %x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %w = dlc.load_parameter @w : tensor<3x3xf32>
  %0 = dlc.matmul %h, %w : (tensor<2x3xf32>, tensor<3x3xf32>) -> tensor<2x3xf32>
  %1 = dlc.add %0, %x : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}
// CHECK-LABEL: func.func @train_step
func.func @train_step(%h: tensor<2x3xf32>, %x: tensor<5x2x3xf32>) -> tensor<2x3xf32> {
  // CHECK: %[[L:.*]] = dlc.load_parameter @w
  // CHECK: dlc.outlined_loop @step init(%{{.*}}) scan(%{{.*}}) captures(%[[L]] : tensor<3x3xf32>)
  %0 = dlc.outlined_loop @step init(%h : tensor<2x3xf32>) scan(%x : tensor<5x2x3xf32>) captures() -> tensor<2x3xf32>
  %w = dlc.constant dense<0.0> : tensor<3x3xf32> : tensor<3x3xf32>
  dlc.assign @w, %w : tensor<3x3xf32>
  return %0 : tensor<2x3xf32>
}

// -----

// For inference the load stays where it can be folded and packed.
dlc.parameter @w : tensor<3x3xf32> = dense<1.0> : tensor<3x3xf32>
// CHECK-LABEL: func.func private @step
// CHECK: dlc.load_parameter @w
func.func private @step(%step: tensor<i64>, %h: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %w = dlc.load_parameter @w : tensor<3x3xf32>
  %0 = dlc.matmul %h, %w : (tensor<2x3xf32>, tensor<3x3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
func.func @run(%h: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = dlc.outlined_loop @step init(%h : tensor<2x3xf32>) scan() captures() {trip_count = 4 : i64} -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
