// RUN: dlc-opt %s --split-input-file --dlc-bind-variables -verify-diagnostics | FileCheck %s

dlc.parameter @w : tensor<2xf32>
// CHECK-LABEL: func.func @train_step(%arg0: tensor<2xf32>, %arg1: tensor<2xf32> {dlc.variable = "w"}) -> (tensor<2xf32>, tensor<2xf32> {dlc.variable = "w"})
func.func @train_step(%x: tensor<2xf32>) -> tensor<2xf32> {
  // Both loads are one argument.
  %w = dlc.load_parameter @w : tensor<2xf32>
  %again = dlc.load_parameter @w : tensor<2xf32>
  // CHECK: %[[S:.*]] = dlc.add %arg1, %arg1
  %s = dlc.add %w, %again : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  // CHECK-NEXT: %[[N:.*]] = dlc.add %arg1, %arg0
  %n = dlc.add %w, %x : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  dlc.assign @w, %n : tensor<2xf32>
  // CHECK-NEXT: return %[[S]], %[[N]]
  return %s : tensor<2xf32>
}
// CHECK-LABEL: func.func @predict(%arg0: tensor<2xf32> {dlc.variable = "w"}) -> tensor<2xf32>
func.func @predict() -> tensor<2xf32> {
  %w = dlc.load_parameter @w : tensor<2xf32>
  return %w : tensor<2xf32>
}

// -----

// Without assignments, parameters are left to --dlc-fold-parameters.
dlc.parameter @w : tensor<2xf32> = dense<1.0> : tensor<2xf32>
// CHECK-LABEL: func.func @run() -> tensor<2xf32>
func.func @run() -> tensor<2xf32> {
  // CHECK: dlc.load_parameter
  %w = dlc.load_parameter @w : tensor<2xf32>
  return %w : tensor<2xf32>
}

// -----

dlc.parameter @w : tensor<2xf32>
func.func @twice(%x: tensor<2xf32>) {
  dlc.assign @w, %x : tensor<2xf32>
  // expected-error@+1 {{is the second one of this parameter in a function}}
  dlc.assign @w, %x : tensor<2xf32>
  return
}

// -----

dlc.parameter @w : tensor<2xf32>
func.func @type(%x: tensor<3xf32>) {
  // expected-error@+1 {{gives a parameter that does not exist, or is of another type, a 'tensor<3xf32>'}}
  dlc.assign @w, %x : tensor<3xf32>
  return
}
