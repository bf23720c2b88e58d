// RUN: dlc-opt %s --dlc-lower-to-program --verify-diagnostics

func.func @run(%x: tensor<16xf32>) -> tensor<16xf32> {
  // expected-error@+1 {{'dlc.exp' op is in no kernel}}
  %y = dlc.exp %x : tensor<16xf32> -> tensor<16xf32>
  return %y : tensor<16xf32>
}
