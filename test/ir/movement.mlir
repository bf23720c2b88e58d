// RUN: dlc-opt %s | dlc-opt | FileCheck %s
// Ops that move elements print and parse.

// CHECK-LABEL: func.func @shapes
func.func @shapes(%x: tensor<?x6x5x4xf32>, %c: tensor<6xf32>) {
  // CHECK: dlc.reshape %{{.*}} {shape = array<i64: -2, 30, 4>} : (tensor<?x6x5x4xf32>) -> tensor<?x30x4xf32>
  %0 = dlc.reshape %x {shape = array<i64: -2, 30, 4>} : (tensor<?x6x5x4xf32>) -> tensor<?x30x4xf32>
  // CHECK: dlc.transpose %{{.*}} {permutation = array<i64: 0, 2, 3, 1>} : (tensor<?x6x5x4xf32>) -> tensor<?x5x4x6xf32>
  %1 = dlc.transpose %x {permutation = array<i64: 0, 2, 3, 1>} : (tensor<?x6x5x4xf32>) -> tensor<?x5x4x6xf32>
  // CHECK: dlc.expand %{{.*}} {shape = array<i64: 5, 6>} : (tensor<6xf32>) -> tensor<5x6xf32>
  %2 = dlc.expand %c {shape = array<i64: 5, 6>} : (tensor<6xf32>) -> tensor<5x6xf32>
  // CHECK: dlc.concat %{{.*}}, %{{.*}} {axis = 0 : i64} : (tensor<6xf32>, tensor<6xf32>) -> tensor<12xf32>
  %3 = dlc.concat %c, %c {axis = 0 : i64} : (tensor<6xf32>, tensor<6xf32>) -> tensor<12xf32>
  // CHECK: dlc.slice %{{.*}} {sizes = array<i64: 3>, starts = array<i64: 5>, steps = array<i64: -2>} : (tensor<6xf32>) -> tensor<3xf32>
  %4 = dlc.slice %c {sizes = array<i64: 3>, starts = array<i64: 5>, steps = array<i64: -2>} : (tensor<6xf32>) -> tensor<3xf32>
  // CHECK: dlc.tile %{{.*}} {repeats = array<i64: 3>} : (tensor<6xf32>) -> tensor<18xf32>
  %5 = dlc.tile %c {repeats = array<i64: 3>} : (tensor<6xf32>) -> tensor<18xf32>
  // CHECK: dlc.fill %{{.*}} {element_type = f32, shape = array<i64: -2, 7>, value = 0.000000e+00 : f64} : (tensor<?x6x5x4xf32>) -> tensor<?x7xf32>
  %6 = dlc.fill %x {element_type = f32, shape = array<i64: -2, 7>, value = 0.0 : f64} : (tensor<?x6x5x4xf32>) -> tensor<?x7xf32>
  return
}

// CHECK-LABEL: func.func @update
func.func @update(%x: tensor<?x64x8xf32>, %u: tensor<?x1x8xf32>, %p: tensor<i64>) {
  // CHECK: dlc.update_slice %{{.*}}, %{{.*}}, %{{.*}} {axis = 1 : i64} : (tensor<?x64x8xf32>, tensor<?x1x8xf32>, tensor<i64>) -> tensor<?x64x8xf32>
  %0 = dlc.update_slice %x, %u, %p {axis = 1 : i64} : (tensor<?x64x8xf32>, tensor<?x1x8xf32>, tensor<i64>) -> tensor<?x64x8xf32>
  return
}

// CHECK-LABEL: func.func @padding
func.func @padding(%x: tensor<?x6x5x4xf32>, %v: tensor<f32>) {
  // CHECK: dlc.pad %{{.*}}, %{{.*}} {high = array<i64: 0, 0, 1, 2>, low = array<i64: 0, 0, 1, -1>, mode = #dlc<pad_mode constant>} : (tensor<?x6x5x4xf32>, tensor<f32>) -> tensor<?x6x7x5xf32>
  %0 = dlc.pad %x, %v {high = array<i64: 0, 0, 1, 2>, low = array<i64: 0, 0, 1, -1>, mode = #dlc<pad_mode constant>} : (tensor<?x6x5x4xf32>, tensor<f32>) -> tensor<?x6x7x5xf32>
  // CHECK: dlc.pad %{{.*}} {high = array<i64: 0, 0, 1, 1>, low = array<i64: 0, 0, 1, 1>, mode = #dlc<pad_mode edge>} : (tensor<?x6x5x4xf32>) -> tensor<?x6x7x6xf32>
  %1 = dlc.pad %x {high = array<i64: 0, 0, 1, 1>, low = array<i64: 0, 0, 1, 1>, mode = #dlc<pad_mode edge>} : (tensor<?x6x5x4xf32>) -> tensor<?x6x7x6xf32>
  // CHECK: dlc.pad %{{.*}} {high = array<i64: 0, 0, 1, 1>, low = array<i64: 0, 0, 1, 1>, mode = #dlc<pad_mode reflect>} : (tensor<?x6x5x4xf32>) -> tensor<?x6x7x6xf32>
  %2 = dlc.pad %x {high = array<i64: 0, 0, 1, 1>, low = array<i64: 0, 0, 1, 1>, mode = #dlc<pad_mode reflect>} : (tensor<?x6x5x4xf32>) -> tensor<?x6x7x6xf32>
  // CHECK: dlc.pad %{{.*}} {high = array<i64: 0, 0, 1, 1>, low = array<i64: 0, 0, 1, 1>, mode = #dlc<pad_mode wrap>} : (tensor<?x6x5x4xf32>) -> tensor<?x6x7x6xf32>
  %3 = dlc.pad %x {high = array<i64: 0, 0, 1, 1>, low = array<i64: 0, 0, 1, 1>, mode = #dlc<pad_mode wrap>} : (tensor<?x6x5x4xf32>) -> tensor<?x6x7x6xf32>
  return
}

// CHECK-LABEL: func.func @lookups
func.func @lookups(%c: tensor<6xf32>, %i: tensor<2x3xi64>) {
  // CHECK: dlc.gather %{{.*}}, %{{.*}} {axis = 0 : i64} : (tensor<6xf32>, tensor<2x3xi64>) -> tensor<2x3xf32>
  %0 = dlc.gather %c, %i {axis = 0 : i64} : (tensor<6xf32>, tensor<2x3xi64>) -> tensor<2x3xf32>
  // CHECK: dlc.iota {element_type = i32, size = 5 : i64, start = 0.000000e+00 : f64, step = 2.000000e+00 : f64} : tensor<5xi32>
  %1 = dlc.iota {element_type = i32, size = 5 : i64, start = 0.000000e+00 : f64, step = 2.000000e+00 : f64} : tensor<5xi32>
  return
}

// CHECK-LABEL: func.func @resize
func.func @resize(%x: tensor<?x6x5x4xf32>) {
  // CHECK: dlc.resize %{{.*}} {antialias = false, coordinate_mode = "half_pixel", cubic_coefficient = -7.500000e-01 : f64, exclude_outside = false, extrapolation_value = 0.000000e+00 : f64, mode = #dlc<resize_mode nearest>, nearest_mode = "floor", roi = array<f64>, scales = array<f64: 1.000000e+00, 1.000000e+00, 2.000000e+00, 2.000000e+00>, sizes = array<i64: -1, -1, 10, 8>} : (tensor<?x6x5x4xf32>) -> tensor<?x6x10x8xf32>
  %0 = dlc.resize %x {antialias = false, coordinate_mode = "half_pixel", cubic_coefficient = -7.500000e-01 : f64, exclude_outside = false, extrapolation_value = 0.000000e+00 : f64, mode = #dlc<resize_mode nearest>, nearest_mode = "floor", roi = array<f64>, scales = array<f64: 1.000000e+00, 1.000000e+00, 2.000000e+00, 2.000000e+00>, sizes = array<i64: -1, -1, 10, 8>} : (tensor<?x6x5x4xf32>) -> tensor<?x6x10x8xf32>
  // CHECK: dlc.resize %{{.*}} {antialias = false, coordinate_mode = "half_pixel", cubic_coefficient = -7.500000e-01 : f64, exclude_outside = false, extrapolation_value = 0.000000e+00 : f64, mode = #dlc<resize_mode linear>, nearest_mode = "floor", roi = array<f64>, scales = array<f64: 1.000000e+00, 1.000000e+00, 2.000000e+00, 2.000000e+00>, sizes = array<i64: -1, -1, 10, 8>} : (tensor<?x6x5x4xf32>) -> tensor<?x6x10x8xf32>
  %1 = dlc.resize %x {antialias = false, coordinate_mode = "half_pixel", cubic_coefficient = -7.500000e-01 : f64, exclude_outside = false, extrapolation_value = 0.000000e+00 : f64, mode = #dlc<resize_mode linear>, nearest_mode = "floor", roi = array<f64>, scales = array<f64: 1.000000e+00, 1.000000e+00, 2.000000e+00, 2.000000e+00>, sizes = array<i64: -1, -1, 10, 8>} : (tensor<?x6x5x4xf32>) -> tensor<?x6x10x8xf32>
  // CHECK: dlc.resize %{{.*}} {antialias = false, coordinate_mode = "half_pixel", cubic_coefficient = -7.500000e-01 : f64, exclude_outside = false, extrapolation_value = 0.000000e+00 : f64, mode = #dlc<resize_mode cubic>, nearest_mode = "floor", roi = array<f64>, scales = array<f64: 1.000000e+00, 1.000000e+00, 2.000000e+00, 2.000000e+00>, sizes = array<i64: -1, -1, 10, 8>} : (tensor<?x6x5x4xf32>) -> tensor<?x6x10x8xf32>
  %2 = dlc.resize %x {antialias = false, coordinate_mode = "half_pixel", cubic_coefficient = -7.500000e-01 : f64, exclude_outside = false, extrapolation_value = 0.000000e+00 : f64, mode = #dlc<resize_mode cubic>, nearest_mode = "floor", roi = array<f64>, scales = array<f64: 1.000000e+00, 1.000000e+00, 2.000000e+00, 2.000000e+00>, sizes = array<i64: -1, -1, 10, 8>} : (tensor<?x6x5x4xf32>) -> tensor<?x6x10x8xf32>
  return
}

// CHECK-LABEL: func.func @gradients
func.func @gradients(%table: tensor<6x4xf32>, %i: tensor<?x3xi64>, %dy: tensor<?x3x4xf32>, %flat: tensor<?xf32>, %like: tensor<?x?x8xf32>) {
  // CHECK: dlc.scatter_add %{{.*}}, %{{.*}}, %{{.*}} {axis = 0 : i64} : (tensor<6x4xf32>, tensor<?x3xi64>, tensor<?x3x4xf32>) -> tensor<6x4xf32>
  %0 = dlc.scatter_add %table, %i, %dy {axis = 0 : i64} : (tensor<6x4xf32>, tensor<?x3xi64>, tensor<?x3x4xf32>) -> tensor<6x4xf32>
  // CHECK: dlc.reshape_like %{{.*}}, %{{.*}} : (tensor<?xf32>, tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  %1 = dlc.reshape_like %flat, %like : (tensor<?xf32>, tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  // CHECK: dlc.extent %{{.*}} {axes = array<i64: 0, 2>, element_type = f32} : (tensor<?x?x8xf32>) -> tensor<f32>
  %2 = dlc.extent %like {axes = array<i64: 0, 2>, element_type = f32} : (tensor<?x?x8xf32>) -> tensor<f32>
  return
}
