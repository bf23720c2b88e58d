// RUN: dlc-opt %s --dlc-form-integer-products --canonicalize --split-input-file | FileCheck %s
// RUN: dlc-opt %s --dlc-form-integer-products=turn-real=false --canonicalize --split-input-file | FileCheck %s --check-prefix=STRICT

// One scale of the rows, one per column; both factors without a zero point that is not 0.
// CHECK-LABEL: func.func @matmul
// CHECK-SAME: %[[X:.*]]: tensor<?x4xi8>
// STRICT-LABEL: func.func @matmul
func.func @matmul(%x: tensor<?x4xi8>) -> tensor<?x2xf32> {
  %s = dlc.constant dense<0.5> : tensor<f32> : tensor<f32>
  %z = dlc.constant dense<0> : tensor<i8> : tensor<i8>
  %t = dlc.constant dense<[2.0, 4.0]> : tensor<2xf32> : tensor<2xf32>
  %w = dlc.constant dense<[[1, 2], [3, 4], [5, 6], [7, 8]]> : tensor<4x2xi8> : tensor<4x2xi8>
  // CHECK-DAG: %[[W:.*]] = dlc.constant dense<{{.*}}> : tensor<4x2xi8>
  // CHECK-DAG: %[[S:.*]] = dlc.constant dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>
  // CHECK: %[[M:.*]] = dlc.matmul %[[X]], %[[W]] : (tensor<?x4xi8>, tensor<4x2xi8>) -> tensor<?x2xi32>
  // CHECK: %[[F:.*]] = dlc.cast %[[M]]
  // CHECK: dlc.mul %[[F]], %[[S]]
  // STRICT: dlc.matmul {{.*}} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  %a = dlc.dequantize %x, %s zero_point %z : (tensor<?x4xi8>, tensor<f32>, tensor<i8>) -> tensor<?x4xf32>
  %b = dlc.dequantize %w, %t : (tensor<4x2xi8>, tensor<2xf32>) -> tensor<4x2xf32>
  %y = dlc.matmul %a, %b : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// -----

// The zero point of a constant is subtracted at once, that of a tensor where it is made; padding is 0 less none.
// CHECK-LABEL: func.func @conv
func.func @conv(%x: tensor<1x1x4xui8>) -> tensor<1x2x4xf32> {
  %s = dlc.constant dense<0.5> : tensor<f32> : tensor<f32>
  %z = dlc.constant dense<128> : tensor<ui8> : tensor<ui8>
  %t = dlc.constant dense<[[[2.0]], [[4.0]]]> : tensor<2x1x1xf32> : tensor<2x1x1xf32>
  %w = dlc.constant dense<[[[128, 129, 130]], [[127, 126, 255]]]> : tensor<2x1x3xui8> : tensor<2x1x3xui8>
  // CHECK-DAG: %[[W:.*]] = dlc.constant dense<{{\[\[\[}}0, 1, 2]], {{\[\[}}-1, -2, 127]]]> : tensor<2x1x3xi8>
  // CHECK-DAG: %[[S:.*]] = dlc.constant dense<{{\[\[}}1.000000e+00], [2.000000e+00]]> : tensor<2x1xf32>
  // CHECK: %[[C:.*]] = dlc.center %{{.*}}, %{{.*}} : (tensor<1x1x4xui8>, tensor<ui8>) -> tensor<1x1x4xi16>
  // CHECK: %[[Y:.*]] = dlc.conv %[[C]], %[[W]] {{.*}} -> tensor<1x2x4xi32>
  // CHECK: %[[F:.*]] = dlc.cast %[[Y]]
  // CHECK: dlc.mul %[[F]], %[[S]]
  %a = dlc.dequantize %x, %s zero_point %z : (tensor<1x1x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<1x1x4xf32>
  %b = dlc.dequantize %w, %t zero_point %z : (tensor<2x1x3xui8>, tensor<2x1x1xf32>, tensor<ui8>) -> tensor<2x1x3xf32>
  %y = dlc.conv %a, %b {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 1, 1>}
     : (tensor<1x1x4xf32>, tensor<2x1x3xf32>) -> tensor<1x2x4xf32>
  return %y : tensor<1x2x4xf32>
}

// -----

// What does not fit i8 stays a byte in the library, and is centred when it is loaded.
// CHECK-LABEL: func.func @wide_difference
// STRICT-LABEL: func.func @wide_difference
func.func @wide_difference(%x: tensor<2x2xi8>) -> (tensor<2x2xi32>, tensor<2x2xi32>) {
  %z = dlc.constant dense<3> : tensor<ui8> : tensor<ui8>
  %w = dlc.constant dense<[[0, 255], [3, 4]]> : tensor<2x2xui8> : tensor<2x2xui8>
  %v = dlc.constant dense<[[0, 1], [3, 130]]> : tensor<2x2xui8> : tensor<2x2xui8>
  // CHECK-DAG: %[[W:.*]] = dlc.constant dense<{{\[\[}}0, 255], [3, 4]]> : tensor<2x2xui8>
  // CHECK-DAG: %[[V:.*]] = dlc.constant dense<{{\[\[}}-3, -2], [0, 127]]> : tensor<2x2xi8>
  // CHECK: %[[C:.*]] = dlc.center %[[W]]
  // CHECK: dlc.matmul %{{.*}}, %[[C]] : (tensor<2x2xi8>, tensor<2x2xi16>) -> tensor<2x2xi32>
  // CHECK: dlc.matmul %{{.*}}, %[[V]] : (tensor<2x2xi8>, tensor<2x2xi8>) -> tensor<2x2xi32>
  // Products of integers are simplified whatever the mode.
  // STRICT: dlc.matmul %{{.*}} : (tensor<2x2xi8>, tensor<2x2xi8>) -> tensor<2x2xi32>
  %c = dlc.center %w, %z : (tensor<2x2xui8>, tensor<ui8>) -> tensor<2x2xi16>
  %d = dlc.center %v, %z : (tensor<2x2xui8>, tensor<ui8>) -> tensor<2x2xi16>
  %y = dlc.matmul %x, %c : (tensor<2x2xi8>, tensor<2x2xi16>) -> tensor<2x2xi32>
  %u = dlc.matmul %x, %d : (tensor<2x2xi8>, tensor<2x2xi16>) -> tensor<2x2xi32>
  return %y, %u : tensor<2x2xi32>, tensor<2x2xi32>
}

// -----

// Terms that differ in their scale, 16 bits, floating point of a byte, and sums that may not fit stay as they are.
// CHECK-LABEL: func.func @stays
func.func @stays(%x: tensor<2x4xi8>, %h: tensor<2x4xi16>, %f: tensor<2x4xf8E5M2>, %w: tensor<4x2xi8>, %l: tensor<1x40000xui8>,
                 %s: tensor<f32>, %k: tensor<4x1xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<1x1xf32>) {
  // CHECK-NOT: xi32>
  %a = dlc.dequantize %x, %s : (tensor<2x4xi8>, tensor<f32>) -> tensor<2x4xf32>
  %b = dlc.dequantize %w, %k : (tensor<4x2xi8>, tensor<4x1xf32>) -> tensor<4x2xf32>
  %y = dlc.matmul %a, %b : (tensor<2x4xf32>, tensor<4x2xf32>) -> tensor<2x2xf32>
  %c = dlc.dequantize %w, %s : (tensor<4x2xi8>, tensor<f32>) -> tensor<4x2xf32>
  %d = dlc.dequantize %h, %s : (tensor<2x4xi16>, tensor<f32>) -> tensor<2x4xf32>
  %u = dlc.matmul %d, %c : (tensor<2x4xf32>, tensor<4x2xf32>) -> tensor<2x2xf32>
  %e = dlc.dequantize %f, %s : (tensor<2x4xf8E5M2>, tensor<f32>) -> tensor<2x4xf32>
  %v = dlc.matmul %e, %c : (tensor<2x4xf32>, tensor<4x2xf32>) -> tensor<2x2xf32>
  %m = dlc.dequantize %l, %s : (tensor<1x40000xui8>, tensor<f32>) -> tensor<1x40000xf32>
  %n = dlc.matmul %m, %m {transpose_rhs = true} : (tensor<1x40000xf32>, tensor<1x40000xf32>) -> tensor<1x1xf32>
  return %y, %u, %v, %n : tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<1x1xf32>
}

// -----

// A sum whose length a run knows may not fit: nothing is made of it, although scales are flat and zero points not 0.
// CHECK-LABEL: func.func @open_depth
// STRICT-LABEL: func.func @open_depth
func.func @open_depth(%x: tensor<2x?xui8>, %w: tensor<?x2xui8>) -> tensor<2x2xf32> {
  %s = dlc.constant dense<0.5> : tensor<1x1xf32> : tensor<1x1xf32>
  %z = dlc.constant dense<3> : tensor<ui8> : tensor<ui8>
  // CHECK-NOT: dlc.center
  // CHECK: dlc.matmul %{{.*}}, %{{.*}} : (tensor<2x?xf32>, tensor<?x2xf32>) -> tensor<2x2xf32>
  %a = dlc.dequantize %x, %s zero_point %z : (tensor<2x?xui8>, tensor<1x1xf32>, tensor<ui8>) -> tensor<2x?xf32>
  %b = dlc.dequantize %w, %s zero_point %z : (tensor<?x2xui8>, tensor<1x1xf32>, tensor<ui8>) -> tensor<?x2xf32>
  %y = dlc.matmul %a, %b : (tensor<2x?xf32>, tensor<?x2xf32>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}
