// RUN: dlc-opt %s --dlc-outline-loops --dlc-form-kernels --dlc-sink-updates --split-input-file | FileCheck %s

dlc.parameter @w : tensor<4xf32> = dense<1.0> : tensor<4xf32>

// A variable and a state change after the extent is known, and with the variable what reads its new value.
// CHECK-LABEL: func.func @train
// CHECK: dlc.readback
// CHECK: %[[NEW:.*]] = dlc.kernel "w.update"
// CHECK: dlc.kernel "neg" kind( elementwise) (%[[NEW]]
// CHECK: dlc.kernel "tanh"
func.func @train(%w: tensor<4xf32> {dlc.variable = "w"}, %h: tensor<4xf32> {dlc.state = "h"}, %n: tensor<i64> {dlc.name = "n"})
    -> (tensor<4xf32> {dlc.variable = "w"}, tensor<4xf32> {dlc.state = "h"}, tensor<4xf32> {dlc.name = "z"}, tensor<?xi64> {dlc.name = "y"}) {
  %new = dlc.exp %w : tensor<4xf32> -> tensor<4xf32>
  %z = dlc.neg %new : tensor<4xf32> -> tensor<4xf32>
  %next = dlc.tanh %h : tensor<4xf32> -> tensor<4xf32>
  %s = dlc.readback %n {bound = affine_map<() -> ()>, symbol = "n"} : (tensor<i64>) -> tensor<?xi1>
  %y = dlc.index %s {axis = 0 : i64} : (tensor<?xi1>) -> tensor<?xi64>
  return %new, %next, %z, %y : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<?xi64>
}

// A step may fail, too.
// CHECK-LABEL: func.func @train_step
// CHECK-NOT: dlc.kernel
// CHECK: dlc.outlined_loop
// CHECK-NEXT: dlc.kernel "w.update"
func.func @train_step(%w: tensor<4xf32> {dlc.variable = "w"}, %n: tensor<i64> {dlc.name = "n"})
    -> (tensor<4xf32> {dlc.variable = "w"}, tensor<i64> {dlc.name = "y"}) {
  %new = dlc.exp %w : tensor<4xf32> -> tensor<4xf32>
  %y = dlc.loop init(%n : tensor<i64>) scan() {trip_count = 3 : i64} -> tensor<i64> {
  ^bb0(%step: tensor<i64>, %before: tensor<i64>):
    %s = dlc.readback %before {bound = affine_map<() -> ()>, symbol = "n"} : (tensor<i64>) -> tensor<?xi1>
    %i = dlc.index %s {axis = 0 : i64} : (tensor<?xi1>) -> tensor<?xi64>
    %after = dlc.reduce sum %i {axes = array<i64: 0>, keep_dims = false} : tensor<?xi64> -> tensor<i64>
    dlc.next %after : tensor<i64>
  }
  return %new, %y : tensor<4xf32>, tensor<i64>
}

// -----

// An extent that the new value decides: the run cannot know whether it fails before it has changed.
// CHECK-LABEL: func.func @train
// CHECK: dlc.kernel "w.update"
// CHECK: dlc.readback
func.func @train(%w: tensor<i64> {dlc.variable = "w"}) -> (tensor<i64> {dlc.variable = "w"}, tensor<?xi64> {dlc.name = "y"}) {
  %new = dlc.add %w, %w : (tensor<i64>, tensor<i64>) -> tensor<i64>
  %s = dlc.readback %new {bound = affine_map<() -> ()>, symbol = "n"} : (tensor<i64>) -> tensor<?xi1>
  %y = dlc.index %s {axis = 0 : i64} : (tensor<?xi1>) -> tensor<?xi64>
  return %new, %y : tensor<i64>, tensor<?xi64>
}
