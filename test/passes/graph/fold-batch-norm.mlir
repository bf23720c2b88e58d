// RUN: dlc-opt %s --dlc-fold-batch-norm --dlc-fold-constants --canonicalize | FileCheck %s

// Channel 0: factor 2 / sqrt(3 + 1) = 1; channel 1: factor 4 / sqrt(3 + 1) = 2.
// CHECK-LABEL: func.func @conv
func.func @conv(%x: tensor<1x1x2x2xf32>) -> tensor<1x2x2x2xf32> {
  %w = dlc.constant dense<[[[[1.0]]], [[[3.0]]]]> : tensor<2x1x1x1xf32> : tensor<2x1x1x1xf32>
  %scale = dlc.constant dense<[2.0, 4.0]> : tensor<2xf32> : tensor<2xf32>
  %bias = dlc.constant dense<[10.0, 20.0]> : tensor<2xf32> : tensor<2xf32>
  %mean = dlc.constant dense<[1.0, 2.0]> : tensor<2xf32> : tensor<2xf32>
  %variance = dlc.constant dense<3.0> : tensor<2xf32> : tensor<2xf32>
  // CHECK-DAG: %[[B:.*]] = dlc.constant dense<{{\[}}{{\[\[}}9.000000e+00]], {{\[\[}}1.600000e+01]]]> : tensor<2x1x1xf32>
  // CHECK-DAG: %[[W:.*]] = dlc.constant dense<{{\[\[\[\[}}1.000000e+00]]], {{\[\[\[}}6.000000e+00]]]]>
  // CHECK: %[[C:.*]] = dlc.conv %{{.*}}, %[[W]]
  // CHECK: %[[Y:.*]] = dlc.add %[[C]], %[[B]]
  // CHECK: return %[[Y]]
  %c = dlc.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>}
     : (tensor<1x1x2x2xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x2x2xf32>
  %y = dlc.batch_norm %c, %scale, %bias, %mean, %variance {epsilon = 1.0 : f64}
     : (tensor<1x2x2x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x2x2xf32>
  return %y : tensor<1x2x2x2xf32>
}

// The bias of the convolution takes part: (x w + b) f + o = x (w f) + (b f + o).
// CHECK-LABEL: func.func @conv_bias
func.func @conv_bias(%x: tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32> {
  %w = dlc.constant dense<5.0> : tensor<1x1x1x1xf32> : tensor<1x1x1x1xf32>
  %b = dlc.constant dense<7.0> : tensor<1x1x1x1xf32> : tensor<1x1x1x1xf32>
  %one = dlc.constant dense<1.0> : tensor<1xf32> : tensor<1xf32>
  %two = dlc.constant dense<2.0> : tensor<1xf32> : tensor<1xf32>
  %variance = dlc.constant dense<0.25> : tensor<1xf32> : tensor<1xf32>
  // factor 1 / sqrt(0.25) = 2, offset 2 - 1 * 2 = 0, new bias 14.
  // CHECK-DAG: dense<1.400000e+01> : tensor<1x1x1xf32>
  // CHECK-DAG: dense<1.000000e+01> : tensor<1x1x1x1xf32>
  // CHECK-NOT: dlc.batch_norm
  %c = dlc.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>}
     : (tensor<1x1x2x2xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x2x2xf32>
  %s = dlc.add %c, %b : (tensor<1x1x2x2xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x2x2xf32>
  %y = dlc.batch_norm %s, %one, %two, %one, %variance {epsilon = 0.0 : f64}
     : (tensor<1x1x2x2xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x2x2xf32>
  return %y : tensor<1x1x2x2xf32>
}

// A result with another user stays what it is; the normalization becomes a product and a sum.
// CHECK-LABEL: func.func @shared
func.func @shared(%x: tensor<1x1x2x2xf32>) -> (tensor<1x1x2x2xf32>, tensor<1x1x2x2xf32>) {
  %w = dlc.constant dense<5.0> : tensor<1x1x1x1xf32> : tensor<1x1x1x1xf32>
  %one = dlc.constant dense<1.0> : tensor<1xf32> : tensor<1xf32>
  // CHECK: %[[C:.*]] = dlc.conv
  // CHECK: %[[M:.*]] = dlc.mul %[[C]]
  // CHECK: %[[Y:.*]] = dlc.add %[[M]]
  // CHECK: return %[[C]], %[[Y]]
  %c = dlc.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>}
     : (tensor<1x1x2x2xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x2x2xf32>
  %y = dlc.batch_norm %c, %one, %one, %one, %one {epsilon = 3.0 : f64}
     : (tensor<1x1x2x2xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x2x2xf32>
  return %c, %y : tensor<1x1x2x2xf32>, tensor<1x1x2x2xf32>
}

// Parameters that may be replaced: the same as ops on them.
dlc.parameter @w : tensor<2x1x1x1xf32> = dense<5.0> : tensor<2x1x1x1xf32>
dlc.parameter @scale : tensor<2xf32> = dense<1.0> : tensor<2xf32>
// CHECK-LABEL: func.func @replaceable
func.func @replaceable(%x: tensor<1x1x2x2xf32>) -> tensor<1x2x2x2xf32> {
  // CHECK-DAG: %[[S:.*]] = dlc.load_parameter @scale
  // CHECK-DAG: %[[W:.*]] = dlc.load_parameter @w
  // CHECK: %[[D:.*]] = dlc.cast %[[S]] {to = f64}
  // CHECK: %[[F:.*]] = dlc.div %[[D]]
  // CHECK: %[[N:.*]] = dlc.cast %[[F]] {to = f32}
  // CHECK: %[[R:.*]] = dlc.reshape %[[N]] {shape = array<i64: 2, 1, 1, 1>}
  // CHECK: %[[P:.*]] = dlc.mul %[[W]], %[[R]]
  // CHECK: %[[C:.*]] = dlc.conv %{{.*}}, %[[P]]
  // CHECK: dlc.add %[[C]]
  // CHECK-NOT: dlc.batch_norm
  %w = dlc.load_parameter @w : tensor<2x1x1x1xf32>
  %s = dlc.load_parameter @scale : tensor<2xf32>
  %one = dlc.constant dense<1.0> : tensor<2xf32> : tensor<2xf32>
  %c = dlc.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>}
     : (tensor<1x1x2x2xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x2x2xf32>
  %y = dlc.batch_norm %c, %s, %one, %one, %one {epsilon = 3.0 : f64}
     : (tensor<1x2x2x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x2x2xf32>
  return %y : tensor<1x2x2x2xf32>
}

// CHECK-LABEL: func.func @double
func.func @double(%x: tensor<1x1x2x2xf64>) -> tensor<1x1x2x2xf64> {
  %w = dlc.constant dense<5.0> : tensor<1x1x1x1xf64> : tensor<1x1x1x1xf64>
  %one = dlc.constant dense<1.0> : tensor<1xf64> : tensor<1xf64>
  %quarter = dlc.constant dense<0.25> : tensor<1xf64> : tensor<1xf64>
  // CHECK-DAG: %[[B:.*]] = dlc.constant dense<-1.000000e+00> : tensor<1x1x1xf64>
  // CHECK-DAG: %[[W:.*]] = dlc.constant dense<1.000000e+01> : tensor<1x1x1x1xf64>
  // CHECK: %[[C:.*]] = dlc.conv %{{.*}}, %[[W]]
  // CHECK: %[[Y:.*]] = dlc.add %[[C]], %[[B]]
  // CHECK: return %[[Y]]
  %c = dlc.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>}
     : (tensor<1x1x2x2xf64>, tensor<1x1x1x1xf64>) -> tensor<1x1x2x2xf64>
  %y = dlc.batch_norm %c, %one, %one, %one, %quarter {epsilon = 0.0 : f64}
     : (tensor<1x1x2x2xf64>, tensor<1xf64>, tensor<1xf64>, tensor<1xf64>, tensor<1xf64>) -> tensor<1x1x2x2xf64>
  return %y : tensor<1x1x2x2xf64>
}

// Channels are computed in double precision, whatever the types, and rounded once.
// CHECK-LABEL: func.func @half
func.func @half(%x: tensor<1x1x4xf16>) -> tensor<1x1x4xf16> {
  %scale = dlc.constant dense<1.0> : tensor<1xf16> : tensor<1xf16>
  %bias = dlc.constant dense<2048.0> : tensor<1xf16> : tensor<1xf16>
  %mean = dlc.constant dense<2046.0> : tensor<1xf32> : tensor<1xf32>
  %variance = dlc.constant dense<4.0> : tensor<1xf32> : tensor<1xf32>
  // CHECK-DAG: %[[F:.*]] = dlc.constant dense<5.000000e-01> : tensor<1x1xf16>
  // CHECK-DAG: %[[O:.*]] = dlc.constant dense<1.025000e+03> : tensor<1x1xf16>
  // CHECK: %[[M:.*]] = dlc.mul %{{.*}}, %[[F]]
  // CHECK: dlc.add %[[M]], %[[O]]
  %y = dlc.batch_norm %x, %scale, %bias, %mean, %variance {epsilon = 0.0 : f64}
     : (tensor<1x1x4xf16>, tensor<1xf16>, tensor<1xf16>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x4xf16>
  return %y : tensor<1x1x4xf16>
}

// A weight whose elements were not printed cannot be computed with.
// CHECK-LABEL: func.func @elided
func.func @elided(%x: tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32> {
  %w = dlc.constant dense_resource<__elided__> : tensor<1x1x1x1xf32> : tensor<1x1x1x1xf32>
  %two = dlc.constant dense<2.0> : tensor<1xf32> : tensor<1xf32>
  // CHECK: %[[C:.*]] = dlc.conv
  // CHECK: %[[M:.*]] = dlc.mul %[[C]]
  // CHECK: dlc.add %[[M]]
  %c = dlc.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>}
     : (tensor<1x1x2x2xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x2x2xf32>
  %y = dlc.batch_norm %c, %two, %two, %two, %two {epsilon = 0.0 : f64}
     : (tensor<1x1x2x2xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x2x2xf32>
  return %y : tensor<1x1x2x2xf32>
}
