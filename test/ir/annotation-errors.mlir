// SPDX-License-Identifier: Apache-2.0
// RUN: dlc-opt %s --split-input-file --verify-diagnostics

// expected-error @+1 {{argument 0: attribute 'dlc.naem' is unknown; did you mean 'dlc.name'?}}
func.func @run(%x: tensor<4xf32> {dlc.naem = "x"}) {
  return
}

// -----

// expected-error @+1 {{result 0: attribute 'dlc.sate' is unknown; did you mean 'dlc.state'?}}
func.func private @run() -> (tensor<4xf32> {dlc.sate = "x"})

// -----

// expected-error @+1 {{attribute 'dlc.entri' is unknown; did you mean 'dlc.entry'?}}
func.func private @run() attributes {dlc.entri}

// -----

// expected-error @+1 {{attribute 'dlc.quite_another' is unknown}}
module attributes {dlc.quite_another} {
}

// -----

func.func @run(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{attribute 'dlc.vocabularly' is unknown; did you mean 'dlc.vocabulary'?}}
  %0 = dlc.relu %x {dlc.vocabularly} : tensor<4xf32> -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// expected-error @+1 {{argument 0: attribute 'dlc.name' must be a string, got 1 : i64}}
func.func private @run(tensor<4xf32> {dlc.name = 1})

// -----

// expected-error @+1 {{result 0: attribute 'dlc.kept' must be a unit attribute, got true}}
func.func private @run() -> (tensor<4xf32> {dlc.kept = true})

// -----

// expected-error @+1 {{attribute 'dlc.entry' must be a #dlc.entry_point, got "run"}}
func.func private @run() attributes {dlc.entry = "run"}

// -----

// expected-error @+1 {{attribute 'dlc.optimization' must be an integer, got "3"}}
module attributes {dlc.optimization = "3"} {
}

// -----

// expected-error @+1 {{attribute 'dlc.name' is for an argument or a result, not for a function}}
func.func private @run() attributes {dlc.name = "run"}

// -----

// expected-error @+1 {{result 0: attribute 'dlc.dims' is for an argument, not for a result}}
func.func private @run() -> (tensor<?xf32> {dlc.dims = ["N"]})

// -----

func.func @run(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{attribute 'dlc.memory' is for a module, not for an op}}
  %0 = dlc.relu %x {dlc.memory = #dlc.program_memory<arena_bytes = 0, live_bytes = 0, prepacked_bytes = 0>} : tensor<4xf32> -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// expected-error @+1 {{attribute 'dlc.dims' has 1 extents for a tensor of rank 2}}
func.func private @run(tensor<?x4xf32> {dlc.dims = ["N"]})

// -----

// expected-error @+1 {{attribute 'dlc.dims' lists numbers and names of dimensions, got 4.000000e+00 : f64}}
func.func private @run(tensor<?x4xf32> {dlc.dims = ["N", 4.0]})

// -----

// expected-error @+1 {{checks must be a list of #dlc.element_check, got [{kind = "index"}]}}
func.func private @run(tensor<4xi64> {dlc.checks = [{kind = "index"}]})

// -----

// expected-error @+1 {{an extent is a number or the name of a symbol, got unit}}
func.func private @run(tensor<4xi64> {dlc.checks = [#dlc.element_check<kind = index, what = "x", extent = unit>]})

// -----

// expected-error @+1 {{checks of the kind 'room', and no others, have steps}}
func.func private @run(tensor<4xi64> {dlc.checks = [#dlc.element_check<kind = room, what = "x", extent = 4 : i64>]})

// -----

// expected-error @+1 {{starts and sizes are given together}}
func.func private @run(tensor<4xi64> {dlc.checks = [#dlc.element_check<kind = index, what = "x", extent = 4 : i64, starts = [0]>]})

// -----

// expected-error @+2 {{expected ::dlc::ElementCheckKind to be one of: index, index_from_end, length, room, probability}}
// expected-error @+1 {{failed to parse Dlc_ElementCheckAttr parameter 'kind'}}
func.func private @run(tensor<4xi64> {dlc.checks = [#dlc.element_check<kind = indices, what = "x", extent = 4 : i64>]})

// -----

// expected-error @+2 {{failed to parse Dlc_ExtentChecksAttr parameter 'checks'}}
// expected-error @+1 {{values must be two extents over symbols, got affine_map<()[s0] -> (s0)>}}
func.func private @run() attributes {dlc.extent_checks = #dlc.extent_checks<symbols = ["N"], checks = [#dlc.extent_check<relation = equal, values = affine_map<()[s0] -> (s0)>, what = "add">]>}

// -----

// expected-error @+1 {{is not over 2 symbols}}
func.func private @run() attributes {dlc.extent_checks = #dlc.extent_checks<symbols = ["N", "M"], checks = [#dlc.extent_check<relation = equal, values = affine_map<()[s0] -> (s0, 1)>, what = "add">]>}

// -----

// expected-error @+1 {{checks must be a list of #dlc.extent_check, got "equal"}}
func.func private @run() attributes {dlc.extent_checks = #dlc.extent_checks<symbols = ["N"], checks = ["equal"]>}

// -----

// expected-error @+1 {{the bounds of a symbol must be a #dlc.symbol_bounds, got 1 : i64}}
func.func private @run() attributes {dlc.symbol_bounds = {N = 1}}

// -----

// expected-error @+1 {{a symbol has a minimum and a maximum from 0 to 2147483647, got 3 and 2}}
func.func private @run() attributes {dlc.symbol_bounds = {N = #dlc.symbol_bounds<minimum = 3, maximum = 2>}}

// -----

// expected-error @+1 {{symbols must be strings, got [1]}}
func.func private @run() attributes {dlc.step = #dlc.loop_step<symbols = [1], loop_carried = 1, scan_outputs = 0>}

// -----

// expected-error @+1 {{a step returns no negative number of values}}
func.func private @run() attributes {dlc.step = #dlc.loop_step<symbols = [], loop_carried = -1, scan_outputs = 0>}

// -----

// expected-error @+1 {{attribute 'dlc.extents' must be the extents of a tensor over the symbols of 'dlc.step' or 'dlc.symbols'}}
func.func private @run(tensor<?xf32> {dlc.extents = affine_map<()[s0] -> (s0)>})

// -----

// expected-error @+1 {{workspace_bytes must be one expression of symbols, got affine_map<(d0) -> (d0)>}}
func.func private @run() attributes {dlc.entry = #dlc.entry_point<name = "run", workspace_bytes = affine_map<(d0) -> (d0)>>}

// -----

// expected-error @+1 {{dims must be the 2 extents over symbols, got affine_map<() -> (4)>}}
func.func private @run(memref<?xi8> {dlc.tensor = #dlc.program_tensor<role = input, name = "x", tensor = tensor<4x4xf32>, dims = affine_map<() -> (4)>>})

// -----

// expected-error @+1 {{only an input can be a label or a hyperparameter}}
func.func private @run(memref<?xi8> {dlc.tensor = #dlc.program_tensor<role = output, name = "x", tensor = tensor<4xf32>, dims = affine_map<() -> (4)>, label = true>})

// -----

// expected-error @+1 {{only a state is changed in place}}
func.func private @run(memref<?xi8> {dlc.tensor = #dlc.program_tensor<role = input, name = "x", tensor = tensor<4xf32>, dims = affine_map<() -> (4)>, in_place = true>})

// -----

// expected-error @+1 {{only an output is kept}}
func.func private @run(memref<?xi8> {dlc.tensor = #dlc.program_tensor<role = input, name = "x", tensor = tensor<4xf32>, dims = affine_map<() -> (4)>, kept = true>})

// -----

// expected-error @+2 {{failed to parse Dlc_ProgramSymbolAttr parameter 'element'}}
// expected-error @+1 {{argument and position are numbers from 0, got 0 and -1}}
func.func private @run(index {dlc.symbol = #dlc.program_symbol<name = "N", element = #dlc.element_source<argument = 0, position = -1>>})

// -----

// expected-error @+1 {{sizes are not negative}}
module attributes {dlc.memory = #dlc.program_memory<arena_bytes = -1, live_bytes = 0, prepacked_bytes = 0>} {
}

// -----

// expected-error @+1 {{the tile size 'rows' must be an integer, got "3"}}
#s = #dlc.schedule<algorithm = "gemm", isa = "x86-64-v3", vector = 8, tiles = {rows = "3"}>
