// RUN: dlc-opt %s --split-input-file --dlc-hoist-parameter-loads | FileCheck %s

dlc.parameter @w : tensor<3x3xf32>
// CHECK-LABEL: func.func @train_step
func.func @train_step(%h: tensor<2x3xf32>, %x: tensor<5x2x3xf32>) -> tensor<2x3xf32> {
  // CHECK: %[[L:.*]] = dlc.load_parameter @w
  // CHECK: dlc.loop
  // CHECK: dlc.matmul %{{.*}}, %[[L]]
  %0 = dlc.loop init(%h : tensor<2x3xf32>) scan(%x : tensor<5x2x3xf32>) -> tensor<2x3xf32> {
  ^bb0(%step: tensor<i64>, %h_in: tensor<2x3xf32>, %x_in: tensor<2x3xf32>):
    %w_in = dlc.load_parameter @w : tensor<3x3xf32>
    %s0 = dlc.matmul %h_in, %w_in : (tensor<2x3xf32>, tensor<3x3xf32>) -> tensor<2x3xf32>
    %s1 = dlc.add %s0, %x_in : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
    dlc.next %s1 : tensor<2x3xf32>
  }
  %w = dlc.constant dense<0.0> : tensor<3x3xf32> : tensor<3x3xf32>
  dlc.assign @w, %w : tensor<3x3xf32>
  return %0 : tensor<2x3xf32>
}

// -----

// Out of all loops.
dlc.parameter @w : tensor<3x3xf32> = dense<1.0> : tensor<3x3xf32>
// CHECK-LABEL: func.func @run
// CHECK-NEXT: %[[L:.*]] = dlc.load_parameter @w
// CHECK-NEXT: dlc.loop
func.func @run(%h: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = dlc.loop init(%h : tensor<2x3xf32>) scan() {trip_count = 4 : i64} -> tensor<2x3xf32> {
  ^bb0(%step: tensor<i64>, %before: tensor<2x3xf32>):
    %1 = dlc.loop init(%before : tensor<2x3xf32>) scan() {trip_count = 2 : i64} -> tensor<2x3xf32> {
    ^bb0(%inner_step: tensor<i64>, %inner: tensor<2x3xf32>):
      %w = dlc.load_parameter @w : tensor<3x3xf32>
      // CHECK: dlc.matmul %{{.*}}, %[[L]]
      %2 = dlc.matmul %inner, %w : (tensor<2x3xf32>, tensor<3x3xf32>) -> tensor<2x3xf32>
      dlc.next %2 : tensor<2x3xf32>
    }
    dlc.next %1 : tensor<2x3xf32>
  }
  return %0 : tensor<2x3xf32>
}
