// RUN: dlc-opt %s --split-input-file --dlc-add-optimizer -verify-diagnostics | FileCheck %s

// Plain descent: no slots.
dlc.parameter @w : tensor<2xf32>
// CHECK-LABEL: func.func @sgd
func.func @sgd(%rate: tensor<f32>, %g: tensor<2xf32>) {
  // CHECK: %[[W:.*]] = dlc.load_parameter @w
  // CHECK: %[[D:.*]] = dlc.mul %arg1, %arg0
  // CHECK: %[[N:.*]] = dlc.sub %[[W]], %[[D]]
  // CHECK: dlc.assign @w, %[[N]]
  dlc.apply_gradients [@w] rate(%rate : tensor<f32>) gradients(%g : tensor<2xf32>) {optimizer = {name = "sgd"}, scope = "optimizer"}
  return
}

// -----

// A momentum is a slot beside its parameter, shared by all functions of one scope.
// CHECK: dlc.parameter @w : tensor<2xf32>
// CHECK-NEXT: dlc.parameter @optimizer.momentum.w : tensor<2xf32> = dense<0.000000e+00> : tensor<2xf32> {kind = "slot"}
dlc.parameter @w : tensor<2xf32>
// CHECK-LABEL: func.func @momentum
func.func @momentum(%rate: tensor<f32>, %g: tensor<2xf32>) {
  // CHECK: %[[W:.*]] = dlc.load_parameter @w
  // CHECK: %[[M:.*]] = dlc.load_parameter @optimizer.momentum.w
  // CHECK: %[[KEPT:.*]] = dlc.mul %[[M]], %
  // CHECK: %[[V:.*]] = dlc.add %[[KEPT]], %arg1
  // CHECK: dlc.assign @optimizer.momentum.w, %[[V]]
  // CHECK: %[[D:.*]] = dlc.mul %[[V]], %arg0
  // CHECK: dlc.sub %[[W]], %[[D]]
  dlc.apply_gradients [@w] rate(%rate : tensor<f32>) gradients(%g : tensor<2xf32>) {optimizer = {name = "sgd", momentum = 0.9 : f64}, scope = "optimizer"}
  return
}
// CHECK-NOT: dlc.parameter
// CHECK-LABEL: func.func @again
func.func @again(%rate: tensor<f32>, %g: tensor<2xf32>) {
  // CHECK: dlc.load_parameter @optimizer.momentum.w
  dlc.apply_gradients [@w] rate(%rate : tensor<f32>) gradients(%g : tensor<2xf32>) {optimizer = {name = "sgd", momentum = 0.9 : f64}, scope = "optimizer"}
  return
}

// -----

// Adam counts its steps, once for all parameters.
// CHECK-DAG: dlc.parameter @a.step : tensor<i64> = dense<0> : tensor<i64> {kind = "counter"}
// CHECK-DAG: dlc.parameter @a.mean.w
// CHECK-DAG: dlc.parameter @a.mean_square.w
dlc.parameter @w : tensor<2xf32>
dlc.parameter @b : tensor<f32>
// CHECK-LABEL: func.func @adam
func.func @adam(%rate: tensor<f32>, %g: tensor<2xf32>, %h: tensor<f32>) {
  // CHECK-COUNT-1: dlc.assign @a.step
  // CHECK-NOT: dlc.assign @a.step
  // CHECK: dlc.assign @w
  // CHECK: dlc.assign @b
  dlc.apply_gradients [@w, @b] rate(%rate : tensor<f32>) gradients(%g, %h : tensor<2xf32>, tensor<f32>) {optimizer = {name = "adam"}, scope = "a"}
  return
}

// -----

// Gradients are clipped together; a parameter may have a rate and a largest norm of its own.
dlc.parameter @w : tensor<3x2xf32>
// CHECK-LABEL: func.func @limits
func.func @limits(%rate: tensor<f32>, %g: tensor<3x2xf32>) {
  // CHECK: dlc.reduce sum_square %arg1 {axes = array<i64: 0, 1>}
  // CHECK: dlc.min
  // CHECK: %[[HALF:.*]] = dlc.constant dense<5.000000e-01>
  // CHECK: dlc.mul %arg0, %[[HALF]]
  // CHECK: dlc.reduce l2 %{{.*}} {axes = array<i64: 1>, keep_dims = true}
  dlc.apply_gradients [@w] rate(%rate : tensor<f32>) gradients(%g : tensor<3x2xf32>)
    {optimizer = {name = "sgd", clip_norm = 1.0 : f64}, scope = "o", rates = array<f64: 0.5>, max_norms = array<f64: 2.0>}
  return
}

// -----

// Gradients of several runs are kept as their mean so far, which the first run of a step restarts. All runs but the
// last keep parameters and slots.
dlc.parameter @w : tensor<2xf32>
// CHECK-LABEL: func.func @accumulate
// CHECK-SAME: (%[[RATE:.*]]: tensor<f32>, %[[G:.*]]: tensor<2xf32>)
func.func @accumulate(%rate: tensor<f32>, %g: tensor<2xf32>) {
  // CHECK: %[[COUNT:.*]] = dlc.load_parameter @o.accumulated
  // CHECK: %[[NOW:.*]] = dlc.add %[[COUNT]]
  // CHECK: %[[FIRST:.*]] = dlc.equal %[[COUNT]]
  // CHECK: %[[LAST:.*]] = dlc.equal %[[NOW]]
  // CHECK: dlc.assign @o.accumulated
  // CHECK: dlc.where %[[FIRST]]
  // CHECK: dlc.mul %[[G]]
  // CHECK: %[[MEAN:.*]] = dlc.add
  // CHECK-NEXT: dlc.assign @o.gradient.w, %[[MEAN]]
  // CHECK: %[[V:.*]] = dlc.where %[[LAST]]
  // CHECK-NEXT: dlc.assign @o.momentum.w, %[[V]]
  // CHECK: dlc.mul %[[V]], %[[RATE]]
  // CHECK: %[[W:.*]] = dlc.where %[[LAST]]
  // CHECK-NEXT: dlc.assign @w, %[[W]]
  dlc.apply_gradients [@w] rate(%rate : tensor<f32>) gradients(%g : tensor<2xf32>)
    {optimizer = {name = "sgd", momentum = 0.9 : f64}, scope = "o", accumulate = 4 : i64}
  return
}

// -----

dlc.parameter @w : tensor<2xf32>
func.func @never(%rate: tensor<f32>, %g: tensor<2xf32>) {
  // expected-error@+1 {{accumulates the gradients of 0 runs}}
  dlc.apply_gradients [@w] rate(%rate : tensor<f32>) gradients(%g : tensor<2xf32>)
    {optimizer = {name = "sgd"}, scope = "o", accumulate = 0 : i64}
  return
}

// -----

dlc.parameter @w : tensor<2xf32>
func.func @unknown(%rate: tensor<f32>, %g: tensor<2xf32>) {
  // expected-error@+1 {{has an optimizer of no known name}}
  dlc.apply_gradients [@w] rate(%rate : tensor<f32>) gradients(%g : tensor<2xf32>) {optimizer = {name = "sdg"}, scope = "o"}
  return
}

// -----

func.func @missing(%rate: tensor<f32>, %g: tensor<2xf32>) {
  // expected-error@+1 {{names the parameter @w, which does not exist or is not of its gradient's type}}
  dlc.apply_gradients [@w] rate(%rate : tensor<f32>) gradients(%g : tensor<2xf32>) {optimizer = {name = "sgd"}, scope = "o"}
  return
}
