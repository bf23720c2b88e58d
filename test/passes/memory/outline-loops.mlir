// SPDX-License-Identifier: Apache-2.0
// RUN: dlc-opt %s --dlc-outline-loops --mlir-print-local-scope --split-input-file | FileCheck %s

// Constants are repeated in the step, each once; what a run gives is captured. The loop's attributes stay.
// CHECK-LABEL: func.func private @run.sum(
// CHECK-SAME: %{{.*}}: tensor<i64> {dlc.extents = affine_map<()[s0] -> ()>}, %[[S:[a-z0-9]+]]: tensor<2xf32> {dlc.extents = affine_map<()[s0] -> (2)>}, %[[X:[a-z0-9]+]]: tensor<2xf32> {{{.*}}}, %[[Y:[a-z0-9]+]]: tensor<2xf32> {{{.*}}})
// CHECK-SAME: attributes {dlc.step = #dlc.loop_step<symbols = ["T"], loop_carried = 1, scan_outputs = 1>}
// CHECK-NEXT: %[[C:.*]] = dlc.constant
// CHECK-NEXT: %[[N:.*]] = dlc.neg %[[C]]
// CHECK-NEXT: %[[A:.*]] = dlc.mul %[[X]], %[[N]]
// CHECK-NEXT: %[[B:.*]] = dlc.mul %[[A]], %[[Y]]
// CHECK-NEXT: %[[E:.*]] = dlc.mul %[[B]], %[[C]]
// CHECK-NEXT: %[[D:.*]] = dlc.add %[[S]], %[[E]]
// CHECK-NEXT: return %[[D]], %[[Y]]
// CHECK-LABEL: func.func @run(
// CHECK: dlc.outlined_loop @run.sum init(%arg0 : tensor<2xf32>) scan(%arg1 : tensor<?x2xf32>) captures(%arg2 : tensor<2xf32>) {dlc.result_extents = #dlc.result_extents<symbols = ["T"], extents = [affine_map<()[s0] -> (2)>]>, dlc.row_range = 8 : i64, reverse} -> tensor<2xf32>, tensor<?x2xf32>
func.func @run(%s: tensor<2xf32>, %x: tensor<?x2xf32> {dlc.dims = ["T", 2]}, %y: tensor<2xf32>) -> (tensor<2xf32>, tensor<?x2xf32>) {
  %c = dlc.constant dense<[1.0, 2.0]> : tensor<2xf32> : tensor<2xf32>
  %n = dlc.neg %c : tensor<2xf32> -> tensor<2xf32>
  %0, %1 = dlc.loop init(%s : tensor<2xf32>) scan(%x : tensor<?x2xf32>) {dlc.row_range = 8 : i64, reverse} -> tensor<2xf32>, tensor<?x2xf32> {
  ^bb0(%step: tensor<i64>, %before: tensor<2xf32>, %slice: tensor<2xf32>):
    %a = dlc.mul %slice, %n : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    %b = dlc.mul %a, %y : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    %e = dlc.mul %b, %c : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    %d = dlc.add %before, %e : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    dlc.next %d, %y : tensor<2xf32>, tensor<2xf32>
  } loc("sum")
  return %0, %1 : tensor<2xf32>, tensor<?x2xf32>
}

// -----

// What an inner loop captures from outside both passes through the outer one. Names are made once.
// CHECK-LABEL: func.func private @run.loop(
// CHECK: dlc.mul %arg1, %arg2
// CHECK: dlc.add %{{.*}}, %arg3
// CHECK-LABEL: func.func private @run.loop.1(
// CHECK: dlc.outlined_loop @run.loop init(%arg1 : tensor<f32>) scan() captures(%arg3, %arg2 : tensor<f32>, tensor<f32>)
// CHECK-LABEL: func.func @run(
// CHECK: dlc.outlined_loop @run.loop.1 init(%arg0 : tensor<f32>) scan(%arg1 : tensor<5xf32>) captures(%arg2 : tensor<f32>)
func.func @run(%s: tensor<f32>, %x: tensor<5xf32>, %y: tensor<f32>) -> tensor<f32> {
  %0 = dlc.loop init(%s : tensor<f32>) scan(%x : tensor<5xf32>) -> tensor<f32> {
  ^bb0(%step: tensor<i64>, %before: tensor<f32>, %slice: tensor<f32>):
    %1 = dlc.loop init(%before : tensor<f32>) scan() {trip_count = 3 : i64} -> tensor<f32> {
    ^bb0(%inner_step: tensor<i64>, %inner: tensor<f32>):
      %2 = dlc.mul %inner, %y : (tensor<f32>, tensor<f32>) -> tensor<f32>
      %3 = dlc.add %2, %slice : (tensor<f32>, tensor<f32>) -> tensor<f32>
      dlc.next %3 : tensor<f32>
    }
    dlc.next %1 : tensor<f32>
  }
  return %0 : tensor<f32>
}
