// SPDX-License-Identifier: Apache-2.0
// RUN: dlc-opt %s --dlc-bind-loop-shapes --dlc-loop-invariant-code-motion --split-input-file | FileCheck %s

// The product of the input runs over the rows of all steps, with the bias that alone uses it; the product of the state
// stays. The body scans the result instead of the input.
// CHECK-LABEL: func.func private @step
// CHECK-SAME: (%{{.*}}: tensor<i64> {{.*}}, %[[H:.*]]: tensor<?x4xf32> {{.*}}, %[[ZX:.*]]: tensor<?x4xf32> {dlc.dims = affine_map<()[s0] -> (s0, 4)>})
// CHECK: dlc.matmul %[[H]]
// CHECK-NEXT: dlc.add %{{.*}}, %[[ZX]]
// CHECK-LABEL: func.func @run
// CHECK: %[[FLAT:.*]] = dlc.reshape %arg0 {shape = array<i64: -1, 3>} : (tensor<5x?x3xf32>) -> tensor<?x3xf32>
// CHECK: %[[PRODUCT:.*]] = dlc.matmul %[[FLAT]]
// CHECK: %[[ALL:.*]] = dlc.reshape %[[PRODUCT]] {shape = array<i64: 5, -1, 4>}
// CHECK: %[[BIASED:.*]] = dlc.add %[[ALL]], %{{.*}} : (tensor<5x?x4xf32>, tensor<4xf32>) -> tensor<5x?x4xf32>
// CHECK: dlc.outlined_loop @step init(%arg1 : tensor<?x4xf32>) scan(%[[BIASED]] : tensor<5x?x4xf32>)
func.func private @step(%step: tensor<i64>, %h: tensor<?x4xf32>, %x: tensor<?x3xf32>) -> tensor<?x4xf32> {
  %w = dlc.constant dense<0.5> : tensor<3x4xf32> : tensor<3x4xf32>
  %r = dlc.constant dense<0.5> : tensor<4x4xf32> : tensor<4x4xf32>
  %b = dlc.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32> : tensor<4xf32>
  %zx = dlc.matmul %x, %w : (tensor<?x3xf32>, tensor<3x4xf32>) -> tensor<?x4xf32>
  %zb = dlc.add %zx, %b : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  %zh = dlc.matmul %h, %r : (tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<?x4xf32>
  %s = dlc.add %zh, %zb : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return %s : tensor<?x4xf32>
}
func.func @run(%x: tensor<5x?x3xf32> {dlc.dims = [5, "N", 3]}, %h: tensor<?x4xf32> {dlc.dims = ["N", 4]}) -> tensor<?x4xf32> {
  %0 = dlc.outlined_loop @step init(%h : tensor<?x4xf32>) scan(%x : tensor<5x?x3xf32>) captures() -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// -----

// Rows of an embedding move with the product that reads them; a matrix known at run time is the loop's operand. With two
// extents unknown the steps stay a dimension.
// CHECK-LABEL: func.func private @embedded
// CHECK-NOT: dlc.gather
// CHECK: return
// CHECK-LABEL: func.func @run_embedded
// CHECK: %[[ROWS:.*]] = dlc.gather %{{.*}}, %arg0 {axis = 0 : i64} : (tensor<10x3xf32>, tensor<?x?xi64>) -> tensor<?x?x3xf32>
// CHECK: %[[ALL:.*]] = dlc.matmul %[[ROWS]], %arg2 : (tensor<?x?x3xf32>, tensor<3x4xf32>) -> tensor<?x?x4xf32>
// CHECK: scan(%[[ALL]] : tensor<?x?x4xf32>)
func.func private @embedded(%step: tensor<i64>, %h: tensor<?x4xf32>, %x: tensor<?xi64>, %w: tensor<3x4xf32>) -> tensor<?x4xf32> {
  %table = dlc.constant dense<0.5> : tensor<10x3xf32> : tensor<10x3xf32>
  %e = dlc.gather %table, %x {axis = 0 : i64} : (tensor<10x3xf32>, tensor<?xi64>) -> tensor<?x3xf32>
  %zx = dlc.matmul %e, %w : (tensor<?x3xf32>, tensor<3x4xf32>) -> tensor<?x4xf32>
  %s = dlc.add %h, %zx : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return %s : tensor<?x4xf32>
}
func.func @run_embedded(%x: tensor<?x?xi64> {dlc.dims = ["T", "N"]}, %h: tensor<?x4xf32> {dlc.dims = ["N", 4]}, %w: tensor<3x4xf32>) -> tensor<?x4xf32> {
  %0 = dlc.outlined_loop @embedded init(%h : tensor<?x4xf32>) scan(%x : tensor<?x?xi64>) captures(%w : tensor<3x4xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// -----

// What depends on the state or on the step stays, and so does what would save no work.
// CHECK-LABEL: func.func private @stays
// CHECK: dlc.add
// CHECK: dlc.matmul
// CHECK: dlc.mul
// CHECK-LABEL: func.func @run_stays
// CHECK-NEXT: dlc.outlined_loop
func.func private @stays(%step: tensor<i64>, %h: tensor<2x2xf32>, %x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %r = dlc.constant dense<0.5> : tensor<2x2xf32> : tensor<2x2xf32>
  %0 = dlc.add %h, %x : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %1 = dlc.matmul %0, %r : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %2 = dlc.mul %x, %x : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %3 = dlc.add %1, %2 : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  return %3 : tensor<2x2xf32>
}
func.func @run_stays(%x: tensor<5x2x2xf32>, %h: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %0 = dlc.outlined_loop @stays init(%h : tensor<2x2xf32>) scan(%x : tensor<5x2x2xf32>) captures() -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}
