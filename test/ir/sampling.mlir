// RUN: dlc-opt %s | dlc-opt | FileCheck %s
// Ops whose kernels are loops print and parse.

// CHECK-LABEL: func.func @regions
func.func @regions(%x: tensor<?x3x9x8xf32>, %r: tensor<?x4xf32>, %i: tensor<?xi64>, %p: tensor<5x5xf32>) {
  // CHECK: dlc.roi_align %{{.*}}, %{{.*}}, %{{.*}} {half_pixel = true, height = 2 : i64, sampling_ratio = 0 : i64, spatial_scale = 5.000000e-01 : f64, width = 3 : i64} : (tensor<?x3x9x8xf32>, tensor<?x4xf32>, tensor<?xi64>) -> tensor<?x3x2x3xf32>
  %0 = dlc.roi_align %x, %r, %i {height = 2 : i64, width = 3 : i64, sampling_ratio = 0 : i64, spatial_scale = 0.5 : f64, half_pixel = true} : (tensor<?x3x9x8xf32>, tensor<?x4xf32>, tensor<?xi64>) -> tensor<?x3x2x3xf32>
  // CHECK: dlc.roi_align_gradient %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {sampling_ratio = 2 : i64, spatial_scale = 1.000000e+00 : f64} : (tensor<?x3x2x3xf32>, tensor<?x4xf32>, tensor<?xi64>, tensor<?x3x9x8xf32>) -> tensor<?x3x9x8xf32>
  %1 = dlc.roi_align_gradient %0, %r, %i, %x {sampling_ratio = 2 : i64, spatial_scale = 1.0 : f64} : (tensor<?x3x2x3xf32>, tensor<?x4xf32>, tensor<?xi64>, tensor<?x3x9x8xf32>) -> tensor<?x3x9x8xf32>
  // CHECK: dlc.max_roi_pool %{{.*}}, %{{.*}} {height = 1 : i64, spatial_scale = 1.000000e+00 : f64, width = 4 : i64} : (tensor<?x3x9x8xf32>, tensor<5x5xf32>) -> tensor<5x3x1x4xf32>
  %2 = dlc.max_roi_pool %x, %p {height = 1 : i64, width = 4 : i64, spatial_scale = 1.0 : f64} : (tensor<?x3x9x8xf32>, tensor<5x5xf32>) -> tensor<5x3x1x4xf32>
  // CHECK: dlc.roi_align_boxes_gradient %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {sampling_ratio = 2 : i64, spatial_scale = 1.000000e+00 : f64} : (tensor<?x3x2x3xf32>, tensor<?x4xf32>, tensor<?xi64>, tensor<?x3x9x8xf32>) -> tensor<?x4xf32>
  %3 = dlc.roi_align_boxes_gradient %0, %r, %i, %x {sampling_ratio = 2 : i64, spatial_scale = 1.0 : f64} : (tensor<?x3x2x3xf32>, tensor<?x4xf32>, tensor<?xi64>, tensor<?x3x9x8xf32>) -> tensor<?x4xf32>
  // CHECK: dlc.max_roi_pool_gradient %{{.*}}, %{{.*}}, %{{.*}} {spatial_scale = 1.000000e+00 : f64} : (tensor<5x3x1x4xf32>, tensor<5x5xf32>, tensor<?x3x9x8xf32>) -> tensor<?x3x9x8xf32>
  %4 = dlc.max_roi_pool_gradient %2, %p, %x {spatial_scale = 1.0 : f64} : (tensor<5x3x1x4xf32>, tensor<5x5xf32>, tensor<?x3x9x8xf32>) -> tensor<?x3x9x8xf32>
  return
}

// CHECK-LABEL: func.func @points
func.func @points(%x: tensor<?x2x3x9x8xf32>, %p: tensor<?x2x4x2x7xf32>) {
  // CHECK: dlc.sample_pixels %{{.*}}, %{{.*}} : (tensor<?x2x3x9x8xf32>, tensor<?x2x4x2x7xf32>) -> tensor<?x2x3x4x7xf32>
  %0 = dlc.sample_pixels %x, %p : (tensor<?x2x3x9x8xf32>, tensor<?x2x4x2x7xf32>) -> tensor<?x2x3x4x7xf32>
  // CHECK: dlc.sample_pixels_gradient %{{.*}}, %{{.*}}, %{{.*}} : (tensor<?x2x3x4x7xf32>, tensor<?x2x4x2x7xf32>, tensor<?x2x3x9x8xf32>) -> tensor<?x2x3x9x8xf32>
  %1 = dlc.sample_pixels_gradient %0, %p, %x : (tensor<?x2x3x4x7xf32>, tensor<?x2x4x2x7xf32>, tensor<?x2x3x9x8xf32>) -> tensor<?x2x3x9x8xf32>
  // CHECK: dlc.sample_positions_gradient %{{.*}}, %{{.*}}, %{{.*}} : (tensor<?x2x3x4x7xf32>, tensor<?x2x4x2x7xf32>, tensor<?x2x3x9x8xf32>) -> tensor<?x2x4x2x7xf32>
  %2 = dlc.sample_positions_gradient %0, %p, %x : (tensor<?x2x3x4x7xf32>, tensor<?x2x4x2x7xf32>, tensor<?x2x3x9x8xf32>) -> tensor<?x2x4x2x7xf32>
  return
}

// CHECK-LABEL: func.func @determinants
func.func @determinants(%x: tensor<?x4x5x5xf64>) {
  // CHECK: dlc.determinant %{{.*}} : tensor<?x4x5x5xf64> -> tensor<?x4xf64>
  %0 = dlc.determinant %x : tensor<?x4x5x5xf64> -> tensor<?x4xf64>
  // CHECK: dlc.cofactors %{{.*}} : tensor<?x4x5x5xf64> -> tensor<?x4x5x5xf64>
  %1 = dlc.cofactors %x : tensor<?x4x5x5xf64> -> tensor<?x4x5x5xf64>
  return
}

// CHECK-LABEL: func.func @bits
func.func @bits(%x: tensor<?x3xbf16>) {
  // CHECK: dlc.bit_cast %{{.*}} {to = ui16} : tensor<?x3xbf16> -> tensor<?x3xui16>
  %0 = dlc.bit_cast %x {to = ui16} : tensor<?x3xbf16> -> tensor<?x3xui16>
  return
}
