// RUN: dlc-opt %s --dlc-differentiate --split-input-file -verify-diagnostics

// Layouts are chosen after differentiation.
func.func @no_rule(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %p = dlc.pack %x : tensor<2x3xf32> -> tensor<2x3xf32, #dlc.layout<order = [1, 0]>>
  // expected-error @below {{'dlc.unpack' op has no gradient rule}}
  %y = dlc.unpack %p : tensor<2x3xf32, #dlc.layout<order = [1, 0]>> -> tensor<2x3xf32>
  // expected-note @below {{this gradient passes through it; 'dlc.stop_gradient' on its operands would let it count as a constant}}
  %d = dlc.gradient %y with_respect_to(%x : tensor<2x3xf32>) : tensor<2x3xf32>
  return %d : tensor<2x3xf32>
}

// -----

func.func @unknown_channels(%x: tensor<2x?x4xf32>, %s: tensor<?xf32>) -> tensor<2x?x4xf32> {
  // expected-error @below {{'dlc.group_norm' op has no gradient rule for a number of channels that is only known when it runs}}
  %y = dlc.group_norm %x, %s, %s {groups = 2 : i64, epsilon = 0.1 : f64} : (tensor<2x?x4xf32>, tensor<?xf32>, tensor<?xf32>) -> tensor<2x?x4xf32>
  // expected-note @below {{this gradient passes through it}}
  %d = dlc.gradient %y with_respect_to(%x : tensor<2x?x4xf32>) : tensor<2x?x4xf32>
  return %d : tensor<2x?x4xf32>
}

// -----

func.func @unknown_lrn_channels(%x: tensor<2x?x4xf32>) -> tensor<2x?x4xf32> {
  // expected-error @below {{'dlc.lrn' op has no gradient rule for a number of channels that is only known when it runs}}
  %y = dlc.lrn %x {size = 3 : i64, alpha = 0.1 : f64, beta = 0.75 : f64, bias = 1.0 : f64} : tensor<2x?x4xf32> -> tensor<2x?x4xf32>
  // expected-note @below {{this gradient passes through it}}
  %d = dlc.gradient %y with_respect_to(%x : tensor<2x?x4xf32>) : tensor<2x?x4xf32>
  return %d : tensor<2x?x4xf32>
}

// -----

func.func @unknown_heads(%q: tensor<2x?x4x8xf32>) -> tensor<2x?x4x8xf32> {
  // expected-error @below {{'dlc.attention' op has no gradient rule for a number of heads that is only known when it runs}}
  %y = dlc.attention %q, %q, %q {scale = 1.0 : f64} : (tensor<2x?x4x8xf32>, tensor<2x?x4x8xf32>, tensor<2x?x4x8xf32>) -> tensor<2x?x4x8xf32>
  // expected-note @below {{this gradient passes through it}}
  %d = dlc.gradient %y with_respect_to(%q : tensor<2x?x4x8xf32>) : tensor<2x?x4x8xf32>
  return %d : tensor<2x?x4x8xf32>
}
