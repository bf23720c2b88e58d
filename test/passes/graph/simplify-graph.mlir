// RUN: dlc-opt %s --dlc-simplify-graph | FileCheck %s

// CHECK-LABEL: func.func @gelu
func.func @gelu(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: dlc.gelu %{{.*}} {tanh_approximation = false}
  // CHECK-NOT: dlc.erf
  %half = dlc.constant dense<0.5> : tensor<f32> : tensor<f32>
  %one = dlc.constant dense<1.0> : tensor<f32> : tensor<f32>
  %root = dlc.constant dense<1.41421354> : tensor<f32> : tensor<f32>
  %d = dlc.div %x, %root : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %e = dlc.erf %d : tensor<4xf32> -> tensor<4xf32>
  %s = dlc.add %e, %one : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %h = dlc.mul %x, %half : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %y = dlc.mul %h, %s : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// The factor and the argument of erf are two values: no gelu.
// CHECK-LABEL: func.func @no_gelu
func.func @no_gelu(%x: tensor<4xf32>, %z: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: dlc.erf
  %half = dlc.constant dense<0.5> : tensor<f32> : tensor<f32>
  %one = dlc.constant dense<1.0> : tensor<f32> : tensor<f32>
  %root = dlc.constant dense<1.41421354> : tensor<f32> : tensor<f32>
  %d = dlc.div %z, %root : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %e = dlc.erf %d : tensor<4xf32> -> tensor<4xf32>
  %s = dlc.add %e, %one : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %h = dlc.mul %x, %half : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %y = dlc.mul %h, %s : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// CHECK-LABEL: func.func @swish
func.func @swish(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: dlc.swish %{{.*}} {alpha = 1.000000e+00 : f64}
  %s = dlc.sigmoid %x : tensor<4xf32> -> tensor<4xf32>
  %y = dlc.mul %s, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// CHECK-LABEL: func.func @clamp
func.func @clamp(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: %[[Y:.*]] = dlc.clamp %{{.*}} {high = 6.000000e+00 : f64, low = 0.000000e+00 : f64}
  // CHECK-NEXT: return %[[Y]]
  %zero = dlc.constant dense<0.0> : tensor<f32> : tensor<f32>
  %six = dlc.constant dense<6.0> : tensor<f32> : tensor<f32>
  %r = dlc.max %x, %zero : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %y = dlc.min %r, %six : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// Intervals that do not meet are not merged: the result depends on the order.
// CHECK-LABEL: func.func @apart
func.func @apart(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK-COUNT-2: dlc.clamp
  %a = dlc.clamp %x {low = 5.0 : f64} : tensor<4xf32> -> tensor<4xf32>
  %y = dlc.clamp %a {high = 1.0 : f64} : tensor<4xf32> -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// The gradient of what was sliced into three parts.
// CHECK-LABEL: func.func @parts
func.func @parts(%x: tensor<?x2xf32>, %y: tensor<?x3xf32>, %z: tensor<?x1xf32>) -> tensor<?x6xf32> {
  // CHECK: %[[Y:.*]] = dlc.concat %arg0, %arg1, %arg2 {axis = 1 : i64}
  // CHECK-NEXT: return %[[Y]]
  %0 = dlc.pad %z {low = array<i64: 0, 5>, high = array<i64: 0, 0>, mode = #dlc<pad_mode constant>} : (tensor<?x1xf32>) -> tensor<?x6xf32>
  %1 = dlc.pad %x {low = array<i64: 0, 0>, high = array<i64: 0, 4>, mode = #dlc<pad_mode constant>} : (tensor<?x2xf32>) -> tensor<?x6xf32>
  %2 = dlc.pad %y {low = array<i64: 0, 2>, high = array<i64: 0, 1>, mode = #dlc<pad_mode constant>} : (tensor<?x3xf32>) -> tensor<?x6xf32>
  %3 = dlc.add %0, %1 : (tensor<?x6xf32>, tensor<?x6xf32>) -> tensor<?x6xf32>
  %4 = dlc.add %3, %2 : (tensor<?x6xf32>, tensor<?x6xf32>) -> tensor<?x6xf32>
  return %4 : tensor<?x6xf32>
}

// Terms that overlap, leave a gap, or repeat an edge stay a sum.
// CHECK-LABEL: func.func @no_parts
func.func @no_parts(%x: tensor<2xf32>) -> (tensor<3xf32>, tensor<5xf32>, tensor<4xf32>) {
  // CHECK-NOT: dlc.concat
  // CHECK-COUNT-3: dlc.add
  %0 = dlc.pad %x {low = array<i64: 0>, high = array<i64: 1>, mode = #dlc<pad_mode constant>} : (tensor<2xf32>) -> tensor<3xf32>
  %1 = dlc.pad %x {low = array<i64: 1>, high = array<i64: 0>, mode = #dlc<pad_mode constant>} : (tensor<2xf32>) -> tensor<3xf32>
  %overlap = dlc.add %0, %1 : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  %2 = dlc.pad %x {low = array<i64: 0>, high = array<i64: 3>, mode = #dlc<pad_mode constant>} : (tensor<2xf32>) -> tensor<5xf32>
  %3 = dlc.pad %x {low = array<i64: 3>, high = array<i64: 0>, mode = #dlc<pad_mode constant>} : (tensor<2xf32>) -> tensor<5xf32>
  %gap = dlc.add %2, %3 : (tensor<5xf32>, tensor<5xf32>) -> tensor<5xf32>
  %4 = dlc.pad %x {low = array<i64: 0>, high = array<i64: 2>, mode = #dlc<pad_mode edge>} : (tensor<2xf32>) -> tensor<4xf32>
  %5 = dlc.pad %x {low = array<i64: 2>, high = array<i64: 0>, mode = #dlc<pad_mode constant>} : (tensor<2xf32>) -> tensor<4xf32>
  %edge = dlc.add %4, %5 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %overlap, %gap, %edge : tensor<3xf32>, tensor<5xf32>, tensor<4xf32>
}

// The elements at the indices that are searched for in any case; others are of another search.
// CHECK-LABEL: func.func @selection
func.func @selection(%x: tensor<4x9xf32>) -> (tensor<4x3xf32>, tensor<4x3xi64>, tensor<4x3xf32>) {
  // CHECK: %[[I:.*]] = dlc.top_k_indices %[[X:.*]] {axis = 1 : i64, k = 3 : i64}
  // CHECK: %[[V:.*]] = dlc.top_k %[[X]], %[[I]] {axis = 1 : i64, k = 3 : i64}
  // CHECK: %[[S:.*]] = dlc.top_k %[[X]] {axis = 1 : i64, k = 3 : i64, smallest = true}
  // CHECK: return %[[V]], %[[I]], %[[S]]
  %0 = dlc.top_k %x {axis = 1 : i64, k = 3 : i64} : tensor<4x9xf32> -> tensor<4x3xf32>
  %1 = dlc.top_k_indices %x {axis = 1 : i64, k = 3 : i64} : tensor<4x9xf32> -> tensor<4x3xi64>
  %2 = dlc.top_k %x {axis = 1 : i64, k = 3 : i64, smallest = true} : tensor<4x9xf32> -> tensor<4x3xf32>
  return %0, %1, %2 : tensor<4x3xf32>, tensor<4x3xi64>, tensor<4x3xf32>
}
