// RUN: dlc-opt %s --dlc-form-kernels | FileCheck %s
// One kernel calls a function, and gives all of its results in order; operands are in memory, also constants.

// CHECK-LABEL: func.func @several
func.func @several(%x: tensor<4x3xf32>) -> (tensor<i64> {dlc.name = "b"}, tensor<4xf32> {dlc.name = "c"}) {
  // CHECK: %[[K:.*]]:3 = dlc.kernel "custom" kind({{ ?}}loops) (%{{.*}}, %{{.*}} : tensor<4x3xf32>, tensor<3xf32>) -> tensor<4x3xf32>, tensor<i64>, tensor<4xf32>
  // CHECK: %[[Y:.*]] = dlc.custom "f"
  // CHECK: %[[B:.*]] = dlc.custom_result 1 of %[[Y]]
  // CHECK: %[[C:.*]] = dlc.custom_result 2 of %[[Y]]
  // CHECK: dlc.yield %[[Y]], %[[B]], %[[C]]
  // CHECK: return %[[K]]#1, %[[K]]#2
  %one = dlc.constant dense<1.0> : tensor<3xf32> : tensor<3xf32>
  %0 = dlc.custom "f" (%x, %one : tensor<4x3xf32>, tensor<3xf32>) {types = [f32, i64, f32], dims = [affine_map<()[s0, s1, s2] -> (s0, s1)>, affine_map<()[s0, s1, s2] -> ()>, affine_map<()[s0, s1, s2] -> (s0)>]} -> tensor<4x3xf32>
  %c = dlc.custom_result 2 of %0 (%x, %one : tensor<4x3xf32>, tensor<3xf32>) : tensor<4x3xf32> -> tensor<4xf32>
  %b = dlc.custom_result 1 of %0 (%x, %one : tensor<4x3xf32>, tensor<3xf32>) : tensor<4x3xf32> -> tensor<i64>
  return %b, %c : tensor<i64>, tensor<4xf32>
}
