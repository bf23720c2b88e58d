// RUN: dlc-opt %s | FileCheck %s
// The types below are what shape inference demands: the verifier compares.

// CHECK-LABEL: func.func @ops
func.func @ops(%x: tensor<?x6x7x7xf32>, %v: tensor<6xf32>, %i: tensor<2x3xi64>) {
  // CHECK: dlc.conv {{.*}} -> tensor<?x4x4x3xf32>
  %w = dlc.constant dense<1.0> : tensor<4x3x3x2xf32> : tensor<4x3x3x2xf32>
  %0 = dlc.conv %x, %w {strides = array<i64: 2, 3>, dilations = array<i64: 1, 2>, pads = array<i64: 1, 1, 1, 1>, groups = 2 : i64}
     : (tensor<?x6x7x7xf32>, tensor<4x3x3x2xf32>) -> tensor<?x4x4x3xf32>
  // CHECK: dlc.conv_transpose {{.*}} -> tensor<?x3x14x14xf32>
  %t = dlc.constant dense<1.0> : tensor<6x3x2x2xf32> : tensor<6x3x2x2xf32>
  %1 = dlc.conv_transpose %x, %t {strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, output_padding = array<i64: 0, 0>}
     : (tensor<?x6x7x7xf32>, tensor<6x3x2x2xf32>) -> tensor<?x3x14x14xf32>
  // CHECK: dlc.max_pool {{.*}} -> tensor<?x6x4x4xf32>
  %2 = dlc.max_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, ceil_mode = true}
     : tensor<?x6x7x7xf32> -> tensor<?x6x4x4xf32>
  // CHECK: dlc.reshape {{.*}} -> tensor<?x294xf32>
  %3 = dlc.reshape %x {shape = array<i64: -1, 294>} : (tensor<?x6x7x7xf32>) -> tensor<?x294xf32>
  // CHECK: dlc.reshape {{.*}} -> tensor<?x6x49xf32>
  %4 = dlc.reshape %x {shape = array<i64: -2, 6, -1>} : (tensor<?x6x7x7xf32>) -> tensor<?x6x49xf32>
  // CHECK: dlc.gather {{.*}} -> tensor<?x6x2x3x7xf32>
  %5 = dlc.gather %x, %i {axis = 2 : i64} : (tensor<?x6x7x7xf32>, tensor<2x3xi64>) -> tensor<?x6x2x3x7xf32>
  // CHECK: dlc.slice {{.*}} -> tensor<?x2x4x7xf32>
  %6 = dlc.slice %x {starts = array<i64: 0, 5, 0, 0>, sizes = array<i64: -1, 2, 4, -1>, steps = array<i64: 1, -4, 2, 1>}
     : (tensor<?x6x7x7xf32>) -> tensor<?x2x4x7xf32>
  // CHECK: dlc.concat {{.*}} -> tensor<?x12x7x7xf32>
  %7 = dlc.concat %x, %x {axis = 1 : i64} : (tensor<?x6x7x7xf32>, tensor<?x6x7x7xf32>) -> tensor<?x12x7x7xf32>
  // CHECK: dlc.matmul {{.*}} -> tensor<3xf32>
  %m = dlc.constant dense<1.0> : tensor<3x6xf32> : tensor<3x6xf32>
  %8 = dlc.matmul %v, %m {transpose_rhs = true} : (tensor<6xf32>, tensor<3x6xf32>) -> tensor<3xf32>
  // CHECK: dlc.einsum "nchw,c->nhw"
  %9 = dlc.einsum "nchw,c->nhw" %x, %v : (tensor<?x6x7x7xf32>, tensor<6xf32>) -> tensor<?x7x7xf32>
  // CHECK: dlc.least_squares %{{.*}}, %{{.*}} : (tensor<?x6xf32>, tensor<?xf32>) -> tensor<6xf32>
  %rows = dlc.einsum "nchw->nc" %x : (tensor<?x6x7x7xf32>) -> tensor<?x6xf32>
  %goals = dlc.einsum "nchw->n" %x : (tensor<?x6x7x7xf32>) -> tensor<?xf32>
  %fit = dlc.least_squares %rows, %goals : (tensor<?x6xf32>, tensor<?xf32>) -> tensor<6xf32>
  // CHECK: dlc.greater {{.*}} -> tensor<?x6x7x7xi1>
  %one = dlc.constant dense<1.0> : tensor<f32> : tensor<f32>
  %10 = dlc.greater %x, %one : (tensor<?x6x7x7xf32>, tensor<f32>) -> tensor<?x6x7x7xi1>
  // CHECK: dlc.arg_extreme {{.*}} -> tensor<?x1x7x7xi64>
  %11 = dlc.arg_extreme %x {axis = 1 : i64, keep_dims = true} : tensor<?x6x7x7xf32> -> tensor<?x1x7x7xi64>
  // CHECK: dlc.iota {{.*}} : tensor<5xi32>
  %12 = dlc.iota {start = 0.0 : f64, step = 2.0 : f64, size = 5 : i64, element_type = i32} : tensor<5xi32>
  return
}

// CHECK-LABEL: func.func @layouts
// CHECK: tensor<4x3x3x3xf32, #dlc.layout<order = [0, 2, 3, 1], inner_dims = [0], inner_tiles = [32], winograd = 4>>
func.func @layouts(%w: tensor<4x3x3x3xf32>) {
  %p = dlc.pack %w : tensor<4x3x3x3xf32> -> tensor<4x3x3x3xf32, #dlc.layout<order = [0, 2, 3, 1], inner_dims = [0], inner_tiles = [32], winograd = 4>>
  return
}
