// RUN: dlc-opt %s --dlc-split-transposed-convolutions=reorder-sums=false --canonicalize --split-input-file | FileCheck %s
// RUN: dlc-opt %s --dlc-split-transposed-convolutions --canonicalize --split-input-file | FileCheck %s --check-prefix=ROWS

// Up to four channels are computed in vectors along rows, if sums may change their order.
// ROWS-LABEL: func.func @one_channel
// ROWS: dlc.conv_transpose
// ROWS-LABEL: func.func @sequence
// ROWS: dlc.conv {{%}}

// Four phases of 2 x 2 taps, which meet the same inputs.
// CHECK-LABEL: func.func @one_channel
// CHECK-SAME: (%[[X:.*]]: tensor<1x8x5x5xf32>, %[[W:.*]]: tensor<8x1x4x4xf32>)
func.func @one_channel(%x: tensor<1x8x5x5xf32>, %w: tensor<8x1x4x4xf32>) -> tensor<1x1x10x10xf32> {
  // CHECK: %[[TAPS:.*]] = dlc.reshape %[[W]] {shape = array<i64: 8, 1, 2, 2, 2, 2>}
  // CHECK: %[[BACK:.*]] = dlc.slice %[[TAPS]] {sizes = array<i64: 8, 1, 2, 2, 2, 2>, starts = array<i64: 0, 0, 1, 0, 1, 0>, steps = array<i64: 1, 1, -1, 1, -1, 1>}
  // CHECK: %[[TURNED:.*]] = dlc.transpose %[[BACK]] {permutation = array<i64: 3, 5, 1, 0, 2, 4>}
  // CHECK: %[[V:.*]] = dlc.reshape %[[TURNED]]
  // CHECK: %[[Z:.*]] = dlc.conv %[[X]], %[[V]] {{{.*}}pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} {{.*}} -> tensor<1x4x6x6xf32>
  // CHECK: dlc.transpose {{.*}} {permutation = array<i64: 0, 3, 4, 1, 5, 2>}
  // CHECK: dlc.pad {{.*}} {high = array<i64: 0, 0, -1, -1>, low = array<i64: 0, 0, -1, -1>{{.*}} -> tensor<1x1x10x10xf32>
  %0 = dlc.conv_transpose %x, %w {strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, output_padding = array<i64: 0, 0>}
      : (tensor<1x8x5x5xf32>, tensor<8x1x4x4xf32>) -> tensor<1x1x10x10xf32>
  return %0 : tensor<1x1x10x10xf32>
}

// -----

// A sequence, with many channels.
// CHECK-LABEL: func.func @sequence
func.func @sequence(%x: tensor<1x8x5xf32>, %w: tensor<8x64x4xf32>) -> tensor<1x64x12xf32> {
  // CHECK: dlc.conv %{{.*}} -> tensor<1x128x6xf32>
  %0 = dlc.conv_transpose %x, %w {strides = array<i64: 2>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, output_padding = array<i64: 0>}
      : (tensor<1x8x5xf32>, tensor<8x64x4xf32>) -> tensor<1x64x12xf32>
  return %0 : tensor<1x64x12xf32>
}

// -----

// These stay: many channels, phases of different numbers of taps, groups, dilations, no phases.
// CHECK-LABEL: func.func @others
func.func @others(%x: tensor<1x8x5x5xf32>, %many: tensor<8x16x2x2xf32>, %uneven: tensor<8x1x3x3xf32>, %groups: tensor<8x1x2x2xf32>, %w: tensor<8x1x2x2xf32>)
    -> (tensor<1x16x10x10xf32>, tensor<1x1x11x11xf32>, tensor<1x2x10x10xf32>, tensor<1x1x11x11xf32>, tensor<1x1x6x6xf32>) {
  // CHECK-NOT: dlc.conv {{%}}
  %0 = dlc.conv_transpose %x, %many {strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, output_padding = array<i64: 0, 0>}
      : (tensor<1x8x5x5xf32>, tensor<8x16x2x2xf32>) -> tensor<1x16x10x10xf32>
  %1 = dlc.conv_transpose %x, %uneven {strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, output_padding = array<i64: 0, 0>}
      : (tensor<1x8x5x5xf32>, tensor<8x1x3x3xf32>) -> tensor<1x1x11x11xf32>
  %2 = dlc.conv_transpose %x, %groups {strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, output_padding = array<i64: 0, 0>, groups = 2 : i64}
      : (tensor<1x8x5x5xf32>, tensor<8x1x2x2xf32>) -> tensor<1x2x10x10xf32>
  %3 = dlc.conv_transpose %x, %w {strides = array<i64: 2, 2>, dilations = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, output_padding = array<i64: 0, 0>}
      : (tensor<1x8x5x5xf32>, tensor<8x1x2x2xf32>) -> tensor<1x1x11x11xf32>
  %4 = dlc.conv_transpose %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, output_padding = array<i64: 0, 0>}
      : (tensor<1x8x5x5xf32>, tensor<8x1x2x2xf32>) -> tensor<1x1x6x6xf32>
  return %0, %1, %2, %3, %4 : tensor<1x16x10x10xf32>, tensor<1x1x11x11xf32>, tensor<1x2x10x10xf32>, tensor<1x1x11x11xf32>, tensor<1x1x6x6xf32>
}

// -----

// More phases than a kernel unrolls.
// CHECK-LABEL: func.func @many_phases
func.func @many_phases(%x: tensor<1x8x5x5xf32>, %w: tensor<8x21x16x16xf32>) -> tensor<1x21x48x48xf32> {
  // CHECK: dlc.conv {{%.*}} -> tensor<1x1344x6x6xf32>
  // ROWS-LABEL: func.func @many_phases
  // ROWS: dlc.conv {{%}}
  %0 = dlc.conv_transpose %x, %w {strides = array<i64: 8, 8>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, output_padding = array<i64: 0, 0>}
      : (tensor<1x8x5x5xf32>, tensor<8x21x16x16xf32>) -> tensor<1x21x48x48xf32>
  return %0 : tensor<1x21x48x48xf32>
}

// -----

// The only pixel of an image meets every tap once: a product of matrices.
// CHECK-LABEL: func.func @one_pixel
func.func @one_pixel(%x: tensor<?x100x1x1xf32>, %w: tensor<100x64x4x4xf32>) -> tensor<?x64x4x4xf32> {
  // CHECK: dlc.conv {{%.*}} {{{.*}}pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<?x100x1x1xf32>, tensor<1024x100x1x1xf32>)
  %0 = dlc.conv_transpose %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, output_padding = array<i64: 0, 0>}
      : (tensor<?x100x1x1xf32>, tensor<100x64x4x4xf32>) -> tensor<?x64x4x4xf32>
  return %0 : tensor<?x64x4x4xf32>
}
