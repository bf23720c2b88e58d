// SPDX-License-Identifier: Apache-2.0
// RUN: dlc-opt %s --dlc-fuse-gru-gates --split-input-file | FileCheck %s

// The reset gate acts after the product: one kernel, from one product a gate. What comes from the input is one product.
// CHECK-LABEL: func.func private @reset_after
// CHECK: %[[ZX:.*]] = dlc.matmul %arg2, %{{.*}} : (tensor<?x1xf32>, tensor<1x6xf32>) -> tensor<?x6xf32>
// CHECK: %[[N:.*]] = dlc.kernel "gru" kind( recurrent) (%arg1, %{{[0-9]+}}, %[[ZX]]
// CHECK-SAME: tensor<3x2x2xf32, #dlc.layout<
// CHECK: return %[[N]], %[[N]]
func.func private @reset_after(%step: tensor<i64>, %h: tensor<?x2xf32>, %x: tensor<?x1xf32>) -> (tensor<?x2xf32>, tensor<?x2xf32>) {
  %w = dlc.constant dense<0.5> : tensor<1x2xf32> : tensor<1x2xf32>
  %rz = dlc.constant dense<0.1> : tensor<2x2xf32> : tensor<2x2xf32>
  %rr = dlc.constant dense<0.2> : tensor<2x2xf32> : tensor<2x2xf32>
  %rn = dlc.constant dense<0.3> : tensor<2x2xf32> : tensor<2x2xf32>
  %one = dlc.constant dense<1.0> : tensor<f32> : tensor<f32>
  %xz = dlc.matmul %x, %w : (tensor<?x1xf32>, tensor<1x2xf32>) -> tensor<?x2xf32>
  %xr = dlc.matmul %x, %w : (tensor<?x1xf32>, tensor<1x2xf32>) -> tensor<?x2xf32>
  %xn = dlc.matmul %x, %w : (tensor<?x1xf32>, tensor<1x2xf32>) -> tensor<?x2xf32>
  %hz = dlc.matmul %h, %rz : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  %hr = dlc.matmul %h, %rr : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  %hn = dlc.matmul %h, %rn : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  %sz = dlc.add %hz, %xz : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  %sr = dlc.add %xr, %hr : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  %z = dlc.sigmoid %sz : tensor<?x2xf32> -> tensor<?x2xf32>
  %r = dlc.sigmoid %sr : tensor<?x2xf32> -> tensor<?x2xf32>
  %rh = dlc.mul %r, %hn : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  %sn = dlc.add %rh, %xn : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  %n = dlc.tanh %sn : tensor<?x2xf32> -> tensor<?x2xf32>
  %k = dlc.sub %one, %z : (tensor<f32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  %kn = dlc.mul %k, %n : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  %zh = dlc.mul %z, %h : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  %y = dlc.add %kn, %zh : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  return %y, %y : tensor<?x2xf32>, tensor<?x2xf32>
}

// -----

// The reset gate acts on the state: the second kernel multiplies what the first gives beside the update gate, and mixes.
// CHECK-LABEL: func.func private @reset_before
// CHECK: %[[A:.*]]:2 = dlc.kernel "gru" kind( recurrent) (%arg1
// CHECK-SAME: tensor<2x2x2xf32, #dlc.layout<
// CHECK: dlc.sigmoid
// CHECK: dlc.sigmoid
// CHECK-NOT: dlc.sub
// CHECK: %[[N:.*]] = dlc.kernel "gru" kind( recurrent) (%[[A]]#1
// CHECK-SAME: tensor<1x2x2xf32, #dlc.layout<
// CHECK: dlc.tanh
// CHECK: return %[[N]], %[[N]]
func.func private @reset_before(%step: tensor<i64>, %h: tensor<?x2xf32>, %x: tensor<?x6xf32>) -> (tensor<?x2xf32>, tensor<?x2xf32>) {
  %rzr = dlc.constant dense<0.1> : tensor<2x4xf32> : tensor<2x4xf32>
  %rn = dlc.constant dense<0.3> : tensor<2x2xf32> : tensor<2x2xf32>
  %one = dlc.constant dense<1.0> : tensor<f32> : tensor<f32>
  %xz = dlc.slice %x {starts = array<i64: 0, 0>, sizes = array<i64: -1, 2>, steps = array<i64: 1, 1>} : (tensor<?x6xf32>) -> tensor<?x2xf32>
  %xr = dlc.slice %x {starts = array<i64: 0, 2>, sizes = array<i64: -1, 2>, steps = array<i64: 1, 1>} : (tensor<?x6xf32>) -> tensor<?x2xf32>
  %xn = dlc.slice %x {starts = array<i64: 0, 4>, sizes = array<i64: -1, 2>, steps = array<i64: 1, 1>} : (tensor<?x6xf32>) -> tensor<?x2xf32>
  %p = dlc.matmul %h, %rzr : (tensor<?x2xf32>, tensor<2x4xf32>) -> tensor<?x4xf32>
  %hz = dlc.slice %p {starts = array<i64: 0, 0>, sizes = array<i64: -1, 2>, steps = array<i64: 1, 1>} : (tensor<?x4xf32>) -> tensor<?x2xf32>
  %hr = dlc.slice %p {starts = array<i64: 0, 2>, sizes = array<i64: -1, 2>, steps = array<i64: 1, 1>} : (tensor<?x4xf32>) -> tensor<?x2xf32>
  %sz = dlc.add %hz, %xz : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  %sr = dlc.add %xr, %hr : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  %z = dlc.sigmoid %sz : tensor<?x2xf32> -> tensor<?x2xf32>
  %r = dlc.sigmoid %sr : tensor<?x2xf32> -> tensor<?x2xf32>
  %rh = dlc.mul %r, %h : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  %hn = dlc.matmul %rh, %rn : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  %sn = dlc.add %hn, %xn : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  %n = dlc.tanh %sn : tensor<?x2xf32> -> tensor<?x2xf32>
  %k = dlc.sub %one, %z : (tensor<f32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  %kn = dlc.mul %k, %n : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  %zh = dlc.mul %z, %h : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  %y = dlc.add %kn, %zh : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  return %y, %y : tensor<?x2xf32>, tensor<?x2xf32>
}

// -----

// An Elman network is the affair of --dlc-fuse-rnn-gates.
// CHECK-LABEL: func.func private @no_gates
// CHECK-NOT: dlc.kernel
func.func private @no_gates(%step: tensor<i64>, %h: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %r = dlc.constant dense<0.1> : tensor<2x2xf32> : tensor<2x2xf32>
  %z = dlc.matmul %h, %r : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  %y = dlc.tanh %z : tensor<1x2xf32> -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}
