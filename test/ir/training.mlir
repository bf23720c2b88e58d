// RUN: dlc-opt %s --split-input-file -verify-diagnostics | dlc-opt --split-input-file | FileCheck %s
// Ops of training print and parse.

// CHECK: dlc.parameter @m : tensor<2xf32> {kind = "slot"}
dlc.parameter @m : tensor<2xf32> {kind = "slot"}
// CHECK: dlc.variables 128 names ["w", "m"] types [tensor<2xf32>, tensor<2xf32>] kinds ["weight", "slot"] offsets [0, 64]
dlc.variables 128 names ["w", "m"] types [tensor<2xf32>, tensor<2xf32>] kinds ["weight", "slot"] offsets [0, 64]

// CHECK-LABEL: func.func @step
func.func @step(%x: tensor<?x2xf32>, %rate: tensor<f32>) {
  // CHECK: dlc.stop_gradient %{{.*}} : tensor<?x2xf32> -> tensor<?x2xf32>
  %s = dlc.stop_gradient %x : tensor<?x2xf32> -> tensor<?x2xf32>
  %w = dlc.load_parameter @w : tensor<2xf32>
  %y = dlc.mul %s, %w : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  // CHECK: %{{.*}}:2 = dlc.gradient %{{.*}} with_respect_to(%{{.*}}, %{{.*}} : tensor<2xf32>, tensor<?x2xf32>) : tensor<?x2xf32>
  %g:2 = dlc.gradient %y with_respect_to(%w, %x : tensor<2xf32>, tensor<?x2xf32>) : tensor<?x2xf32>
  // CHECK: dlc.apply_gradients [@w] rate(%{{.*}} : tensor<f32>) gradients(%{{.*}} : tensor<2xf32>) {optimizer = {name = "sgd"}, scope = "o"}
  dlc.apply_gradients [@w] rate(%rate : tensor<f32>) gradients(%g#0 : tensor<2xf32>) {optimizer = {name = "sgd"}, scope = "o"}
  // CHECK: dlc.assign @w, %{{.*}} : tensor<2xf32>
  dlc.assign @w, %w : tensor<2xf32>
  return
}

// -----

func.func @integers(%x: tensor<2xi32>) {
  // expected-error@+1 {{expects floating-point tensors, got 'tensor<2xi32>'}}
  %g = dlc.gradient %x with_respect_to(%x : tensor<2xi32>) : tensor<2xi32>
  return
}
