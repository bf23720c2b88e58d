// RUN: dlc-opt %s | dlc-opt | FileCheck %s
// Window ops print and parse.

// CHECK-LABEL: func.func @windows
func.func @windows(%x: tensor<?x6x5x4xf32>) {
  // CHECK: dlc.max_pool %{{.*}} {dilations = array<i64: 1, 1>, kernel = array<i64: 2, 3>, pads = array<i64: 0, 1, 0, 1>, strides = array<i64: 2, 1>} : tensor<?x6x5x4xf32> -> tensor<?x6x2x4xf32>
  %0 = dlc.max_pool %x {dilations = array<i64: 1, 1>, kernel = array<i64: 2, 3>, pads = array<i64: 0, 1, 0, 1>, strides = array<i64: 2, 1>} : tensor<?x6x5x4xf32> -> tensor<?x6x2x4xf32>
  // CHECK: dlc.average_pool %{{.*}} {count_include_pad = true, dilations = array<i64: 1, 1>, kernel = array<i64: 2, 3>, pads = array<i64: 0, 1, 0, 1>, strides = array<i64: 2, 1>} : tensor<?x6x5x4xf32> -> tensor<?x6x2x4xf32>
  %1 = dlc.average_pool %x {count_include_pad = true, dilations = array<i64: 1, 1>, kernel = array<i64: 2, 3>, pads = array<i64: 0, 1, 0, 1>, strides = array<i64: 2, 1>} : tensor<?x6x5x4xf32> -> tensor<?x6x2x4xf32>
  // CHECK: dlc.lp_pool %{{.*}} {dilations = array<i64: 1, 1>, kernel = array<i64: 2, 3>, p = 2 : i64, pads = array<i64: 0, 1, 0, 1>, strides = array<i64: 2, 1>} : tensor<?x6x5x4xf32> -> tensor<?x6x2x4xf32>
  %2 = dlc.lp_pool %x {dilations = array<i64: 1, 1>, kernel = array<i64: 2, 3>, p = 2 : i64, pads = array<i64: 0, 1, 0, 1>, strides = array<i64: 2, 1>} : tensor<?x6x5x4xf32> -> tensor<?x6x2x4xf32>
  // CHECK: dlc.max_pool_indices %{{.*}} {dilations = array<i64: 1, 1>, kernel = array<i64: 2, 3>, pads = array<i64: 0, 1, 0, 1>, strides = array<i64: 2, 1>} : tensor<?x6x5x4xf32> -> tensor<?x6x2x4xi64>
  %3 = dlc.max_pool_indices %x {dilations = array<i64: 1, 1>, kernel = array<i64: 2, 3>, pads = array<i64: 0, 1, 0, 1>, strides = array<i64: 2, 1>} : tensor<?x6x5x4xf32> -> tensor<?x6x2x4xi64>
  // CHECK: dlc.max_pool_indices %{{.*}} {column_major = true, dilations = array<i64: 1, 1>, kernel = array<i64: 2, 3>, pads = array<i64: 0, 1, 0, 1>, strides = array<i64: 2, 1>} : tensor<?x6x5x4xf32> -> tensor<?x6x2x4xi64>
  %4 = dlc.max_pool_indices %x {column_major = true, dilations = array<i64: 1, 1>, kernel = array<i64: 2, 3>, pads = array<i64: 0, 1, 0, 1>, strides = array<i64: 2, 1>} : tensor<?x6x5x4xf32> -> tensor<?x6x2x4xi64>
  return
}
