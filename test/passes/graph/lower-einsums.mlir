// RUN: dlc-opt %s --dlc-lower-einsums --canonicalize --split-input-file | FileCheck %s
// RUN: dlc-opt %s --dlc-lower-einsums=reorder-sums=false --canonicalize --split-input-file | FileCheck %s --check-prefix=STRICT

// Scores of attention: heads become a dimension of the batch, and the right operand is read transposed.
// CHECK-LABEL: func.func @scores
// CHECK-SAME: (%[[Q:.*]]: tensor<?x?x4x16xf32>, %[[K:.*]]: tensor<?x?x4x16xf32>)
func.func @scores(%q: tensor<?x?x4x16xf32>, %k: tensor<?x?x4x16xf32>) -> tensor<?x4x?x?xf32> {
  // CHECK-DAG: %[[L:.*]] = dlc.transpose %[[Q]] {permutation = array<i64: 0, 2, 1, 3>}
  // CHECK-DAG: %[[R:.*]] = dlc.transpose %[[K]] {permutation = array<i64: 0, 2, 1, 3>}
  // CHECK: dlc.matmul %[[L]], %[[R]] {transpose_rhs = true} {{.*}} -> tensor<?x4x?x?xf32>
  // CHECK-NOT: dlc.transpose
  // CHECK: return
  %0 = dlc.einsum "bqhd,bkhd->bhqk" %q, %k : (tensor<?x?x4x16xf32>, tensor<?x?x4x16xf32>) -> tensor<?x4x?x?xf32>
  return %0 : tensor<?x4x?x?xf32>
}

// -----

// A projection to heads: columns are merged before, and taken apart after the product.
// CHECK-LABEL: func.func @projection
func.func @projection(%x: tensor<?x9x8xf32>, %w: tensor<8x4x2xf32>) -> tensor<?x9x4x2xf32> {
  // CHECK: dlc.reshape %{{.*}} -> tensor<8x8xf32>
  // CHECK: dlc.matmul {{.*}} -> tensor<?x8xf32>
  // CHECK: return
  %0 = dlc.einsum "bse,ehd->bshd" %x, %w : (tensor<?x9x8xf32>, tensor<8x4x2xf32>) -> tensor<?x9x4x2xf32>
  return %0 : tensor<?x9x4x2xf32>
}

// -----

// What one operand has alone is summed first, which changes the order of sums.
// CHECK-LABEL: func.func @own
// STRICT-LABEL: func.func @own
func.func @own(%a: tensor<5x6xf32>, %b: tensor<6x7xf32>) -> tensor<7xf32> {
  // CHECK: dlc.reduce
  // CHECK: dlc.matmul
  // STRICT: dlc.einsum
  %0 = dlc.einsum "ij,jk->k" %a, %b : (tensor<5x6xf32>, tensor<6x7xf32>) -> tensor<7xf32>
  return %0 : tensor<7xf32>
}

// -----

// These stay: no sum, a letter twice, an extent of 1 that is broadcast, three operands, integers.
// CHECK-LABEL: func.func @others
func.func @others(%a: tensor<5x6xf32>, %b: tensor<6x6xf32>, %one: tensor<1x6xf32>, %i: tensor<5x6xi32>)
    -> (tensor<5x6x6xf32>, tensor<5xf32>, tensor<6x6xf32>, tensor<5x6xf32>, tensor<5x5xi32>) {
  // CHECK-COUNT-5: dlc.einsum
  // CHECK-NOT: dlc.matmul
  %0 = dlc.einsum "ij,jk->ijk" %a, %b : (tensor<5x6xf32>, tensor<6x6xf32>) -> tensor<5x6x6xf32>
  %1 = dlc.einsum "ij,jj->i" %a, %b : (tensor<5x6xf32>, tensor<6x6xf32>) -> tensor<5xf32>
  %2 = dlc.einsum "ji,jk->ik" %one, %b : (tensor<1x6xf32>, tensor<6x6xf32>) -> tensor<6x6xf32>
  %3 = dlc.einsum "ij,jk,kl->il" %a, %b, %b : (tensor<5x6xf32>, tensor<6x6xf32>, tensor<6x6xf32>) -> tensor<5x6xf32>
  %4 = dlc.einsum "ij,kj->ik" %i, %i : (tensor<5x6xi32>, tensor<5x6xi32>) -> tensor<5x5xi32>
  return %0, %1, %2, %3, %4 : tensor<5x6x6xf32>, tensor<5xf32>, tensor<6x6xf32>, tensor<5x6xf32>, tensor<5x5xi32>
}
