// RUN: dlc-opt %s --split-input-file --dlc-weight-only-code-motion --mlir-print-local-scope -verify-diagnostics | FileCheck %s

// Packing and arithmetic on weights move; the broadcast, and what depends on the input, stay.
dlc.parameter @w : tensor<8x4xf32> = dense<1.0> : tensor<8x4xf32>
dlc.parameter @b : tensor<8xf32> = dense<0.0> : tensor<8xf32>
// CHECK: dlc.parameter @derived.stamp : tensor<i64> = dense<0> : tensor<i64> {kind = "stamp"}
// CHECK: dlc.parameter @derived{{.*}} : tensor<8x4xf32, #dlc.layout<{{.*}}>> {kind = "derived"}
// CHECK-LABEL: func.func @run
// CHECK: %[[P:.*]] = dlc.load_parameter @derived : tensor<8x4xf32, #dlc.layout<
// CHECK: dlc.matmul %arg0, %[[P]]
// CHECK: %[[B:.*]] = dlc.load_parameter @b
// CHECK: dlc.reshape %[[B]]
func.func @run(%x: tensor<2x4xf32>) -> tensor<2x8xf32> {
  %w = dlc.load_parameter @w : tensor<8x4xf32>
  %half = dlc.constant dense<0.5> : tensor<f32> : tensor<f32>
  %0 = dlc.mul %w, %half : (tensor<8x4xf32>, tensor<f32>) -> tensor<8x4xf32>
  %1 = dlc.pack %0 : tensor<8x4xf32> -> tensor<8x4xf32, #dlc.layout<order = [0, 1], inner_dims = [0], inner_tiles = [32]>>
  %2 = dlc.matmul %x, %1 {transpose_rhs = true} : (tensor<2x4xf32>, tensor<8x4xf32, #dlc.layout<order = [0, 1], inner_dims = [0], inner_tiles = [32]>>) -> tensor<2x8xf32>
  %b = dlc.load_parameter @b : tensor<8xf32>
  %3 = dlc.reshape %b {shape = array<i64: 1, 8>} : (tensor<8xf32>) -> tensor<1x8xf32>
  %4 = dlc.add %2, %3 : (tensor<2x8xf32>, tensor<1x8xf32>) -> tensor<2x8xf32>
  return %4 : tensor<2x8xf32>
}
// CHECK-LABEL: func.func @prepare_weights()
// CHECK: %[[W:.*]] = dlc.load_parameter @w
// CHECK: %[[M:.*]] = dlc.mul %[[W]]
// CHECK: %[[N:.*]] = dlc.pack %[[M]]
// CHECK: dlc.assign @derived.stamp
// CHECK: dlc.assign @derived, %[[N]]

// -----

// Two entry points share what they derive, also in the step of a loop.
dlc.parameter @w : tensor<4x4xf32> = dense<1.0> : tensor<4x4xf32>
// CHECK-LABEL: func.func private @step
// CHECK: dlc.load_parameter @derived : tensor<4x4xf32>
func.func private @step(%step: tensor<i64>, %h: tensor<2x4xf32>, %x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %w = dlc.load_parameter @w : tensor<4x4xf32>
  %0 = dlc.neg %w : tensor<4x4xf32> -> tensor<4x4xf32>
  %1 = dlc.matmul %h, %0 : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  %2 = dlc.add %1, %x : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  return %2 : tensor<2x4xf32>
}
// CHECK-LABEL: func.func @once
// CHECK: dlc.load_parameter @derived : tensor<4x4xf32>
func.func @once(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %w = dlc.load_parameter @w : tensor<4x4xf32>
  %0 = dlc.neg %w : tensor<4x4xf32> -> tensor<4x4xf32>
  %1 = dlc.matmul %x, %0 : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}
// CHECK-LABEL: func.func @prepare_weights()
// CHECK: dlc.neg
// CHECK-NOT: dlc.neg

// -----

// expected-error@+1 {{an entry point called 'prepare_weights' is made for models whose weights can be replaced: choose another name}}
func.func @prepare_weights(%x: tensor<2xf32>) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}
