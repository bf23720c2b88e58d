// RUN: dlc-opt %s --dlc-prune-loops | FileCheck %s

// Only the second scan output is read: the first one goes, and the last state stays.
// CHECK-LABEL: func.func private @step(
// CHECK: %[[S:.*]] = dlc.add
// CHECK: %[[T:.*]] = dlc.tanh
// CHECK: return %[[S]], %[[T]] : tensor<2xf32>, tensor<2xf32>
func.func private @step(%step: tensor<i64>, %s: tensor<2xf32>, %x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
  %0 = dlc.add %s, %x : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %1 = dlc.tanh %0 : tensor<2xf32> -> tensor<2xf32>
  return %0, %0, %1 : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}

// CHECK-NOT: @unused
func.func private @unused(%step: tensor<i64>, %s: tensor<2xf32>) -> tensor<2xf32> {
  return %s : tensor<2xf32>
}

// CHECK-LABEL: func.func @run(
// CHECK-NEXT: %[[L:.*]]:2 = dlc.outlined_loop @step init(%{{.*}} : tensor<2xf32>) scan(%{{.*}} : tensor<?x2xf32>) captures() {reverse} -> tensor<2xf32>, tensor<?x2xf32>
// CHECK-NEXT: return %[[L]]#1
func.func @run(%x: tensor<?x2xf32> {dlc.dims = ["T", 2]}, %s: tensor<2xf32>) -> tensor<?x2xf32> {
  %0:3 = dlc.outlined_loop @step init(%s : tensor<2xf32>) scan(%x : tensor<?x2xf32>) captures() {reverse}
      -> tensor<2xf32>, tensor<?x2xf32>, tensor<?x2xf32>
  %1 = dlc.relu %0#1 : tensor<?x2xf32> -> tensor<?x2xf32>
  %2 = dlc.outlined_loop @unused init(%s : tensor<2xf32>) scan() captures() {trip_count = 3 : i64} -> tensor<2xf32>
  return %0#2 : tensor<?x2xf32>
}
