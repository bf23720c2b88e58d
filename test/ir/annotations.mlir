// SPDX-License-Identifier: Apache-2.0
// RUN: dlc-opt %s --split-input-file --verify-diagnostics --mlir-print-local-scope | dlc-opt --split-input-file --mlir-print-local-scope | FileCheck %s

// Discardable attributes of the dialect are those of ir/Annotations.def: each with a value of its type, where it may be.

// CHECK: dlc.memory = #dlc.program_memory<arena_bytes = 128, live_bytes = 64, prepacked_bytes = 0>
// CHECK-LABEL: func.func @graph
// CHECK-SAME: dlc.checks = [#dlc.element_check<kind = index, what = "the table", extent = "T", exception = -1 : i64>, #dlc.element_check<kind = index_from_end, what = "it", extent = 3 : i64, starts = [0], sizes = [-1]>]
// CHECK-SAME: dlc.checks = [#dlc.element_check<kind = room, what = "the cache", extent = 16 : i64, steps = "T">], dlc.state = "length"
// CHECK-SAME: dlc.extent_checks = #dlc.extent_checks<symbols = ["T"], checks = [#dlc.extent_check<relation = at_least, values = affine_map<()[s0] -> (s0, 2)>, what = "slice">]>
// CHECK-SAME: dlc.symbol_bounds = {T = #dlc.symbol_bounds<minimum = 1, maximum = 9>, U = #dlc.symbol_bounds<>}
// CHECK-LABEL: func.func private @step
// CHECK-SAME: tensor<?x2xf32> {dlc.extents = affine_map<()[s0] -> (s0, 2)>}
// CHECK-SAME: dlc.step = #dlc.loop_step<symbols = ["T"], loop_carried = 1, scan_outputs = 0>
// CHECK-LABEL: func.func @program
// CHECK-SAME: dlc.tensor = #dlc.program_tensor<role = input, name = "n", tensor = tensor<1xi64>, dims = affine_map<()[s0] -> (1)>, checks = [], hyperparameter = 1.000000e+00 : f64, label = true>
// CHECK-SAME: dlc.tensor = #dlc.program_tensor<role = output, name = "y", tensor = tensor<?xf32>, dims = affine_map<()[s0] -> (s0)>, kept = true>
// CHECK-SAME: dlc.tensor = #dlc.program_tensor<role = state, name = "s", tensor = tensor<f32>, dims = affine_map<()[s0] -> ()>, in_place = true>
// CHECK-SAME: dlc.block = #dlc.program_block<prepacked>
// CHECK-SAME: dlc.symbol = #dlc.program_symbol<name = "T", maximum = 5, element = <argument = 0, position = 0, negative = true>>
// CHECK-SAME: dlc.entry = #dlc.entry_point<name = "program", workspace_bytes = affine_map<()[s0] -> (s0 * 4)>, reads_variables = true, reads_derived = true>
module attributes {dlc.memory = #dlc.program_memory<arena_bytes = 128, live_bytes = 64, prepacked_bytes = 0>} {
  func.func @graph(%i: tensor<?xi64> {dlc.name = "i", dlc.dims = ["T"], dlc.checks = [
                       #dlc.element_check<kind = index, what = "the table", extent = "T", exception = -1 : i64>,
                       #dlc.element_check<kind = index_from_end, what = "it", extent = 3 : i64, starts = [0], sizes = [-1]>]},
                   %l: tensor<i64> {dlc.state = "length", dlc.checks = [
                       #dlc.element_check<kind = room, what = "the cache", extent = 16 : i64, steps = "T">]})
      attributes {dlc.extent_checks = #dlc.extent_checks<symbols = ["T"], checks = [
                      #dlc.extent_check<relation = at_least, values = affine_map<()[s0] -> (s0, 2)>, what = "slice">]>,
                  dlc.symbol_bounds = {T = #dlc.symbol_bounds<minimum = 1, maximum = 9>, U = #dlc.symbol_bounds<>}} {
    return
  }
  func.func private @step(%i: tensor<i64>, %x: tensor<?x2xf32> {dlc.extents = affine_map<()[s0] -> (s0, 2)>})
      attributes {dlc.step = #dlc.loop_step<symbols = ["T"], loop_carried = 1, scan_outputs = 0>} {
    return
  }
  func.func @program(%n: memref<?xi8> {dlc.tensor = #dlc.program_tensor<role = input, name = "n", tensor = tensor<1xi64>, dims = affine_map<()[s0] -> (1)>, checks = [], hyperparameter = 1.0 : f64, label = true>},
                     %y: memref<?xi8> {dlc.tensor = #dlc.program_tensor<role = output, name = "y", tensor = tensor<?xf32>, dims = affine_map<()[s0] -> (s0)>, kept = true>},
                     %s: memref<?xi8> {dlc.tensor = #dlc.program_tensor<role = state, name = "s", tensor = tensor<f32>, dims = affine_map<()[s0] -> ()>, in_place = true>},
                     %p: memref<?xi8> {dlc.block = #dlc.program_block<prepacked>},
                     %T: index {dlc.symbol = #dlc.program_symbol<name = "T", maximum = 5, element = #dlc.element_source<argument = 0, position = 0, negative = true>>})
      attributes {dlc.entry = #dlc.entry_point<name = "program", workspace_bytes = affine_map<()[s0] -> (s0 * 4)>, reads_variables = true, reads_derived = true>} {
    return
  }
}
