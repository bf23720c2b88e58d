// RUN: dlc-opt %s --dlc-fold-broadcasts --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @expand
// CHECK-SAME: (%[[D:.*]]: tensor<8x1xf32>, %[[X:.*]]: tensor<8x4xf32>)
func.func @expand(%d: tensor<8x1xf32>, %x: tensor<8x4xf32>) -> tensor<8x4xf32> {
  // CHECK-NEXT: %[[Y:.*]] = dlc.mul %[[D]], %[[X]]
  // CHECK-NEXT: return %[[Y]]
  %0 = dlc.expand %d {shape = array<i64: 8, 4>} : (tensor<8x1xf32>) -> tensor<8x4xf32>
  %1 = dlc.mul %0, %x : (tensor<8x4xf32>, tensor<8x4xf32>) -> tensor<8x4xf32>
  return %1 : tensor<8x4xf32>
}

// To dynamic extents, by a sum with -0; a sum with 0 is another thing.
// CHECK-LABEL: func.func @dynamic
// CHECK-SAME: (%[[D:.*]]: tensor<f32>, %[[X:.*]]: tensor<?x4xf32>)
func.func @dynamic(%d: tensor<f32>, %x: tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  // CHECK-DAG: %[[Z:.*]] = dlc.fill %[[X]] {{.*}}value = 0.000000e+00
  // CHECK-DAG: %[[A:.*]] = dlc.add %[[Z]], %[[D]]
  // CHECK-DAG: %[[Y:.*]] = dlc.mul %[[X]], %[[D]]
  // CHECK-DAG: %[[W:.*]] = dlc.mul %[[X]], %[[A]]
  // CHECK: return %[[Y]], %[[W]]
  %m = dlc.fill %x {shape = array<i64: -2, 4>, value = -0.0 : f64, element_type = f32} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %0 = dlc.add %m, %d : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  %1 = dlc.mul %x, %0 : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %z = dlc.fill %x {shape = array<i64: -2, 4>, value = 0.0 : f64, element_type = f32} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %2 = dlc.add %z, %d : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  %3 = dlc.mul %x, %2 : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return %1, %3 : tensor<?x4xf32>, tensor<?x4xf32>
}

// Nothing else gives the result its shape: one of two broadcasts stays, and that of a lone operand.
// CHECK-LABEL: func.func @shape_giver
func.func @shape_giver(%d: tensor<8x1xf32>) -> (tensor<8x4xf32>, tensor<8x4xf32>) {
  // CHECK: %[[E:.*]] = dlc.expand %[[D:.*]] {
  // CHECK-DAG: %[[A:.*]] = dlc.neg %[[E]]
  // CHECK-DAG: %[[B:.*]] = dlc.mul %[[D]], %[[E]]
  // CHECK: return %[[A]], %[[B]]
  %0 = dlc.expand %d {shape = array<i64: 8, 4>} : (tensor<8x1xf32>) -> tensor<8x4xf32>
  %1 = dlc.neg %0 : tensor<8x4xf32> -> tensor<8x4xf32>
  %2 = dlc.mul %0, %0 : (tensor<8x4xf32>, tensor<8x4xf32>) -> tensor<8x4xf32>
  return %1, %2 : tensor<8x4xf32>, tensor<8x4xf32>
}

// -----

// What is broadcast in some runs only counts as equal without the op.
// CHECK-LABEL: func.func @open
// CHECK: %[[E:.*]] = dlc.expand_like
// CHECK: dlc.add %[[E]],
func.func @open(%x: tensor<?x8xf32>, %y: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = dlc.expand_like %x, %y {open = array<i64: 0>} : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = dlc.add %0, %y : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}
