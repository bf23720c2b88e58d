// SPDX-License-Identifier: Apache-2.0
// RUN: dlc-opt %s --dlc-fuse-rnn-gates --split-input-file | FileCheck %s

// A shorter sequence of a batch keeps its state, and its output is zero: both are results of the kernel.
// CHECK-LABEL: func.func private @masked
// CHECK: %[[N:.*]]:2 = dlc.kernel "rnn" kind( recurrent) (%arg1, %{{[0-9]+}}, %arg3, %arg2
// CHECK-SAME: tensor<1x64x64xf32, #dlc.layout<order = [2, 1, 0], inner_dims = [2], inner_tiles = [64]>>
// CHECK: dlc.relu
// CHECK: dlc.where
// CHECK: dlc.where
// CHECK: return %[[N]]#{{[01]}}, %[[N]]#{{[01]}}
func.func private @masked(%step: tensor<i64>, %h: tensor<?x64xf32>, %x: tensor<?x64xf32>, %m: tensor<?x1xi1>)
    -> (tensor<?x64xf32>, tensor<?x64xf32>) {
  %r = dlc.constant dense<0.1> : tensor<64x64xf32> : tensor<64x64xf32>
  %zero = dlc.constant dense<0.0> : tensor<f32> : tensor<f32>
  %z = dlc.matmul %h, %r : (tensor<?x64xf32>, tensor<64x64xf32>) -> tensor<?x64xf32>
  %s = dlc.add %x, %z : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  %a = dlc.relu %s : tensor<?x64xf32> -> tensor<?x64xf32>
  %new = dlc.where %m, %a, %h : (tensor<?x1xi1>, tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  %y = dlc.where %m, %a, %zero : (tensor<?x1xi1>, tensor<?x64xf32>, tensor<f32>) -> tensor<?x64xf32>
  return %new, %y : tensor<?x64xf32>, tensor<?x64xf32>
}

// -----

// A normalization between product and activation is not an elementwise op: what it reads is a result of the kernel.
// CHECK-LABEL: func.func private @normalized
// CHECK-NOT: dlc.kernel
func.func private @normalized(%step: tensor<i64>, %h: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %r = dlc.constant dense<0.1> : tensor<2x2xf32> : tensor<2x2xf32>
  %z = dlc.matmul %h, %r : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  %n = dlc.softmax %z {axes = array<i64: 1>} : tensor<1x2xf32> -> tensor<1x2xf32>
  %y = dlc.tanh %n : tensor<1x2xf32> -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}
