// RUN: dlc-opt %s | dlc-opt | FileCheck %s
// Attention prints and parses; its result has the queries' batch, heads and length and the values' size.

// CHECK-LABEL: func.func @plain
func.func @plain(%q: tensor<?x8x?x64xf32>, %k: tensor<?x2x7x64xf32>, %v: tensor<?x2x7x32xf32>) {
  // CHECK: dlc.attention %{{.*}}, %{{.*}}, %{{.*}} {scale = 1.250000e-01 : f64} : (tensor<?x8x?x64xf32>, tensor<?x2x7x64xf32>, tensor<?x2x7x32xf32>) -> tensor<?x8x?x32xf32>
  %0 = dlc.attention %q, %k, %v {scale = 0.125 : f64} : (tensor<?x8x?x64xf32>, tensor<?x2x7x64xf32>, tensor<?x2x7x32xf32>) -> tensor<?x8x?x32xf32>
  return
}

// CHECK-LABEL: func.func @masked
func.func @masked(%q: tensor<2x4x5x8xbf16>, %k: tensor<2x4x9x8xbf16>, %m: tensor<5x9xi1>, %l: tensor<2xi64>) {
  // CHECK: dlc.attention %{{.*}}, %{{.*}}, %{{.*}} mask %{{.*}} : tensor<5x9xi1> lengths %{{.*}} : tensor<2xi64> {from_end = true, left = 3 : i64, offset = 1 : i64, right = 0 : i64, scale = 1.000000e+00 : f64, softcap = 5.000000e+01 : f64}
  %0 = dlc.attention %q, %k, %k mask %m : tensor<5x9xi1> lengths %l : tensor<2xi64>
    {scale = 1.0 : f64, softcap = 50.0 : f64, left = 3 : i64, right = 0 : i64, offset = 1 : i64, from_end = true}
    : (tensor<2x4x5x8xbf16>, tensor<2x4x9x8xbf16>, tensor<2x4x9x8xbf16>) -> tensor<2x4x5x8xbf16>
  return
}
