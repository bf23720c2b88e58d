// RUN: dlc-opt %s --split-input-file --dlc-sink-reductions --canonicalize | FileCheck %s

// A sum of products over all steps becomes one product; its operands are scan outputs, or already scan inputs.
// CHECK-LABEL: func.func @run
func.func @run(%h: tensor<2x4xf32>, %init: tensor<4x3xf32>, %x: tensor<5x2x3xf32>) -> (tensor<2x4xf32>, tensor<4x3xf32>) {
  // CHECK: %[[L:.*]]:2 = dlc.loop init(%arg0 : tensor<2x4xf32>) scan(%arg2 : tensor<5x2x3xf32>) -> tensor<2x4xf32>, tensor<5x2x4xf32> {
  // CHECK-NOT: dlc.matmul
  // CHECK: dlc.next %[[T:.*]], %[[T]] :
  // CHECK-DAG: %[[A:.*]] = dlc.reshape %[[L]]#1 {shape = array<i64: -1, 4>}
  // CHECK-DAG: %[[B:.*]] = dlc.reshape %arg2 {shape = array<i64: -1, 3>}
  // CHECK: %[[P:.*]] = dlc.matmul %[[A]], %[[B]] {transpose_lhs = true} : (tensor<10x4xf32>, tensor<10x3xf32>) -> tensor<4x3xf32>
  // CHECK: dlc.add %arg1, %[[P]]
  %0, %1 = dlc.loop init(%h, %init : tensor<2x4xf32>, tensor<4x3xf32>) scan(%x : tensor<5x2x3xf32>) -> tensor<2x4xf32>, tensor<4x3xf32> {
  ^bb0(%step: tensor<i64>, %h_in: tensor<2x4xf32>, %sum: tensor<4x3xf32>, %x_in: tensor<2x3xf32>):
    %t = dlc.tanh %h_in : tensor<2x4xf32> -> tensor<2x4xf32>
    %p = dlc.matmul %t, %x_in {transpose_lhs = true} : (tensor<2x4xf32>, tensor<2x3xf32>) -> tensor<4x3xf32>
    %s_in = dlc.add %sum, %p : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xf32>
    dlc.next %t, %s_in : tensor<2x4xf32>, tensor<4x3xf32>
  }
  return %0, %1 : tensor<2x4xf32>, tensor<4x3xf32>
}

// -----

// A sum that steps look at stays.
// CHECK-LABEL: func.func @run
// CHECK: dlc.loop
// CHECK: dlc.matmul
// CHECK: dlc.next
func.func @run(%init: tensor<4x3xf32>, %a: tensor<5x2x4xf32>, %x: tensor<5x2x3xf32>) -> tensor<5x4x3xf32> {
  %0, %1 = dlc.loop init(%init : tensor<4x3xf32>) scan(%a, %x : tensor<5x2x4xf32>, tensor<5x2x3xf32>) -> tensor<4x3xf32>, tensor<5x4x3xf32> {
  ^bb0(%step: tensor<i64>, %sum: tensor<4x3xf32>, %a_in: tensor<2x4xf32>, %x_in: tensor<2x3xf32>):
    %p = dlc.matmul %a_in, %x_in {transpose_lhs = true} : (tensor<2x4xf32>, tensor<2x3xf32>) -> tensor<4x3xf32>
    %s = dlc.add %sum, %p : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xf32>
    dlc.next %s, %s : tensor<4x3xf32>, tensor<4x3xf32>
  }
  return %1 : tensor<5x4x3xf32>
}

// -----

// Columns of dz fill vectors, those of x do not: the long sum has the former as columns. A sum that begins with zeros is the product.
// CHECK-LABEL: func.func @run
// CHECK: %[[L:.*]]:2 = dlc.loop init(
// CHECK: %[[P:.*]] = dlc.matmul %{{.*}}, %{{.*}} {transpose_lhs = true} : (tensor<10x3xf32>, tensor<10x16xf32>) -> tensor<3x16xf32>
// CHECK: %[[T:.*]] = dlc.transpose %[[P]] {permutation = array<i64: 1, 0>}
// CHECK: return %{{.*}}, %[[T]]
func.func @run(%h: tensor<2x16xf32> {dlc.name = "h"}, %x: tensor<5x2x3xf32> {dlc.name = "x"}) -> (tensor<2x16xf32> {dlc.name = "g"}, tensor<16x3xf32> {dlc.name = "d"}) {
  %s = dlc.constant dense<0.0> : tensor<16x3xf32> : tensor<16x3xf32>
  %0:2 = dlc.loop init(%h, %s : tensor<2x16xf32>, tensor<16x3xf32>) scan(%x : tensor<5x2x3xf32>) -> tensor<2x16xf32>, tensor<16x3xf32> {
  ^bb0(%i: tensor<i64>, %h_in: tensor<2x16xf32>, %s_in: tensor<16x3xf32>, %x_in: tensor<2x3xf32>):
    %dz = dlc.tanh %h_in : tensor<2x16xf32> -> tensor<2x16xf32>
    %p = dlc.matmul %dz, %x_in {transpose_lhs = true} : (tensor<2x16xf32>, tensor<2x3xf32>) -> tensor<16x3xf32>
    %s1 = dlc.add %s_in, %p : (tensor<16x3xf32>, tensor<16x3xf32>) -> tensor<16x3xf32>
    dlc.next %dz, %s1 : tensor<2x16xf32>, tensor<16x3xf32>
  }
  return %0#0, %0#1 : tensor<2x16xf32>, tensor<16x3xf32>
}
