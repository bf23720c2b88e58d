// RUN: dlc-opt %s --split-input-file --verify-diagnostics

func.func @broadcast(%a: tensor<2x3xf32>, %b: tensor<2x4xf32>) {
  // expected-error@+2 {{operands do not broadcast: extents 3 and 4 of dimension 1 differ}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.add %a, %b : (tensor<2x3xf32>, tensor<2x4xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @matmul(%a: tensor<2x3xf32>, %b: tensor<2x4xf32>) {
  // expected-error@+2 {{matmul sums over 3 elements on the left and 2 on the right}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.matmul %a, %b : (tensor<2x3xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @least_squares_rows(%a: tensor<2x3xf32>, %b: tensor<2xf32>) {
  // expected-error@+2 {{least_squares needs at least as many rows as columns, got 2 rows of 3}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.least_squares %a, %b : (tensor<2x3xf32>, tensor<2xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @least_squares_targets(%a: tensor<4x3xf32>, %b: tensor<5x2xf32>) {
  // expected-error@+2 {{least_squares has 4 and 5 rows in its operands}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.least_squares %a, %b : (tensor<4x3xf32>, tensor<5x2xf32>) -> tensor<3x2xf32>
  return
}

// -----

func.func @least_squares_systems(%a: tensor<2x4x3xf32>, %b: tensor<3x4xf32>) {
  // expected-error@+2 {{least_squares has 2 and 3 systems in its operands}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.least_squares %a, %b : (tensor<2x4x3xf32>, tensor<3x4xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @least_squares_ranks(%a: tensor<4xf32>, %b: tensor<4xf32>) {
  // expected-error@+2 {{least_squares expects [..., M, N] and [..., M, K] or [..., M], got ranks 1 and 1}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.least_squares %a, %b : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @least_squares_types(%a: tensor<4x3xf32>, %b: tensor<4xf64>) {
  // expected-error@+1 {{'dlc.least_squares' op has operands of different element types, 'tensor<4x3xf32>' and 'tensor<4xf64>'}}
  %0 = dlc.least_squares %a, %b : (tensor<4x3xf32>, tensor<4xf64>) -> tensor<3xf32>
  return
}

// -----

func.func @einsum_letters(%a: tensor<2x3xf32>) {
  // expected-error@+2 {{index 'k' of the result is in no operand}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.einsum "ij->ik" %a : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @conv_channels(%x: tensor<1x3x8x8xf32>, %w: tensor<4x2x3x3xf32>) {
  // expected-error@+2 {{the operand has 3 channels, the weight takes 2}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>}
     : (tensor<1x3x8x8xf32>, tensor<4x2x3x3xf32>) -> tensor<1x4x6x6xf32>
  return
}

// -----

func.func @conv_rank(%x: tensor<1x784xf32>, %w: tensor<4x2x3x3xf32>) {
  // expected-error@+2 {{a convolution expects an operand of rank 3 to 5, [N, C, spatial...], got rank 2}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>}
     : (tensor<1x784xf32>, tensor<4x2x3x3xf32>) -> tensor<1x4x6x6xf32>
  return
}

// -----

func.func @window(%x: tensor<1x3x2x2xf32>) {
  // expected-error@+2 {{a window of 3 elements does not fit into spatial dimension 0 of 2 elements with 0 of padding}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.max_pool %x {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>}
     : tensor<1x3x2x2xf32> -> tensor<1x3x1x1xf32>
  return
}

// -----

func.func @reshape(%x: tensor<2x3xf32>) {
  // expected-error@+2 {{a reshape of 6 elements to 8}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.reshape %x {shape = array<i64: 2, 4>} : (tensor<2x3xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @too_large(%x: tensor<1048576x1048576xi8>) {
  // expected-error@+2 {{the result would have 2^40 elements or more}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.tile %x {repeats = array<i64: 4, 1>} : (tensor<1048576x1048576xi8>) -> tensor<4194304x1048576xi8>
  return
}

// -----

// The product of the extents is 2^64, which is 0 in 64 bits.
func.func @product_overflows(%x: tensor<4294967296x1xi8>, %y: tensor<1x4294967296xi8>) {
  // expected-error@+2 {{the result would have 2^40 elements or more}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.add %x, %y : (tensor<4294967296x1xi8>, tensor<1x4294967296xi8>) -> tensor<4294967296x4294967296xi8>
  return
}

// -----

func.func @extent_overflows(%x: tensor<4294967296xi8>) {
  // expected-error@+2 {{the result would have an extent of 2^63 or more}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.tile %x {repeats = array<i64: 4294967296>} : (tensor<4294967296xi8>) -> tensor<?xi8>
  return
}

// -----

func.func @root_of_integers(%x: tensor<3xi32>) {
  // expected-error@+1 {{operand #0 must be ranked tensor of floating-point values}}
  %0 = dlc.sqrt %x : tensor<3xi32> -> tensor<3xi32>
  return
}

// -----

func.func @two_types(%x: tensor<3xi32>, %y: tensor<3xf32>) {
  // expected-error@+1 {{all of {lhs, rhs} have same element type}}
  %0 = dlc.add %x, %y : (tensor<3xi32>, tensor<3xf32>) -> tensor<3xi32>
  return
}

// -----

func.func @sum_of_truth_values(%x: tensor<3xi1>) {
  // expected-error@+1 {{booleans are reduced to a maximum or a minimum}}
  %0 = dlc.reduce sum %x {axes = array<i64: 0>} : tensor<3xi1> -> tensor<i1>
  return
}

// -----

func.func @axis(%x: tensor<2x3xf32>) {
  // expected-error@+2 {{axis 2 is not one of the 2 dimensions}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.reduce sum %x {axes = array<i64: 2>} : tensor<2x3xf32> -> tensor<2xf32>
  return
}

// -----

func.func @permutation(%x: tensor<2x3xf32>) {
  // expected-error@+2 {{is not a permutation}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.transpose %x {permutation = array<i64: 1, 1>} : (tensor<2x3xf32>) -> tensor<3x3xf32>
  return
}

// -----

func.func @slice(%x: tensor<4xf32>) {
  // expected-error@+2 {{slice of 3 elements from 2 in steps of 1 leaves dimension 0}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.slice %x {starts = array<i64: 2>, sizes = array<i64: 3>, steps = array<i64: 1>} : (tensor<4xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @pack(%x: tensor<4xf32>) {
  // expected-error@+1 {{changes the layout only, not 'tensor<4xf32>' to 'tensor<4xf64>'}}
  %0 = dlc.pack %x : tensor<4xf32> -> tensor<4xf64>
  return
}

// -----

// expected-error@+1 {{is not a permutation of 0 to 1}}
func.func @layout(%x: tensor<2x2xf32, #dlc.layout<order = [0, 0]>>) {
  return
}

// -----

func.func @kernel(%x: tensor<4xf32>) {
  // expected-error@+1 {{has no anchor op of the kind 'reduction'}}
  %0 = dlc.kernel "k" kind(reduction) (%x : tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%a: tensor<4xf32>):
    %e = dlc.exp %a : tensor<4xf32> -> tensor<4xf32>
    dlc.yield %e : tensor<4xf32>
  }
  return
}

// -----

func.func @loop_without_steps(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @below {{needs a trip_count, because it has no scan inputs}}
  %0 = dlc.loop init(%x : tensor<2xf32>) scan() -> tensor<2xf32> {
  ^bb0(%step: tensor<i64>, %s: tensor<2xf32>):
    dlc.next %s : tensor<2xf32>
  }
  return %0 : tensor<2xf32>
}

// -----

func.func @loop_that_takes_another_type(%x: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @below {{0-th init and 0-th region iter_arg have different type: 'tensor<3xf32>' != 'tensor<2xf32>'}}
  %0 = dlc.loop init(%x : tensor<3xf32>) scan() {trip_count = 2 : i64} -> tensor<3xf32> {
  ^bb0(%step: tensor<i64>, %s: tensor<2xf32>):
    dlc.next %x : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

func.func @loop_that_gives_another_type(%x: tensor<3xf32>) -> (tensor<3xf32>, tensor<2x3xf32>) {
  // expected-error @below {{has a step that ends in 'tensor<3xf32>', expected 'tensor<3xf32>', 'tensor<3xf32>'}}
  %0, %1 = dlc.loop init(%x : tensor<3xf32>) scan() {trip_count = 2 : i64} -> tensor<3xf32>, tensor<2x3xf32> {
  ^bb0(%step: tensor<i64>, %s: tensor<3xf32>):
    dlc.next %s : tensor<3xf32>
  }
  return %0, %1 : tensor<3xf32>, tensor<2x3xf32>
}

// -----

func.func @loop_that_takes_too_little(%x: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @below {{different number of inits and region iter_args: 1 != 0}}
  %0 = dlc.loop init(%x : tensor<3xf32>) scan() {trip_count = 2 : i64} -> tensor<3xf32> {
  ^bb0(%step: tensor<i64>):
    dlc.next %x : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

func.func @loop_that_gives_too_little(%x: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @below {{region branch point has 0 operands, but region successor needs 1 inputs}}
  %0 = dlc.loop init(%x : tensor<3xf32>) scan() {trip_count = 2 : i64} -> tensor<3xf32> {
  ^bb0(%step: tensor<i64>, %s: tensor<3xf32>):
    // expected-note @below {{region branch point}}
    dlc.next
  }
  return %0 : tensor<3xf32>
}

// -----

func.func @loop_with_another_slice(%x: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @below {{has a step that takes 'tensor<i64>', 'tensor<3xf32>', expected 'tensor<i64>', 'tensor<f32>'}}
  %0 = dlc.loop init() scan(%x : tensor<3xf32>) -> tensor<3xf32> {
  ^bb0(%step: tensor<i64>, %s: tensor<3xf32>):
    %y = dlc.constant dense<1.0> : tensor<f32> : tensor<f32>
    dlc.next %y : tensor<f32>
  }
  return %0 : tensor<3xf32>
}

// -----

func.func private @body(%step: tensor<i64>, %s: tensor<2xf32>) -> tensor<2xf32> {
  return %s : tensor<2xf32>
}
func.func @loop_of_another_type(%x: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @below {{has a body of type '(tensor<i64>, tensor<2xf32>) -> tensor<2xf32>', expected '(tensor<i64>, tensor<3xf32>) -> tensor<3xf32>'}}
  %0 = dlc.outlined_loop @body init(%x : tensor<3xf32>) scan() captures() {trip_count = 2 : i64} -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

func.func @yield_outside_a_kernel(%x: tensor<4xf32>) {
  // expected-error@+1 {{failed to verify that it is in a kernel}}
  dlc.yield %x : tensor<4xf32>
}

// -----

func.func @kernel_of_two_shapes(%x: tensor<3xf32>, %y: tensor<2xf32>) -> tensor<3xf32> {
  // expected-error @below {{has results of different shapes or layouts}}
  %0, %1 = dlc.kernel "k" kind(elementwise) (%x, %y : tensor<3xf32>, tensor<2xf32>) -> tensor<3xf32>, tensor<2xf32> {
  ^bb0(%a: tensor<3xf32>, %b: tensor<2xf32>):
    %r = dlc.relu %a : tensor<3xf32> -> tensor<3xf32>
    dlc.yield %r, %b : tensor<3xf32>, tensor<2xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

func.func @fill_of_no_dimension(%x: tensor<?x3xf32>) {
  // expected-error @+2 {{an extent of fill is a number or -2 - d for dimension d of the operand, got -4}}
  // expected-error @+1 {{'dlc.fill' op failed to infer returned types}}
  %0 = dlc.fill %x {element_type = f32, shape = array<i64: -4>, value = 0.0 : f64} : (tensor<?x3xf32>) -> tensor<?xf32>
  return
}

// -----

func.func @reshape_like_of_another_size(%x: tensor<4xf32>, %like: tensor<2x3xf32>) {
  // expected-error @+2 {{a reshape of 4 elements to 6}}
  // expected-error @+1 {{'dlc.reshape_like' op failed to infer returned types}}
  %0 = dlc.reshape_like %x, %like : (tensor<4xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @extent_of_no_dimension(%x: tensor<?x3xf32>) {
  // expected-error @+2 {{axis 2 is not one of the 2 dimensions}}
  // expected-error @+1 {{'dlc.extent' op failed to infer returned types}}
  %0 = dlc.extent %x {axes = array<i64: 2>, element_type = f32} : (tensor<?x3xf32>) -> tensor<f32>
  return
}

// -----

func.func @scatter_add_of_another_rank(%x: tensor<4x3xf32>, %i: tensor<5xi64>, %u: tensor<5xf32>) {
  // expected-error @+2 {{updates of rank 1 for indices of rank 1 and a result of rank 2}}
  // expected-error @+1 {{'dlc.scatter_add' op failed to infer returned types}}
  %0 = dlc.scatter_add %x, %i, %u {axis = 0 : i64} : (tensor<4x3xf32>, tensor<5xi64>, tensor<5xf32>) -> tensor<4x3xf32>
  return
}

// -----

func.func @scatter_add_of_other_counts(%x: tensor<4x3xf32>, %i: tensor<5xi64>, %u: tensor<6x3xf32>) {
  // expected-error @+2 {{5 indices for 6 updates}}
  // expected-error @+1 {{'dlc.scatter_add' op failed to infer returned types}}
  %0 = dlc.scatter_add %x, %i, %u {axis = 0 : i64} : (tensor<4x3xf32>, tensor<5xi64>, tensor<6x3xf32>) -> tensor<4x3xf32>
  return
}

// -----

dlc.parameter @w : tensor<2xf32> = dense<0.0> : tensor<2xf32>
func.func @rates_of_another_type(%rate: tensor<f32>, %dw: tensor<2xf32>) {
  // expected-error @+2 {{attribute 'rates' failed to satisfy constraint: f64 dense array attribute}}
  dlc.apply_gradients [@w] rate(%rate : tensor<f32>) gradients(%dw : tensor<2xf32>)
    {optimizer = {name = "sgd"}, scope = "o", rates = [0.5]}
  return
}

// -----

func.func @celu_zero(%x: tensor<3xf32>) {
  // expected-error@+1 {{divides by alpha, which is 0 in 'f32'; the function that it approaches then is relu}}
  %0 = dlc.celu %x {alpha = 0.0 : f64} : tensor<3xf32> -> tensor<3xf32>
  return
}

// -----

func.func @celu_rounds_to_zero(%x: tensor<3xf16>) {
  // expected-error@+1 {{divides by alpha, which is 0 in 'f16'}}
  %0 = dlc.celu %x {alpha = 1.0e-9 : f64} : tensor<3xf16> -> tensor<3xf16>
  return
}
