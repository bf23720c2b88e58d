// RUN: dlc-opt %s --dlc-fold-constants | FileCheck %s
// RUN: dlc-opt %s --dlc-fold-constants=limit=4 | FileCheck %s --check-prefix=LIMIT

// CHECK-LABEL: func.func @movement
func.func @movement() -> (tensor<3x2xi32>, tensor<6xi32>, tensor<2x2x3xi32>) {
  // CHECK-DAG: %[[T:.*]] = dlc.constant dense<{{\[}}[1, 4], [2, 5], [3, 6]]> : tensor<3x2xi32>
  // CHECK-DAG: %[[R:.*]] = dlc.constant dense<[1, 2, 3, 4, 5, 6]> : tensor<6xi32>
  // CHECK-DAG: %[[E:.*]] = dlc.constant dense<{{\[\[}}[1, 2, 3], [4, 5, 6]], {{\[}}[1, 2, 3], [4, 5, 6]]]> : tensor<2x2x3xi32>
  // CHECK: return %[[T]], %[[R]], %[[E]]
  // LIMIT-LABEL: func.func @movement
  // LIMIT: dlc.transpose
  %x = dlc.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi32> : tensor<2x3xi32>
  %t = dlc.transpose %x {permutation = array<i64: 1, 0>} : (tensor<2x3xi32>) -> tensor<3x2xi32>
  %r = dlc.reshape %x {shape = array<i64: 6>} : (tensor<2x3xi32>) -> tensor<6xi32>
  %e = dlc.expand %x {shape = array<i64: 2, 2, 3>} : (tensor<2x3xi32>) -> tensor<2x2x3xi32>
  return %t, %r, %e : tensor<3x2xi32>, tensor<6xi32>, tensor<2x2x3xi32>
}

// CHECK-LABEL: func.func @slices
func.func @slices() -> (tensor<1x1x2xi32>, tensor<2x2x1xi32>, tensor<1x2x2xi32>) {
  // Elements of the first and the last one are contiguous in memory.
  // CHECK-DAG: %[[A:.*]] = dlc.constant dense<{{\[\[\[}}7, 8]]]> : tensor<1x1x2xi32>
  // CHECK-DAG: %[[B:.*]] = dlc.slice
  // CHECK-DAG: %[[C:.*]] = dlc.constant dense<{{\[\[\[}}5, 6], [7, 8]]]> : tensor<1x2x2xi32>
  // CHECK: return %[[A]], %[[B]], %[[C]]
  %x = dlc.constant dense<[[[1, 2], [3, 4]], [[5, 6], [7, 8]]]> : tensor<2x2x2xi32> : tensor<2x2x2xi32>
  %a = dlc.slice %x {starts = array<i64: 1, 1, 0>, sizes = array<i64: 1, 1, 2>, steps = array<i64: 1, 1, 1>} : (tensor<2x2x2xi32>) -> tensor<1x1x2xi32>
  %b = dlc.slice %x {starts = array<i64: 0, 0, 1>, sizes = array<i64: 2, 2, 1>, steps = array<i64: 1, 1, 1>} : (tensor<2x2x2xi32>) -> tensor<2x2x1xi32>
  %c = dlc.slice %x {starts = array<i64: 1, 0, 0>, sizes = array<i64: 1, -1, -1>, steps = array<i64: 1, 1, 1>} : (tensor<2x2x2xi32>) -> tensor<1x2x2xi32>
  return %a, %b, %c : tensor<1x1x2xi32>, tensor<2x2x1xi32>, tensor<1x2x2xi32>
}

// CHECK-LABEL: func.func @arithmetic
func.func @arithmetic() -> tensor<2x2xf32> {
  // sqrt([[1, 4], [9, 16]]) * [10, 100] + 1
  // CHECK: %[[Y:.*]] = dlc.constant dense<{{\[}}[1.100000e+01, 2.010000e+02], [3.100000e+01, 4.010000e+02]]>
  // CHECK: return %[[Y]]
  %x = dlc.constant dense<[[1.0, 4.0], [9.0, 16.0]]> : tensor<2x2xf32> : tensor<2x2xf32>
  %f = dlc.constant dense<[10.0, 100.0]> : tensor<2xf32> : tensor<2xf32>
  %one = dlc.constant dense<1.0> : tensor<f32> : tensor<f32>
  %s = dlc.sqrt %x : tensor<2x2xf32> -> tensor<2x2xf32>
  %p = dlc.mul %s, %f : (tensor<2x2xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  %y = dlc.add %p, %one : (tensor<2x2xf32>, tensor<f32>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

// CHECK-LABEL: func.func @casts
func.func @casts() -> (tensor<2xf64>, tensor<2xf16>, tensor<2xi32>) {
  // CHECK-DAG: %[[W:.*]] = dlc.constant dense<[1.500000e+00, -2.000000e+00]> : tensor<2xf64>
  // CHECK-DAG: %[[N:.*]] = dlc.constant dense<[1.500000e+00, -2.000000e+00]> : tensor<2xf16>
  // CHECK: %[[I:.*]] = dlc.cast
  // CHECK: return %[[W]], %[[N]], %[[I]]
  %x = dlc.constant dense<[1.5, -2.0]> : tensor<2xf32> : tensor<2xf32>
  %w = dlc.cast %x {to = f64} : tensor<2xf32> -> tensor<2xf64>
  %n = dlc.cast %x {to = f16} : tensor<2xf32> -> tensor<2xf16>
  %i = dlc.cast %x {to = i32} : tensor<2xf32> -> tensor<2xi32>
  return %w, %n, %i : tensor<2xf64>, tensor<2xf16>, tensor<2xi32>
}

// CHECK-LABEL: func.func @unknown
func.func @unknown(%x: tensor<2xf32>) -> tensor<2xf32> {
  // CHECK: dlc.sqrt
  %y = dlc.sqrt %x : tensor<2xf32> -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// Narrow elements stay where a product may read them, and in matrices; a vector of numbers per channel takes few bytes.
// CHECK-LABEL: func.func @dequantized
func.func @dequantized(%x: tensor<3x2xf32>) -> (tensor<2xf32>, tensor<3xf32>, tensor<2x2xf32>) {
  // CHECK-DAG: %[[C:.*]] = dlc.constant dense<[-2.500000e-01, 6.250000e+01]> : tensor<2xf32>
  // CHECK-DAG: %[[V:.*]] = dlc.dequantize {{.*}} -> tensor<2xf32>
  // CHECK-DAG: %[[P:.*]] = dlc.matmul %{{.*}}, %[[V]]
  // CHECK-DAG: %[[M:.*]] = dlc.dequantize {{.*}} -> tensor<2x2xf32>
  // CHECK: return %[[C]], %[[P]], %[[M]]
  %s = dlc.constant dense<0.25> : tensor<f32> : tensor<f32>
  %z = dlc.constant dense<5> : tensor<ui8> : tensor<ui8>
  %q = dlc.constant dense<[4, 255]> : tensor<2xui8> : tensor<2xui8>
  %m = dlc.constant dense<[[1, 2], [3, 4]]> : tensor<2x2xui8> : tensor<2x2xui8>
  %c = dlc.dequantize %q, %s zero_point %z : (tensor<2xui8>, tensor<f32>, tensor<ui8>) -> tensor<2xf32>
  %v = dlc.dequantize %q, %s : (tensor<2xui8>, tensor<f32>) -> tensor<2xf32>
  %p = dlc.matmul %x, %v : (tensor<3x2xf32>, tensor<2xf32>) -> tensor<3xf32>
  %n = dlc.dequantize %m, %s : (tensor<2x2xui8>, tensor<f32>) -> tensor<2x2xf32>
  return %c, %p, %n : tensor<2xf32>, tensor<3xf32>, tensor<2x2xf32>
}
