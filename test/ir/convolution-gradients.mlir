// RUN: dlc-opt %s | dlc-opt | FileCheck %s
// The ops of convolution and pooling gradients print, parse and know their shapes.

// CHECK-LABEL: func.func @gradients
func.func @gradients(%x: tensor<?x4x9x8xf32>, %dy: tensor<?x6x5x8xf32>, %dp: tensor<?x4x4x4xf32>) {
  // CHECK: dlc.conv_weight_gradient %{{.*}}, %{{.*}} {dilations = array<i64: 1, 1>, groups = 2 : i64, kernel = array<i64: 3, 1>, pads = array<i64: 1, 0, 1, 0>, strides = array<i64: 2, 1>} : (tensor<?x4x9x8xf32>, tensor<?x6x5x8xf32>) -> tensor<6x2x3x1xf32>
  %0 = dlc.conv_weight_gradient %x, %dy {kernel = array<i64: 3, 1>, strides = array<i64: 2, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 0, 1, 0>, groups = 2 : i64}
     : (tensor<?x4x9x8xf32>, tensor<?x6x5x8xf32>) -> tensor<6x2x3x1xf32>
  // CHECK: dlc.max_pool_offsets {{.*}} : tensor<?x4x9x8xf32> -> tensor<?x4x4x4xi32>
  %1 = dlc.max_pool_offsets %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>}
     : tensor<?x4x9x8xf32> -> tensor<?x4x4x4xi32>
  // CHECK: dlc.max_pool_gradient %{{.*}}, %{{.*}}, %{{.*}} {{.*}} -> tensor<?x4x9x8xf32>
  %2 = dlc.max_pool_gradient %dp, %1, %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>}
     : (tensor<?x4x4x4xf32>, tensor<?x4x4x4xi32>, tensor<?x4x9x8xf32>) -> tensor<?x4x9x8xf32>
  // CHECK: dlc.spread_windows %{{.*}}, %{{.*}} {{{.*}}divisor = #dlc<window_divisor inside>{{.*}}} {{.*}} -> tensor<?x4x9x8xf32>
  %3 = dlc.spread_windows %dp, %x {divisor = #dlc<window_divisor inside>, kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>}
     : (tensor<?x4x4x4xf32>, tensor<?x4x9x8xf32>) -> tensor<?x4x9x8xf32>
  return
}
