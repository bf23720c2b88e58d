// RUN: dlc-opt %s --dlc-move-dequantize --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @pool
// CHECK-SAME: %[[X:.*]]: tensor<1x2x4xui8>
func.func @pool(%x: tensor<1x2x4xui8>) -> tensor<4xui8> {
  %s = dlc.constant dense<0.5> : tensor<f32> : tensor<f32>
  %t = dlc.constant dense<0.5> : tensor<f32> : tensor<f32>
  %z = dlc.constant dense<7> : tensor<ui8> : tensor<ui8>
  // CHECK: %[[P:.*]] = dlc.max_pool %[[X]] {{.*}} -> tensor<1x2x2xui8>
  // CHECK: %[[R:.*]] = dlc.reshape %[[P]] {{.*}} -> tensor<4xui8>
  // CHECK: return %[[R]]
  %d = dlc.dequantize %x, %s zero_point %z : (tensor<1x2x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<1x2x4xf32>
  %p = dlc.max_pool %d {kernel = array<i64: 2>, strides = array<i64: 2>, dilations = array<i64: 1>, pads = array<i64: 0, 0>}
     : tensor<1x2x4xf32> -> tensor<1x2x2xf32>
  %r = dlc.reshape %p {shape = array<i64: 4>} : (tensor<1x2x2xf32>) -> tensor<4xf32>
  %q = dlc.quantize %r, %t zero_point %z {to = ui8} : (tensor<4xf32>, tensor<f32>, tensor<ui8>) -> tensor<4xui8>
  return %q : tensor<4xui8>
}

// -----

// CHECK-LABEL: func.func @concat
func.func @concat(%x: tensor<2xi8>, %y: tensor<3xi8>) -> tensor<5xf32> {
  %s = dlc.constant dense<0.5> : tensor<f32> : tensor<f32>
  // CHECK: %[[C:.*]] = dlc.concat %{{.*}}, %{{.*}} -> tensor<5xi8>
  // CHECK: dlc.dequantize %[[C]]
  %a = dlc.dequantize %x, %s : (tensor<2xi8>, tensor<f32>) -> tensor<2xf32>
  %b = dlc.dequantize %y, %s : (tensor<3xi8>, tensor<f32>) -> tensor<3xf32>
  %c = dlc.concat %a, %b {axis = 0 : i64} : (tensor<2xf32>, tensor<3xf32>) -> tensor<5xf32>
  return %c : tensor<5xf32>
}

// -----

// Scales per channel, scales that differ, other zero points and 16 bits, whose quotient may be another integer, stay.
// CHECK-LABEL: func.func @stays
func.func @stays(%x: tensor<2x2xi8>, %y: tensor<2x2xi16>, %c: tensor<2x1xf32>) -> (tensor<4xf32>, tensor<4x2xf32>, tensor<2x2xi8>, tensor<2x2xi16>) {
  %s = dlc.constant dense<0.5> : tensor<f32> : tensor<f32>
  %t = dlc.constant dense<0.25> : tensor<f32> : tensor<f32>
  %z = dlc.constant dense<7> : tensor<i8> : tensor<i8>
  // CHECK: dlc.reshape %{{.*}} : (tensor<2x2xf32>) -> tensor<4xf32>
  // CHECK: dlc.concat {{.*}} -> tensor<4x2xf32>
  // CHECK: dlc.quantize
  // CHECK: dlc.quantize
  %a = dlc.dequantize %x, %c : (tensor<2x2xi8>, tensor<2x1xf32>) -> tensor<2x2xf32>
  %r = dlc.reshape %a {shape = array<i64: 4>} : (tensor<2x2xf32>) -> tensor<4xf32>
  %b = dlc.dequantize %x, %s : (tensor<2x2xi8>, tensor<f32>) -> tensor<2x2xf32>
  %d = dlc.dequantize %x, %t : (tensor<2x2xi8>, tensor<f32>) -> tensor<2x2xf32>
  %j = dlc.concat %b, %d {axis = 0 : i64} : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
  %q = dlc.quantize %b, %s zero_point %z {to = i8} : (tensor<2x2xf32>, tensor<f32>, tensor<i8>) -> tensor<2x2xi8>
  %e = dlc.dequantize %y, %s : (tensor<2x2xi16>, tensor<f32>) -> tensor<2x2xf32>
  %h = dlc.quantize %e, %s {to = i16} : (tensor<2x2xf32>, tensor<f32>) -> tensor<2x2xi16>
  return %r, %j, %q, %h : tensor<4xf32>, tensor<4x2xf32>, tensor<2x2xi8>, tensor<2x2xi16>
}
