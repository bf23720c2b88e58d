// RUN: dlc-opt %s --split-input-file --verify-diagnostics

func.func @not_square(%x: tensor<2x3x4xf32>) {
  // expected-error@+2 {{determinant expects square matrices, got 3 x 4}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.determinant %x : tensor<2x3x4xf32> -> tensor<2xf32>
  return
}

// -----

func.func @no_matrix(%x: tensor<3xf32>) {
  // expected-error@+2 {{determinant expects matrices [..., N, N], got rank 1}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.determinant %x : tensor<3xf32> -> tensor<f32>
  return
}

// -----

func.func @other_width(%x: tensor<3xf32>) {
  // expected-error@+2 {{bit_cast expects element types of one width, got 'f32' and 'i64'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.bit_cast %x {to = i64} : tensor<3xf32> -> tensor<3xi64>
  return
}

// -----

func.func @five_numbers(%x: tensor<1x3x9x8xf32>, %r: tensor<2x5xf32>, %i: tensor<2xi64>) {
  // expected-error@+2 {{regions have 5 numbers each, expected 4}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.roi_align %x, %r, %i {height = 2 : i64, width = 3 : i64, sampling_ratio = 0 : i64, spatial_scale = 0.5 : f64} : (tensor<1x3x9x8xf32>, tensor<2x5xf32>, tensor<2xi64>) -> tensor<2x3x2x3xf32>
  return
}

// -----

func.func @too_few_images(%x: tensor<1x3x9x8xf32>, %r: tensor<2x4xf32>, %i: tensor<3xi64>) {
  // expected-error@+2 {{there are 3 images for 2 regions}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.roi_align %x, %r, %i {height = 2 : i64, width = 3 : i64, sampling_ratio = 0 : i64, spatial_scale = 0.5 : f64} : (tensor<1x3x9x8xf32>, tensor<2x4xf32>, tensor<3xi64>) -> tensor<2x3x2x3xf32>
  return
}

// -----

func.func @no_width(%x: tensor<1x3x9x8xf32>, %r: tensor<2x5xf32>) {
  // expected-error@+2 {{the height and width of the result are positive}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.max_roi_pool %x, %r {height = 2 : i64, width = 0 : i64, spatial_scale = 0.5 : f64} : (tensor<1x3x9x8xf32>, tensor<2x5xf32>) -> tensor<2x3x2x0xf32>
  return
}

// -----

func.func @negative_ratio(%y: tensor<2x3x2x2xf32>, %r: tensor<2x4xf32>, %i: tensor<2xi64>, %x: tensor<1x3x9x8xf32>) {
  // expected-error@+2 {{the sampling ratio is not negative}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.roi_align_gradient %y, %r, %i, %x {sampling_ratio = -1 : i64, spatial_scale = 0.5 : f64} : (tensor<2x3x2x2xf32>, tensor<2x4xf32>, tensor<2xi64>, tensor<1x3x9x8xf32>) -> tensor<1x3x9x8xf32>
  return
}

// -----

func.func @other_positions(%x: tensor<1x2x3x9x8xf32>, %p: tensor<1x2x4x3x7xf32>) {
  // expected-error@+2 {{expects 2 coordinates per position}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.sample_pixels %x, %p : (tensor<1x2x3x9x8xf32>, tensor<1x2x4x3x7xf32>) -> tensor<1x2x3x4x7xf32>
  return
}

// -----

func.func @other_groups(%x: tensor<1x2x3x9x8xf32>, %p: tensor<1x3x4x2x7xf32>) {
  // expected-error@+2 {{the positions do not fit the images and groups}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.sample_pixels %x, %p : (tensor<1x2x3x9x8xf32>, tensor<1x3x4x2x7xf32>) -> tensor<1x2x3x4x7xf32>
  return
}

// -----

func.func @other_gradient(%y: tensor<1x2x3x4x6xf32>, %p: tensor<1x2x4x2x7xf32>, %x: tensor<1x2x3x9x8xf32>) {
  // expected-error@+2 {{the gradient does not fit the images and positions}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = dlc.sample_positions_gradient %y, %p, %x : (tensor<1x2x3x4x6xf32>, tensor<1x2x4x2x7xf32>, tensor<1x2x3x9x8xf32>) -> tensor<1x2x4x2x7xf32>
  return
}
