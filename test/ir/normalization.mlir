// RUN: dlc-opt %s | dlc-opt | FileCheck %s
// Normalizations print and parse; each keeps the shape of its first operand.

// CHECK-LABEL: func.func @channels
func.func @channels(%x: tensor<?x6x5x4xf32>, %c: tensor<6xf32>) {
  // CHECK: dlc.batch_norm %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {epsilon = 1.000000e-05 : f64} : (tensor<?x6x5x4xf32>, tensor<6xf32>, tensor<6xf32>, tensor<6xf32>, tensor<6xf32>) -> tensor<?x6x5x4xf32>
  %0 = dlc.batch_norm %x, %c, %c, %c, %c {epsilon = 1.000000e-05 : f64} : (tensor<?x6x5x4xf32>, tensor<6xf32>, tensor<6xf32>, tensor<6xf32>, tensor<6xf32>) -> tensor<?x6x5x4xf32>
  // CHECK: dlc.group_norm %{{.*}}, %{{.*}}, %{{.*}} {epsilon = 1.000000e-05 : f64, groups = 3 : i64} : (tensor<?x6x5x4xf32>, tensor<6xf32>, tensor<6xf32>) -> tensor<?x6x5x4xf32>
  %1 = dlc.group_norm %x, %c, %c {epsilon = 1.000000e-05 : f64, groups = 3 : i64} : (tensor<?x6x5x4xf32>, tensor<6xf32>, tensor<6xf32>) -> tensor<?x6x5x4xf32>
  // CHECK: dlc.lrn %{{.*}} {alpha = 1.000000e-04 : f64, beta = 7.500000e-01 : f64, bias = 1.000000e+00 : f64, size = 5 : i64} : tensor<?x6x5x4xf32> -> tensor<?x6x5x4xf32>
  %2 = dlc.lrn %x {alpha = 1.000000e-04 : f64, beta = 7.500000e-01 : f64, bias = 1.000000e+00 : f64, size = 5 : i64} : tensor<?x6x5x4xf32> -> tensor<?x6x5x4xf32>
  return
}

// CHECK-LABEL: func.func @trailing
func.func @trailing(%x: tensor<?x6x5x4xf32>, %s: tensor<4xf32>) {
  // CHECK: dlc.layer_norm %{{.*}} scale %{{.*}} : tensor<4xf32> bias %{{.*}} : tensor<4xf32> {axis = 3 : i64, epsilon = 1.000000e-05 : f64} : tensor<?x6x5x4xf32> -> tensor<?x6x5x4xf32>
  %0 = dlc.layer_norm %x scale %s : tensor<4xf32> bias %s : tensor<4xf32> {axis = 3 : i64, epsilon = 1.000000e-05 : f64} : tensor<?x6x5x4xf32> -> tensor<?x6x5x4xf32>
  // CHECK: dlc.layer_norm %{{.*}} scale %{{.*}} : tensor<4xf32> {axis = 3 : i64, epsilon = 1.000000e-05 : f64, root_mean_square = true} : tensor<?x6x5x4xf32> -> tensor<?x6x5x4xf32>
  %1 = dlc.layer_norm %x scale %s : tensor<4xf32> {axis = 3 : i64, epsilon = 1.000000e-05 : f64, root_mean_square = true} : tensor<?x6x5x4xf32> -> tensor<?x6x5x4xf32>
  // CHECK: dlc.layer_norm %{{.*}} {axis = 2 : i64, epsilon = 1.000000e-05 : f64} : tensor<?x6x5x4xf32> -> tensor<?x6x5x4xf32>
  %2 = dlc.layer_norm %x {axis = 2 : i64, epsilon = 1.000000e-05 : f64} : tensor<?x6x5x4xf32> -> tensor<?x6x5x4xf32>
  return
}

// CHECK-LABEL: func.func @along_axes
func.func @along_axes(%x: tensor<?x6x5x4xf32>) {
  // CHECK: dlc.softmax %{{.*}} {axes = array<i64: 1>} : tensor<?x6x5x4xf32> -> tensor<?x6x5x4xf32>
  %0 = dlc.softmax %x {axes = array<i64: 1>} : tensor<?x6x5x4xf32> -> tensor<?x6x5x4xf32>
  // CHECK: dlc.log_softmax %{{.*}} {axes = array<i64: 1>} : tensor<?x6x5x4xf32> -> tensor<?x6x5x4xf32>
  %1 = dlc.log_softmax %x {axes = array<i64: 1>} : tensor<?x6x5x4xf32> -> tensor<?x6x5x4xf32>
  // CHECK: dlc.hardmax %{{.*}} {axes = array<i64: 1>} : tensor<?x6x5x4xf32> -> tensor<?x6x5x4xf32>
  %2 = dlc.hardmax %x {axes = array<i64: 1>} : tensor<?x6x5x4xf32> -> tensor<?x6x5x4xf32>
  // CHECK: dlc.softmax %{{.*}} {axes = array<i64: 2, 3>} : tensor<?x6x5x4xf32> -> tensor<?x6x5x4xf32>
  %3 = dlc.softmax %x {axes = array<i64: 2, 3>} : tensor<?x6x5x4xf32> -> tensor<?x6x5x4xf32>
  return
}
