// RUN: dlc-opt %s | dlc-opt | FileCheck %s
// Ops that choose elements print and parse.

// CHECK-LABEL: func.func @largest
func.func @largest(%x: tensor<?x65xf32>) {
  // CHECK: dlc.top_k %{{.*}} {axis = 1 : i64, k = 3 : i64} : tensor<?x65xf32> -> tensor<?x3xf32>
  %0 = dlc.top_k %x {axis = 1 : i64, k = 3 : i64} : tensor<?x65xf32> -> tensor<?x3xf32>
  // CHECK: dlc.top_k_indices %{{.*}} {axis = 1 : i64, k = 3 : i64, smallest = true} : tensor<?x65xf32> -> tensor<?x3xi64>
  %1 = dlc.top_k_indices %x {axis = 1 : i64, k = 3 : i64, smallest = true} : tensor<?x65xf32> -> tensor<?x3xi64>
  return
}

// CHECK-LABEL: func.func @random
func.func @random(%seed: tensor<i64>, %step: tensor<i64>, %like: tensor<?x65xf16>) {
  // CHECK: dlc.random_uniform %{{.*}}, %{{.*}}, %{{.*}} : (tensor<i64>, tensor<i64>, tensor<?x65xf16>) -> tensor<?x65xf32>
  %0 = dlc.random_uniform %seed, %step, %like : (tensor<i64>, tensor<i64>, tensor<?x65xf16>) -> tensor<?x65xf32>
  return
}
