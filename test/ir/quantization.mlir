// RUN: dlc-opt %s --split-input-file | dlc-opt --split-input-file | FileCheck %s
// Ops of quantized tensors print and parse, with scales per tensor, channel and block.

// CHECK-LABEL: func.func @per_tensor
func.func @per_tensor(%x: tensor<?x3xf32>, %s: tensor<f32>, %z: tensor<ui8>) -> tensor<?x3xf32> {
  // CHECK: dlc.quantize %{{.*}}, %{{.*}} zero_point %{{.*}} {to = ui8} : (tensor<?x3xf32>, tensor<f32>, tensor<ui8>) -> tensor<?x3xui8>
  %q = dlc.quantize %x, %s zero_point %z {to = ui8} : (tensor<?x3xf32>, tensor<f32>, tensor<ui8>) -> tensor<?x3xui8>
  // CHECK: dlc.center %{{.*}}, %{{.*}} : (tensor<?x3xui8>, tensor<ui8>) -> tensor<?x3xi16>
  %c = dlc.center %q, %z : (tensor<?x3xui8>, tensor<ui8>) -> tensor<?x3xi16>
  // CHECK: dlc.dequantize %{{.*}}, %{{.*}} zero_point %{{.*}} : (tensor<?x3xui8>, tensor<f32>, tensor<ui8>) -> tensor<?x3xf32>
  %y = dlc.dequantize %q, %s zero_point %z : (tensor<?x3xui8>, tensor<f32>, tensor<ui8>) -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}

// -----

// CHECK-LABEL: func.func @per_channel_and_block
func.func @per_channel_and_block(%x: tensor<2x3x4xf16>, %s: tensor<3x1xf16>, %b: tensor<2x3x1xf16>) -> tensor<2x3x4xf16> {
  // CHECK: dlc.quantize %{{.*}}, %{{.*}} {saturate = false, to = f8E4M3FN}
  %q = dlc.quantize %x, %s {to = f8E4M3FN, saturate = false} : (tensor<2x3x4xf16>, tensor<3x1xf16>) -> tensor<2x3x4xf8E4M3FN>
  // CHECK: dlc.quantize %{{.*}}, %{{.*}} {to = i4} : (tensor<2x3x4xf16>, tensor<2x3x1xf16>) -> tensor<2x3x4xi4>
  %r = dlc.quantize %x, %b {to = i4} : (tensor<2x3x4xf16>, tensor<2x3x1xf16>) -> tensor<2x3x4xi4>
  // CHECK: dlc.dequantize %{{.*}}, %{{.*}} : (tensor<2x3x4xi4>, tensor<2x3x1xf16>) -> tensor<2x3x4xf16>
  %y = dlc.dequantize %r, %b : (tensor<2x3x4xi4>, tensor<2x3x1xf16>) -> tensor<2x3x4xf16>
  return %y : tensor<2x3x4xf16>
}

// -----

// Integers narrower than 32 bits, of two types, are summed in i32.
// CHECK-LABEL: func.func @products
func.func @products(%a: tensor<2x4xui8>, %b: tensor<4x3xi8>, %x: tensor<1x4x5xi16>, %w: tensor<2x4x1xi8>) -> (tensor<2x3xi32>, tensor<1x2x5xi32>) {
  // CHECK: dlc.matmul %{{.*}}, %{{.*}} : (tensor<2x4xui8>, tensor<4x3xi8>) -> tensor<2x3xi32>
  %m = dlc.matmul %a, %b : (tensor<2x4xui8>, tensor<4x3xi8>) -> tensor<2x3xi32>
  // CHECK: dlc.conv {{.*}} : (tensor<1x4x5xi16>, tensor<2x4x1xi8>) -> tensor<1x2x5xi32>
  %c = dlc.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>}
     : (tensor<1x4x5xi16>, tensor<2x4x1xi8>) -> tensor<1x2x5xi32>
  return %m, %c : tensor<2x3xi32>, tensor<1x2x5xi32>
}
