// RUN: dlc-opt %s --dlc-check-indices --split-input-file | FileCheck %s

// Through a reshape and a cast, with indices that may count from the end.
// CHECK: func.func @run(%{{.*}}: tensor<?xi32> {dlc.checks = [#dlc.element_check<kind = index_from_end, what = "the indices of 'table'", extent = 65 : i64>]
func.func @run(%tokens: tensor<?xi32> {dlc.dims = ["T"]}, %table: tensor<65x8xf32>) -> tensor<?x1x8xf32> {
  %0 = dlc.reshape %tokens {shape = array<i64: -2, 1>} : (tensor<?xi32>) -> tensor<?x1xi32>
  %1 = dlc.cast %0 {to = i64} : tensor<?x1xi32> -> tensor<?x1xi64>
  %2 = dlc.gather %table, %1 {axis = 0 : i64} : (tensor<65x8xf32>, tensor<?x1xi64>) -> tensor<?x1x8xf32> loc("table")
  return %2 : tensor<?x1x8xf32>
}

// -----

// A vocabulary, of which only a part of the input chooses; the extent is a symbol.
// CHECK: func.func @run(%{{.*}}: tensor<3x4xi64> {dlc.checks = [#dlc.element_check<kind = index, what = "the vocabulary of 'words'", extent = "V", starts = [0, 1], sizes = [-1, 2]>]}
func.func @run(%tokens: tensor<3x4xi64>, %table: tensor<?x8xf32> {dlc.dims = ["V", 8]}) -> tensor<3x2x8xf32> {
  %0 = dlc.slice %tokens {starts = array<i64: 0, 1>, sizes = array<i64: -1, 2>, steps = array<i64: 1, 1>} : (tensor<3x4xi64>) -> tensor<3x2xi64>
  %1 = dlc.gather %table, %0 {axis = 0 : i64, dlc.vocabulary} : (tensor<?x8xf32>, tensor<3x2xi64>) -> tensor<3x2x8xf32> loc("words")
  return %1 : tensor<3x2x8xf32>
}

// -----

// One step of a loop, and the lengths that the loop is told.
// CHECK: func.func @run(%{{.*}}: tensor<?x2xi64> {dlc.checks = [#dlc.element_check<{{.*}}, extent = 65 : i64{{.*}}>],
// CHECK-SAME: %{{.*}}: tensor<2xi64> {dlc.checks = [#dlc.element_check<kind = length, what = "the lengths of 'lstm'", extent = "T">]},
// CHECK-SAME: %{{.*}}: tensor<2x8xf32>)
func.func @run(%tokens: tensor<?x2xi64> {dlc.dims = ["T", 2]}, %lengths: tensor<2xi64>, %h0: tensor<2x8xf32>) -> tensor<2x8xf32> {
  %0 = dlc.loop init(%h0 : tensor<2x8xf32>) scan(%tokens : tensor<?x2xi64>) -> tensor<2x8xf32> {
  ^bb0(%step: tensor<i64>, %h: tensor<2x8xf32>, %token: tensor<2xi64>):
    %table = dlc.constant dense<1.0> : tensor<65x8xf32> : tensor<65x8xf32>
    %s0 = dlc.gather %table, %token {axis = 0 : i64} : (tensor<65x8xf32>, tensor<2xi64>) -> tensor<2x8xf32> loc("table")
    %valid = dlc.less %step, %lengths {dlc.lengths} : (tensor<i64>, tensor<2xi64>) -> tensor<2xi1>
    dlc.next %s0 : tensor<2x8xf32>
  } loc("lstm")
  return %0 : tensor<2x8xf32>
}

// -----

// Computed indices are clamped, not checked.
// CHECK-NOT: dlc.checks
func.func @run(%x: tensor<5xi64>, %y: tensor<5xf32>, %table: tensor<65x8xf32>) -> (tensor<5x8xf32>, tensor<5x8xf32>) {
  %0 = dlc.add %x, %x : (tensor<5xi64>, tensor<5xi64>) -> tensor<5xi64>
  %1 = dlc.gather %table, %0 {axis = 0 : i64} : (tensor<65x8xf32>, tensor<5xi64>) -> tensor<5x8xf32>
  %2 = dlc.cast %y {to = i64} : tensor<5xf32> -> tensor<5xi64>
  %3 = dlc.gather %table, %2 {axis = 0 : i64} : (tensor<65x8xf32>, tensor<5xi64>) -> tensor<5x8xf32>
  return %1, %3 : tensor<5x8xf32>, tensor<5x8xf32>
}
