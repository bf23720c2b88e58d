// SPDX-License-Identifier: Apache-2.0
// RUN: dlc-opt %s --dlc-fuse-lstm-gates --split-input-file | FileCheck %s
// RUN: dlc-opt %s --dlc-fuse-lstm-gates=reorder-sums=false --split-input-file | FileCheck %s --check-prefix=STRICT

// One product of all gates, whose columns are sliced: the columns become a dimension of their own, and both new states
// come from one kernel.
// CHECK-LABEL: func.func private @packed
// CHECK: %[[ZX:.*]] = dlc.matmul %arg3
// CHECK: %[[R:.*]] = dlc.constant {{.*}} : tensor<4x2x2xf32, #dlc.layout<order = [2, 1, 0], inner_dims = [2], inner_tiles = [16]>>
// CHECK: %[[N:.*]]:2 = dlc.kernel "lstm" kind( recurrent) (%arg1, %[[R]], %[[ZX]], %arg2
// CHECK: %[[SUMS:.*]] = dlc.matmul {{.*}} -> tensor<4x?x2xf32>
// CHECK: dlc.slice %[[SUMS]] {{.*}}starts = array<i64: 3, 0, 0>
// CHECK: dlc.yield %[[C:.*]], %[[H:.*]] :
// CHECK: return %[[N]]#1, %[[N]]#0, %[[N]]#1
func.func private @packed(%step: tensor<i64>, %h: tensor<?x2xf32>, %c: tensor<?x2xf32>, %x: tensor<?x3xf32>)
    -> (tensor<?x2xf32>, tensor<?x2xf32>, tensor<?x2xf32>) {
  %w = dlc.constant dense<0.5> : tensor<8x3xf32> : tensor<8x3xf32>
  %r = dlc.constant dense<[[0.0, 0.1], [1.0, 1.1], [2.0, 2.1], [3.0, 3.1], [4.0, 4.1], [5.0, 5.1], [6.0, 6.1], [7.0, 7.1]]> : tensor<8x2xf32> : tensor<8x2xf32>
  %zx = dlc.matmul %x, %w {transpose_rhs = true} : (tensor<?x3xf32>, tensor<8x3xf32>) -> tensor<?x8xf32>
  %zh = dlc.matmul %h, %r {transpose_rhs = true} : (tensor<?x2xf32>, tensor<8x2xf32>) -> tensor<?x8xf32>
  %z = dlc.add %zx, %zh : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %zi = dlc.slice %z {starts = array<i64: 0, 0>, sizes = array<i64: -1, 2>, steps = array<i64: 1, 1>} : (tensor<?x8xf32>) -> tensor<?x2xf32>
  %zo = dlc.slice %z {starts = array<i64: 0, 2>, sizes = array<i64: -1, 2>, steps = array<i64: 1, 1>} : (tensor<?x8xf32>) -> tensor<?x2xf32>
  %zf = dlc.slice %z {starts = array<i64: 0, 4>, sizes = array<i64: -1, 2>, steps = array<i64: 1, 1>} : (tensor<?x8xf32>) -> tensor<?x2xf32>
  %zg = dlc.slice %z {starts = array<i64: 0, 6>, sizes = array<i64: -1, 2>, steps = array<i64: 1, 1>} : (tensor<?x8xf32>) -> tensor<?x2xf32>
  %i = dlc.sigmoid %zi : tensor<?x2xf32> -> tensor<?x2xf32>
  %f = dlc.sigmoid %zf : tensor<?x2xf32> -> tensor<?x2xf32>
  %g = dlc.tanh %zg : tensor<?x2xf32> -> tensor<?x2xf32>
  %o = dlc.sigmoid %zo : tensor<?x2xf32> -> tensor<?x2xf32>
  %fc = dlc.mul %f, %c : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  %ig = dlc.mul %i, %g : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  %cn = dlc.add %fc, %ig : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  %a = dlc.tanh %cn : tensor<?x2xf32> -> tensor<?x2xf32>
  %hn = dlc.mul %o, %a : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  return %hn, %cn, %hn : tensor<?x2xf32>, tensor<?x2xf32>, tensor<?x2xf32>
}

// -----

// Products of the state and the input side by side, one per gate, with forget = 1 - input: three gates. The halves of each
// matrix part ways; the input's become one product.
// CHECK-LABEL: func.func @coupled
// CHECK: %[[W:.*]] = dlc.constant {{.*}} : tensor<2x3xf32>
// CHECK: %[[ZX:.*]] = dlc.matmul %arg0, %[[W]] : (tensor<1x2xf32>, tensor<2x3xf32>) -> tensor<1x3xf32>
// CHECK: %[[R:.*]] = dlc.constant {{.*}} : tensor<3x1x1xf32, #dlc.layout<
// CHECK: dlc.kernel "lstm" kind( recurrent) (%arg1, %[[R]], %arg2, %[[ZX]]
// CHECK-NOT: dlc.concat
// Without leave to reorder sums the concatenation stays, and with it the equations.
// STRICT-LABEL: func.func @coupled
// STRICT: dlc.concat
// STRICT-NOT: dlc.kernel
func.func @coupled(%x: tensor<1x2xf32>, %h: tensor<1x1xf32>, %c: tensor<1x1xf32>) -> (tensor<1x1xf32>, tensor<1x1xf32>) {
  %wi = dlc.constant dense<[[0.1], [0.2], [0.3]]> : tensor<3x1xf32> : tensor<3x1xf32>
  %wg = dlc.constant dense<[[1.1], [1.2], [1.3]]> : tensor<3x1xf32> : tensor<3x1xf32>
  %wo = dlc.constant dense<[[2.1, 2.2, 2.3]]> : tensor<1x3xf32> : tensor<1x3xf32>
  %one = dlc.constant dense<1.0> : tensor<1xf32> : tensor<1xf32>
  %both = dlc.concat %h, %x {axis = 1 : i64} : (tensor<1x1xf32>, tensor<1x2xf32>) -> tensor<1x3xf32>
  %zi = dlc.matmul %both, %wi : (tensor<1x3xf32>, tensor<3x1xf32>) -> tensor<1x1xf32>
  %zg = dlc.matmul %both, %wg : (tensor<1x3xf32>, tensor<3x1xf32>) -> tensor<1x1xf32>
  %zo = dlc.matmul %both, %wo {transpose_rhs = true} : (tensor<1x3xf32>, tensor<1x3xf32>) -> tensor<1x1xf32>
  %i = dlc.sigmoid %zi : tensor<1x1xf32> -> tensor<1x1xf32>
  %f = dlc.sub %one, %i : (tensor<1xf32>, tensor<1x1xf32>) -> tensor<1x1xf32>
  %g = dlc.tanh %zg : tensor<1x1xf32> -> tensor<1x1xf32>
  %o = dlc.sigmoid %zo : tensor<1x1xf32> -> tensor<1x1xf32>
  %fc = dlc.mul %c, %f : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xf32>
  %ig = dlc.mul %g, %i : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xf32>
  %cn = dlc.add %fc, %ig : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xf32>
  %a = dlc.tanh %cn : tensor<1x1xf32> -> tensor<1x1xf32>
  %hn = dlc.mul %a, %o : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xf32>
  return %hn, %cn : tensor<1x1xf32>, tensor<1x1xf32>
}

// -----

// Matrices that are known at run time only cannot be packed.
// CHECK-LABEL: func.func @weights_are_inputs
// CHECK-NOT: dlc.kernel
func.func @weights_are_inputs(%r: tensor<2x4xf32>, %h: tensor<1x2xf32>, %c: tensor<1x2xf32>) -> (tensor<1x2xf32>, tensor<1x2xf32>) {
  %z = dlc.matmul %h, %r : (tensor<1x2xf32>, tensor<2x4xf32>) -> tensor<1x4xf32>
  %zi = dlc.slice %z {starts = array<i64: 0, 0>, sizes = array<i64: 1, 2>, steps = array<i64: 1, 1>} : (tensor<1x4xf32>) -> tensor<1x2xf32>
  %zo = dlc.slice %z {starts = array<i64: 0, 2>, sizes = array<i64: 1, 2>, steps = array<i64: 1, 1>} : (tensor<1x4xf32>) -> tensor<1x2xf32>
  %cn = dlc.mul %zi, %c : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<1x2xf32>
  %hn = dlc.mul %zo, %cn : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<1x2xf32>
  return %hn, %cn : tensor<1x2xf32>, tensor<1x2xf32>
}

// -----

// All gates together leave the cell as well: no kernel gives results of different shapes.
// CHECK-LABEL: func.func @gates_are_a_result
// CHECK-NOT: dlc.kernel
func.func @gates_are_a_result(%h: tensor<1x2xf32>, %c: tensor<1x2xf32>) -> (tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x4xf32>) {
  %r = dlc.constant dense<0.5> : tensor<2x4xf32> : tensor<2x4xf32>
  %z = dlc.matmul %h, %r : (tensor<1x2xf32>, tensor<2x4xf32>) -> tensor<1x4xf32>
  %zi = dlc.slice %z {starts = array<i64: 0, 0>, sizes = array<i64: 1, 2>, steps = array<i64: 1, 1>} : (tensor<1x4xf32>) -> tensor<1x2xf32>
  %zo = dlc.slice %z {starts = array<i64: 0, 2>, sizes = array<i64: 1, 2>, steps = array<i64: 1, 1>} : (tensor<1x4xf32>) -> tensor<1x2xf32>
  %cn = dlc.mul %zi, %c : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<1x2xf32>
  %hn = dlc.mul %zo, %cn : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<1x2xf32>
  return %hn, %cn, %z : tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x4xf32>
}

// -----

// Two dense layers on arguments whose types happen to agree: no result depends on the products as a new state does.
// CHECK-LABEL: func.func @no_state
// CHECK-NOT: dlc.kernel
func.func @no_state(%a: tensor<1x2xf32>, %b: tensor<1x2xf32>) -> tensor<1x4xf32> {
  %r = dlc.constant dense<0.5> : tensor<2x4xf32> : tensor<2x4xf32>
  %z = dlc.matmul %a, %r : (tensor<1x2xf32>, tensor<2x4xf32>) -> tensor<1x4xf32>
  %y = dlc.tanh %z : tensor<1x4xf32> -> tensor<1x4xf32>
  return %y : tensor<1x4xf32>
}
