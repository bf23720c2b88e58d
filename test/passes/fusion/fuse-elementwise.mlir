// RUN: dlc-opt %s --dlc-fuse-elementwise | FileCheck %s

// CHECK-LABEL: func.func @chain
func.func @chain(%x: tensor<8xf32>, %z: tensor<8xf32>) -> tensor<8xf32> {
  // CHECK: dlc.kernel {{.*}} kind( elementwise) (%arg0, %arg1 :
  // CHECK: dlc.constant dense<2.0
  // CHECK: dlc.mul
  // CHECK-NEXT: dlc.exp
  // CHECK-NEXT: dlc.add
  // CHECK-NEXT: dlc.yield
  // CHECK: }
  // CHECK-NEXT: return
  %two = dlc.constant dense<2.0> : tensor<f32> : tensor<f32>
  %a = dlc.mul %x, %two : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %b = dlc.exp %a : tensor<8xf32> -> tensor<8xf32>
  %y = dlc.add %b, %z : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return %y : tensor<8xf32>
}

// A value with two users is computed once, by a kernel of its own.
// CHECK-LABEL: func.func @shared
func.func @shared(%x: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>) {
  // CHECK-COUNT-3: dlc.kernel
  %e = dlc.exp %x : tensor<8xf32> -> tensor<8xf32>
  %a = dlc.neg %e : tensor<8xf32> -> tensor<8xf32>
  %b = dlc.abs %e : tensor<8xf32> -> tensor<8xf32>
  return %a, %b : tensor<8xf32>, tensor<8xf32>
}

// What would be recomputed for each of 8 rows stays separate, unless it is cheap.
// CHECK-LABEL: func.func @broadcast
func.func @broadcast(%x: tensor<4xf32>, %z: tensor<8x4xf32>) -> tensor<8x4xf32> {
  // CHECK: dlc.kernel
  // CHECK: dlc.exp
  // CHECK: dlc.yield
  // CHECK: dlc.kernel
  // CHECK: dlc.neg
  // CHECK-NEXT: dlc.add
  %e = dlc.exp %x : tensor<4xf32> -> tensor<4xf32>
  %n = dlc.neg %e : tensor<4xf32> -> tensor<4xf32>
  %y = dlc.add %n, %z : (tensor<4xf32>, tensor<8x4xf32>) -> tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}

// A reduction takes cheap ops before it and everything after it; a softmax, which reads its operand more than once, only the latter.
// CHECK-LABEL: func.func @around
func.func @around(%x: tensor<8x4xf32>) -> (tensor<8xf32>, tensor<8x4xf32>) {
  // CHECK: dlc.kernel {{.*}} kind( reduction) (%arg0 :
  // CHECK: dlc.mul
  // CHECK-NEXT: dlc.reduce sum
  // CHECK-NEXT: dlc.sqrt
  // CHECK-NEXT: dlc.yield
  // CHECK: dlc.kernel {{.*}} kind( elementwise)
  // CHECK: dlc.neg
  // CHECK: dlc.kernel {{.*}} kind( normalization)
  // CHECK: dlc.softmax
  // CHECK-NEXT: dlc.abs
  %m = dlc.mul %x, %x : (tensor<8x4xf32>, tensor<8x4xf32>) -> tensor<8x4xf32>
  %s = dlc.reduce sum %m {axes = array<i64: 1>} : tensor<8x4xf32> -> tensor<8xf32>
  %r = dlc.sqrt %s : tensor<8xf32> -> tensor<8xf32>
  %n = dlc.neg %x : tensor<8x4xf32> -> tensor<8x4xf32>
  %f = dlc.softmax %n {axes = array<i64: 1>} : tensor<8x4xf32> -> tensor<8x4xf32>
  %a = dlc.abs %f : tensor<8x4xf32> -> tensor<8x4xf32>
  return %r, %a : tensor<8xf32>, tensor<8x4xf32>
}

// A mirrored tensor is read where the choice is made.
// CHECK-LABEL: func.func @mirrored
func.func @mirrored(%x: tensor<4x8xf32>, %c: tensor<4x1xi1>) -> tensor<4x8xf32> {
  // CHECK: dlc.kernel {{.*}} kind( elementwise)
  // CHECK: dlc.slice
  // CHECK-NEXT: dlc.where
  // CHECK-NEXT: dlc.yield
  %m = dlc.slice %x {starts = array<i64: 0, 7>, sizes = array<i64: -1, 8>, steps = array<i64: 1, -1>} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %y = dlc.where %c, %m, %x : (tensor<4x1xi1>, tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// Elements are gathered by indices that are computed on the way.
// CHECK-LABEL: func.func @gathered
func.func @gathered(%x: tensor<32xf32>, %row: tensor<4x1xi32>, %column: tensor<8xi32>) -> tensor<4x8xf32> {
  // CHECK: dlc.kernel {{.*}} kind( elementwise) (%arg1, %arg2, %arg0 :
  // CHECK: dlc.add
  // CHECK-NEXT: dlc.gather
  // CHECK-NEXT: dlc.exp
  // CHECK-NEXT: dlc.yield
  %i = dlc.add %row, %column : (tensor<4x1xi32>, tensor<8xi32>) -> tensor<4x8xi32>
  %g = dlc.gather %x, %i {axis = 0 : i64} : (tensor<32xf32>, tensor<4x8xi32>) -> tensor<4x8xf32>
  %y = dlc.exp %g : tensor<4x8xf32> -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// The tensor that is gathered from is stored, and so is a part with short rows.
// CHECK-LABEL: func.func @stored
func.func @stored(%x: tensor<32xf32>, %i: tensor<8xi32>, %z: tensor<8x12xf32>) -> tensor<8x3xf32> {
  // CHECK: dlc.slice %arg2
  // CHECK: dlc.kernel {{.*}} kind( elementwise) (%arg0 :
  // CHECK: dlc.gather
  // CHECK: dlc.kernel {{.*}} kind( elementwise)
  %s = dlc.slice %z {starts = array<i64: 0, 3>, sizes = array<i64: -1, 3>, steps = array<i64: 1, 1>} : (tensor<8x12xf32>) -> tensor<8x3xf32>
  %e = dlc.exp %x : tensor<32xf32> -> tensor<32xf32>
  %g = dlc.gather %e, %i {axis = 0 : i64} : (tensor<32xf32>, tensor<8xi32>) -> tensor<8xf32>
  %r = dlc.reshape %g {shape = array<i64: 8, 1>} : (tensor<8xf32>) -> tensor<8x1xf32>
  %y = dlc.add %s, %r : (tensor<8x3xf32>, tensor<8x1xf32>) -> tensor<8x3xf32>
  return %y : tensor<8x3xf32>
}

// A momentum and the weight that moves by it: one kernel gives both, the weight first. The product that gives the gradient leaves
// the update to it.
// CHECK-LABEL: func.func @momentum
// CHECK: %[[G:.*]] = dlc.matmul %arg0, %arg1
// CHECK: %[[NEW:.*]]:2 = dlc.kernel "w.update" kind( elementwise) (%arg3, %[[G]], %arg2
// CHECK: %[[M:.*]] = dlc.add
// CHECK: %[[W:.*]] = dlc.sub
// CHECK: dlc.yield %[[W]], %[[M]]
// CHECK: return %[[NEW]]#1, %[[NEW]]#0
func.func @momentum(%x: tensor<4x8xf32> {dlc.name = "x"}, %y: tensor<8x4xf32> {dlc.name = "y"},
                    %w: tensor<4x4xf32> {dlc.variable = "w"}, %m: tensor<4x4xf32> {dlc.variable = "m"})
    -> (tensor<4x4xf32> {dlc.variable = "m"}, tensor<4x4xf32> {dlc.variable = "w"}) {
  %half = dlc.constant dense<0.5> : tensor<f32> : tensor<f32>
  %g = dlc.matmul %x, %y : (tensor<4x8xf32>, tensor<8x4xf32>) -> tensor<4x4xf32>
  %kept = dlc.mul %m, %half : (tensor<4x4xf32>, tensor<f32>) -> tensor<4x4xf32>
  %new = dlc.add %kept, %g : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %next = dlc.sub %w, %new : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  return %new, %next : tensor<4x4xf32>, tensor<4x4xf32>
}

// With weight decay the momentum reads the weight, too, which must then not be stored first: two kernels.
// CHECK-LABEL: func.func @decay
// CHECK: dlc.kernel "m.update"
// CHECK: dlc.yield %{{[^,]*}} :
// CHECK: dlc.kernel "w.update"
// CHECK: dlc.yield %{{[^,]*}} :
func.func @decay(%g: tensor<4x4xf32> {dlc.name = "g"}, %w: tensor<4x4xf32> {dlc.variable = "w"}, %m: tensor<4x4xf32> {dlc.variable = "m"})
    -> (tensor<4x4xf32> {dlc.variable = "m"}, tensor<4x4xf32> {dlc.variable = "w"}) {
  %decayed = dlc.add %g, %w : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %new = dlc.add %m, %decayed : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %next = dlc.sub %w, %new : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  return %new, %next : tensor<4x4xf32>, tensor<4x4xf32>
}

// What computes a part of a concatenation alone is computed where the part is written; what two parts read is not.
// CHECK-LABEL: func.func @parts
// CHECK: %[[S:.*]] = dlc.kernel "exp"
// CHECK: dlc.kernel "concat" kind( movement) (%[[S]], %arg1
// CHECK: dlc.mul
// CHECK: dlc.tanh
// CHECK: dlc.concat
func.func @parts(%x: tensor<4x16xf32> {dlc.name = "x"}, %y: tensor<4x16xf32> {dlc.name = "y"}) -> (tensor<4x32xf32> {dlc.name = "z"}) {
  %e = dlc.exp %x : tensor<4x16xf32> -> tensor<4x16xf32>
  %m = dlc.mul %e, %y : (tensor<4x16xf32>, tensor<4x16xf32>) -> tensor<4x16xf32>
  %t = dlc.tanh %e : tensor<4x16xf32> -> tensor<4x16xf32>
  %z = dlc.concat %m, %t {axis = 1 : i64} : (tensor<4x16xf32>, tensor<4x16xf32>) -> tensor<4x32xf32>
  return %z : tensor<4x32xf32>
}

// A part that is a result as well stays outside.
// CHECK-LABEL: func.func @part_is_result
// CHECK: %[[T:.*]] = dlc.kernel "tanh" kind( elementwise)
// CHECK: dlc.concat %[[T]], %arg1
func.func @part_is_result(%x: tensor<4x16xf32> {dlc.name = "x"}, %y: tensor<4x16xf32> {dlc.name = "y"}) -> (tensor<4x32xf32> {dlc.name = "z"}, tensor<4x16xf32> {dlc.name = "t"}) {
  %t = dlc.tanh %x : tensor<4x16xf32> -> tensor<4x16xf32>
  %z = dlc.concat %t, %y {axis = 1 : i64} : (tensor<4x16xf32>, tensor<4x16xf32>) -> tensor<4x32xf32>
  return %z, %t : tensor<4x32xf32>, tensor<4x16xf32>
}

// A kernel has room for 16 functions such as exp, or for 64 sums: compilation would take time with the square of its size.
// CHECK-LABEL: func.func @budget
func.func @budget(%x: tensor<8xf32>) -> tensor<8xf32> {
  // CHECK: dlc.kernel
  // CHECK-COUNT-1: dlc.exp
  // CHECK-NEXT: dlc.yield
  // CHECK: dlc.kernel
  // CHECK-COUNT-16: dlc.exp
  // CHECK-NEXT: dlc.yield
  // CHECK-NOT: dlc.kernel
  // CHECK: return
  %e0 = dlc.exp %x : tensor<8xf32> -> tensor<8xf32>
  %e1 = dlc.exp %e0 : tensor<8xf32> -> tensor<8xf32>
  %e2 = dlc.exp %e1 : tensor<8xf32> -> tensor<8xf32>
  %e3 = dlc.exp %e2 : tensor<8xf32> -> tensor<8xf32>
  %e4 = dlc.exp %e3 : tensor<8xf32> -> tensor<8xf32>
  %e5 = dlc.exp %e4 : tensor<8xf32> -> tensor<8xf32>
  %e6 = dlc.exp %e5 : tensor<8xf32> -> tensor<8xf32>
  %e7 = dlc.exp %e6 : tensor<8xf32> -> tensor<8xf32>
  %e8 = dlc.exp %e7 : tensor<8xf32> -> tensor<8xf32>
  %e9 = dlc.exp %e8 : tensor<8xf32> -> tensor<8xf32>
  %e10 = dlc.exp %e9 : tensor<8xf32> -> tensor<8xf32>
  %e11 = dlc.exp %e10 : tensor<8xf32> -> tensor<8xf32>
  %e12 = dlc.exp %e11 : tensor<8xf32> -> tensor<8xf32>
  %e13 = dlc.exp %e12 : tensor<8xf32> -> tensor<8xf32>
  %e14 = dlc.exp %e13 : tensor<8xf32> -> tensor<8xf32>
  %e15 = dlc.exp %e14 : tensor<8xf32> -> tensor<8xf32>
  %e16 = dlc.exp %e15 : tensor<8xf32> -> tensor<8xf32>
  return %e16 : tensor<8xf32>
}

// A broadcast of some runs is read through; what it broadcasts is not computed again for each reader.
// CHECK-LABEL: func.func @open_broadcast
// CHECK: %[[SIN:.*]] = dlc.kernel
// CHECK-NEXT: ^bb0
// CHECK-NEXT: dlc.sin
// CHECK: dlc.kernel "add" kind( elementwise) (%[[SIN]],
// CHECK: dlc.expand_like
// CHECK-NEXT: dlc.add
func.func @open_broadcast(%x: tensor<?x8xf32> {dlc.dims = ["N", 8]}, %y: tensor<?x8xf32> {dlc.dims = ["M", 8]}) -> tensor<?x8xf32> {
  %0 = dlc.sin %x : tensor<?x8xf32> -> tensor<?x8xf32>
  %1 = dlc.expand_like %0, %y {open = array<i64: 0>} : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %2 = dlc.add %1, %y : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %2 : tensor<?x8xf32>
}
