// RUN: dlc-opt %s --split-input-file --pass-pipeline='builtin.module(func.func(dlc-tile{isas=x86-64-v3,x86-64-v4}))' | FileCheck %s

// Every phase of a stride gets tiles that divide its positions, and ranges are images.
// CHECK-LABEL: dlc.kernel "phases"
// CHECK-SAME: <algorithm = "phases", isa = "x86-64-v3", vector = 8, split = 0, tiles = {columns = 16 : i64, planes = 1 : i64, rows = 4 : i64}>
// CHECK-SAME: <algorithm = "phases", isa = "x86-64-v4", vector = 16, split = 0, tiles = {columns = 32 : i64, planes = 1 : i64, rows = 14 : i64}>
#x = #dlc.layout<order = [0, 2, 3, 1], halo_low = [0, 0, 1, 1], halo_high = [0, 0, 1, 1]>
#y = #dlc.layout<order = [0, 2, 3, 1]>
#w = #dlc.layout<order = [1, 2, 3, 0], inner_dims = [1], inner_tiles = [32]>
func.func @phases(%x: tensor<8x128x28x28xf32, #x>, %w: tensor<128x64x3x3xf32, #w>) -> tensor<8x64x56x56xf32, #y> {
  %y = dlc.kernel "phases" kind(convolution) (%x, %w : tensor<8x128x28x28xf32, #x>, tensor<128x64x3x3xf32, #w>) -> tensor<8x64x56x56xf32, #y> {
  ^bb0(%a: tensor<8x128x28x28xf32, #x>, %b: tensor<128x64x3x3xf32, #w>):
    %c = dlc.conv_transpose %a, %b {strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, output_padding = array<i64: 1, 1>} : (tensor<8x128x28x28xf32, #x>, tensor<128x64x3x3xf32, #w>) -> tensor<8x64x56x56xf32, #y>
    dlc.yield %c : tensor<8x64x56x56xf32, #y>
  }
  return %y : tensor<8x64x56x56xf32, #y>
}

// -----

// Rows are input channels, planes taps; threads take blocks of output channels.
// CHECK-LABEL: dlc.kernel "weight"
// CHECK-SAME: <algorithm = "weight_gradient", isa = "x86-64-v3", vector = 8, split = 0, grain = 32, tiles = {columns = 16 : i64, planes = 3 : i64, rows = 2 : i64}>
// CHECK-SAME: <algorithm = "weight_gradient", isa = "x86-64-v4", vector = 16, split = 0, grain = 32, tiles = {columns = 32 : i64, planes = 3 : i64, rows = 4 : i64}>
#x = #dlc.layout<order = [0, 2, 3, 1], halo_low = [0, 0, 1, 1], halo_high = [0, 0, 1, 1]>
#y = #dlc.layout<order = [0, 2, 3, 1]>
func.func @weight(%x: tensor<8x64x56x56xf32, #x>, %dy: tensor<8x64x56x56xf32, #y>) -> tensor<64x64x3x3xf32> {
  %y = dlc.kernel "weight" kind(convolution) (%x, %dy : tensor<8x64x56x56xf32, #x>, tensor<8x64x56x56xf32, #y>) -> tensor<64x64x3x3xf32> {
  ^bb0(%a: tensor<8x64x56x56xf32, #x>, %b: tensor<8x64x56x56xf32, #y>):
    %c = dlc.conv_weight_gradient %a, %b {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>} : (tensor<8x64x56x56xf32, #x>, tensor<8x64x56x56xf32, #y>) -> tensor<64x64x3x3xf32>
    dlc.yield %c : tensor<64x64x3x3xf32>
  }
  return %y : tensor<64x64x3x3xf32>
}

// -----

// What the layout was chosen for decides the algorithm. A range of channels transforms all of the input, so there are few.
// CHECK-LABEL: dlc.kernel "winograd"
// CHECK-SAME: <algorithm = "winograd", isa = "x86-64-v3", vector = 8, split = 0, grain = 64, tiles = {channels = 32 : i64
// CHECK-SAME: <algorithm = "winograd", isa = "x86-64-v4", vector = 16, split = 0, grain = 64, tiles = {channels = 32 : i64
#x = #dlc.layout<order = [0, 2, 3, 1], halo_low = [0, 0, 1, 1], halo_high = [0, 0, 1, 1]>
#y = #dlc.layout<order = [0, 2, 3, 1]>
func.func @winograd(%x: tensor<8x128x28x28xf32, #x>, %dy: tensor<8x128x28x28xf32, #y>) -> tensor<128x128x3x3xf32> {
  %y = dlc.kernel "winograd" kind(convolution) (%x, %dy : tensor<8x128x28x28xf32, #x>, tensor<8x128x28x28xf32, #y>) -> tensor<128x128x3x3xf32> {
  ^bb0(%a: tensor<8x128x28x28xf32, #x>, %b: tensor<8x128x28x28xf32, #y>):
    %c = dlc.conv_weight_gradient %a, %b {dlc.algorithm = "winograd", kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>} : (tensor<8x128x28x28xf32, #x>, tensor<8x128x28x28xf32, #y>) -> tensor<128x128x3x3xf32>
    dlc.yield %c : tensor<128x128x3x3xf32>
  }
  return %y : tensor<128x128x3x3xf32>
}
