// RUN: dlc-opt %s --dlc-differentiate --split-input-file | FileCheck %s

// One op: the gradient is its derivative times that of the result, which is one.
// CHECK-LABEL: func.func @chain
// CHECK-SAME: (%[[X:.*]]: tensor<4xf32>)
func.func @chain(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: %[[Y:.*]] = dlc.exp %[[X]]
  %y = dlc.exp %x : tensor<4xf32> -> tensor<4xf32>
  // CHECK: %[[ONE:.*]] = dlc.fill %[[Y]] {element_type = f32, shape = array<i64: 4>, value = 1.000000e+00 : f64}
  // The derivative overflows where the exponential function does: a gradient of 0 would stay 0.
  // CHECK: %[[P:.*]] = dlc.mul %[[ONE]], %[[Y]]
  // CHECK-NEXT: %[[D:.*]] = dlc.absorb_zero %[[P]], %[[ONE]]
  // CHECK-NEXT: return %[[D]]
  %d = dlc.gradient %y with_respect_to(%x : tensor<4xf32>) : tensor<4xf32>
  return %d : tensor<4xf32>
}

// -----

// What comes on two ways is added; what was broadcast is summed.
// CHECK-LABEL: func.func @accumulate
// CHECK-SAME: (%[[X:.*]]: tensor<?x4xf32>, %[[B:.*]]: tensor<4xf32>)
func.func @accumulate(%x: tensor<?x4xf32>, %b: tensor<4xf32>) -> (tensor<?x4xf32>, tensor<4xf32>) {
  %0 = dlc.add %x, %b : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  %y = dlc.mul %0, %x : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  // CHECK: %[[ONE:.*]] = dlc.fill
  // CHECK: %[[FIRST:.*]] = dlc.mul %[[ONE]], %[[X]]
  // CHECK: %[[SECOND:.*]] = dlc.mul %[[ONE]], %{{.*}}
  // CHECK-DAG: %[[DB:.*]] = dlc.reduce sum %[[FIRST]] {axes = array<i64: 0>}
  // CHECK-DAG: %[[DX:.*]] = dlc.add %[[SECOND]], %[[FIRST]]
  // CHECK: return %[[DX]], %{{.*}} : tensor<?x4xf32>, tensor<4xf32>
  %dx, %db = dlc.gradient %y with_respect_to(%x, %b : tensor<?x4xf32>, tensor<4xf32>) : tensor<?x4xf32>
  return %dx, %db : tensor<?x4xf32>, tensor<4xf32>
}

// -----

// Loads of one parameter are one tensor. What does not matter has a gradient of zeros, and no gradient passes where it
// is stopped.
dlc.parameter @w : tensor<3xf32> = dense<1.0> : tensor<3xf32> {kind = "weight"}
// CHECK-LABEL: func.func @zeros
func.func @zeros(%x: tensor<3xf32>, %z: tensor<2xf32>) -> (tensor<3xf32>, tensor<2xf32>, tensor<3xf32>) {
  // CHECK: %[[W:.*]] = dlc.load_parameter @w
  // CHECK-NOT: dlc.load_parameter
  %w0 = dlc.load_parameter @w : tensor<3xf32>
  %w1 = dlc.load_parameter @w : tensor<3xf32>
  // CHECK-NOT: dlc.stop_gradient
  %s = dlc.stop_gradient %x : tensor<3xf32> -> tensor<3xf32>
  %0 = dlc.mul %w0, %s : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  %1 = dlc.mul %0, %w1 : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  // CHECK: %[[DW:.*]] = dlc.add
  // CHECK: %[[DZ:.*]] = dlc.fill %{{.*}} {element_type = f32, shape = array<i64: 2>, value = 0.000000e+00 : f64}
  // CHECK: %[[DX:.*]] = dlc.fill %{{.*}} {element_type = f32, shape = array<i64: 3>, value = 0.000000e+00 : f64}
  // CHECK: return %[[DW]], %[[DZ]], %[[DX]]
  %dw, %dz, %dx = dlc.gradient %1 with_respect_to(%w0, %z, %x : tensor<3xf32>, tensor<2xf32>, tensor<3xf32>) : tensor<3xf32>
  return %dw, %dz, %dx : tensor<3xf32>, tensor<2xf32>, tensor<3xf32>
}

// -----

// Where elements were chosen by indices, gradients are added at them.
// CHECK-LABEL: func.func @gather
// CHECK-SAME: (%[[X:.*]]: tensor<65x8xf32>, %[[I:.*]]: tensor<?xi64>)
func.func @gather(%x: tensor<65x8xf32>, %i: tensor<?xi64>) -> tensor<65x8xf32> {
  %y = dlc.gather %x, %i {axis = 0 : i64} : (tensor<65x8xf32>, tensor<?xi64>) -> tensor<?x8xf32>
  // CHECK: %[[D:.*]] = dlc.scatter_add %[[X]], %[[I]], %{{.*}} {axis = 0 : i64}
  // CHECK-NEXT: return %[[D]]
  %d = dlc.gradient %y with_respect_to(%x : tensor<65x8xf32>) : tensor<?x8xf32>
  return %d : tensor<65x8xf32>
}

// -----

// The gradient of a shape with two dynamic extents goes back by the shape of the operand.
// CHECK-LABEL: func.func @reshape
// CHECK-SAME: (%[[X:.*]]: tensor<?x?xf32>)
func.func @reshape(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %y = dlc.reshape %x {shape = array<i64: -1>} : (tensor<?x?xf32>) -> tensor<?xf32>
  // CHECK: dlc.reshape_like %{{.*}}, %[[X]] : (tensor<?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  %d = dlc.gradient %y with_respect_to(%x : tensor<?x?xf32>) : tensor<?xf32>
  return %d : tensor<?x?xf32>
}

// -----

// The gradient of a gradient finds the inner one written out.
// CHECK-LABEL: func.func @second
func.func @second(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = dlc.sin %x : tensor<4xf32> -> tensor<4xf32>
  // CHECK: dlc.cos
  // CHECK: dlc.sin
  // CHECK-NOT: dlc.gradient
  %d = dlc.gradient %y with_respect_to(%x : tensor<4xf32>) : tensor<4xf32>
  %dd = dlc.gradient %d with_respect_to(%x : tensor<4xf32>) : tensor<4xf32>
  return %dd : tensor<4xf32>
}

// -----

// A derivative that is infinite at 0 meets gradients of 0, which absorb it. Of ops whose derivative is bounded this is only
// so where their operand may be infinite itself; a quotient by a constant is not one of these.
// CHECK-LABEL: func.func @singular
// CHECK-SAME: (%[[X:.*]]: tensor<4xf32>, %[[Z:.*]]: tensor<4xf32>)
func.func @singular(%x: tensor<4xf32>, %z: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %two = dlc.constant dense<2.0> : tensor<f32> : tensor<f32>
  %0 = dlc.log %x : tensor<4xf32> -> tensor<4xf32>
  %1 = dlc.tanh %0 : tensor<4xf32> -> tensor<4xf32>
  %2 = dlc.div %1, %two : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %3 = dlc.tanh %z : tensor<4xf32> -> tensor<4xf32>
  %y = dlc.add %2, %3 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  // CHECK: %[[ONE:.*]] = dlc.fill
  // CHECK: %[[DZ:.*]] = dlc.mul %[[ONE]], %{{.*}}
  // CHECK-NEXT: %[[D2:.*]] = dlc.div %[[ONE]], %{{.*}}
  // CHECK: %[[P1:.*]] = dlc.mul %[[D2]], %{{.*}}
  // CHECK-NEXT: %[[D1:.*]] = dlc.absorb_zero %[[P1]], %[[D2]]
  // CHECK-NEXT: %[[P0:.*]] = dlc.div %[[D1]], %[[X]]
  // CHECK-NEXT: %[[DX:.*]] = dlc.absorb_zero %[[P0]], %[[D1]]
  // CHECK-NEXT: return %[[DX]], %[[DZ]]
  %dx, %dz = dlc.gradient %y with_respect_to(%x, %z : tensor<4xf32>, tensor<4xf32>) : tensor<4xf32>
  return %dx, %dz : tensor<4xf32>, tensor<4xf32>
}
