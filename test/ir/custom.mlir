// RUN: dlc-opt %s | dlc-opt | FileCheck %s
// Ops that C functions compute print and parse.

// CHECK-LABEL: func.func @several
func.func @several(%x: tensor<?x3xf32>, %k: tensor<2xi1>) {
  // CHECK: %[[Y:.*]] = dlc.custom "f"(%{{.*}} : tensor<?x3xf32>) sizes(%{{.*}} : tensor<2xi1>) {{{.*}}dims = [#{{.*}}, #{{.*}}], gradient = "g", parameters = {alpha = 5.000000e-01 : f64}, types = [f32, i64]} -> tensor<?x2xf32>
  %0 = dlc.custom "f" (%x : tensor<?x3xf32>) sizes(%k : tensor<2xi1>) {types = [f32, i64], dims = [affine_map<()[s0, s1, s2] -> (s0, s2)>, affine_map<()[s0, s1, s2] -> ()>], gradient = "g", parameters = {alpha = 0.5 : f64}} -> tensor<?x2xf32>
  // CHECK: dlc.custom_result 1 of %[[Y]](%{{.*}}, %{{.*}} : tensor<?x3xf32>, tensor<2xi1>) : tensor<?x2xf32> -> tensor<i64>
  %1 = dlc.custom_result 1 of %0 (%x, %k : tensor<?x3xf32>, tensor<2xi1>) : tensor<?x2xf32> -> tensor<i64>
  // CHECK: dlc.custom "tick"() {{{.*}}has_effects{{.*}}} -> tensor<i64>
  %2 = dlc.custom "tick" () {types = [i64], dims = [affine_map<() -> ()>], has_effects} -> tensor<i64>
  return
}
