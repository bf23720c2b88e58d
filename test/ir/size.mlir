// RUN: dlc-opt %s --canonicalize --split-input-file | FileCheck %s

// CHECK: #[[DIMS:.*]] = affine_map<()[s0, s1, s2] -> (s0 * 2, s1)>
// CHECK: #[[VALUES:.*]] = affine_map<()[s0, s1] -> (s0, s1 - 1)>
// CHECK-LABEL: func.func @shapes
func.func @shapes(%x: tensor<?x8xf32>, %c: tensor<1x8xf32>, %y: tensor<?xi64>) -> (tensor<?x8xf32>, tensor<?x8xf32>, tensor<2xi64>) {
  // CHECK: %[[SHAPE:.*]] = dlc.shape %{{.*}}, %{{.*}} {dims = #[[DIMS]]} : (tensor<?x8xf32>, tensor<?xi64>) -> tensor<?x8xi1>
  %s = dlc.shape %x, %y {dims = affine_map<()[s0, s1, s2] -> (s0 * 2, s1)>} : (tensor<?x8xf32>, tensor<?xi64>) -> tensor<?x8xi1>
  // CHECK: dlc.expand_like %{{.*}}, %[[SHAPE]] : (tensor<1x8xf32>, tensor<?x8xi1>) -> tensor<?x8xf32>
  %0 = dlc.expand_like %c, %s : (tensor<1x8xf32>, tensor<?x8xi1>) -> tensor<?x8xf32>
  // CHECK: dlc.expand_like %{{.*}}, %[[SHAPE]] {open = array<i64: 0>} : (tensor<?x8xf32>, tensor<?x8xi1>) -> tensor<?x8xf32>
  %2 = dlc.expand_like %x, %s {open = array<i64: 0>} : (tensor<?x8xf32>, tensor<?x8xi1>) -> tensor<?x8xf32>
  // CHECK: dlc.integers %{{.*}} {element_type = i64, values = #[[VALUES]]} : (tensor<?x8xf32>) -> tensor<2xi64>
  %1 = dlc.integers %x {values = affine_map<()[s0, s1] -> (s0, s1 - 1)>, element_type = i64} : (tensor<?x8xf32>) -> tensor<2xi64>
  return %0, %2, %1 : tensor<?x8xf32>, tensor<?x8xf32>, tensor<2xi64>
}

// -----

// What has become known is an op with fixed sizes.
// CHECK-LABEL: func.func @known
func.func @known(%x: tensor<5x8xf32>, %c: tensor<1x8xf32>) -> (tensor<10x8xf32>, tensor<2x8xf32>, tensor<7x8xf32>, tensor<2xi64>) {
  // CHECK-DAG: %[[INTEGERS:.*]] = dlc.constant dense<[5, 7]> : tensor<2xi64>
  // CHECK-DAG: %[[EXPANDED:.*]] = dlc.expand %{{.*}} {shape = array<i64: 10, 8>} : (tensor<1x8xf32>) -> tensor<10x8xf32>
  %s = dlc.shape %x {dims = affine_map<()[s0, s1] -> (s0 * 2, s1)>} : (tensor<5x8xf32>) -> tensor<10x8xi1>
  %0 = dlc.expand_like %c, %s : (tensor<1x8xf32>, tensor<10x8xi1>) -> tensor<10x8xf32>
  // CHECK-DAG: %[[PART:.*]] = dlc.slice %{{.*}} {sizes = array<i64: 2, 8>, starts = array<i64: 1, 0>, steps = array<i64: 2, 1>} : (tensor<5x8xf32>) -> tensor<2x8xf32>
  %from = dlc.shape %x {dims = affine_map<()[s0, s1] -> (s0 floordiv 4, 0)>} : (tensor<5x8xf32>) -> tensor<1x0xi1>
  %size = dlc.shape %x {dims = affine_map<()[s0, s1] -> (s0 floordiv 2, s1)>} : (tensor<5x8xf32>) -> tensor<2x8xi1>
  %1 = dlc.slice_like %x, %from, %size {steps = array<i64: 2, 1>} : (tensor<5x8xf32>, tensor<1x0xi1>, tensor<2x8xi1>) -> tensor<2x8xf32>
  // CHECK-DAG: %[[PADDED:.*]] = dlc.pad %{{.*}} {high = array<i64: 1, 0>, low = array<i64: 1, 0>, mode = {{.*}}} : (tensor<5x8xf32>) -> tensor<7x8xf32>
  %all = dlc.shape %x {dims = affine_map<()[s0, s1] -> (s0 + 2, s1)>} : (tensor<5x8xf32>) -> tensor<7x8xi1>
  %2 = dlc.pad_like %x, %from, %all {mode = #dlc<pad_mode constant>} : (tensor<5x8xf32>, tensor<1x0xi1>, tensor<7x8xi1>) -> tensor<7x8xf32>
  %3 = dlc.integers %x {values = affine_map<()[s0, s1] -> (s0, s1 - 1)>, element_type = i64} : (tensor<5x8xf32>) -> tensor<2xi64>
  // CHECK: return %[[EXPANDED]], %[[PART]], %[[PADDED]], %[[INTEGERS]]
  return %0, %1, %2, %3 : tensor<10x8xf32>, tensor<2x8xf32>, tensor<7x8xf32>, tensor<2xi64>
}

// An extent that data decides is like any other: what follows from it is dynamic.
// CHECK-LABEL: func.func @readback
func.func @readback(%x: tensor<?x8xf32>, %mask: tensor<?xi1>, %count: tensor<i64>) -> (tensor<?x8xf32>, tensor<?xi1>) {
  // CHECK: dlc.running_count %{{.*}} : tensor<?xi1> -> tensor<?xi64>
  %c = dlc.running_count %mask : tensor<?xi1> -> tensor<?xi64>
  // CHECK: %[[FOUND:.*]] = dlc.readback %{{.*}}, %{{.*}} {bound = #{{.*}}, symbol = "found"} : (tensor<i64>, tensor<?xi1>) -> tensor<?xi1>
  %s = dlc.readback %count, %mask {bound = affine_map<()[s0] -> (s0)>, symbol = "found"} : (tensor<i64>, tensor<?xi1>) -> tensor<?xi1>
  // CHECK: dlc.true_positions %{{.*}}, %[[FOUND]] : (tensor<?xi64>, tensor<?xi1>) -> tensor<?xi64>
  %p = dlc.true_positions %c, %s : (tensor<?xi64>, tensor<?xi1>) -> tensor<?xi64>
  %y = dlc.gather %x, %p {axis = 0 : i64} : (tensor<?x8xf32>, tensor<?xi64>) -> tensor<?x8xf32>
  // CHECK: dlc.readback %{{.*}} {bound = #{{.*}}, symbol = "rest"} : (tensor<i64>) -> tensor<?xi1>
  %t = dlc.readback %count {bound = affine_map<() -> ()>, symbol = "rest"} : (tensor<i64>) -> tensor<?xi1>
  return %y, %t : tensor<?x8xf32>, tensor<?xi1>
}
