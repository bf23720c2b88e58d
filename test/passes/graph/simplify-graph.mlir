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
