// RUN: dlc-opt %s --split-input-file --verify-diagnostics

func.func @wide_result(%x: tensor<3xf32>, %s: tensor<f32>) {
  // expected-error@+1 {{'dlc.quantize' op does not quantize to 'i32'}}
  %q = dlc.quantize %x, %s {to = i32} : (tensor<3xf32>, tensor<f32>) -> tensor<3xi32>
  return
}

// -----

func.func @scale_of_another_type(%x: tensor<3xf32>, %s: tensor<f16>) {
  // expected-error@+1 {{'dlc.quantize' op has a scale of 'f16' for a tensor of 'f32'}}
  %q = dlc.quantize %x, %s {to = i8} : (tensor<3xf32>, tensor<f16>) -> tensor<3xi8>
  return
}

// -----

func.func @zero_point_of_another_type(%x: tensor<3xi8>, %s: tensor<f32>, %z: tensor<ui8>) {
  // expected-error@+1 {{'dlc.dequantize' op has a zero point of 'ui8' for a tensor of 'i8'}}
  %y = dlc.dequantize %x, %s zero_point %z : (tensor<3xi8>, tensor<f32>, tensor<ui8>) -> tensor<3xf32>
  return
}

// -----

func.func @wide_operand(%x: tensor<3xi64>, %s: tensor<f32>) {
  // expected-error@+1 {{'dlc.dequantize' op does not dequantize 'i64'}}
  %y = dlc.dequantize %x, %s : (tensor<3xi64>, tensor<f32>) -> tensor<3xf32>
  return
}

// -----

func.func @too_many_scales(%x: tensor<3xi8>, %s: tensor<2xf32>) {
  // expected-error@+2 {{a scale or zero point does not broadcast to the tensor that it belongs to}}
  // expected-error@+1 {{'dlc.dequantize' op failed to infer returned types}}
  %y = dlc.dequantize %x, %s : (tensor<3xi8>, tensor<2xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @wide_center(%x: tensor<3xi16>, %z: tensor<i16>) {
  // expected-error@+1 {{'dlc.center' op does not center 'i16'}}
  %y = dlc.center %x, %z : (tensor<3xi16>, tensor<i16>) -> tensor<3xi16>
  return
}

// -----

func.func @arithmetic(%x: tensor<3xi4>) {
  // expected-error@+1 {{'dlc.neg' op operand #0 must be ranked tensor of number values, but got 'tensor<3xi4>'}}
  %y = dlc.neg %x : tensor<3xi4> -> tensor<3xi4>
  return
}
