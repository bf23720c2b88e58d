// RUN: dlc-opt %s --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @neutral
func.func @neutral(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>) {
  // CHECK: %[[S:.*]] = dlc.add
  // CHECK: return %arg0, %[[S]], %arg0
  %one = dlc.constant dense<1.0> : tensor<f32> : tensor<f32>
  %zero = dlc.constant dense<0.0> : tensor<f32> : tensor<f32>
  %minus = dlc.constant dense<-0.0> : tensor<f32> : tensor<f32>
  %m = dlc.mul %x, %one : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  // -0 + 0 is 0, so adding +0 changes a value.
  %s = dlc.add %x, %zero : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  %t = dlc.add %x, %minus : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  return %m, %s, %t : tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>
}

// CHECK-LABEL: func.func @broadcast
func.func @broadcast(%x: tensor<3xf32>) -> tensor<2x3xf32> {
  // CHECK: dlc.mul
  %one = dlc.constant dense<1.0> : tensor<2x1xf32> : tensor<2x1xf32>
  %m = dlc.mul %x, %one : (tensor<3xf32>, tensor<2x1xf32>) -> tensor<2x3xf32>
  return %m : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @movement
func.func @movement(%x: tensor<2x3x4xf32>, %u: tensor<5x1x7xf32>) -> (tensor<2x3x4xf32>, tensor<24xf32>, tensor<1x5x7xf32>) {
  // CHECK-DAG: %[[R:.*]] = dlc.reshape %arg0 {shape = array<i64: 24>}
  // CHECK-DAG: %[[T:.*]] = dlc.reshape %arg1 {shape = array<i64: 1, 5, 7>}
  // CHECK: return %arg0, %[[R]], %[[T]]
  %a = dlc.transpose %x {permutation = array<i64: 1, 2, 0>} : (tensor<2x3x4xf32>) -> tensor<3x4x2xf32>
  %b = dlc.transpose %a {permutation = array<i64: 2, 0, 1>} : (tensor<3x4x2xf32>) -> tensor<2x3x4xf32>
  %c = dlc.reshape %x {shape = array<i64: 6, 4>} : (tensor<2x3x4xf32>) -> tensor<6x4xf32>
  %d = dlc.reshape %c {shape = array<i64: 24>} : (tensor<6x4xf32>) -> tensor<24xf32>
  %e = dlc.transpose %u {permutation = array<i64: 1, 0, 2>} : (tensor<5x1x7xf32>) -> tensor<1x5x7xf32>
  return %b, %d, %e : tensor<2x3x4xf32>, tensor<24xf32>, tensor<1x5x7xf32>
}

// A constant is stored in its type's layout; Winograd weights are computed when a library is loaded.
// CHECK-LABEL: func.func @pack
func.func @pack() -> (tensor<2x3xf32, #dlc.layout<order = [1, 0]>>, tensor<4x3x3x3xf32, #dlc.layout<order = [0, 2, 3, 1], winograd = 4>>) {
  // CHECK-DAG: %[[C:.*]] = dlc.constant {{.*}} : tensor<2x3xf32, #dlc.layout<order = [1, 0]>>
  // CHECK-DAG: %[[W:.*]] = dlc.pack
  // CHECK: return %[[C]], %[[W]]
  %c = dlc.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32> : tensor<2x3xf32>
  %p = dlc.pack %c : tensor<2x3xf32> -> tensor<2x3xf32, #dlc.layout<order = [1, 0]>>
  %w = dlc.constant dense<1.0> : tensor<4x3x3x3xf32> : tensor<4x3x3x3xf32>
  %q = dlc.pack %w : tensor<4x3x3x3xf32> -> tensor<4x3x3x3xf32, #dlc.layout<order = [0, 2, 3, 1], winograd = 4>>
  return %p, %q : tensor<2x3xf32, #dlc.layout<order = [1, 0]>>, tensor<4x3x3x3xf32, #dlc.layout<order = [0, 2, 3, 1], winograd = 4>>
}

// CHECK-LABEL: func.func @single_elements
func.func @single_elements(%x: tensor<?x1x5xf32>) -> (tensor<?x5xf32>, tensor<?x1x5xf32>, tensor<?x1xf32>) {
  // CHECK-DAG: %[[S:.*]] = dlc.reshape %arg0 {shape = array<i64: -1, 5>}
  // CHECK-DAG: %[[A:.*]] = dlc.abs %arg0
  // CHECK-DAG: %[[R:.*]] = dlc.reduce {{.*}} {axes = array<i64: 2>}
  // CHECK: return %[[S]], %[[A]], %[[R]]
  %s = dlc.reduce sum %x {axes = array<i64: 1>} : tensor<?x1x5xf32> -> tensor<?x5xf32>
  %a = dlc.reduce l1 %x {axes = array<i64: 1>, keep_dims = true} : tensor<?x1x5xf32> -> tensor<?x1x5xf32>
  %r = dlc.reduce sum %x {axes = array<i64: 2>} : tensor<?x1x5xf32> -> tensor<?x1xf32>
  return %s, %a, %r : tensor<?x5xf32>, tensor<?x1x5xf32>, tensor<?x1xf32>
}

// Squares and logarithms are taken in the type of the sum: an elementwise op would give other numbers.
// CHECK-LABEL: func.func @single_elements_in_wider_types
func.func @single_elements_in_wider_types(%x: tensor<3x1xf32>, %i: tensor<3x1xi32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xi32>) {
  // CHECK: dlc.reduce l2
  // CHECK: dlc.reduce sum_square
  // CHECK: dlc.reduce log_sum
  %a = dlc.reduce l2 %x {axes = array<i64: 1>} : tensor<3x1xf32> -> tensor<3xf32>
  %b = dlc.reduce sum_square %x {axes = array<i64: 1>} : tensor<3x1xf32> -> tensor<3xf32>
  %c = dlc.reduce log_sum %i {axes = array<i64: 1>} : tensor<3x1xi32> -> tensor<3xi32>
  return %a, %b, %c : tensor<3xf32>, tensor<3xf32>, tensor<3xi32>
}

// What an integer type does not hold is its nearest end, as in dlc.cast.
// CHECK-LABEL: func.func @fills_beyond_the_type
func.func @fills_beyond_the_type(%x: tensor<2xf32>) -> (tensor<2xui8>, tensor<2xi64>, tensor<2xi32>) {
  // CHECK-DAG: %[[A:.*]] = dlc.constant dense<255> : tensor<2xui8>
  // CHECK-DAG: %[[B:.*]] = dlc.constant dense<-9223372036854775808> : tensor<2xi64>
  // CHECK-DAG: %[[C:.*]] = dlc.constant dense<0> : tensor<2xi32>
  // CHECK: return %[[A]], %[[B]], %[[C]]
  %a = dlc.fill %x {element_type = ui8, shape = array<i64: -2>, value = 300.0 : f64} : (tensor<2xf32>) -> tensor<2xui8>
  %b = dlc.fill %x {element_type = i64, shape = array<i64: -2>, value = -1.0e30 : f64} : (tensor<2xf32>) -> tensor<2xi64>
  %c = dlc.fill %x {element_type = i32, shape = array<i64: -2>, value = 0x7FF8000000000000 : f64} : (tensor<2xf32>) -> tensor<2xi32>
  return %a, %b, %c : tensor<2xui8>, tensor<2xi64>, tensor<2xi32>
}

// CHECK-LABEL: func.func @fills
func.func @fills(%x: tensor<?x3xf32>) -> (tensor<2x3xf32>, tensor<?x4xf32>) {
  // CHECK-DAG: %[[C:.*]] = dlc.constant dense<1.500000e+00> : tensor<2x3xf32>
  // CHECK-DAG: %[[F:.*]] = dlc.fill %arg0 {element_type = f32, shape = array<i64: -2, 4>
  // CHECK: return %[[C]], %[[F]]
  %c = dlc.fill %x {element_type = f32, shape = array<i64: 2, -3>, value = 1.5 : f64} : (tensor<?x3xf32>) -> tensor<2x3xf32>
  %f = dlc.fill %x {element_type = f32, shape = array<i64: -2, 4>, value = 1.5 : f64} : (tensor<?x3xf32>) -> tensor<?x4xf32>
  return %c, %f : tensor<2x3xf32>, tensor<?x4xf32>
}

// CHECK-LABEL: func.func @extents
func.func @extents(%x: tensor<?x3x4xf32>) -> (tensor<f32>, tensor<i64>) {
  // CHECK-DAG: %[[K:.*]] = dlc.constant dense<1.200000e+01> : tensor<f32>
  // CHECK-DAG: %[[N:.*]] = dlc.extent %arg0 {axes = array<i64: 0>, element_type = i64}
  // CHECK: return %[[K]], %[[N]]
  %k = dlc.extent %x {axes = array<i64: 1, 2>, element_type = f32} : (tensor<?x3x4xf32>) -> tensor<f32>
  %n = dlc.extent %x {axes = array<i64: 0>, element_type = i64} : (tensor<?x3x4xf32>) -> tensor<i64>
  return %k, %n : tensor<f32>, tensor<i64>
}

// CHECK-LABEL: func.func @shapes_of_others
func.func @shapes_of_others(%x: tensor<?xf32>, %one: tensor<?x3xf32>, %two: tensor<?x?xf32>, %none: tensor<?x0xf32>) -> (tensor<?x3xf32>, tensor<?x?xf32>, tensor<?x0xf32>) {
  // CHECK-DAG: %[[A:.*]] = dlc.reshape %arg0 {shape = array<i64: -1, 3>}
  // CHECK-DAG: %[[B:.*]] = dlc.reshape_like %arg0, %arg2
  // CHECK-DAG: %[[C:.*]] = dlc.reshape_like %arg0, %arg3
  // CHECK: return %[[A]], %[[B]], %[[C]]
  %a = dlc.reshape_like %x, %one : (tensor<?xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  %b = dlc.reshape_like %x, %two : (tensor<?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  %c = dlc.reshape_like %x, %none : (tensor<?xf32>, tensor<?x0xf32>) -> tensor<?x0xf32>
  return %a, %b, %c : tensor<?x3xf32>, tensor<?x?xf32>, tensor<?x0xf32>
}
