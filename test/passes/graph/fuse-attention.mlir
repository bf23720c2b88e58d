// RUN: dlc-opt %s --dlc-fuse-attention --canonicalize --split-input-file | FileCheck %s

// The scale on the scores, the mask a sum, keys transposed by an op of its own.
// CHECK-LABEL: func.func @scaled_scores
// CHECK-SAME: (%[[Q:.*]]: tensor<?x12x128x64xf32>, %[[K:.*]]: tensor<?x12x128x64xf32>, %[[V:.*]]: tensor<?x12x128x64xf32>, %[[M:.*]]: tensor<?x1x1x128xf32>)
func.func @scaled_scores(%q: tensor<?x12x128x64xf32>, %k: tensor<?x12x128x64xf32>, %v: tensor<?x12x128x64xf32>,
                         %m: tensor<?x1x1x128xf32>) -> tensor<?x12x128x64xf32> {
  // CHECK: %[[Y:.*]] = dlc.attention %[[Q]], %[[K]], %[[V]] mask %[[M]] : tensor<?x1x1x128xf32> {scale = 1.250000e-01 : f64}
  // CHECK-NEXT: return %[[Y]]
  %c = dlc.constant dense<0.125> : tensor<f32> : tensor<f32>
  %kt = dlc.transpose %k {permutation = array<i64: 0, 1, 3, 2>} : (tensor<?x12x128x64xf32>) -> tensor<?x12x64x128xf32>
  %s = dlc.matmul %q, %kt : (tensor<?x12x128x64xf32>, tensor<?x12x64x128xf32>) -> tensor<?x12x128x128xf32>
  %t = dlc.mul %s, %c : (tensor<?x12x128x128xf32>, tensor<f32>) -> tensor<?x12x128x128xf32>
  %u = dlc.add %t, %m : (tensor<?x12x128x128xf32>, tensor<?x1x1x128xf32>) -> tensor<?x12x128x128xf32>
  %p = dlc.softmax %u {axes = array<i64: 3>} : tensor<?x12x128x128xf32> -> tensor<?x12x128x128xf32>
  %y = dlc.matmul %p, %v : (tensor<?x12x128x128xf32>, tensor<?x12x128x64xf32>) -> tensor<?x12x128x64xf32>
  return %y : tensor<?x12x128x64xf32>
}

// -----

// A square root of the scale on q and on k; keys come from one transposition that also splits heads, which stays one.
// CHECK-LABEL: func.func @scaled_operands
func.func @scaled_operands(%q: tensor<1x2x8x16xf32>, %x: tensor<1x8x2x16xf32>, %v: tensor<1x2x8x16xf32>) -> tensor<1x2x8x16xf32> {
  // CHECK: %[[K:.*]] = dlc.transpose %{{.*}} {permutation = array<i64: 0, 2, 1, 3>} : (tensor<1x8x2x16xf32>) -> tensor<1x2x8x16xf32>
  // CHECK: dlc.attention %{{.*}}, %[[K]], %{{.*}} {scale = 2.500000e-01 : f64}
  %c = dlc.constant dense<0.5> : tensor<f32> : tensor<f32>
  %two = dlc.constant dense<2.0> : tensor<f32> : tensor<f32>
  %a = dlc.mul %q, %c : (tensor<1x2x8x16xf32>, tensor<f32>) -> tensor<1x2x8x16xf32>
  %t = dlc.transpose %x {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x8x2x16xf32>) -> tensor<1x2x16x8xf32>
  %b = dlc.div %t, %two : (tensor<1x2x16x8xf32>, tensor<f32>) -> tensor<1x2x16x8xf32>
  %s = dlc.matmul %a, %b : (tensor<1x2x8x16xf32>, tensor<1x2x16x8xf32>) -> tensor<1x2x8x8xf32>
  %p = dlc.softmax %s {axes = array<i64: 3>} : tensor<1x2x8x8xf32> -> tensor<1x2x8x8xf32>
  %y = dlc.matmul %p, %v : (tensor<1x2x8x8xf32>, tensor<1x2x8x16xf32>) -> tensor<1x2x8x16xf32>
  return %y : tensor<1x2x8x16xf32>
}

// -----

// A truth-valued mask that chooses between scores and minus infinity; transpose_rhs.
// CHECK-LABEL: func.func @where
func.func @where(%q: tensor<1x2x8x16xf32>, %m: tensor<8x8xi1>) -> tensor<1x2x8x16xf32> {
  // CHECK: dlc.attention %{{.*}}, %{{.*}}, %{{.*}} mask %{{.*}} : tensor<8x8xi1> {scale = 1.000000e+00 : f64}
  %none = dlc.constant dense<0xFF800000> : tensor<f32> : tensor<f32>
  %s = dlc.matmul %q, %q {transpose_rhs = true} : (tensor<1x2x8x16xf32>, tensor<1x2x8x16xf32>) -> tensor<1x2x8x8xf32>
  %w = dlc.where %m, %s, %none : (tensor<8x8xi1>, tensor<1x2x8x8xf32>, tensor<f32>) -> tensor<1x2x8x8xf32>
  %p = dlc.softmax %w {axes = array<i64: 3>} : tensor<1x2x8x8xf32> -> tensor<1x2x8x8xf32>
  %y = dlc.matmul %p, %q : (tensor<1x2x8x8xf32>, tensor<1x2x8x16xf32>) -> tensor<1x2x8x16xf32>
  return %y : tensor<1x2x8x16xf32>
}

// -----

// Three dimensions: one head.
// CHECK-LABEL: func.func @no_heads
func.func @no_heads(%q: tensor<?x8x16xf32>, %k: tensor<?x8x16xf32>) -> tensor<?x8x16xf32> {
  // CHECK: dlc.attention %{{.*}}, %{{.*}}, %{{.*}} {scale = 1.000000e+00 : f64} : (tensor<?x1x8x16xf32>, tensor<?x1x8x16xf32>, tensor<?x1x8x16xf32>) -> tensor<?x1x8x16xf32>
  // CHECK: dlc.reshape {{.*}} -> tensor<?x8x16xf32>
  %s = dlc.matmul %q, %k {transpose_rhs = true} : (tensor<?x8x16xf32>, tensor<?x8x16xf32>) -> tensor<?x8x8xf32>
  %p = dlc.softmax %s {axes = array<i64: 2>} : tensor<?x8x8xf32> -> tensor<?x8x8xf32>
  %y = dlc.matmul %p, %k : (tensor<?x8x8xf32>, tensor<?x8x16xf32>) -> tensor<?x8x16xf32>
  return %y : tensor<?x8x16xf32>
}

// -----

// The probabilities are read elsewhere, too.
// CHECK-LABEL: func.func @other_use
func.func @other_use(%q: tensor<1x2x8x16xf32>) -> (tensor<1x2x8x16xf32>, tensor<1x2x8x8xf32>) {
  // CHECK-NOT: dlc.attention
  %s = dlc.matmul %q, %q {transpose_rhs = true} : (tensor<1x2x8x16xf32>, tensor<1x2x8x16xf32>) -> tensor<1x2x8x8xf32>
  %p = dlc.softmax %s {axes = array<i64: 3>} : tensor<1x2x8x8xf32> -> tensor<1x2x8x8xf32>
  %y = dlc.matmul %p, %q : (tensor<1x2x8x8xf32>, tensor<1x2x8x16xf32>) -> tensor<1x2x8x16xf32>
  return %y, %p : tensor<1x2x8x16xf32>, tensor<1x2x8x8xf32>
}

// -----

// Over queries instead of keys; a finite number where the mask hides; keys that are stored transposed.
// CHECK-LABEL: func.func @other_meaning
func.func @other_meaning(%q: tensor<1x2x8x16xf32>, %kt: tensor<1x2x16x8xf32>, %m: tensor<8x8xi1>)
    -> (tensor<1x2x8x16xf32>, tensor<1x2x8x16xf32>, tensor<1x2x8x16xf32>) {
  // CHECK-NOT: dlc.attention
  %s = dlc.matmul %q, %q {transpose_rhs = true} : (tensor<1x2x8x16xf32>, tensor<1x2x8x16xf32>) -> tensor<1x2x8x8xf32>
  %p = dlc.softmax %s {axes = array<i64: 2>} : tensor<1x2x8x8xf32> -> tensor<1x2x8x8xf32>
  %y = dlc.matmul %p, %q : (tensor<1x2x8x8xf32>, tensor<1x2x8x16xf32>) -> tensor<1x2x8x16xf32>
  %low = dlc.constant dense<-1.0e4> : tensor<f32> : tensor<f32>
  %s1 = dlc.matmul %y, %q {transpose_rhs = true} : (tensor<1x2x8x16xf32>, tensor<1x2x8x16xf32>) -> tensor<1x2x8x8xf32>
  %w1 = dlc.where %m, %s1, %low : (tensor<8x8xi1>, tensor<1x2x8x8xf32>, tensor<f32>) -> tensor<1x2x8x8xf32>
  %p1 = dlc.softmax %w1 {axes = array<i64: 3>} : tensor<1x2x8x8xf32> -> tensor<1x2x8x8xf32>
  %y1 = dlc.matmul %p1, %q : (tensor<1x2x8x8xf32>, tensor<1x2x8x16xf32>) -> tensor<1x2x8x16xf32>
  %s2 = dlc.matmul %q, %kt : (tensor<1x2x8x16xf32>, tensor<1x2x16x8xf32>) -> tensor<1x2x8x8xf32>
  %p2 = dlc.softmax %s2 {axes = array<i64: 3>} : tensor<1x2x8x8xf32> -> tensor<1x2x8x8xf32>
  %y2 = dlc.matmul %p2, %q : (tensor<1x2x8x8xf32>, tensor<1x2x8x16xf32>) -> tensor<1x2x8x16xf32>
  return %y, %y1, %y2 : tensor<1x2x8x16xf32>, tensor<1x2x8x16xf32>, tensor<1x2x8x16xf32>
}

// -----

// Heads that broadcast.
// CHECK-LABEL: func.func @broadcast
func.func @broadcast(%q: tensor<1x2x8x16xf32>, %k: tensor<1x1x8x16xf32>) -> tensor<1x2x8x16xf32> {
  // CHECK-NOT: dlc.attention
  %s = dlc.matmul %q, %k {transpose_rhs = true} : (tensor<1x2x8x16xf32>, tensor<1x1x8x16xf32>) -> tensor<1x2x8x8xf32>
  %p = dlc.softmax %s {axes = array<i64: 3>} : tensor<1x2x8x8xf32> -> tensor<1x2x8x8xf32>
  %y = dlc.matmul %p, %k : (tensor<1x2x8x8xf32>, tensor<1x1x8x16xf32>) -> tensor<1x2x8x16xf32>
  return %y : tensor<1x2x8x16xf32>
}
