// RUN: dlc-opt %s --split-input-file --dlc-add-init -verify-diagnostics | FileCheck %s

// Values and initializers move to init; equal numbers are spread from one.
// CHECK: dlc.parameter @w : tensor<4x3xf32> initializer
// CHECK: dlc.parameter @b : tensor<3xf32>{{$}}
dlc.parameter @w : tensor<4x3xf32> initializer {distribution = "uniform", low = -0.5 : f64, high = 0.5 : f64}
dlc.parameter @b : tensor<3xf32> = dense<0.0> : tensor<3xf32>
dlc.parameter @n : tensor<5xf64> initializer {distribution = "normal", mean = 0.0 : f64, stddev = 2.0 : f64}
dlc.parameter @seed : tensor<i64> {kind = "seed"}
// CHECK-LABEL: func.func @init(%arg0: tensor<i64> {dlc.name = "seed"})
// CHECK: %[[U:.*]] = dlc.random_uniform %arg0, %{{.*}}, %{{.*}} : (tensor<i64>, tensor<i64>, tensor<4x3xf32>) -> tensor<4x3xf32>
// CHECK: dlc.assign @w
// CHECK: %[[E:.*]] = dlc.expand %{{.*}} {shape = array<i64: 3>}
// CHECK: dlc.assign @b, %[[E]]
// CHECK: dlc.log
// CHECK: dlc.cos
// CHECK: dlc.assign @n
// CHECK: dlc.assign @seed, %arg0
func.func @train_step(%x: tensor<4x3xf32>) {
  dlc.assign @w, %x : tensor<4x3xf32>
  return
}

// -----

// An orthonormal matrix is made row by row.
dlc.parameter @q : tensor<2x3xf32> initializer {distribution = "orthogonal", gain = 1.0 : f64}
// CHECK: func.func @init
// CHECK: dlc.loop init(%{{.*}} : tensor<2x3xf32>) scan(%{{.*}} : tensor<2x3xf32>) -> tensor<2x3xf32> {
// CHECK: dlc.update_slice
// CHECK-NEXT: dlc.next
// CHECK: dlc.assign @q
func.func @train_step(%x: tensor<2x3xf32>) {
  dlc.assign @q, %x : tensor<2x3xf32>
  return
}

// -----

// Nothing is trained: nothing is added.
dlc.parameter @w : tensor<2xf32> = dense<1.0> : tensor<2xf32>
// CHECK-NOT: @init
func.func @run() -> tensor<2xf32> {
  %w = dlc.load_parameter @w : tensor<2xf32>
  return %w : tensor<2xf32>
}

// -----

// expected-error@+1 {{has neither a value nor an initializer that can give it one}}
dlc.parameter @w : tensor<2xf32>
func.func @train_step(%x: tensor<2xf32>) {
  dlc.assign @w, %x : tensor<2xf32>
  return
}

// -----

dlc.parameter @w : tensor<2xf32> = dense<1.0> : tensor<2xf32>
// expected-error@+1 {{an entry point called 'init' is made for models whose parameters change: choose another name}}
func.func @init(%x: tensor<2xf32>) {
  dlc.assign @w, %x : tensor<2xf32>
  return
}
