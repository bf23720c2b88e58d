// RUN: dlc-opt %s | dlc-opt | FileCheck %s
// Reductions print and parse.

// CHECK-LABEL: func.func @kinds
func.func @kinds(%x: tensor<?x6x5x4xf32>) {
  // CHECK: dlc.reduce sum %{{.*}} {axes = array<i64: 2, 3>} : tensor<?x6x5x4xf32> -> tensor<?x6xf32>
  %0 = dlc.reduce sum %x {axes = array<i64: 2, 3>} : tensor<?x6x5x4xf32> -> tensor<?x6xf32>
  // CHECK: dlc.reduce mean %{{.*}} {axes = array<i64: 2, 3>} : tensor<?x6x5x4xf32> -> tensor<?x6xf32>
  %1 = dlc.reduce mean %x {axes = array<i64: 2, 3>} : tensor<?x6x5x4xf32> -> tensor<?x6xf32>
  // CHECK: dlc.reduce max %{{.*}} {axes = array<i64: 2, 3>} : tensor<?x6x5x4xf32> -> tensor<?x6xf32>
  %2 = dlc.reduce max %x {axes = array<i64: 2, 3>} : tensor<?x6x5x4xf32> -> tensor<?x6xf32>
  // CHECK: dlc.reduce min %{{.*}} {axes = array<i64: 2, 3>} : tensor<?x6x5x4xf32> -> tensor<?x6xf32>
  %3 = dlc.reduce min %x {axes = array<i64: 2, 3>} : tensor<?x6x5x4xf32> -> tensor<?x6xf32>
  // CHECK: dlc.reduce prod %{{.*}} {axes = array<i64: 2, 3>} : tensor<?x6x5x4xf32> -> tensor<?x6xf32>
  %4 = dlc.reduce prod %x {axes = array<i64: 2, 3>} : tensor<?x6x5x4xf32> -> tensor<?x6xf32>
  // CHECK: dlc.reduce l1 %{{.*}} {axes = array<i64: 2, 3>} : tensor<?x6x5x4xf32> -> tensor<?x6xf32>
  %5 = dlc.reduce l1 %x {axes = array<i64: 2, 3>} : tensor<?x6x5x4xf32> -> tensor<?x6xf32>
  // CHECK: dlc.reduce l2 %{{.*}} {axes = array<i64: 2, 3>} : tensor<?x6x5x4xf32> -> tensor<?x6xf32>
  %6 = dlc.reduce l2 %x {axes = array<i64: 2, 3>} : tensor<?x6x5x4xf32> -> tensor<?x6xf32>
  // CHECK: dlc.reduce log_sum %{{.*}} {axes = array<i64: 2, 3>} : tensor<?x6x5x4xf32> -> tensor<?x6xf32>
  %7 = dlc.reduce log_sum %x {axes = array<i64: 2, 3>} : tensor<?x6x5x4xf32> -> tensor<?x6xf32>
  // CHECK: dlc.reduce log_sum_exp %{{.*}} {axes = array<i64: 2, 3>} : tensor<?x6x5x4xf32> -> tensor<?x6xf32>
  %8 = dlc.reduce log_sum_exp %x {axes = array<i64: 2, 3>} : tensor<?x6x5x4xf32> -> tensor<?x6xf32>
  // CHECK: dlc.reduce sum_square %{{.*}} {axes = array<i64: 2, 3>} : tensor<?x6x5x4xf32> -> tensor<?x6xf32>
  %9 = dlc.reduce sum_square %x {axes = array<i64: 2, 3>} : tensor<?x6x5x4xf32> -> tensor<?x6xf32>
  // CHECK: dlc.reduce mean %{{.*}} {axes = array<i64: 2, 3>, keep_dims = true} : tensor<?x6x5x4xf32> -> tensor<?x6x1x1xf32>
  %10 = dlc.reduce mean %x {axes = array<i64: 2, 3>, keep_dims = true} : tensor<?x6x5x4xf32> -> tensor<?x6x1x1xf32>
  return
}

// CHECK-LABEL: func.func @positions
func.func @positions(%x: tensor<?x6x5x4xf32>) {
  // CHECK: dlc.arg_extreme %{{.*}} {axis = 1 : i64} : tensor<?x6x5x4xf32> -> tensor<?x5x4xi64>
  %0 = dlc.arg_extreme %x {axis = 1 : i64} : tensor<?x6x5x4xf32> -> tensor<?x5x4xi64>
  // CHECK: dlc.arg_extreme %{{.*}} {axis = 1 : i64, keep_dims = true, minimum = true, select_last = true} : tensor<?x6x5x4xf32> -> tensor<?x1x5x4xi64>
  %1 = dlc.arg_extreme %x {axis = 1 : i64, keep_dims = true, minimum = true, select_last = true} : tensor<?x6x5x4xf32> -> tensor<?x1x5x4xi64>
  return
}
