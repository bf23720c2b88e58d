// RUN: dlc-opt %s --pass-pipeline='builtin.module(func.func(dlc-tile{isas=x86-64-v3}))' --split-input-file --mlir-print-local-scope | FileCheck %s

// Schedules are decided on the space that is left when dimensions are merged, which the kernel records.

// All operands alike: one loop, with a schedule for it.
// CHECK-LABEL: dlc.kernel "whole"
// CHECK-SAME: dlc.collapse = [{{\[}}0, 2, 3, 1]], schedules = [#dlc.schedule<algorithm = "rows", isa = "x86-64-v3", vector = 8, split = 0, grain = {{[0-9]+}}>]
func.func @whole(%x: tensor<8x64x56x56xf32, #dlc.layout<order = [0, 2, 3, 1]>>, %y: tensor<8x64x56x56xf32, #dlc.layout<order = [0, 2, 3, 1]>>) -> tensor<8x64x56x56xf32, #dlc.layout<order = [0, 2, 3, 1]>> {
  %0 = dlc.kernel "whole" kind(elementwise) (%x, %y : tensor<8x64x56x56xf32, #dlc.layout<order = [0, 2, 3, 1]>>, tensor<8x64x56x56xf32, #dlc.layout<order = [0, 2, 3, 1]>>) -> tensor<8x64x56x56xf32, #dlc.layout<order = [0, 2, 3, 1]>> {
  ^bb0(%x_in: tensor<8x64x56x56xf32, #dlc.layout<order = [0, 2, 3, 1]>>, %y_in: tensor<8x64x56x56xf32, #dlc.layout<order = [0, 2, 3, 1]>>):
    %z = dlc.add %x_in, %y_in : (tensor<8x64x56x56xf32, #dlc.layout<order = [0, 2, 3, 1]>>, tensor<8x64x56x56xf32, #dlc.layout<order = [0, 2, 3, 1]>>) -> tensor<8x64x56x56xf32, #dlc.layout<order = [0, 2, 3, 1]>>
    dlc.yield %z : tensor<8x64x56x56xf32, #dlc.layout<order = [0, 2, 3, 1]>>
  }
  return %0 : tensor<8x64x56x56xf32, #dlc.layout<order = [0, 2, 3, 1]>>
}

// -----

// A value per channel keeps the channels apart; a dynamic extent takes part in a product.
// CHECK-LABEL: dlc.kernel "per_channel"
// CHECK-SAME: dlc.collapse = [{{\[}}0], [1], [2, 3]]
func.func @per_channel(%x: tensor<?x64x7x7xf32>, %b: tensor<64x1x1xf32>) -> tensor<?x64x7x7xf32> {
  %0 = dlc.kernel "per_channel" kind(elementwise) (%x, %b : tensor<?x64x7x7xf32>, tensor<64x1x1xf32>) -> tensor<?x64x7x7xf32>
      attributes {symbols = ["N"], input_dims = [affine_map<()[s0] -> (s0, 64, 7, 7)>, affine_map<()[s0] -> (64, 1, 1)>]} {
  ^bb0(%x_in: tensor<?x64x7x7xf32>, %b_in: tensor<64x1x1xf32>):
    %y = dlc.mul %x_in, %b_in : (tensor<?x64x7x7xf32>, tensor<64x1x1xf32>) -> tensor<?x64x7x7xf32>
    dlc.yield %y : tensor<?x64x7x7xf32>
  }
  return %0 : tensor<?x64x7x7xf32>
}

// -----

// Reduced dimensions merge with each other only, and the epilogue follows.
// CHECK-LABEL: dlc.kernel "mean"
// CHECK-SAME: dlc.collapse = [{{\[}}0, 1], [2, 3]]
func.func @mean(%x: tensor<2x64x7x7xf32>) -> tensor<2x64xf32> {
  %0 = dlc.kernel "mean" kind(reduction) (%x : tensor<2x64x7x7xf32>) -> tensor<2x64xf32> {
  ^bb0(%x_in: tensor<2x64x7x7xf32>):
    %m = dlc.reduce mean %x_in {axes = array<i64: 2, 3>} : tensor<2x64x7x7xf32> -> tensor<2x64xf32>
    %r = dlc.relu %m : tensor<2x64xf32> -> tensor<2x64xf32>
    dlc.yield %r : tensor<2x64xf32>
  }
  return %0 : tensor<2x64xf32>
}

// -----

// An extent of 1 is dropped, and ranges are those of all rows.
// CHECK-LABEL: dlc.kernel "softmax"
// CHECK-SAME: dlc.collapse = [{{\[}}1, 2], [3]]
// CHECK-SAME: split = 0, grain = {{[0-9]+}}, tiles = {unroll = 4 : i64}
func.func @softmax(%x: tensor<1x12x128x128xf32>) -> tensor<1x12x128x128xf32> {
  %0 = dlc.kernel "softmax" kind(normalization) (%x : tensor<1x12x128x128xf32>) -> tensor<1x12x128x128xf32> {
  ^bb0(%x_in: tensor<1x12x128x128xf32>):
    %y = dlc.softmax %x_in {axes = array<i64: 3>} : tensor<1x12x128x128xf32> -> tensor<1x12x128x128xf32>
    dlc.yield %y : tensor<1x12x128x128xf32>
  }
  return %0 : tensor<1x12x128x128xf32>
}

// -----

// A conversion of layouts becomes a transposition of matrices.
// CHECK-LABEL: dlc.kernel "convert"
// CHECK-SAME: dlc.collapse = [{{\[}}1], [2, 3]]
func.func @convert(%x: tensor<1x64x7x7xf32, #dlc.layout<order = [0, 2, 3, 1]>>) -> tensor<1x64x7x7xf32> {
  %0 = dlc.kernel "convert" kind(movement) (%x : tensor<1x64x7x7xf32, #dlc.layout<order = [0, 2, 3, 1]>>) -> tensor<1x64x7x7xf32> {
  ^bb0(%x_in: tensor<1x64x7x7xf32, #dlc.layout<order = [0, 2, 3, 1]>>):
    %y = dlc.unpack %x_in : tensor<1x64x7x7xf32, #dlc.layout<order = [0, 2, 3, 1]>> -> tensor<1x64x7x7xf32>
    dlc.yield %y : tensor<1x64x7x7xf32>
  }
  return %0 : tensor<1x64x7x7xf32>
}

// -----

// A halo separates the rows: they cannot be merged.
// CHECK-LABEL: dlc.kernel "border"
// CHECK-NOT: dlc.collapse
func.func @border(%x: tensor<1x8x4x4xf32, #dlc.layout<order = [0, 2, 3, 1], halo_low = [0, 0, 1, 1], halo_high = [0, 0, 1, 1]>>) -> tensor<1x8x4x4xf32, #dlc.layout<order = [0, 2, 3, 1]>> {
  %0 = dlc.kernel "border" kind(elementwise) (%x : tensor<1x8x4x4xf32, #dlc.layout<order = [0, 2, 3, 1], halo_low = [0, 0, 1, 1], halo_high = [0, 0, 1, 1]>>) -> tensor<1x8x4x4xf32, #dlc.layout<order = [0, 2, 3, 1]>> {
  ^bb0(%x_in: tensor<1x8x4x4xf32, #dlc.layout<order = [0, 2, 3, 1], halo_low = [0, 0, 1, 1], halo_high = [0, 0, 1, 1]>>):
    %y = dlc.relu %x_in : tensor<1x8x4x4xf32, #dlc.layout<order = [0, 2, 3, 1], halo_low = [0, 0, 1, 1], halo_high = [0, 0, 1, 1]>> -> tensor<1x8x4x4xf32, #dlc.layout<order = [0, 2, 3, 1]>>
    dlc.yield %y : tensor<1x8x4x4xf32, #dlc.layout<order = [0, 2, 3, 1]>>
  }
  return %0 : tensor<1x8x4x4xf32, #dlc.layout<order = [0, 2, 3, 1]>>
}

// -----

// The steps of a sequence and its batch are rows of one product, with a bias that all rows share.
// CHECK-LABEL: dlc.kernel "steps"
// CHECK-SAME: dlc.collapse = [{{\[}}0, 1], [2]]
func.func @steps(%x: tensor<?x?x16xf32>, %w: tensor<16x32xf32>, %b: tensor<1x32xf32>, %r: tensor<?x?x32xf32>) -> tensor<?x?x32xf32> {
  %0 = dlc.kernel "steps" kind(contraction) (%x, %w, %b, %r : tensor<?x?x16xf32>, tensor<16x32xf32>, tensor<1x32xf32>, tensor<?x?x32xf32>) -> tensor<?x?x32xf32>
      attributes {symbols = ["T", "N"], input_dims = [affine_map<()[s0, s1] -> (s0, s1, 16)>, affine_map<()[s0, s1] -> (16, 32)>, affine_map<()[s0, s1] -> (1, 32)>, affine_map<()[s0, s1] -> (s0, s1, 32)>]} {
  ^bb0(%x_in: tensor<?x?x16xf32>, %w_in: tensor<16x32xf32>, %b_in: tensor<1x32xf32>, %r_in: tensor<?x?x32xf32>):
    %y = dlc.matmul %x_in, %w_in : (tensor<?x?x16xf32>, tensor<16x32xf32>) -> tensor<?x?x32xf32>
    %z = dlc.add %y, %b_in : (tensor<?x?x32xf32>, tensor<1x32xf32>) -> tensor<?x?x32xf32>
    %s = dlc.add %z, %r_in : (tensor<?x?x32xf32>, tensor<?x?x32xf32>) -> tensor<?x?x32xf32>
    dlc.yield %s : tensor<?x?x32xf32>
  }
  return %0 : tensor<?x?x32xf32>
}

// -----

// What differs from batch to batch but not from step to step keeps them apart.
// CHECK-LABEL: dlc.kernel "per_batch"
// CHECK-NOT: dlc.collapse
func.func @per_batch(%x: tensor<2x3x16xf32>, %w: tensor<16x32xf32>, %b: tensor<3x32xf32>) -> tensor<2x3x32xf32> {
  %0 = dlc.kernel "per_batch" kind(contraction) (%x, %w, %b : tensor<2x3x16xf32>, tensor<16x32xf32>, tensor<3x32xf32>) -> tensor<2x3x32xf32> {
  ^bb0(%x_in: tensor<2x3x16xf32>, %w_in: tensor<16x32xf32>, %b_in: tensor<3x32xf32>):
    %y = dlc.matmul %x_in, %w_in : (tensor<2x3x16xf32>, tensor<16x32xf32>) -> tensor<2x3x32xf32>
    %z = dlc.add %y, %b_in : (tensor<2x3x32xf32>, tensor<3x32xf32>) -> tensor<2x3x32xf32>
    dlc.yield %z : tensor<2x3x32xf32>
  }
  return %0 : tensor<2x3x32xf32>
}
