// RUN: dlc-opt %s --dlc-fold-parameters --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-NOT: dlc.parameter
dlc.parameter @w : tensor<2xf32> = dense<[1.0, 2.0]> : tensor<2xf32>
// CHECK-LABEL: func.func @run
func.func @run(%x: tensor<2xf32>) -> tensor<2xf32> {
  // CHECK: %[[W:.*]] = dlc.constant dense<[1.000000e+00, 2.000000e+00]>
  // CHECK: dlc.add %{{.*}}, %[[W]]
  %w = dlc.load_parameter @w : tensor<2xf32>
  %y = dlc.add %x, %w : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

dlc.parameter @w : tensor<2xf32>
func.func @run() -> tensor<2xf32> {
  // expected-error@+1 {{parameter 'w' has no value}}
  %w = dlc.load_parameter @w : tensor<2xf32>
  return %w : tensor<2xf32>
}
