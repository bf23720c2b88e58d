// SPDX-License-Identifier: Apache-2.0
// RUN: dlc-opt %s --dlc-tile=isas=x86-64-v3,x86-64-v4 --split-input-file | FileCheck %s

// One row: 8 accumulators of either width. Threads take ranges of units, so each reads its own part of the weights.
// CHECK-LABEL: func.func @one_row
// CHECK: algorithm = "cell", isa = "x86-64-v3", vector = 8, split = 1, grain = 16, tiles = {alternating_units = 16 : i64, rows = 1 : i64, units = 16 : i64}
// CHECK-SAME: algorithm = "cell", isa = "x86-64-v4", vector = 16, split = 1, grain = [[U:[0-9]+]], tiles = {alternating_units = 64 : i64, rows = 1 : i64, units = [[U]] : i64}
func.func @one_row(%h: tensor<1x512xf32>) -> tensor<1x512xf32> {
  %r = dlc.constant dense<0.5> : tensor<4x512x512xf32> : tensor<4x512x512xf32, #dlc.layout<order = [2, 1, 0], inner_dims = [2], inner_tiles = [16]>>
  %0 = dlc.kernel "cell" kind(recurrent) (%h, %r : tensor<1x512xf32>, tensor<4x512x512xf32, #dlc.layout<order = [2, 1, 0], inner_dims = [2], inner_tiles = [16]>>) -> tensor<1x512xf32> {
  ^bb0(%a: tensor<1x512xf32>, %b: tensor<4x512x512xf32, #dlc.layout<order = [2, 1, 0], inner_dims = [2], inner_tiles = [16]>>):
    %1 = dlc.matmul %a, %b : (tensor<1x512xf32>, tensor<4x512x512xf32, #dlc.layout<order = [2, 1, 0], inner_dims = [2], inner_tiles = [16]>>) -> tensor<4x1x512xf32>
    %2 = dlc.slice %1 {starts = array<i64: 0, 0, 0>, sizes = array<i64: 1, -1, -1>, steps = array<i64: 1, 1, 1>} : (tensor<4x1x512xf32>) -> tensor<1x1x512xf32>
    %3 = dlc.reshape %2 {shape = array<i64: 1, 512>} : (tensor<1x1x512xf32>) -> tensor<1x512xf32>
    dlc.yield %3 : tensor<1x512xf32>
  }
  return %0 : tensor<1x512xf32>
}

// -----

// A batch of unknown size: several rows share what they load of the weights.
// CHECK-LABEL: func.func @rows
// CHECK: isa = "x86-64-v4", vector = 16, split = 1, grain = 16, tiles = {alternating_units = 32 : i64, rows = 6 : i64, units = 16 : i64}
func.func @rows(%h: tensor<?x512xf32>) -> tensor<?x512xf32> {
  %r = dlc.constant dense<0.5> : tensor<4x512x512xf32> : tensor<4x512x512xf32, #dlc.layout<order = [2, 1, 0], inner_dims = [2], inner_tiles = [16]>>
  %0 = dlc.kernel "cell" kind(recurrent) (%h, %r : tensor<?x512xf32>, tensor<4x512x512xf32, #dlc.layout<order = [2, 1, 0], inner_dims = [2], inner_tiles = [16]>>) -> tensor<?x512xf32> {
  ^bb0(%a: tensor<?x512xf32>, %b: tensor<4x512x512xf32, #dlc.layout<order = [2, 1, 0], inner_dims = [2], inner_tiles = [16]>>):
    %1 = dlc.matmul %a, %b : (tensor<?x512xf32>, tensor<4x512x512xf32, #dlc.layout<order = [2, 1, 0], inner_dims = [2], inner_tiles = [16]>>) -> tensor<4x?x512xf32>
    %2 = dlc.slice %1 {starts = array<i64: 0, 0, 0>, sizes = array<i64: 1, -1, -1>, steps = array<i64: 1, 1, 1>} : (tensor<4x?x512xf32>) -> tensor<1x?x512xf32>
    %3 = dlc.reshape %2 {shape = array<i64: -3, 512>} : (tensor<1x?x512xf32>) -> tensor<?x512xf32>
    dlc.yield %3 : tensor<?x512xf32>
  }
  return %0 : tensor<?x512xf32>
}

// -----

// Weights that are twice the first-level cache: every second step takes the parts in reverse.
// CHECK-LABEL: func.func @alternating_units
// CHECK: isa = "x86-64-v4", vector = 16, split = 1, grain = 64, tiles = {alternating_units = 64 : i64, rows = 1 : i64, units = 64 : i64}
func.func @alternating_units(%h: tensor<1x128xf32>) -> tensor<1x128xf32> {
  %r = dlc.constant dense<0.5> : tensor<1x128x128xf32> : tensor<1x128x128xf32, #dlc.layout<order = [2, 1, 0], inner_dims = [2], inner_tiles = [64]>>
  %0 = dlc.kernel "cell" kind(recurrent) (%h, %r : tensor<1x128xf32>, tensor<1x128x128xf32, #dlc.layout<order = [2, 1, 0], inner_dims = [2], inner_tiles = [64]>>) -> tensor<1x128xf32> {
  ^bb0(%a: tensor<1x128xf32>, %b: tensor<1x128x128xf32, #dlc.layout<order = [2, 1, 0], inner_dims = [2], inner_tiles = [64]>>):
    %1 = dlc.matmul %a, %b : (tensor<1x128xf32>, tensor<1x128x128xf32, #dlc.layout<order = [2, 1, 0], inner_dims = [2], inner_tiles = [64]>>) -> tensor<1x1x128xf32>
    %2 = dlc.reshape %1 {shape = array<i64: 1, 128>} : (tensor<1x1x128xf32>) -> tensor<1x128xf32>
    dlc.yield %2 : tensor<1x128xf32>
  }
  return %0 : tensor<1x128xf32>
}

// -----

// Weights that exceed the second level: parts of a quarter of it, or of a tile where that is larger.
// CHECK-LABEL: func.func @alternating_tiles
// CHECK: isa = "x86-64-v3", vector = 8, split = 1, grain = 64, tiles = {alternating_units = 64 : i64, rows = 1 : i64, units = 64 : i64}>
// CHECK-SAME: isa = "x86-64-v4", vector = 16, split = 1, grain = 256, tiles = {alternating_units = 256 : i64, rows = 1 : i64, units = 256 : i64}
func.func @alternating_tiles(%h: tensor<1x1024xf32>) -> tensor<1x1024xf32> {
  %r = dlc.constant dense<0.5> : tensor<1x1024x1024xf32> : tensor<1x1024x1024xf32, #dlc.layout<order = [2, 1, 0], inner_dims = [2], inner_tiles = [64]>>
  %0 = dlc.kernel "cell" kind(recurrent) (%h, %r : tensor<1x1024xf32>, tensor<1x1024x1024xf32, #dlc.layout<order = [2, 1, 0], inner_dims = [2], inner_tiles = [64]>>) -> tensor<1x1024xf32> {
  ^bb0(%a: tensor<1x1024xf32>, %b: tensor<1x1024x1024xf32, #dlc.layout<order = [2, 1, 0], inner_dims = [2], inner_tiles = [64]>>):
    %1 = dlc.matmul %a, %b : (tensor<1x1024xf32>, tensor<1x1024x1024xf32, #dlc.layout<order = [2, 1, 0], inner_dims = [2], inner_tiles = [64]>>) -> tensor<1x1x1024xf32>
    %2 = dlc.reshape %1 {shape = array<i64: 1, 1024>} : (tensor<1x1x1024xf32>) -> tensor<1x1024xf32>
    dlc.yield %2 : tensor<1x1024xf32>
  }
  return %0 : tensor<1x1024xf32>
}
