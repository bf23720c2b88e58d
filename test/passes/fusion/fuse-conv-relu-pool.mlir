// RUN: dlc-opt %s --dlc-fuse-conv-relu-pool | FileCheck %s

// CHECK-LABEL: func.func @conv_bias_relu_pool
func.func @conv_bias_relu_pool(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>, %b: tensor<4x1x1xf32>) -> tensor<1x4x3x3xf32> {
  // CHECK: %[[Y:.*]] = dlc.kernel "conv" kind( convolution) (%arg0, %arg1, %arg2 :
  // CHECK-NEXT: ^bb0(%[[X:.*]]: tensor<1x3x8x8xf32>, %[[W:.*]]: tensor<4x3x3x3xf32>, %[[B:.*]]: tensor<4x1x1xf32>):
  // CHECK-NEXT: %[[C:.*]] = dlc.conv %[[X]], %[[W]]
  // CHECK-NEXT: %[[S:.*]] = dlc.add %[[C]], %[[B]]
  // CHECK-NEXT: %[[R:.*]] = dlc.relu %[[S]]
  // CHECK-NEXT: %[[P:.*]] = dlc.max_pool %[[R]]
  // CHECK-NEXT: dlc.yield %[[P]]
  // CHECK: return %[[Y]]
  %c = dlc.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>}
     : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
  %s = dlc.add %c, %b : (tensor<1x4x6x6xf32>, tensor<4x1x1xf32>) -> tensor<1x4x6x6xf32>
  %r = dlc.relu %s : tensor<1x4x6x6xf32> -> tensor<1x4x6x6xf32>
  %p = dlc.max_pool %r {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>}
     : tensor<1x4x6x6xf32> -> tensor<1x4x3x3xf32>
  return %p : tensor<1x4x3x3xf32>
}

// Of two convolutions that meet in a sum, the later one takes the sum.
// CHECK-LABEL: func.func @residual
func.func @residual(%x: tensor<1x4x4x4xf32>, %w: tensor<4x4x1x1xf32>) -> tensor<1x4x4x4xf32> {
  // CHECK: %[[A:.*]] = dlc.kernel "conv" kind( convolution) (%arg0, %arg1 :
  // CHECK: dlc.yield
  // CHECK: %[[Y:.*]] = dlc.kernel "conv" kind( convolution) (%arg0, %arg1, %[[A]] :
  // CHECK: dlc.conv
  // CHECK-NEXT: dlc.add
  // CHECK-NEXT: dlc.yield
  // CHECK: return %[[Y]]
  %a = dlc.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>}
     : (tensor<1x4x4x4xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x4x4xf32>
  %b = dlc.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>}
     : (tensor<1x4x4x4xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x4x4xf32>
  %y = dlc.add %a, %b : (tensor<1x4x4x4xf32>, tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32>
  return %y : tensor<1x4x4x4xf32>
}

// Overlapping windows would compute elements again; a result with two uses is needed in memory.
// CHECK-LABEL: func.func @not_fused
func.func @not_fused(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x1x1xf32>) -> (tensor<1x4x3x3xf32>, tensor<1x4x8x8xf32>) {
  // CHECK: %[[C:.*]] = dlc.kernel
  // CHECK: dlc.conv
  // CHECK-NEXT: dlc.yield
  // CHECK: dlc.max_pool %[[C]]
  // CHECK: dlc.relu %[[C]]
  %c = dlc.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>}
     : (tensor<1x3x8x8xf32>, tensor<4x3x1x1xf32>) -> tensor<1x4x8x8xf32>
  %p = dlc.max_pool %c {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>}
     : tensor<1x4x8x8xf32> -> tensor<1x4x3x3xf32>
  %r = dlc.relu %c : tensor<1x4x8x8xf32> -> tensor<1x4x8x8xf32>
  return %p, %r : tensor<1x4x3x3xf32>, tensor<1x4x8x8xf32>
}

// A sum that broadcasts the product to more elements is not its epilogue.
// CHECK-LABEL: func.func @broadcast
func.func @broadcast(%x: tensor<1x4xf32>, %w: tensor<4x4xf32>, %z: tensor<8x4xf32>) -> tensor<8x4xf32> {
  // CHECK: %[[M:.*]] = dlc.kernel "matmul" kind( contraction)
  // CHECK: dlc.add %[[M]], %arg2
  %m = dlc.matmul %x, %w : (tensor<1x4xf32>, tensor<4x4xf32>) -> tensor<1x4xf32>
  %y = dlc.add %m, %z : (tensor<1x4xf32>, tensor<8x4xf32>) -> tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}

// Tiles of Winograd's algorithm hold 2 x 2 results, of which no whole window of 3 x 3 can be made.
// CHECK-LABEL: func.func @window_larger_than_tile
// CHECK: dlc.kernel "conv"
// CHECK-NOT: dlc.max_pool
// CHECK: dlc.yield
// CHECK: dlc.max_pool
func.func @window_larger_than_tile(%x: tensor<1x32x12x12xf32, #dlc.layout<order = [0, 2, 3, 1]>>, %w: tensor<32x32x3x3xf32, #dlc.layout<order = [0, 2, 3, 1], inner_dims = [0], inner_tiles = [32], winograd = 2>>) -> tensor<1x32x4x4xf32, #dlc.layout<order = [0, 2, 3, 1]>> {
  %c = dlc.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>}
     : (tensor<1x32x12x12xf32, #dlc.layout<order = [0, 2, 3, 1]>>, tensor<32x32x3x3xf32, #dlc.layout<order = [0, 2, 3, 1], inner_dims = [0], inner_tiles = [32], winograd = 2>>) -> tensor<1x32x12x12xf32, #dlc.layout<order = [0, 2, 3, 1]>>
  %y = dlc.max_pool %c {kernel = array<i64: 3, 3>, strides = array<i64: 3, 3>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>}
     : tensor<1x32x12x12xf32, #dlc.layout<order = [0, 2, 3, 1]>> -> tensor<1x32x4x4xf32, #dlc.layout<order = [0, 2, 3, 1]>>
  return %y : tensor<1x32x4x4xf32, #dlc.layout<order = [0, 2, 3, 1]>>
}
