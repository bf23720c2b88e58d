// RUN: dlc-opt %s --dlc-prune-loops | FileCheck %s

// Only the second scan output is read: the first one goes, and the last state stays. Nor does anybody read what the
// first loop gives once the second one has lost it.
// CHECK-LABEL: func.func @run(
// CHECK-NEXT: %[[L:.*]]:2 = dlc.loop init(%{{.*}} : tensor<2xf32>) scan(%{{.*}} : tensor<?x2xf32>) {reverse} -> tensor<2xf32>, tensor<?x2xf32> {
// CHECK: %[[S:.*]] = dlc.add
// CHECK-NEXT: %[[T:.*]] = dlc.tanh
// CHECK-NEXT: dlc.next %[[S]], %[[T]] : tensor<2xf32>, tensor<2xf32>
// CHECK-NEXT: }
// CHECK-NEXT: return %[[L]]#1
func.func @run(%x: tensor<?x2xf32> {dlc.dims = ["T", 2]}, %s: tensor<2xf32>) -> tensor<?x2xf32> {
  %first = dlc.loop init() scan(%x : tensor<?x2xf32>) -> tensor<?x2xf32> {
  ^bb0(%step: tensor<i64>, %x_in: tensor<2xf32>):
    %y = dlc.exp %x_in : tensor<2xf32> -> tensor<2xf32>
    dlc.next %y : tensor<2xf32>
  }
  %last = dlc.slice %first {starts = array<i64: 0, 0>, sizes = array<i64: 1, -1>, steps = array<i64: 1, 1>} : (tensor<?x2xf32>) -> tensor<1x2xf32>
  %row = dlc.reshape %last {shape = array<i64: 2>} : (tensor<1x2xf32>) -> tensor<2xf32>
  %0:3 = dlc.loop init(%s : tensor<2xf32>) scan(%x : tensor<?x2xf32>) {reverse}
      -> tensor<2xf32>, tensor<?x2xf32>, tensor<?x2xf32> {
  ^bb0(%step: tensor<i64>, %s_in: tensor<2xf32>, %x_in: tensor<2xf32>):
    %s0 = dlc.add %s_in, %x_in : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    %s1 = dlc.tanh %s0 : tensor<2xf32> -> tensor<2xf32>
    %captured = dlc.add %s0, %row : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    dlc.next %s0, %captured, %s1 : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
  }
  %1 = dlc.relu %0#1 : tensor<?x2xf32> -> tensor<?x2xf32>
  %2 = dlc.loop init(%s : tensor<2xf32>) scan() {trip_count = 3 : i64} -> tensor<2xf32> {
  ^bb0(%step: tensor<i64>, %s_in: tensor<2xf32>):
    dlc.next %s_in : tensor<2xf32>
  }
  return %0#2 : tensor<?x2xf32>
}
