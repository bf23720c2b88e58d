// SPDX-License-Identifier: Apache-2.0
// RUN: dlc-opt %s --dlc-outline-branches --mlir-print-local-scope --split-input-file | FileCheck %s

// Both branches take all captures; constants are repeated where they are read.
// CHECK-LABEL: func.func private @run.choice.then(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x2xf32> {dlc.extents = affine_map<()[s0] -> (s0, 2)>}, %[[Y:[a-z0-9]+]]: tensor<2xf32> {{{.*}}}) -> tensor<?x2xf32>
// CHECK-SAME: attributes {dlc.symbols = ["N"]}
// CHECK-NEXT: %[[C:.*]] = dlc.constant
// CHECK-NEXT: %[[A:.*]] = dlc.mul %[[X]], %[[C]]
// CHECK-NEXT: return %[[A]]
// CHECK-LABEL: func.func private @run.choice.else(
// CHECK-NEXT: %[[B:.*]] = dlc.add %arg0, %arg1
// CHECK-NEXT: return %[[B]]
// CHECK-LABEL: func.func @run(
// CHECK: dlc.outlined_if %arg0 @run.choice.then @run.choice.else captures(%arg1, %arg2 : tensor<?x2xf32>, tensor<2xf32>) {dlc.result_extents = #dlc.result_extents<symbols = ["N"], extents = [affine_map<()[s0] -> (s0, 2)>]>} : tensor<i1> -> tensor<?x2xf32>
func.func @run(%c: tensor<i1>, %x: tensor<?x2xf32> {dlc.dims = ["N", 2]}, %y: tensor<2xf32>) -> tensor<?x2xf32> {
  %k = dlc.constant dense<[1.0, 2.0]> : tensor<2xf32> : tensor<2xf32>
  %0 = dlc.if %c : tensor<i1> -> tensor<?x2xf32> {
    %a = dlc.mul %x, %k : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
    dlc.end_if %a : tensor<?x2xf32>
  } else {
    %b = dlc.add %x, %y : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
    dlc.end_if %b : tensor<?x2xf32>
  } loc("choice")
  return %0 : tensor<?x2xf32>
}

// -----

// A loop stays a region: inside a branch of its function, around a choice of the step.
// CHECK-LABEL: func.func private @run.if.then(
// CHECK: dlc.loop
// CHECK: dlc.mul %{{.*}}, %arg0
// CHECK-LABEL: func.func private @run.if.else(
// CHECK-LABEL: func.func @run(
// CHECK: dlc.loop
// CHECK: dlc.outlined_if %{{.*}} @run.if.then @run.if.else captures(%arg2, %{{.*}} : tensor<f32>, tensor<f32>)
func.func @run(%c: tensor<i1>, %s: tensor<f32>, %y: tensor<f32>) -> tensor<f32> {
  %0 = dlc.loop init(%s : tensor<f32>) scan() {trip_count = 4 : i64} -> tensor<f32> {
  ^bb0(%step: tensor<i64>, %before: tensor<f32>):
    %1 = dlc.if %c : tensor<i1> -> tensor<f32> {
      %2 = dlc.loop init(%before : tensor<f32>) scan() {trip_count = 3 : i64} -> tensor<f32> {
      ^bb0(%inner_step: tensor<i64>, %inner: tensor<f32>):
        %3 = dlc.mul %inner, %y : (tensor<f32>, tensor<f32>) -> tensor<f32>
        dlc.next %3 : tensor<f32>
      }
      dlc.end_if %2 : tensor<f32>
    } else {
      dlc.end_if %before : tensor<f32>
    }
    dlc.next %1 : tensor<f32>
  }
  return %0 : tensor<f32>
}
