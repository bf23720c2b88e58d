// RUN: dlc-opt %s --split-input-file -verify-diagnostics

func.func @weight_gradient_groups(%x: tensor<?x4x9x8xf32>, %dy: tensor<?x6x9x8xf32>) {
  // expected-error@+2 {{4 and 6 channels do not divide into 4 groups}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.conv_weight_gradient %x, %dy {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 4 : i64}
     : (tensor<?x4x9x8xf32>, tensor<?x6x9x8xf32>) -> tensor<6x1x1x1xf32>
  return
}

// -----

func.func @weight_gradient_positions(%x: tensor<?x4x9x8xf32>, %dy: tensor<?x6x9x7xf32>) {
  // expected-error@+2 {{dimension 3 of the gradient has 7 elements, the windows 8}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.conv_weight_gradient %x, %dy {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>}
     : (tensor<?x4x9x8xf32>, tensor<?x6x9x7xf32>) -> tensor<6x4x1x1xf32>
  return
}

// -----

func.func @weight_gradient_rank(%x: tensor<?x4x9x8xf32>, %dy: tensor<?x6x9xf32>) {
  // expected-error@+2 {{expects operands of one rank and 2 kernel extents}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.conv_weight_gradient %x, %dy {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>}
     : (tensor<?x4x9x8xf32>, tensor<?x6x9xf32>) -> tensor<6x4x1x1xf32>
  return
}

// -----

func.func @weight_gradient_channels(%x: tensor<1x?x9x8xf32>, %dy: tensor<1x6x9x8xf32>) {
  // expected-error@+2 {{numbers of channels are static}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.conv_weight_gradient %x, %dy {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>}
     : (tensor<1x?x9x8xf32>, tensor<1x6x9x8xf32>) -> tensor<6x4x1x1xf32>
  return
}

// -----

func.func @spread_rank(%x: tensor<?x4x9x8xf32>, %dy: tensor<?x4x9xf32>) {
  // expected-error@+2 {{expects a gradient of rank 4, got rank 3}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.spread_windows %dy, %x {divisor = #dlc<window_divisor none>, kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>}
     : (tensor<?x4x9xf32>, tensor<?x4x9x8xf32>) -> tensor<?x4x9x8xf32>
  return
}
