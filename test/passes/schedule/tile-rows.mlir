// RUN: dlc-opt %s --pass-pipeline='builtin.module(func.func(dlc-tile{isas=x86-64-v4}))' | FileCheck %s

// Vectors run along memory: rows where the innermost dimension is reduced, columns where it stays.
// CHECK-LABEL: dlc.kernel "rows"
// CHECK-SAME: <algorithm = "rows", isa = "x86-64-v4", vector = 16, tiles = {unroll = 4 : i64}>
// CHECK-LABEL: dlc.kernel "columns"
// CHECK-SAME: <algorithm = "columns", isa = "x86-64-v4", vector = 16, tiles = {unroll = 2 : i64}>
func.func @reductions(%x: tensor<16x64xf32>) -> (tensor<16xf32>, tensor<64xf32>) {
  %a = dlc.kernel "rows" kind(reduction) (%x : tensor<16x64xf32>) -> tensor<16xf32> {
  ^bb0(%b: tensor<16x64xf32>):
    %r = dlc.reduce sum %b {axes = array<i64: 1>} : tensor<16x64xf32> -> tensor<16xf32>
    dlc.yield %r : tensor<16xf32>
  }
  %c = dlc.kernel "columns" kind(reduction) (%x : tensor<16x64xf32>) -> tensor<64xf32> {
  ^bb0(%b: tensor<16x64xf32>):
    %r = dlc.reduce sum %b {axes = array<i64: 0>} : tensor<16x64xf32> -> tensor<64xf32>
    dlc.yield %r : tensor<64xf32>
  }
  return %a, %c : tensor<16xf32>, tensor<64xf32>
}

// Ranges of a normalized dimension would each need the statistics: only the rows are split, and small work is not.
// CHECK-LABEL: dlc.kernel "large"
// CHECK-SAME: split = 0, grain = {{[0-9]+}}
// CHECK-LABEL: dlc.kernel "one_row"
// CHECK-NOT: split
// CHECK: dlc.softmax
func.func @normalizations(%x: tensor<4096x1024xf32>, %y: tensor<1x1000000xf32>) -> (tensor<4096x1024xf32>, tensor<1x1000000xf32>) {
  %a = dlc.kernel "large" kind(normalization) (%x : tensor<4096x1024xf32>) -> tensor<4096x1024xf32> {
  ^bb0(%b: tensor<4096x1024xf32>):
    %r = dlc.softmax %b {axes = array<i64: 1>} : tensor<4096x1024xf32> -> tensor<4096x1024xf32>
    dlc.yield %r : tensor<4096x1024xf32>
  }
  %c = dlc.kernel "one_row" kind(normalization) (%y : tensor<1x1000000xf32>) -> tensor<1x1000000xf32> {
  ^bb0(%b: tensor<1x1000000xf32>):
    %r = dlc.softmax %b {axes = array<i64: 1>} : tensor<1x1000000xf32> -> tensor<1x1000000xf32>
    dlc.yield %r : tensor<1x1000000xf32>
  }
  return %a, %c : tensor<4096x1024xf32>, tensor<1x1000000xf32>
}

// Every range walks all indices: threads share the dimension that these do not choose in. A table of numbers has none.
// CHECK-LABEL: dlc.kernel "rows_of_a_table"
// CHECK-SAME: split = 1, grain = {{[0-9]+}}
// CHECK-LABEL: dlc.kernel "table_of_numbers"
// CHECK-NOT: split
// CHECK: dlc.scatter_add
func.func @scatter(%i: tensor<100000xi64>, %rows: tensor<100000x512xf32>, %numbers: tensor<100000xf32>, %t: tensor<1000x512xf32>, %n: tensor<1000xf32>) -> (tensor<1000x512xf32>, tensor<1000xf32>) {
  %a = dlc.kernel "rows_of_a_table" kind(movement) (%t, %i, %rows : tensor<1000x512xf32>, tensor<100000xi64>, tensor<100000x512xf32>) -> tensor<1000x512xf32> {
  ^bb0(%l: tensor<1000x512xf32>, %b: tensor<100000xi64>, %u: tensor<100000x512xf32>):
    %r = dlc.scatter_add %l, %b, %u {axis = 0 : i64} : (tensor<1000x512xf32>, tensor<100000xi64>, tensor<100000x512xf32>) -> tensor<1000x512xf32>
    dlc.yield %r : tensor<1000x512xf32>
  }
  %c = dlc.kernel "table_of_numbers" kind(movement) (%n, %i, %numbers : tensor<1000xf32>, tensor<100000xi64>, tensor<100000xf32>) -> tensor<1000xf32> {
  ^bb0(%l: tensor<1000xf32>, %b: tensor<100000xi64>, %u: tensor<100000xf32>):
    %r = dlc.scatter_add %l, %b, %u {axis = 0 : i64} : (tensor<1000xf32>, tensor<100000xi64>, tensor<100000xf32>) -> tensor<1000xf32>
    dlc.yield %r : tensor<1000xf32>
  }
  return %a, %c : tensor<1000x512xf32>, tensor<1000xf32>
}
