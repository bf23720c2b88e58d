// RUN: dlc-opt %s --split-input-file --dlc-differentiate -verify-diagnostics | FileCheck %s

// Gradients of a convolution: a transposed one, whose output_padding makes up for what no window reaches, and the weight's own op.
// CHECK-LABEL: func.func @conv
// CHECK: %[[DX:.*]] = dlc.conv_transpose %{{.*}}, %arg1 {{{.*}}output_padding = array<i64: 1, 0>, pads = array<i64: 1, 1, 0, 1>, strides = array<i64: 2, 1>}
// CHECK: %[[DW:.*]] = dlc.conv_weight_gradient %arg0, %{{.*}} {{{.*}}kernel = array<i64: 3, 3>, pads = array<i64: 1, 1, 0, 1>, strides = array<i64: 2, 1>}
// CHECK: return %[[DX]], %[[DW]]
func.func @conv(%x: tensor<2x3x9x8xf32>, %w: tensor<4x3x3x3xf32>) -> (tensor<2x3x9x8xf32>, tensor<4x3x3x3xf32>) {
  %y = dlc.conv %x, %w {strides = array<i64: 2, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 0, 1>} : (tensor<2x3x9x8xf32>, tensor<4x3x3x3xf32>) -> tensor<2x4x4x8xf32>
  %dx, %dw = dlc.gradient %y with_respect_to(%x, %w : tensor<2x3x9x8xf32>, tensor<4x3x3x3xf32>) : tensor<2x4x4x8xf32>
  return %dx, %dw : tensor<2x3x9x8xf32>, tensor<4x3x3x3xf32>
}

// -----

func.func @unknown_extent(%x: tensor<2x3x?x8xf32>, %w: tensor<4x3x3x3xf32>) -> tensor<2x3x?x8xf32> {
  // expected-error@+1 {{has no gradient rule for a stride of 2 over a spatial dimension that is not known at compile time; give the input a fixed size}}
  %y = dlc.conv %x, %w {strides = array<i64: 2, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>} : (tensor<2x3x?x8xf32>, tensor<4x3x3x3xf32>) -> tensor<2x4x?x8xf32>
  // expected-note@+1 {{this gradient passes through it}}
  %dx = dlc.gradient %y with_respect_to(%x : tensor<2x3x?x8xf32>) : tensor<2x4x?x8xf32>
  return %dx : tensor<2x3x?x8xf32>
}

// -----

// CHECK-LABEL: func.func @pools
// CHECK: dlc.spread_windows %{{.*}}, %arg0 {{{.*}}divisor = #dlc<window_divisor padded>
// CHECK: %[[O:.*]] = dlc.max_pool_offsets %arg0
// CHECK: dlc.max_pool_gradient %{{.*}}, %[[O]], %arg0
func.func @pools(%x: tensor<?x3x8x8xf32>) -> tensor<?x3x8x8xf32> {
  %a = dlc.max_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : tensor<?x3x8x8xf32> -> tensor<?x3x4x4xf32>
  %b = dlc.average_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, count_include_pad = true} : tensor<?x3x8x8xf32> -> tensor<?x3x4x4xf32>
  %y = dlc.add %a, %b : (tensor<?x3x4x4xf32>, tensor<?x3x4x4xf32>) -> tensor<?x3x4x4xf32>
  %dx = dlc.gradient %y with_respect_to(%x : tensor<?x3x8x8xf32>) : tensor<?x3x4x4xf32>
  return %dx : tensor<?x3x8x8xf32>
}

// -----

// Statistics of the batch itself: two sums of the gradient and one elementwise pass, no rule of the reductions.
// CHECK-LABEL: func.func @batch_norm
// CHECK: dlc.batch_norm
// CHECK-COUNT-2: dlc.reduce sum {{.*}} : tensor<4x8x5x5xf32> -> tensor<8xf32>
// CHECK-NOT: dlc.reduce
// CHECK-NOT: dlc.expand
// CHECK: return
func.func @batch_norm(%x: tensor<4x8x5x5xf32>, %scale: tensor<8xf32>, %bias: tensor<8xf32>) -> tensor<4x8x5x5xf32> {
  %mean = dlc.reduce mean %x {axes = array<i64: 0, 2, 3>} : tensor<4x8x5x5xf32> -> tensor<8xf32>
  %m = dlc.reshape %mean {shape = array<i64: 8, 1, 1>} : (tensor<8xf32>) -> tensor<8x1x1xf32>
  %d = dlc.sub %x, %m : (tensor<4x8x5x5xf32>, tensor<8x1x1xf32>) -> tensor<4x8x5x5xf32>
  %s = dlc.mul %d, %d : (tensor<4x8x5x5xf32>, tensor<4x8x5x5xf32>) -> tensor<4x8x5x5xf32>
  %variance = dlc.reduce mean %s {axes = array<i64: 0, 2, 3>} : tensor<4x8x5x5xf32> -> tensor<8xf32>
  %y = dlc.batch_norm %x, %scale, %bias, %mean, %variance {epsilon = 1.0e-5 : f64} : (tensor<4x8x5x5xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<4x8x5x5xf32>
  %dx = dlc.gradient %y with_respect_to(%x : tensor<4x8x5x5xf32>) : tensor<4x8x5x5xf32>
  return %dx : tensor<4x8x5x5xf32>
}
