// RUN: dlc-opt %s --dlc-assign-layouts=math=strict --canonicalize | FileCheck %s

// The halo of both consumers is around the first convolution's result, and conversions only at the ends.
// CHECK-LABEL: func.func @chain
func.func @chain(%x: tensor<1x64x8x8xf32>) -> tensor<1x64x8x8xf32> {
  // CHECK-DAG: %[[W:.*]] = dlc.constant {{.*}} : tensor<64x64x3x3xf32, #dlc.layout<order = [0, 2, 3, 1], inner_dims = [0], inner_tiles = [32]
  // CHECK: %[[X:.*]] = dlc.pack %arg0 : {{.*}} -> tensor<1x64x8x8xf32, #dlc.layout<order = [0, 2, 3, 1], halo_low = [0, 0, 1, 1], halo_high = [0, 0, 1, 1]>>
  // CHECK: %[[C:.*]] = dlc.conv %[[X]], %[[W]] {{.*}} -> tensor<1x64x8x8xf32, #dlc.layout<order = [0, 2, 3, 1]>>
  // CHECK: %[[R:.*]] = dlc.relu %[[C]] : {{.*}} -> tensor<1x64x8x8xf32, #dlc.layout<order = [0, 2, 3, 1], halo_low = [0, 0, 1, 1], halo_high = [0, 0, 1, 1]>>
  // CHECK: dlc.conv %[[R]]
  // CHECK: %[[Y:.*]] = dlc.unpack
  // CHECK: return %[[Y]]
  %w = dlc.constant dense<1.0> : tensor<64x64x3x3xf32> : tensor<64x64x3x3xf32>
  %c = dlc.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>}
     : (tensor<1x64x8x8xf32>, tensor<64x64x3x3xf32>) -> tensor<1x64x8x8xf32>
  %r = dlc.relu %c : tensor<1x64x8x8xf32> -> tensor<1x64x8x8xf32>
  %d = dlc.conv %r, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>}
     : (tensor<1x64x8x8xf32>, tensor<64x64x3x3xf32>) -> tensor<1x64x8x8xf32>
  return %d : tensor<1x64x8x8xf32>
}

// The model's input keeps its order where it has few channels. Asymmetric padding gives an asymmetric halo; pooling and the average over space read channels-last; a flattening does not.
// CHECK-LABEL: func.func @pool
func.func @pool(%x: tensor<1x3x9x9xf32>, %w: tensor<8x3x2x2xf32>) -> (tensor<1x8x1x1xf32>, tensor<1x128xf32>) {
  // CHECK: dlc.pack %arg0 : {{.*}}order = [0, 1, 2, 3], halo_low = [0, 0, 0, 0], halo_high = [0, 0, 1, 1]
  // CHECK: %[[P:.*]] = dlc.max_pool {{.*}} -> tensor<1x8x4x4xf32, #dlc.layout<order = [0, 2, 3, 1]>>
  // CHECK: %[[U:.*]] = dlc.unpack %[[P]]
  // CHECK: dlc.reduce mean %[[P]] {{.*}} : tensor<1x8x4x4xf32, #dlc.layout<order = [0, 2, 3, 1]>> -> tensor<1x8x1x1xf32>
  // CHECK: dlc.reshape %[[U]]
  %c = dlc.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 1, 1>}
     : (tensor<1x3x9x9xf32>, tensor<8x3x2x2xf32>) -> tensor<1x8x9x9xf32>
  %p = dlc.max_pool %c {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>}
     : tensor<1x8x9x9xf32> -> tensor<1x8x4x4xf32>
  %m = dlc.reduce mean %p {axes = array<i64: 2, 3>, keep_dims = true} : tensor<1x8x4x4xf32> -> tensor<1x8x1x1xf32>
  %f = dlc.reshape %p {shape = array<i64: 1, 128>} : (tensor<1x8x4x4xf32>) -> tensor<1x128xf32>
  return %m, %f : tensor<1x8x1x1xf32>, tensor<1x128xf32>
}

// Without a convolution nothing changes.
// CHECK-LABEL: func.func @plain
func.func @plain(%x: tensor<1x8x4x4xf32>) -> tensor<1x8x2x2xf32> {
  // CHECK-NOT: dlc.layout
  %r = dlc.relu %x : tensor<1x8x4x4xf32> -> tensor<1x8x4x4xf32>
  %p = dlc.max_pool %r {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>}
     : tensor<1x8x4x4xf32> -> tensor<1x8x2x2xf32>
  return %p : tensor<1x8x2x2xf32>
}

// CHECK-LABEL: func.func @matmul
func.func @matmul(%x: tensor<?x16xf32>) -> tensor<?x10xf32> {
  // CHECK: dlc.constant {{.*}} : tensor<10x16xf32, #dlc.layout<order = [0, 1], inner_dims = [0], inner_tiles = [32]
  %w = dlc.constant dense<1.0> : tensor<10x16xf32> : tensor<10x16xf32>
  %y = dlc.matmul %x, %w {transpose_rhs = true} : (tensor<?x16xf32>, tensor<10x16xf32>) -> tensor<?x10xf32>
  return %y : tensor<?x10xf32>
}

// Attention reads and writes heads where they are stored: the transposes around it rename memory.
// CHECK-LABEL: func.func @attention
func.func @attention(%x: tensor<?x9x4x16xf32>, %k: tensor<?x4x9x16xf32>) -> tensor<?x9x4x16xf32> {
  // CHECK: %[[Q:.*]] = dlc.transpose %{{.*}} {permutation = array<i64: 0, 2, 1, 3>} : (tensor<?x9x4x16xf32>) -> tensor<?x4x9x16xf32, #dlc.layout<order = [0, 2, 1, 3]>>
  // CHECK: %[[A:.*]] = dlc.attention %[[Q]], {{.*}} -> tensor<?x4x9x16xf32, #dlc.layout<order = [0, 2, 1, 3]>>
  // CHECK-NEXT: dlc.transpose %[[A]] {{.*}} -> tensor<?x9x4x16xf32>
  // CHECK-NOT: unpack
  %q = dlc.transpose %x {permutation = array<i64: 0, 2, 1, 3>} : (tensor<?x9x4x16xf32>) -> tensor<?x4x9x16xf32>
  %a = dlc.attention %q, %k, %k {scale = 1.0 : f64} : (tensor<?x4x9x16xf32>, tensor<?x4x9x16xf32>, tensor<?x4x9x16xf32>) -> tensor<?x4x9x16xf32>
  %y = dlc.transpose %a {permutation = array<i64: 0, 2, 1, 3>} : (tensor<?x4x9x16xf32>) -> tensor<?x9x4x16xf32>
  return %y : tensor<?x9x4x16xf32>
}

// Gradients: the transposed convolution packs the weight by its second dimension and reads a halo; the weight's gradient reads both
// operands channels-last and comes out in canonical order.
// CHECK-LABEL: func.func @gradients
func.func @gradients(%x: tensor<1x16x8x8xf32>, %w: tensor<32x16x3x3xf32>, %dy: tensor<1x32x8x8xf32>) -> (tensor<1x16x8x8xf32>, tensor<32x16x3x3xf32>) {
  // CHECK-DAG: %[[X:.*]] = dlc.pack %arg0 : {{.*}} -> tensor<1x16x8x8xf32, #dlc.layout<order = [0, 2, 3, 1], halo_low = [0, 0, 1, 1], halo_high = [0, 0, 1, 1]>>
  // CHECK-DAG: %[[DY:.*]] = dlc.pack %arg2 : {{.*}} -> tensor<1x32x8x8xf32, #dlc.layout<order = [0, 2, 3, 1], halo_low = [0, 0, 1, 1], halo_high = [0, 0, 1, 1]>>
  // CHECK-DAG: %[[W:.*]] = dlc.pack %arg1 : {{.*}} -> tensor<32x16x3x3xf32, #dlc.layout<order = [1, 2, 3, 0], inner_dims = [1], inner_tiles = [32]>>
  // CHECK: dlc.conv_transpose %[[DY]], %[[W]]
  // CHECK: %[[DW:.*]] = dlc.conv_weight_gradient %[[X]], %[[DY]] {{.*}} -> tensor<32x16x3x3xf32>
  // CHECK: return %{{.*}}, %[[DW]]
  %dx = dlc.conv_transpose %dy, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, output_padding = array<i64: 0, 0>}
     : (tensor<1x32x8x8xf32>, tensor<32x16x3x3xf32>) -> tensor<1x16x8x8xf32>
  %dw = dlc.conv_weight_gradient %x, %dy {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>}
     : (tensor<1x16x8x8xf32>, tensor<1x32x8x8xf32>) -> tensor<32x16x3x3xf32>
  return %dx, %dw : tensor<1x16x8x8xf32>, tensor<32x16x3x3xf32>
}

// -----

// Neighbouring terms of integers that fit 16 bits are stored in pairs, which one instruction multiplies and adds up; an
// odd number of them is not in a matrix.
// CHECK-LABEL: func.func @integers
func.func @integers(%x: tensor<1x4x5x5xi8>, %a: tensor<?x6xi16>, %b: tensor<?x5xui8>) -> (tensor<1x8x3x3xi32>, tensor<?x3xi32>, tensor<?x3xi32>) {
  // CHECK-DAG: tensor<8x4x3x3xi8, #dlc.layout<order = [0, 2, 3, 1], inner_dims = [0, 1], inner_tiles = [32, 2]>>
  // CHECK-DAG: tensor<6x3xi8, #dlc.layout<order = [1, 0], inner_dims = [1, 0], inner_tiles = [32, 2]>>
  // CHECK-DAG: tensor<5x3xi8, #dlc.layout<order = [1, 0], inner_dims = [1], inner_tiles = [32]>>
  %w = dlc.constant dense<1> : tensor<8x4x3x3xi8> : tensor<8x4x3x3xi8>
  %y = dlc.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>}
     : (tensor<1x4x5x5xi8>, tensor<8x4x3x3xi8>) -> tensor<1x8x3x3xi32>
  %v = dlc.constant dense<1> : tensor<6x3xi8> : tensor<6x3xi8>
  %p = dlc.matmul %a, %v : (tensor<?x6xi16>, tensor<6x3xi8>) -> tensor<?x3xi32>
  %u = dlc.constant dense<1> : tensor<5x3xi8> : tensor<5x3xi8>
  %q = dlc.matmul %b, %u : (tensor<?x5xui8>, tensor<5x3xi8>) -> tensor<?x3xi32>
  return %y, %p, %q : tensor<1x8x3x3xi32>, tensor<?x3xi32>, tensor<?x3xi32>
}

// -----

// A last channel without a neighbour has one of zeros, in both operands; the halo is around pairs.
// CHECK-LABEL: func.func @odd_channels
func.func @odd_channels(%x: tensor<1x3x5x5xi16>, %u: tensor<1x6x5x5xui8>) -> (tensor<1x8x5x5xi32>, tensor<1x8x3x3xi32>) {
  // CHECK-DAG: dlc.pack %arg0 : {{.*}} -> tensor<1x3x5x5xi16, #dlc.layout<order = [0, 2, 3, 1], halo_low = [0, 0, 1, 1], halo_high = [0, 0, 1, 1], inner_dims = [1], inner_tiles = [2]>>
  // CHECK-DAG: tensor<8x3x3x3xi8, #dlc.layout<order = [0, 2, 3, 1], inner_dims = [0, 1], inner_tiles = [32, 2]>>
  // CHECK-DAG: dlc.pack %arg1 : {{.*}} -> tensor<1x6x5x5xui8, #dlc.layout<order = [0, 2, 3, 1], inner_dims = [1], inner_tiles = [4]>>
  // CHECK-DAG: tensor<8x6x3x3xi8, #dlc.layout<order = [0, 2, 3, 1], inner_dims = [0, 1], inner_tiles = [32, 4]>>
  %w = dlc.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3xi8>
  %y = dlc.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>}
     : (tensor<1x3x5x5xi16>, tensor<8x3x3x3xi8>) -> tensor<1x8x5x5xi32>
  %v = dlc.constant dense<1> : tensor<8x6x3x3xi8> : tensor<8x6x3x3xi8>
  %z = dlc.conv %u, %v {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>}
     : (tensor<1x6x5x5xui8>, tensor<8x6x3x3xi8>) -> tensor<1x8x3x3xi32>
  return %y, %z : tensor<1x8x5x5xi32>, tensor<1x8x3x3xi32>
}

// -----

// A matrix that changes from run to run, but not from step to step, is packed before the loop.
// CHECK-LABEL: func.func @packs_captures
func.func @packs_captures(%h: tensor<2x64xf32>, %x: tensor<5x2x8xf32>, %w: tensor<64x8xf32>) -> tensor<2x64xf32> {
  // CHECK: %[[PACKED:.*]] = dlc.pack %arg2 : tensor<64x8xf32> -> tensor<64x8xf32, #dlc.layout<order = [0, 1], inner_dims = [0], inner_tiles = [32]>>
  // CHECK: dlc.loop
  // CHECK: dlc.matmul %{{.*}}, %[[PACKED]] {transpose_rhs = true}
  %0 = dlc.loop init(%h : tensor<2x64xf32>) scan(%x : tensor<5x2x8xf32>) -> tensor<2x64xf32> {
  ^bb0(%step: tensor<i64>, %h_in: tensor<2x64xf32>, %x_in: tensor<2x8xf32>):
    %s0 = dlc.matmul %x_in, %w {transpose_rhs = true} : (tensor<2x8xf32>, tensor<64x8xf32>) -> tensor<2x64xf32>
    %s1 = dlc.add %h_in, %s0 : (tensor<2x64xf32>, tensor<2x64xf32>) -> tensor<2x64xf32>
    dlc.next %s1 : tensor<2x64xf32>
  }
  return %0 : tensor<2x64xf32>
}

// A matrix that is computed from constants, as dequantized weights are, is packed like a constant: it is the same in every run.
// CHECK-LABEL: func.func @dequantized
func.func @dequantized(%x: tensor<5x64xf32>) -> tensor<5x96xf32> {
  // CHECK: %[[W:.*]] = dlc.cast
  // CHECK: %[[P:.*]] = dlc.pack %[[W]] : tensor<64x96xf32> -> tensor<64x96xf32, #dlc.layout<order = [1, 0], inner_dims = [1], inner_tiles = [32]
  // CHECK: dlc.matmul %arg0, %[[P]]
  %q = dlc.constant dense<3> : tensor<64x96xi8> : tensor<64x96xi8>
  %w = dlc.cast %q {to = f32} : tensor<64x96xi8> -> tensor<64x96xf32>
  %y = dlc.matmul %x, %w : (tensor<5x64xf32>, tensor<64x96xf32>) -> tensor<5x96xf32>
  return %y : tensor<5x96xf32>
}
