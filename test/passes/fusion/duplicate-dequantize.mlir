// RUN: dlc-opt %s --dlc-duplicate-dequantize | FileCheck %s

// Two elementwise users have one each; the product, which reads memory, keeps the original.
// CHECK-LABEL: func.func @users
func.func @users(%q: tensor<4x4xi8>, %s: tensor<f32>) -> (tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>) {
  // CHECK: %[[A:.*]] = dlc.dequantize
  // CHECK: %[[B:.*]] = dlc.dequantize
  // CHECK: dlc.relu %[[B]]
  // CHECK: %[[C:.*]] = dlc.dequantize
  // CHECK: dlc.mul %[[C]], %[[C]]
  // CHECK: dlc.matmul %[[A]], %[[A]]
  %x = dlc.dequantize %q, %s : (tensor<4x4xi8>, tensor<f32>) -> tensor<4x4xf32>
  %0 = dlc.relu %x : tensor<4x4xf32> -> tensor<4x4xf32>
  %1 = dlc.mul %x, %x : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %2 = dlc.matmul %x, %x : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  return %0, %1, %2 : tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>
}

// CHECK-LABEL: func.func @single
func.func @single(%q: tensor<4xi8>, %s: tensor<f32>) -> tensor<4xf32> {
  // CHECK-COUNT-1: dlc.dequantize
  // CHECK-NOT: dlc.dequantize
  %x = dlc.dequantize %q, %s : (tensor<4xi8>, tensor<f32>) -> tensor<4xf32>
  %0 = dlc.relu %x : tensor<4xf32> -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
