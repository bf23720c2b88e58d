// RUN: dlc-opt %s --split-input-file --pass-pipeline='builtin.module(func.func(dlc-multiply-bytes{isas=x86-64-v2,x86-64-v4-vnni}))' | FileCheck %s
// RUN: dlc-opt %s --split-input-file --pass-pipeline='builtin.module(func.func(dlc-multiply-bytes{isas=x86-64-v3-vnni}))' | FileCheck %s
// RUN: dlc-opt %s --split-input-file --pass-pipeline='builtin.module(func.func(dlc-multiply-bytes{isas=x86-64-v3,x86-64-v4}))' | FileCheck %s --check-prefix=PAIRS

// Each column's weights, 1 + 3 + 5 + 7 and 2 + 4 - 6 - 8, times the zero point. No machine of the second kind gains.
// CHECK-LABEL: func.func @columns
// CHECK-SAME: %[[X:.*]]: tensor<3x4xui8>
// PAIRS-LABEL: func.func @columns
func.func @columns(%x: tensor<3x4xui8>) -> tensor<3x2xi32> {
  // CHECK-DAG: %[[W:.*]] = dlc.constant {{.*}} : tensor<4x2xi8>
  // CHECK-DAG: %[[C:.*]] = dlc.constant dense<[160, -80]> : tensor<2xi32>
  // CHECK: %[[S:.*]] = dlc.matmul %[[X]], %[[W]] : (tensor<3x4xui8>, tensor<4x2xi8>) -> tensor<3x2xi32>
  // CHECK: %[[Y:.*]] = dlc.sub %[[S]], %[[C]]
  // CHECK: return %[[Y]]
  // PAIRS: dlc.matmul {{.*}} : (tensor<3x4xi16>, tensor<4x2xi8>)
  %z = dlc.constant dense<10> : tensor<ui8> : tensor<ui8>
  %w = dlc.constant dense<[[1, 2], [3, 4], [5, -6], [7, -8]]> : tensor<4x2xi8> : tensor<4x2xi8>
  %c = dlc.center %x, %z : (tensor<3x4xui8>, tensor<ui8>) -> tensor<3x4xi16>
  %y = dlc.matmul %c, %w : (tensor<3x4xi16>, tensor<4x2xi8>) -> tensor<3x2xi32>
  return %y : tensor<3x2xi32>
}

// -----

// A zero point that a run computes is multiplied there.
// CHECK-LABEL: func.func @dynamic
// CHECK-SAME: %[[X:.*]]: tensor<3x4xui8>, %[[Z:.*]]: tensor<ui8>
func.func @dynamic(%x: tensor<3x4xui8>, %z: tensor<ui8>) -> tensor<3x2xi32> {
  // CHECK-DAG: %[[C:.*]] = dlc.constant dense<[10, 26]> : tensor<2xi32>
  // CHECK: %[[F:.*]] = dlc.cast %[[Z]] {to = i32}
  // CHECK: %[[P:.*]] = dlc.mul %[[C]], %[[F]]
  // CHECK: %[[S:.*]] = dlc.matmul %[[X]]
  // CHECK: dlc.sub %[[S]], %[[P]]
  %w = dlc.constant dense<[[1, 2, 3, 4], [5, 6, 7, 8]]> : tensor<2x4xi8> : tensor<2x4xi8>
  %c = dlc.center %x, %z : (tensor<3x4xui8>, tensor<ui8>) -> tensor<3x4xi16>
  %y = dlc.matmul %c, %w {transpose_rhs = true} : (tensor<3x4xi16>, tensor<2x4xi8>) -> tensor<3x2xi32>
  return %y : tensor<3x2xi32>
}

// -----

// A convolution is padded with the zero point; what crops stays.
// CHECK-LABEL: func.func @padded
// CHECK-SAME: %[[X:.*]]: tensor<1x4x5x5xui8>
func.func @padded(%x: tensor<1x4x5x5xui8>) -> tensor<1x16x4x3xi32> {
  // CHECK: dlc.center
  // CHECK: %[[Z:.*]] = dlc.constant dense<7> : tensor<ui8>
  // CHECK: %[[P:.*]] = dlc.pad %[[X]], %[[Z]] {{.*}}high = array<i64: 0, 0, 0, 0>, low = array<i64: 0, 0, 1, 1>{{.*}} -> tensor<1x4x6x6xui8>
  // CHECK: %[[C:.*]] = dlc.constant dense<252> : tensor<16x1x1xi32>
  // CHECK: %[[S:.*]] = dlc.conv %[[P]], {{.*}}pads = array<i64: 0, 0, 0, -1>
  // CHECK: dlc.sub %[[S]], %[[C]]
  %w = dlc.constant dense<1> : tensor<16x4x3x3xi8> : tensor<16x4x3x3xi8>
  %z = dlc.constant dense<7> : tensor<ui8> : tensor<ui8>
  %c = dlc.center %x, %z : (tensor<1x4x5x5xui8>, tensor<ui8>) -> tensor<1x4x5x5xi16>
  %y = dlc.conv %c, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 0, -1>}
     : (tensor<1x4x5x5xi16>, tensor<16x4x3x3xi8>) -> tensor<1x16x4x3xi32>
  return %y : tensor<1x16x4x3xi32>
}

// -----

// i8 factors become u8, and so does what dequantizes them.
// CHECK-LABEL: func.func @signed
func.func @signed(%r: tensor<3x4xf32>) -> (tensor<3x2xi32>, tensor<3x4xf32>) {
  // CHECK: %[[Q:.*]] = dlc.quantize
  // CHECK: %[[U:.*]] = dlc.cast %[[Q]] {to = ui8}
  // CHECK: %[[SIGN:.*]] = dlc.constant dense<128> : tensor<ui8>
  // CHECK: %[[X:.*]] = dlc.add %[[U]], %[[SIGN]]
  // CHECK: %[[C:.*]] = dlc.constant dense<[1280, 3328]> : tensor<2xi32>
  // CHECK: %[[S:.*]] = dlc.matmul %[[X]]
  // CHECK: dlc.sub %[[S]], %[[C]]
  // CHECK: %[[Z:.*]] = dlc.constant dense<128> : tensor<ui8>
  // CHECK: dlc.dequantize %[[X]], {{.*}} zero_point %[[Z]]
  %s = dlc.constant dense<0.5> : tensor<f32> : tensor<f32>
  %w = dlc.constant dense<[[1, 2, 3, 4], [5, 6, 7, 8]]> : tensor<2x4xi8> : tensor<2x4xi8>
  %x = dlc.quantize %r, %s {to = i8} : (tensor<3x4xf32>, tensor<f32>) -> tensor<3x4xi8>
  %y = dlc.matmul %x, %w {transpose_rhs = true} : (tensor<3x4xi8>, tensor<2x4xi8>) -> tensor<3x2xi32>
  %d = dlc.dequantize %x, %s : (tensor<3x4xi8>, tensor<f32>) -> tensor<3x4xf32>
  return %y, %d : tensor<3x2xi32>, tensor<3x4xf32>
}

// -----

// i8 whose zero point is the least number are u8 without one.
// CHECK-LABEL: func.func @least
func.func @least(%x: tensor<3x4xi8>) -> tensor<3x2xi32> {
  // CHECK: %[[X:.*]] = dlc.add
  // CHECK: %[[S:.*]] = dlc.matmul %[[X]]
  // CHECK-NEXT: return %[[S]]
  %z = dlc.constant dense<-128> : tensor<i8> : tensor<i8>
  %w = dlc.constant dense<1> : tensor<4x2xi8> : tensor<4x2xi8>
  %c = dlc.center %x, %z : (tensor<3x4xi8>, tensor<i8>) -> tensor<3x4xi16>
  %y = dlc.matmul %c, %w : (tensor<3x4xi16>, tensor<4x2xi8>) -> tensor<3x2xi32>
  return %y : tensor<3x2xi32>
}

// -----

// Weights that a run computes, depths that fill no group of terms, and depthwise convolutions stay as they are.
// CHECK-LABEL: func.func @others
// CHECK-COUNT-2: dlc.matmul {{.*}} : (tensor<3x{{.}}xi16>
// CHECK: dlc.conv {{.*}} : (tensor<1x4x5x5xi16>
func.func @others(%x: tensor<3x4xi16>, %v: tensor<4x2xi8>, %p: tensor<3x6xui8>, %q: tensor<1x4x5x5xui8>, %z: tensor<ui8>)
    -> (tensor<3x2xi32>, tensor<3x2xi32>, tensor<1x4x5x5xi32>) {
  %a = dlc.matmul %x, %v : (tensor<3x4xi16>, tensor<4x2xi8>) -> tensor<3x2xi32>
  %w = dlc.constant dense<1> : tensor<6x2xi8> : tensor<6x2xi8>
  %c = dlc.center %p, %z : (tensor<3x6xui8>, tensor<ui8>) -> tensor<3x6xi16>
  %b = dlc.matmul %c, %w : (tensor<3x6xi16>, tensor<6x2xi8>) -> tensor<3x2xi32>
  %u = dlc.constant dense<1> : tensor<4x1x1x1xi8> : tensor<4x1x1x1xi8>
  %d = dlc.center %q, %z : (tensor<1x4x5x5xui8>, tensor<ui8>) -> tensor<1x4x5x5xi16>
  %e = dlc.conv %d, %u {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 4 : i64}
     : (tensor<1x4x5x5xi16>, tensor<4x1x1x1xi8>) -> tensor<1x4x5x5xi32>
  return %a, %b, %e : tensor<3x2xi32>, tensor<3x2xi32>, tensor<1x4x5x5xi32>
}
