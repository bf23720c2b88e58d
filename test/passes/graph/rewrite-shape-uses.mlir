// RUN: dlc-opt %s --dlc-rewrite-shape-uses | FileCheck %s

// CHECK-LABEL: func.func @arguments
// CHECK-SAME: (%[[X:[^:]*]]: tensor<?x3xf32>{{.*}}, %[[Z:[^:]*]]: tensor<4x?xf32>
func.func @arguments(%x: tensor<?x3xf32> {dlc.dims = ["N", 3]}, %z: tensor<4x?xf32> {dlc.dims = [4, "N"]}) -> (tensor<?x7xf32>, tensor<f32>, tensor<?xi64>, tensor<?x3xf32>) {
  %0 = dlc.exp %x : tensor<?x3xf32> -> tensor<?x3xf32>
  %1 = dlc.transpose %0 {permutation = array<i64: 1, 0>} : (tensor<?x3xf32>) -> tensor<3x?xf32>
  // CHECK: dlc.fill %[[X]] {element_type = f32, shape = array<i64: -2, 7>
  %2 = dlc.fill %1 {shape = array<i64: -3, 7>, value = 0.0 : f64, element_type = f32} : (tensor<3x?xf32>) -> tensor<?x7xf32>
  // CHECK: dlc.extent %[[X]] {axes = array<i64: 0>
  %3 = dlc.extent %1 {axes = array<i64: 1>, element_type = f32} : (tensor<3x?xf32>) -> tensor<f32>
  // CHECK: dlc.index %[[X]] {axis = 0 : i64}
  %4 = dlc.index %1 {axis = 1 : i64} : (tensor<3x?xf32>) -> tensor<?xi64>
  %5 = dlc.reshape %1 {shape = array<i64: -1>} : (tensor<3x?xf32>) -> tensor<?xf32>
  // CHECK: dlc.reshape_like %{{.*}}, %[[X]]
  %6 = dlc.reshape_like %5, %0 : (tensor<?xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  return %2, %3, %4, %6 : tensor<?x7xf32>, tensor<f32>, tensor<?xi64>, tensor<?x3xf32>
}

// No argument has the extent 2 N.
// CHECK-LABEL: func.func @computed
func.func @computed(%x: tensor<?x3xf32> {dlc.dims = ["N", 3]}) -> tensor<?xf32> {
  // CHECK: %[[C:.*]] = dlc.concat
  // CHECK: dlc.fill %[[C]]
  %0 = dlc.concat %x, %x {axis = 0 : i64} : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  %1 = dlc.fill %0 {shape = array<i64: -2>, value = 0.0 : f64, element_type = f32} : (tensor<?x3xf32>) -> tensor<?xf32>
  return %1 : tensor<?xf32>
}
