// RUN: dlc-opt %s | dlc-opt | FileCheck %s
// Elementwise ops print and parse. Binary ones broadcast as NumPy does; what compares gives i1.

// CHECK-LABEL: func.func @unary
func.func @unary(%x: tensor<?x3xf32>) {
  // CHECK: dlc.abs %{{.*}} : tensor<?x3xf32> -> tensor<?x3xf32>
  %0 = dlc.abs %x : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: dlc.neg %{{.*}} : tensor<?x3xf32> -> tensor<?x3xf32>
  %1 = dlc.neg %x : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: dlc.sign %{{.*}} : tensor<?x3xf32> -> tensor<?x3xf32>
  %2 = dlc.sign %x : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: dlc.ceil %{{.*}} : tensor<?x3xf32> -> tensor<?x3xf32>
  %3 = dlc.ceil %x : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: dlc.floor %{{.*}} : tensor<?x3xf32> -> tensor<?x3xf32>
  %4 = dlc.floor %x : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: dlc.round %{{.*}} : tensor<?x3xf32> -> tensor<?x3xf32>
  %5 = dlc.round %x : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: dlc.sqrt %{{.*}} : tensor<?x3xf32> -> tensor<?x3xf32>
  %6 = dlc.sqrt %x : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: dlc.reciprocal %{{.*}} : tensor<?x3xf32> -> tensor<?x3xf32>
  %7 = dlc.reciprocal %x : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: dlc.exp %{{.*}} : tensor<?x3xf32> -> tensor<?x3xf32>
  %8 = dlc.exp %x : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: dlc.log %{{.*}} : tensor<?x3xf32> -> tensor<?x3xf32>
  %9 = dlc.log %x : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: dlc.erf %{{.*}} : tensor<?x3xf32> -> tensor<?x3xf32>
  %10 = dlc.erf %x : tensor<?x3xf32> -> tensor<?x3xf32>
  return
}

// CHECK-LABEL: func.func @trigonometry
func.func @trigonometry(%x: tensor<?x3xf32>) {
  // CHECK: dlc.sin %{{.*}} : tensor<?x3xf32> -> tensor<?x3xf32>
  %0 = dlc.sin %x : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: dlc.cos %{{.*}} : tensor<?x3xf32> -> tensor<?x3xf32>
  %1 = dlc.cos %x : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: dlc.tan %{{.*}} : tensor<?x3xf32> -> tensor<?x3xf32>
  %2 = dlc.tan %x : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: dlc.asin %{{.*}} : tensor<?x3xf32> -> tensor<?x3xf32>
  %3 = dlc.asin %x : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: dlc.acos %{{.*}} : tensor<?x3xf32> -> tensor<?x3xf32>
  %4 = dlc.acos %x : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: dlc.atan %{{.*}} : tensor<?x3xf32> -> tensor<?x3xf32>
  %5 = dlc.atan %x : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: dlc.sinh %{{.*}} : tensor<?x3xf32> -> tensor<?x3xf32>
  %6 = dlc.sinh %x : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: dlc.cosh %{{.*}} : tensor<?x3xf32> -> tensor<?x3xf32>
  %7 = dlc.cosh %x : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: dlc.asinh %{{.*}} : tensor<?x3xf32> -> tensor<?x3xf32>
  %8 = dlc.asinh %x : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: dlc.acosh %{{.*}} : tensor<?x3xf32> -> tensor<?x3xf32>
  %9 = dlc.acosh %x : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: dlc.atanh %{{.*}} : tensor<?x3xf32> -> tensor<?x3xf32>
  %10 = dlc.atanh %x : tensor<?x3xf32> -> tensor<?x3xf32>
  return
}

// CHECK-LABEL: func.func @activations
func.func @activations(%x: tensor<?x3xf32>) {
  // CHECK: dlc.tanh %{{.*}} : tensor<?x3xf32> -> tensor<?x3xf32>
  %0 = dlc.tanh %x : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: dlc.sigmoid %{{.*}} : tensor<?x3xf32> -> tensor<?x3xf32>
  %1 = dlc.sigmoid %x : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: dlc.relu %{{.*}} : tensor<?x3xf32> -> tensor<?x3xf32>
  %2 = dlc.relu %x : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: dlc.leaky_relu %{{.*}} {alpha = 1.000000e-01 : f64} : tensor<?x3xf32> -> tensor<?x3xf32>
  %3 = dlc.leaky_relu %x {alpha = 1.000000e-01 : f64} : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: dlc.thresholded_relu %{{.*}} {alpha = 1.000000e+00 : f64} : tensor<?x3xf32> -> tensor<?x3xf32>
  %4 = dlc.thresholded_relu %x {alpha = 1.000000e+00 : f64} : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: dlc.elu %{{.*}} {alpha = 1.000000e+00 : f64} : tensor<?x3xf32> -> tensor<?x3xf32>
  %5 = dlc.elu %x {alpha = 1.000000e+00 : f64} : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: dlc.celu %{{.*}} {alpha = 2.000000e+00 : f64} : tensor<?x3xf32> -> tensor<?x3xf32>
  %6 = dlc.celu %x {alpha = 2.000000e+00 : f64} : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: dlc.selu %{{.*}} {alpha = 1.500000e+00 : f64, gamma = 1.250000e+00 : f64} : tensor<?x3xf32> -> tensor<?x3xf32>
  %7 = dlc.selu %x {alpha = 1.500000e+00 : f64, gamma = 1.250000e+00 : f64} : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: dlc.softplus %{{.*}} : tensor<?x3xf32> -> tensor<?x3xf32>
  %8 = dlc.softplus %x : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: dlc.softsign %{{.*}} : tensor<?x3xf32> -> tensor<?x3xf32>
  %9 = dlc.softsign %x : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: dlc.hard_sigmoid %{{.*}} {alpha = 2.500000e-01 : f64, beta = 5.000000e-01 : f64} : tensor<?x3xf32> -> tensor<?x3xf32>
  %10 = dlc.hard_sigmoid %x {alpha = 2.500000e-01 : f64, beta = 5.000000e-01 : f64} : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: dlc.hard_swish %{{.*}} : tensor<?x3xf32> -> tensor<?x3xf32>
  %11 = dlc.hard_swish %x : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: dlc.swish %{{.*}} {alpha = 1.000000e+00 : f64} : tensor<?x3xf32> -> tensor<?x3xf32>
  %12 = dlc.swish %x {alpha = 1.000000e+00 : f64} : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: dlc.mish %{{.*}} : tensor<?x3xf32> -> tensor<?x3xf32>
  %13 = dlc.mish %x : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: dlc.gelu %{{.*}} {tanh_approximation = true} : tensor<?x3xf32> -> tensor<?x3xf32>
  %14 = dlc.gelu %x {tanh_approximation = true} : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: dlc.shrink %{{.*}} {bias = 0.000000e+00 : f64, lambda = 5.000000e-01 : f64} : tensor<?x3xf32> -> tensor<?x3xf32>
  %15 = dlc.shrink %x {bias = 0.000000e+00 : f64, lambda = 5.000000e-01 : f64} : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: dlc.clamp %{{.*}} {high = 6.000000e+00 : f64, low = 0.000000e+00 : f64} : tensor<?x3xf32> -> tensor<?x3xf32>
  %16 = dlc.clamp %x {high = 6.000000e+00 : f64, low = 0.000000e+00 : f64} : tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: dlc.clamp %{{.*}} {low = 0.000000e+00 : f64} : tensor<?x3xf32> -> tensor<?x3xf32>
  %17 = dlc.clamp %x {low = 0.000000e+00 : f64} : tensor<?x3xf32> -> tensor<?x3xf32>
  return
}

// CHECK-LABEL: func.func @arithmetic
func.func @arithmetic(%x: tensor<?x3xf32>, %y: tensor<3xf32>) {
  // CHECK: dlc.add %{{.*}}, %{{.*}} : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  %0 = dlc.add %x, %y : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  // CHECK: dlc.sub %{{.*}}, %{{.*}} : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  %1 = dlc.sub %x, %y : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  // CHECK: dlc.mul %{{.*}}, %{{.*}} : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  %2 = dlc.mul %x, %y : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  // CHECK: dlc.div %{{.*}}, %{{.*}} : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  %3 = dlc.div %x, %y : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  // CHECK: dlc.max %{{.*}}, %{{.*}} : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  %4 = dlc.max %x, %y : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  // CHECK: dlc.min %{{.*}}, %{{.*}} : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  %5 = dlc.min %x, %y : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  // CHECK: dlc.prelu %{{.*}}, %{{.*}} : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  %6 = dlc.prelu %x, %y : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  // CHECK: dlc.pow %{{.*}}, %{{.*}} : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  %7 = dlc.pow %x, %y : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  // CHECK: dlc.mod %{{.*}}, %{{.*}} {fmod = true} : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  %8 = dlc.mod %x, %y {fmod = true} : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  return
}

// CHECK-LABEL: func.func @comparisons
func.func @comparisons(%x: tensor<?x3xf32>, %y: tensor<3xf32>) {
  // CHECK: dlc.equal %{{.*}}, %{{.*}} : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xi1>
  %0 = dlc.equal %x, %y : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xi1>
  // CHECK: dlc.greater %{{.*}}, %{{.*}} : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xi1>
  %1 = dlc.greater %x, %y : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xi1>
  // CHECK: dlc.greater_or_equal %{{.*}}, %{{.*}} : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xi1>
  %2 = dlc.greater_or_equal %x, %y : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xi1>
  // CHECK: dlc.less %{{.*}}, %{{.*}} : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xi1>
  %3 = dlc.less %x, %y : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xi1>
  // CHECK: dlc.less_or_equal %{{.*}}, %{{.*}} : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xi1>
  %4 = dlc.less_or_equal %x, %y : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xi1>
  // CHECK: dlc.is_nan %{{.*}} : tensor<?x3xf32> -> tensor<?x3xi1>
  %5 = dlc.is_nan %x : tensor<?x3xf32> -> tensor<?x3xi1>
  // CHECK: dlc.is_inf %{{.*}} {detect_negative = true, detect_positive = false} : tensor<?x3xf32> -> tensor<?x3xi1>
  %6 = dlc.is_inf %x {detect_negative = true, detect_positive = false} : tensor<?x3xf32> -> tensor<?x3xi1>
  return
}

// CHECK-LABEL: func.func @logic
func.func @logic(%p: tensor<2x3xi1>, %q: tensor<3xi1>, %x: tensor<2x1xf32>, %y: tensor<3xf32>) {
  // CHECK: dlc.and %{{.*}}, %{{.*}} : (tensor<2x3xi1>, tensor<3xi1>) -> tensor<2x3xi1>
  %0 = dlc.and %p, %q : (tensor<2x3xi1>, tensor<3xi1>) -> tensor<2x3xi1>
  // CHECK: dlc.or %{{.*}}, %{{.*}} : (tensor<2x3xi1>, tensor<3xi1>) -> tensor<2x3xi1>
  %1 = dlc.or %p, %q : (tensor<2x3xi1>, tensor<3xi1>) -> tensor<2x3xi1>
  // CHECK: dlc.xor %{{.*}}, %{{.*}} : (tensor<2x3xi1>, tensor<3xi1>) -> tensor<2x3xi1>
  %2 = dlc.xor %p, %q : (tensor<2x3xi1>, tensor<3xi1>) -> tensor<2x3xi1>
  // CHECK: dlc.not %{{.*}} : tensor<2x3xi1> -> tensor<2x3xi1>
  %3 = dlc.not %p : tensor<2x3xi1> -> tensor<2x3xi1>
  // CHECK: dlc.absorb_zero %{{.*}}, %{{.*}} : (tensor<2x1xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  %absorbed = dlc.absorb_zero %x, %y : (tensor<2x1xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  // CHECK: dlc.where %{{.*}}, %{{.*}}, %{{.*}} : (tensor<2x3xi1>, tensor<2x1xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  %4 = dlc.where %p, %x, %y : (tensor<2x3xi1>, tensor<2x1xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return
}

// CHECK-LABEL: func.func @bits
func.func @bits(%i: tensor<2x3xi32>, %j: tensor<3xi32>) {
  // CHECK: dlc.bitwise_and %{{.*}}, %{{.*}} : (tensor<2x3xi32>, tensor<3xi32>) -> tensor<2x3xi32>
  %0 = dlc.bitwise_and %i, %j : (tensor<2x3xi32>, tensor<3xi32>) -> tensor<2x3xi32>
  // CHECK: dlc.bitwise_or %{{.*}}, %{{.*}} : (tensor<2x3xi32>, tensor<3xi32>) -> tensor<2x3xi32>
  %1 = dlc.bitwise_or %i, %j : (tensor<2x3xi32>, tensor<3xi32>) -> tensor<2x3xi32>
  // CHECK: dlc.bitwise_xor %{{.*}}, %{{.*}} : (tensor<2x3xi32>, tensor<3xi32>) -> tensor<2x3xi32>
  %2 = dlc.bitwise_xor %i, %j : (tensor<2x3xi32>, tensor<3xi32>) -> tensor<2x3xi32>
  // CHECK: dlc.bitwise_not %{{.*}} : tensor<2x3xi32> -> tensor<2x3xi32>
  %3 = dlc.bitwise_not %i : tensor<2x3xi32> -> tensor<2x3xi32>
  // CHECK: dlc.bit_shift %{{.*}}, %{{.*}} {left = true} : (tensor<2x3xi32>, tensor<3xi32>) -> tensor<2x3xi32>
  %4 = dlc.bit_shift %i, %j {left = true} : (tensor<2x3xi32>, tensor<3xi32>) -> tensor<2x3xi32>
  return
}

// CHECK-LABEL: func.func @casts
func.func @casts(%x: tensor<?x3xf32>) {
  // CHECK: dlc.cast %{{.*}} {to = i64} : tensor<?x3xf32> -> tensor<?x3xi64>
  %0 = dlc.cast %x {to = i64} : tensor<?x3xf32> -> tensor<?x3xi64>
  // CHECK: dlc.cast %{{.*}} {to = bf16} : tensor<?x3xf32> -> tensor<?x3xbf16>
  %1 = dlc.cast %x {to = bf16} : tensor<?x3xf32> -> tensor<?x3xbf16>
  // CHECK: dlc.cast %{{.*}} {to = i1} : tensor<?x3xf32> -> tensor<?x3xi1>
  %2 = dlc.cast %x {to = i1} : tensor<?x3xf32> -> tensor<?x3xi1>
  return
}
